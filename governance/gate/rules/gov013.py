"""GOV013: a table of audit or consent is changed."""

from __future__ import annotations

import re

from governance.gate.changes import ChangeKind, SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.rules.base import Item, View, finding

OWN = "gov_"
"""What the names of governance's own tables begin with."""
_WORDS = frozenset({"audit", "audits", "consent", "consents", "ledger"})
_DESTROYING = frozenset(
    [
        ChangeKind.DROP_DATASET, ChangeKind.DROP_FIELD, ChangeKind.REMOVE_ROWS, ChangeKind.RENAME_DATASET,
        ChangeKind.RENAME_FIELD, ChangeKind.RETYPE_FIELD, ChangeKind.SILENCE,
    ]
)  # fmt: skip
_ALTERING = _DESTROYING | {
    ChangeKind.ADD_FIELD,
    ChangeKind.DROP_REFERENCE,
    ChangeKind.SET_DEFAULT,
    ChangeKind.FILL_FIELD,
}


class EvidenceAltered:
    """A table that holds evidence, of audit or of consent, is altered, emptied or silenced.

    What: A migration drops, renames or retypes a table with `audit`, `consent` or `ledger` among the words of its name
        or a field of it, deletes or rewrites its rows, or switches its triggers off; or it touches one of governance's
        own tables (`gov_...`) in any way. Adding a field to a table of your own is not meant.
    Why: Evidence that can be rewritten proves nothing. Consent is a sequence of events and never an updated row.
    Example: `DELETE FROM consent_events WHERE given_at < '2020-01-01'`
    Fix: Leave the table as it is and add what is new beside it. Rows that are too old go by a retention rule, the
        ledger's periods by `governance ledger drop-period`.
    Since: 0.2
    """

    id = "GOV013"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for a change of evidence."""
        if not isinstance(item, SchemaChange) or item.kind not in _ALTERING:
            return None
        named = item.former if item.kind is ChangeKind.RENAME_DATASET else item.dataset
        table = named.rpartition(".")[2].lower()
        own = table.startswith(OWN)
        if own or (item.kind in _DESTROYING and item.through != "view" and _WORDS & set(re.split(r"[^a-z]+", table))):
            return finding(self.id, Level.ERROR, item, view, what=f"gate.alters_{item.kind}")
        return None
