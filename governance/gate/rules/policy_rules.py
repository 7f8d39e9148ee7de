"""GOV016 to GOV019 and GOV024: what a change of the policy folder opens, and whom it takes for whom."""

from __future__ import annotations

from governance.gate.finding import GateFinding, Level
from governance.gate.policy_changes import PolicyChange, PolicyChangeKind
from governance.gate.rules.base import Item, View, policy_finding


class _OfKind:
    """A rule that speaks of every policy change of one kind."""

    id: str
    kind: PolicyChangeKind
    level = Level.ERROR

    def look(self, item: Item, view: View) -> GateFinding | None:
        """A finding for a change of that kind."""
        del view
        ours = isinstance(item, PolicyChange) and item.kind is self.kind
        return policy_finding(self.id, self.level, item) if ours and isinstance(item, PolicyChange) else None


class ExposesMore(_OfKind):
    """A change of the policy shows a field to more users, or more openly.

    What: Compared with the base, the changed catalog, access lines, principals or purposes show a field, for a purpose
        and action, to a user who did not see it, or under a weaker mask, in some row. Row conditions are compared by
        their meaning; what cannot be decided counts. The finding gives one example a field, purpose and action.
    Why: One line of CSV can open a whole table, and a diff of text does not say so.
    Example: `p, analyst, analytics, read, crm.customers, clear, allow,`
    Fix: If it is meant, let the officer read `governance policy diff` and suppress the finding in place with the reason
        and a date. Else narrow the line: name fields, a mask, rows.
    Since: 0.2
    """

    id = "GOV016"
    kind = PolicyChangeKind.EXPOSE


class WideOverSpecial(_OfKind):
    """A line on a store, on everything or on all data of users gives special data in clear.

    What: An allow line whose object is a store, `*` or a category at the top such as `category:user`, and whose
        treatment is `clear`, reaches a field of a special kind that the line's purpose admits.
    Why: Special data needs a decision for each kind. A wide line also opens every special field that is declared later.
    Example: `p, nurse, care, read, crm, clear, allow,`
    Fix: Name the dataset, the field or its category: `category:user.health_and_medical`, and give the rest by a line of
        its own.
    Since: 0.2
    """

    id = "GOV017"
    kind = PolicyChangeKind.WIDE_LINE


class PurposeWithoutBasis(_OfKind):
    """A purpose has no lawful basis under a law in force.

    What: A purpose of purposes.yaml that lines of the policy use, neither with a basis of its own nor with one from a
        purpose above it, for one of the laws that governance.yaml names.
    Why: GDPR Art. 6, PIPL Art. 13 and Taiwan's PDPA Art. 19 ask for a ground before any use.
    Example: `analytics: {text: usage figures}`
    Fix: Add `basis: {gdpr: legitimate_interests}` or whatever the officer decides, for each law.
    Since: 0.2
    """

    id = "GOV018"
    kind = PolicyChangeKind.NO_BASIS


class KeptLonger(_OfKind):
    """Records are kept longer than before.

    What: Compared with the base, a rule of retention.yaml has a longer period or a condition that fewer records meet,
        or is gone while its dataset is still in the catalog.
    Why: Storage limitation (GDPR Art. 5(1)(e), PIPL Art. 19): a longer period needs a reason that somebody decided on.
    Example: `period: P3Y` becomes `period: P10Y`
    Fix: If it is meant, state the ground in `basis` and `source` and suppress the finding in place with the decision.
    Since: 0.2
    """

    id = "GOV019"
    kind = PolicyChangeKind.KEEP_LONGER


class OtherPeople(_OfKind):
    """The keys of persons mean other people than before.

    What: Compared with the base, `persons` of a store in catalog.yaml names another kind of persons, more or fewer,
        appears where the store had several kinds, or goes where it has; or the `subject_key` of a dataset that stays
        is another field, or gone. Datasets and fields are known by their ids, so a new name is no finding, and
        neither is a first `persons` in a store with one kind.
    Why: Consent, objection, restriction, erasure and fields that are `encrypted: subject` know a person by the store
        and that key alone. When it means others, the consents of patient 5 count for staff member 5, restricted
        people are not restricted any more and an erasure misses records, and nothing else says so.
    Example: `persons: patients` becomes `persons: staff`
    Fix: Keep it, and give the other people's data a store of its own. If it is meant, move what is recorded first
        (docs/consent-in-queries.md, "Move to other keys") and suppress the finding in place with the reason and a date.
    Since: 0.2
    """

    id = "GOV024"
    kind = PolicyChangeKind.OTHER_PEOPLE
