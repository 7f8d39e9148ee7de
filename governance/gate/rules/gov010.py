"""GOV010: everybody gets a right on a dataset."""

from __future__ import annotations

from governance.gate.changes import ChangeKind, SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.rules.base import Item, View, finding
from governance.gate.rules.holdings import is_harmless


class OpenToPublic:
    """Everybody who can connect may read or write a dataset.

    What: `GRANT ... TO PUBLIC` on a table or view that holds personal data or that nobody knows, on all tables of a
        schema, as a default for tables to come, or of a role. Quiet for datasets that hold nothing confidential.
    Why: PUBLIC is every role there is and every role to come, service accounts and forgotten test users included.
    Example: `GRANT SELECT ON customers TO PUBLIC`
    Fix: Grant to the one role that needs it, and to none that people log in with.
    Since: 0.2
    """

    id = "GOV010"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for a grant to PUBLIC."""
        if not isinstance(item, SchemaChange) or item.kind is not ChangeKind.GRANT or not item.public:
            return None
        if item.dataset != "*" and is_harmless(view, item.dataset):
            return None
        return finding(self.id, Level.ERROR, item, view)
