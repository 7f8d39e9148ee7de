"""GOV003: a new field of a special kind that nobody has declared."""

from __future__ import annotations

from governance.gate.changes import SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.rules.base import Item, View
from governance.gate.rules.undeclared import NEW_FIELDS, undeclared_finding


class UndeclaredSpecialField:
    """A new field is of a special kind by its name and is not in the catalog.

    What: As GOV001, for kinds that GDPR Art. 9 and 10, PIPL Art. 28, Taiwan's PDPA Art. 6 or the CCPA treat as special:
        health, religion, origin, politics, sex life, biometrics, criminal records; under PIPL also bank accounts.
    Why: Special data needs a ground of its own before the first row is written, and under some laws separate or written
        consent. To find out afterwards is a breach.
    Example: `op.add_column("customers", sa.Column("religion", sa.String(40)))`
    Fix: Settle with the officer whether the field is needed at all. If it is: paste the catalog lines of the finding,
        and list the category under `special` of each purpose in purposes.yaml that may use it.
    Since: 0.1
    """

    id = "GOV003"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for an undeclared field of a special kind."""
        if not isinstance(item, SchemaChange) or item.kind not in NEW_FIELDS:
            return None
        guess = view.guess(item)
        if guess is None or not guess.special:
            return None
        return undeclared_finding(self.id, Level.ERROR, item, guess, view)
