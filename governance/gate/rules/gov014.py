"""GOV014: an index on clear values where a blind index is due."""

from __future__ import annotations

from governance.gate.changes import ChangeKind, SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.rules.base import Item, View
from policies.nouns import LabelStatus


class ClearIndex:
    """A field that is or must be encrypted gets an ordinary index or a unique constraint.

    What: An index or a unique constraint on a field that the catalog declares as encrypted, or that
        `protection.encrypt_from` of governance.yaml says must be.
    Why: On tokens such an index finds nothing, because equal values have different tokens. Where it finds
        something, the values lie in clear, in the index and in every backup of it.
    Example: `CREATE INDEX ix_email ON customers (email)`
    Fix: Declare `blind_index` at the field and index the column that it names; docs/search-encrypted.md says how.
    Since: 0.2
    """

    id = "GOV014"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for an index on such a field."""
        if not isinstance(item, SchemaChange) or item.kind is not ChangeKind.ADD_INDEX:
            return None
        field = next((each for each in item.fields if _must_be_encrypted(item.dataset, each, view)), None)
        if field is None:
            return None
        return GateFinding(
            rule=self.id, level=Level.ERROR, file=item.file, line=item.line, store=view.store, dataset=item.dataset,
            field=field, confidence=1.0,
        )  # fmt: skip


def _must_be_encrypted(dataset: str, field: str, view: View) -> bool:
    entry, facts = view.decision(dataset, field), view.facts(dataset, field)
    if entry is None or facts is None or entry.status is not LabelStatus.CONFIRMED:
        return False
    beside = view.fields(dataset).values()
    if any(each.blind_index is not None and each.blind_index.field == field for each in beside):
        return False
    least = view.known.encrypt_from
    return bool(entry.encrypted) or (least is not None and facts.sensitivity >= least)
