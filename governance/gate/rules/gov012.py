"""GOV012: a foreign key goes that erasure follows."""

from __future__ import annotations

from governance.gate.changes import ChangeKind, SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.rules.base import Item, View, finding
from governance.gate.rules.holdings import worst_of
from policies.nouns import Sensitivity


class ErasurePathLost:
    """A foreign key between datasets about people goes and does not come back.

    What: A migration drops a foreign key of a dataset, or to a dataset, that the catalog declares or that holds
        personal data by the names of its fields, and the same change makes none between the two again.
    Why: Erasure, retention and copies go from person to records along foreign keys, children before parents.
        Without the key the records of an erased person stay, or the deletion fails half-way.
    Example: `ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey`
    Fix: Keep the key, or make it anew in the same migration. Where the tables must be apart, declare `subject_key`
        for both in the catalog, so that the records are found by the person.
    Since: 0.2
    """

    id = "GOV012"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for a foreign key that is lost."""
        if not isinstance(item, SchemaChange) or item.kind is not ChangeKind.DROP_REFERENCE:
            return None
        if _holds_people(item.dataset, view) or (item.target and _holds_people(item.target, view)):
            return finding(self.id, Level.ERROR, item, view, target=item.target or "?")
        return None


def _holds_people(dataset: str, view: View) -> bool:
    entry, worst = view.entry(dataset), worst_of(view, dataset)
    found_by_person = entry is not None and bool(entry.subject_key)
    return found_by_person or (worst is not None and worst >= Sensitivity.CONFIDENTIAL)
