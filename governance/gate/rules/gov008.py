"""GOV008: a view or function gives out restricted or masked data."""

from __future__ import annotations

from governance.gate.changes import ChangeKind, SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.rules.base import Item, View, finding
from governance.gate.rules.gov007 import taken
from governance.gate.rules.holdings import is_protected_alike, protected_sources


class OpenedByView:
    """A view or function shows a masked or restricted field under another name.

    What: A view, or a function that returns rows, selects a field that a policy line masks or that is restricted or
        special, and what it shows is not declared and protected like it. An encrypted field that it passes on stays
        encrypted and is not meant.
    Why: Whoever may read the view or call the function sees what the policy hides in the table; a view and a
        SECURITY DEFINER function run with the rights of their owner.
    Example: `CREATE VIEW contacts AS SELECT id, ssn AS reference FROM customers`
    Fix: Leave the field out, or declare the view's field in the catalog with the kind of the original and give the view
        the same policy lines.
    Since: 0.2
    """

    id = "GOV008"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for a view or function that opens a field."""
        if not isinstance(item, SchemaChange) or not _shows(item):
            return None
        for source, how in protected_sources(taken(item), view):
            if how != "encrypted" and not is_protected_alike(item, source, how, view):
                what = f"gate.opens_{'function' if item.kind is ChangeKind.SHOW_FIELD else 'view'}"
                return finding(self.id, Level.ERROR, item, view, source=str(source), how_words=how, what=what)
        return None


def _shows(item: SchemaChange) -> bool:
    if item.kind is ChangeKind.SHOW_FIELD:
        return item.through == "function"
    return item.kind in (ChangeKind.ADD_FIELD, ChangeKind.COPY_ROWS) and item.through == "view"
