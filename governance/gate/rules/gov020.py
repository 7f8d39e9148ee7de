"""GOV020: keys, ciphers, indexes or hashes are weaker than before, or too weak."""

from __future__ import annotations

from governance.gate.changes import ChangeKind, SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.policy_changes import PolicyChange, PolicyChangeKind
from governance.gate.rules.base import Item, View, finding, policy_finding
from governance.gate.rules.holdings import sensitivity_of
from policies.nouns import Sensitivity


class WeakerKeys:
    """A setting of keys, ciphers or blind indexes gets weaker, or a migration hashes people without a key.

    What: Compared with the base: `cipher: gcm` becomes `siv`, a blind index keeps more bits or gets `few_values`, the
        keyring moves from a key service to a file or variable, `backup_days` grows, `encrypt_from` is raised or
        removed. In migrations: `md5`, `sha256`, `digest` and the like of a confidential field.
    Why: There are so few e-mail addresses, phone and id numbers that every unkeyed hash of one is reversed by trying
        them all; the other settings each show more of equal values, or let a key live longer.
    Example: `UPDATE customers SET email_hash = md5(email)`
    Fix: Use a keyed pseudonym or a blind index (docs/tokens.md, docs/search-encrypted.md); keep the stronger setting.
    Since: 0.2
    """

    id = "GOV020"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for a weaker setting or an unkeyed hash."""
        if isinstance(item, PolicyChange):
            weaker = item.kind is PolicyChangeKind.WEAKER_KEYS
            return policy_finding(self.id, Level.ERROR, item) if weaker else None
        if not isinstance(item, SchemaChange) or item.kind is not ChangeKind.HASH_FIELD:
            return None
        for source in item.sources:
            datasets = [source.dataset] if source.dataset else list(view.datasets_with(source.field))
            for dataset in datasets:
                if sensitivity_of(view, dataset, source.field) >= Sensitivity.CONFIDENTIAL:
                    ref = str(view.ref(dataset, source.field))
                    return finding(self.id, Level.ERROR, item, view, source=ref, what="gate.weak_hash")
        return None
