"""GOV001: a new field whose name says that it is personal, and that nobody has declared."""

from __future__ import annotations

from governance.gate.changes import SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.rules.base import Item, View
from governance.gate.rules.undeclared import NEW_FIELDS, undeclared_finding
from policies.nouns import Sensitivity


class UndeclaredPersonalField:
    """A new field is personal by its name and is not in the catalog.

    What: A migration adds a field, or gives one a new name, and field name, table name or comment say that it holds
        personal data; the catalog has no confirmed decision about it. Kinds that are merely internal, such as a
        country or a job title, give a warning.
    Why: A field that nobody declared has no purpose, no period and no protection; the guard hides it, so the feature
        that needs it will not work, and reports on what is held about people are wrong from that day on.
    Example: `ALTER TABLE customers ADD COLUMN phone varchar(20)`
    Fix: Paste the catalog lines of the finding into policies/catalog.yaml, put your name in, and say for which purposes
        the field may be read. If the name misleads, declare it as `category: none`.
    Since: 0.1
    """

    id = "GOV001"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for an undeclared field of a personal kind that is not special."""
        if not isinstance(item, SchemaChange) or item.kind not in NEW_FIELDS:
            return None
        guess = view.guess(item)
        if guess is None or guess.special:
            return None
        level = Level.ERROR if guess.category.sensitivity >= Sensitivity.CONFIDENTIAL else Level.WARNING
        return undeclared_finding(self.id, level, item, guess, view)
