"""The registers that `Governance` offers: reviews of access. Each method delegates to the file of its capability."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from audits.report import Report
    from governance.app import Governance
    from governance.registers.reviews import Review


class Registers:
    """What `Governance` inherits."""

    def open_review(self, reviewer: str, due: dt.date) -> Review:
        """Open a review of every grant; as `governance.reviewing_access.open_review`."""
        from governance.reviewing_access import open_review

        return open_review(self._whole, reviewer, due)

    def decide_grant(
        self, review: str, grant: str, verdict: str, *, principal: str, reason: str, patch: Path | None = None
    ) -> Review:
        """Keep or revoke a grant, as the reviewer; as `governance.reviewing_access.decide_grant`."""
        from governance.reviewing_access import decide_grant

        return decide_grant(self._whole, review, grant, verdict, principal=principal, reason=reason, patch=patch)

    def close_review(self, review: str, *, principal: str) -> Review:
        """End a review, as the reviewer; as `governance.reviewing_access.close_review`."""
        from governance.reviewing_access import close_review

        return close_review(self._whole, review, principal=principal)

    def review_patch(self, review: str, patch: Path) -> int:
        """Write what is revoked and still stands as a patch; as `governance.reviewing_access.write_patch`."""
        from governance.reviewing_access import write_patch

        return write_patch(self._whole, review, patch)

    def audit_review(self, review: str | None = None) -> Report:
        """The report on every grant and its review; as `governance.reviewing_access.audit_review`."""
        from governance.reviewing_access import audit_review

        return audit_review(self._whole, review)

    @property
    def _whole(self) -> Governance:
        return cast("Governance", self)
