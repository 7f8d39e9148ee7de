"""GOV002: something in a migration that was not understood."""

from __future__ import annotations

from governance.gate.changes import Unread
from governance.gate.finding import GateFinding, Level
from governance.gate.rules.base import Item, View


class NotUnderstood:
    """A statement or operation could not be read, so nothing is known of what it does.

    What: A statement that the parser does not know, SQL that is put together while the migration runs, columns that
        stand elsewhere (`LIKE`, `INHERITS`, `SELECT *`), a helper of another file, a file of another tool. What can add
        fields is an error; bodies of functions and helpers that take no columns give a warning.
    Why: What is not understood is never taken for safe: a personal field could come in this way unseen.
    Example: `op.execute(build_sql(table))`
    Fix: Write the statement out, or use the operations of the migration tool; name the columns instead of `*`. Where
        that cannot be, scan the store after the change: `governance scan` sees the new field and proposes it.
    Since: 0.1
    """

    id = "GOV002"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for everything that was not understood."""
        if not isinstance(item, Unread):
            return None
        return GateFinding(
            rule=self.id,
            level=Level.ERROR if item.grave else Level.WARNING,
            file=item.file,
            line=item.line,
            store=view.store,
            confidence=1.0,
            values={"what": f"gate.unread_{item.what}", "detail": item.detail},
        )
