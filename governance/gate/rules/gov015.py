"""GOV015: whole rows of people go into a log or queue."""

from __future__ import annotations

from governance.gate.changes import ChangeKind, SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.rules.base import Item, View, finding
from governance.gate.rules.holdings import is_harmless

_SHOWN_ELSEWHERE = frozenset({"materialized_view", "select_into", "table_as", "view"})


class WholeRowsKept:
    """Whole rows of a dataset with personal data are put into another one.

    What: A trigger, function or statement puts `NEW.*`, `to_jsonb(NEW)`, `row_to_json(t)` or `SELECT *` of a dataset
        that holds personal data, or that is not known, into a table that does not declare all its fields.
    Why: A log, queue or archive of whole rows takes every field there is and every one to come, special ones included.
        No mask reaches into it, no retention rule ends it, and erasure does not find the person.
    Example: `INSERT INTO outbox (payload) SELECT to_jsonb(NEW)` in a trigger of customers
    Fix: Name the fields that the reader of the log needs, or put the key alone and let it read through the guard.
    Since: 0.2
    """

    id = "GOV015"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for whole rows that are put somewhere."""
        if not isinstance(item, SchemaChange) or item.kind is not ChangeKind.COPY_ROWS:
            return None
        if item.through in _SHOWN_ELSEWHERE or (item.target and is_harmless(view, item.target)):
            return None
        if item.target and set(view.fields(item.target)) <= set(view.fields(item.dataset)) and view.entry(item.target):
            return None
        return finding(self.id, Level.ERROR, item, view, target=item.target or "?")
