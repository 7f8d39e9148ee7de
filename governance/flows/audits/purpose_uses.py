"""What each purpose reaches by the policy: the fields that anybody may use for it, and how they are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from governance.access.policy import AccessPolicy
from policies.access_lines import BREAK_GLASS
from policies.errors import AccessRefusedError
from policies.nouns import Action, DatasetRef, FieldRef, Principal
from policies.taxonomy import HARMLESS


@dataclass(slots=True)
class PurposeUse:
    """What one purpose reaches."""

    fields: dict[FieldRef, set[str]] = field(default_factory=dict)
    """Field to the treatments under which it can be given; one that is always left empty is not among them."""
    datasets: set[DatasetRef] = field(default_factory=set)
    """Whose rows it can see or change."""
    special: set[str] = field(default_factory=set)
    """Special categories that the data reveals: of fields, datasets and rows that the purpose may see."""

    special_in: dict[DatasetRef, str] = field(default_factory=dict)
    """Dataset to whether `all` of its records reveal them, or some `rows`."""

    def reveal(self, dataset: DatasetRef, category: str, *, whole: bool) -> None:
        """Add that a dataset, or some rows of it, reveals a special category."""
        self.special.add(category)
        if whole:
            self.special_in[dataset] = "all"
        else:
            self.special_in.setdefault(dataset, "rows")

    def categories(self, policy: AccessPolicy) -> set[str]:
        """The data categories of the fields, harmless ones left out, and what datasets and rows reveal."""
        found = {policy.datasets[ref.of].fields[ref.field].category for ref in self.fields}
        return (found - {HARMLESS}) | self.special


def purpose_uses(policy: AccessPolicy) -> dict[str, PurposeUse]:
    """By purpose, all of them. A purpose for emergencies is looked at as if the glass were broken."""
    people = {policy.subjects(each): each for each in map(policy.principal, sorted(policy.principals.principals))}
    found = {name: PurposeUse() for name in sorted(policy.purposes.purposes)}
    for name, use in found.items():
        for principal in _entitled(policy, name, people):
            _add(policy, principal, name, use)
    return found


def _entitled(policy: AccessPolicy, purpose: str, people: Mapping[tuple[str, ...], Principal]) -> Iterator[Principal]:
    """One principal for each set of subjects to whom a line gives the purpose."""
    glass = policy.purposes.break_glass(purpose)
    for subjects, principal in people.items():
        entitled = glass is not None and {principal.name, *principal.roles} & set(glass.may_open)
        held = (*subjects, BREAK_GLASS) if entitled else subjects
        if policy.grants_purpose(held, purpose):
            yield principal


def _add(policy: AccessPolicy, principal: Principal, purpose: str, use: PurposeUse) -> None:
    for action in Action:
        for ref, facts in policy.datasets.items():
            try:
                permit = policy.permit(principal, purpose, action, ref, glass_open=True)
            except AccessRefusedError:
                continue
            use.datasets.add(ref)
            for name, shown in permit.fields.items():
                if set(shown.treatments) != {"null"}:
                    use.fields.setdefault(FieldRef(ref.store, ref.dataset, name), set()).update(shown.treatments)
                    if facts.fields[name].special:
                        use.reveal(ref, facts.fields[name].category, whole=True)
            for each in (*facts.special_rows, *facts.special):
                if policy.purposes.admits_special(purpose, each):
                    use.reveal(ref, each, whole=each in facts.special)
