"""GOV005: a declared field that lacks what makes its use lawful."""

from __future__ import annotations

from governance.gate.changes import SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.policy_changes import PolicyChange, PolicyChangeKind
from governance.gate.rules.base import Item, View, finding, policy_finding
from governance.gate.rules.gaps import gaps_of
from governance.gate.rules.undeclared import NEW_FIELDS
from policies.nouns import Sensitivity


class IncompleteDeclaration:
    """A field is declared, and no purpose, period, protection or subject key goes with it.

    What: A migration adds a field, or a change of the catalog confirms one, that is personal, and: no policy line gives
        it for a purpose that admits its kind; no retention rule is about its dataset; it is restricted or special, or
        of a kind that must be encrypted, and neither encrypted nor masked; or its dataset names no subject key. An
        error for restricted and special kinds, else a warning.
    Why: Data without a purpose may not be collected, data without a period stays for ever, and without a subject key
        neither access nor erasure finds it.
    Example: `religion: {id: f9, category: user.demographic.religious_belief, status: confirmed}` and nothing else
    Fix: Add what is missing: a line in policies/access.csv with a purpose of purposes.yaml that lists the kind, a rule
        in retention.yaml, `encrypted: true` or a mask, `subject_key` at the dataset.
    Since: 0.2
    """

    id = "GOV005"

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for a declared field that something is missing for."""
        if isinstance(item, PolicyChange):
            if item.kind is not PolicyChangeKind.DECLARE_FIELD:
                return None
            level = Level.ERROR if item.values["grave"] == "yes" else Level.WARNING
            return policy_finding(self.id, level, item)
        if not isinstance(item, SchemaChange) or item.kind not in NEW_FIELDS:
            return None
        facts = view.facts(item.dataset, item.field)
        missing = gaps_of(view.known, view.ref(item.dataset, item.field))
        if facts is None or not missing:
            return None
        level = Level.ERROR if facts.sensitivity >= Sensitivity.RESTRICTED else Level.WARNING
        return finding(self.id, level, item, view, missing_words=",".join(missing), category=facts.category)
