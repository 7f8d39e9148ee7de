"""GOV011: what is dropped or renamed takes a policy, mask, period or row filter with it."""

from __future__ import annotations

from governance.gate.changes import ChangeKind, SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.rules.base import Item, View, finding
from governance.gate.rules.holdings import is_harmless
from governance.gate.rules.uses import uses_of_dataset, uses_of_field


class RuleLost:
    """Something goes or is renamed on which a policy line, mask, retention rule, key or row filter hangs.

    What: A migration drops a field or table that catalog, access.csv, retention.yaml or a condition of rows still
        names, renames one that a retention rule or condition still calls by its old name, or takes row-level
        security, a policy or a masking label of the database away.
    Why: Nothing reports it: records are never due any more, a condition stops holding, or the guard closes the
        dataset at the next connection and the application fails.
    Example: `ALTER TABLE orders DROP COLUMN placed_at`, from which the retention of orders is counted
    Fix: Change what hangs on it in the same change: the entry of the catalog, the lines that `governance policy
        lint` names, the rule in retention.yaml.
    Since: 0.2
    """

    id = "GOV011"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for a loss."""
        if not isinstance(item, SchemaChange):
            return None
        lost = _lost(item, view)
        return finding(self.id, Level.ERROR, item, view, lost_words=",".join(lost)) if lost else None


def _lost(item: SchemaChange, view: View) -> tuple[str, ...]:
    if item.kind is ChangeKind.DROP_FIELD:
        named = uses_of_field(view, item.dataset, item.field)
        return named or (("catalog",) if view.decision(item.dataset, item.field) is not None else ())
    if item.kind is ChangeKind.DROP_DATASET:
        named = uses_of_dataset(view, item.dataset)
        return named or (("catalog",) if view.entry(item.dataset) is not None else ())
    if item.kind is ChangeKind.RENAME_FIELD and view.decision(item.dataset, item.former) is None:
        return uses_of_field(view, item.dataset, item.former)
    if item.kind is ChangeKind.RENAME_DATASET and view.entry(item.former) is None:
        return uses_of_dataset(view, item.former)
    if item.kind is ChangeKind.DROP_FILTER and not is_harmless(view, item.dataset):
        return ("database_filter",)
    return ()
