"""GOV007: values of a protected field are copied to where they are not protected."""

from __future__ import annotations

from dataclasses import replace

from governance.gate.changes import ChangeKind, SchemaChange, Source
from governance.gate.finding import GateFinding, Level
from governance.gate.rules.base import Item, View, finding
from governance.gate.rules.holdings import is_protected_alike, protected_sources

_COPIES = frozenset({"generated", "materialized_view", "select_into", "table_as"})


class ProtectedCopied:
    """Values of an encrypted, masked or restricted field are put into a field that is not protected like it.

    What: `UPDATE ... SET`, `INSERT ... SELECT`, `MERGE`, `CREATE TABLE AS`, a materialised view, a generated column
        or a trigger takes values of a field that the catalog declares as encrypted, that a policy line masks, or
        that is restricted or special, and the field they go to is undeclared, or less protected.
    Why: The copy is outside every mask, permit, period and erasure that was decided about the original.
    Example: `UPDATE customers SET contact = email`
    Fix: Declare the target field with the same kind and the same protection, or copy a pseudonym: `governance
        protect` and docs/tokens.md say how.
    Since: 0.2
    """

    id = "GOV007"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for a copy into a field that is less protected."""
        if not isinstance(item, SchemaChange):
            return None
        whole = item.kind is ChangeKind.COPY_ROWS and item.through in _COPIES
        made = item.kind is ChangeKind.ADD_FIELD and item.through in _COPIES
        if item.kind is not ChangeKind.FILL_FIELD and not made and not whole:
            return None
        for source, how in protected_sources(taken(item), view):
            if not is_protected_alike(item, source, how, view):
                return finding(self.id, Level.ERROR, item, view, source=str(source), how_words=how)
        return None


def taken(item: SchemaChange) -> SchemaChange:
    """A copy of whole rows as a copy of every field of theirs."""
    return replace(item, sources=(Source(item.target, "*"),)) if item.kind is ChangeKind.COPY_ROWS else item
