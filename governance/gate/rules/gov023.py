"""GOV023: a suppression that is without reason, expired or unused."""

from __future__ import annotations

from governance.gate.finding import GateFinding, Level
from governance.gate.rules.base import Item, View
from governance.gate.suppressions import Complaint


class BadSuppression:
    """A suppression has no reason or no date, has expired, or silences nothing.

    What: A comment `governance:ignore GOV001 until 2027-06-30: reason` without a rule, date or reason; one whose date
        has passed; one on whose line its rule finds nothing. The last is a warning.
    Why: A suppression is a decision with a date. One that stays behind hides the next fault in the same place.
    Example: `-- governance:ignore GOV010`
    Fix: Give rule, date and reason; renew the decision, or take the comment away.
    Since: 0.2
    """

    id = "GOV023"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for a suppression that does not hold."""
        if not isinstance(item, Complaint):
            return None
        level = Level.WARNING if item.what == "unused" else Level.ERROR
        return GateFinding(
            rule=self.id,
            level=level,
            file=item.file,
            line=item.line,
            store=view.store,
            confidence=1.0,
            values={"what": f"gate.suppression_{item.what}", "rules": item.rules},
        )
