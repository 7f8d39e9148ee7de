"""GOV021: values of people in migrations, seeds and fixtures."""

from __future__ import annotations

from governance.gate.changes import ChangeKind, SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.rules.base import Item, View, finding
from governance.gate.values import kinds_in


class PersonalValues:
    """A migration, seed or fixture writes what looks like values of real people.

    What: A text that a migration writes (`INSERT`, `UPDATE`, a default, `op.bulk_insert`), or that stands in a file of
        `check.fixtures` of governance.yaml, holds an e-mail address, a payment card, an account or an id number by the
        detector of the scan. Addresses under reserved names such as `example.org` and card numbers that issuers publish
        for tests are not meant. Kinds and counts are reported, never the values.
    Why: What is in git is copied to every machine of every developer, kept for ever, and out of reach of erasure.
    Example: an `INSERT INTO customers` with the row of a customer
    Fix: Write invented values under example.org, or make them with a generator; remove what is in the history.
    Since: 0.2
    """

    id = "GOV021"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for constants that look like values of people."""
        if not isinstance(item, SchemaChange) or not item.texts:
            return None
        if item.kind not in (ChangeKind.LITERALS, ChangeKind.SET_DEFAULT):
            return None
        kinds = kinds_in(item.texts)
        if not kinds:
            return None
        told = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        return finding(self.id, Level.ERROR, item, view, kinds=told)
