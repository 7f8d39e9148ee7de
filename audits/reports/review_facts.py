"""What the report on an access review works out: how each grant stands, and its last use by the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audits.evidence import Evidence
from audits.reports.access_tally import Tally
from audits.reports.review_uses import RuleUses

UNUSED_DAYS = 90
"""A grant that nobody used for so long is named as unused."""
CRM = "crm"
"""The kind of a grant that a CRM gives and not our policy."""
REVOKE = "revoke"
"""The verdict that takes a grant away."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One grant with all that is known of it."""

    grant: Mapping[str, Any]
    """The grant as in the document."""
    state: str
    """`unreviewed`, `undecided`, `kept`, `revoked`, `changed` or `new`."""
    decision: Mapping[str, Any] | None
    """What was decided in the review that is shown."""
    uses: Tally
    """Granted uses under it."""
    flags: tuple[str, ...]
    """What to look at: `separation`, `own`, `everybody`, `wide`, `grave_clear`, `impersonate`, `unused`; of a
    CRM `inactive`, `every_action`, `grave_out`."""

    @property
    def last_used(self) -> str | None:
        """When it was last used, as events write times."""
        return self.uses.last[2] if self.uses.last is not None else None


def standings(evidence: Evidence, document: Mapping[str, Any], gathered: RuleUses) -> tuple[Standing, ...]:
    """Every grant of the policy, in its order."""
    review = document["review"]
    decided = {each["grant_id"]: each for each in review["decisions"]} if review else {}
    found = []
    for grant in document["grants"]:
        uses = gathered.under(grant)
        decision = decided.get(grant["id"])
        flags = tuple(_flags(evidence.as_of, grant, uses, review))
        found.append(Standing(grant, _state(grant, review, decision), decision, uses, flags))
    return tuple(found)


def _state(grant: Mapping[str, Any], review: Mapping[str, Any] | None, decision: Mapping[str, Any] | None) -> str:
    if review is None:
        return "unreviewed"
    if grant["id"] not in review["grants"]:
        return "new"
    if decision is not None and decision["verdict"] == REVOKE:
        return "revoked"
    before = decision["fingerprint"] if decision is not None else review["grants"][grant["id"]]
    if before != grant["fingerprint"]:
        return "changed"
    return "undecided" if decision is None else "kept"


def _flags(
    as_of: dt.datetime, grant: Mapping[str, Any], uses: Tally, review: Mapping[str, Any] | None
) -> Iterable[str]:
    if grant["separation"]:
        yield "separation"
    if review is not None and review["reviewer"] in grant["principals"]:
        yield "own"
    yield from grant["broad"]
    cutoff = as_of - dt.timedelta(days=UNUSED_DAYS)
    if grant["rules"] and (uses.last is None or dt.datetime.fromisoformat(uses.last[2]) < cutoff):
        yield "unused"
