"""GOV009: a database role gets a right on restricted data."""

from __future__ import annotations

from governance.gate.changes import ChangeKind, SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.rules.base import Item, View, finding
from governance.gate.rules.holdings import worst_of
from policies.nouns import Sensitivity


class RoleReadsRestricted:
    """A database role may read or write a dataset that holds restricted or special data.

    What: `GRANT` on a table or view that holds restricted or special data, by the catalog or by the names of its
        fields, to a role; `ALL TABLES` counts as such a table. A warning: the role of the application needs it.
    Why: A database role sees the table itself, without masks, row conditions, consent and record.
    Example: `GRANT SELECT ON customers TO reporting`
    Fix: Let people read through the guard. For a tool that cannot, grant a view of harmless columns, or of masked
        ones made by `governance policy compile`. For the application's own role, suppress the finding with that
        reason.
    Since: 0.2
    """

    id = "GOV009"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for a grant to a role."""
        if not isinstance(item, SchemaChange) or item.kind is not ChangeKind.GRANT or item.public:
            return None
        if item.dataset != "*":
            worst = worst_of(view, item.dataset)
            if worst is None or worst < Sensitivity.RESTRICTED:
                return None
        return finding(self.id, Level.WARNING, item, view)
