"""GOV006: an encrypted field that holds clear values after the change."""

from __future__ import annotations

from governance.gate.changes import ChangeKind, SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.policy_changes import PolicyChange, PolicyChangeKind
from governance.gate.rules.base import Item, View, finding, policy_finding

_BINARY = ("BYTEA", "BLOB", "BINARY", "VARBINARY", "TINYBLOB", "MEDIUMBLOB", "LONGBLOB", "RAW")


class TurnedClear:
    """A field that is encrypted gets a type or default of clear values, or is not declared encrypted any more.

    What: The catalog says that a field is encrypted, and a migration or model gives it a type that is not binary or
        `Encrypted(...)`, or a constant as its default; or a change of the catalog takes `encrypted` away.
    Why: What is written from then on lies in clear in the store, in backups and in replicas, and nobody is told.
    Example: `ALTER TABLE customers ALTER COLUMN ssn TYPE text`
    Fix: Keep the type binary. To end the encryption on purpose run `governance protect decrypt`, which changes data and
        catalog together and leaves a certificate.
    Since: 0.2
    """

    id = "GOV006"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for a field that turns clear."""
        if isinstance(item, PolicyChange):
            stops = item.kind is PolicyChangeKind.STOP_ENCRYPTING
            return policy_finding(self.id, Level.ERROR, item) if stops else None
        if not isinstance(item, SchemaChange) or not _turns_clear(item):
            return None
        entry = view.decision(item.dataset, item.field)
        if entry is None or not entry.encrypted:
            return None
        return finding(self.id, Level.ERROR, item, view, what=f"gate.clear_{item.kind}")


def _turns_clear(item: SchemaChange) -> bool:
    if item.kind is ChangeKind.SET_DEFAULT:
        return True
    return item.kind is ChangeKind.RETYPE_FIELD and not _holds_tokens(item.native_type)


def _holds_tokens(native_type: str) -> bool:
    word = native_type.upper().rpartition(".")[2]
    return word.startswith(_BINARY) or "LARGEBINARY" in native_type.upper() or "Encrypted" in native_type
