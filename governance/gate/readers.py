"""Who would see a field that nobody declared, once it is declared: roles, purposes and treatments, by the policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from governance.gate.known import Known
from policies.access_lines import ANY
from policies.catalog import Catalog, CatalogDataset, CatalogField, CatalogStore
from policies.errors import AccessRefusedError, GovernanceError
from policies.nouns import Action, Effect, FieldRef, LabelStatus

if TYPE_CHECKING:
    from governance.access.policy import AccessPolicy


@dataclass(frozen=True, order=True, slots=True)
class Reader:
    """For one purpose, who would read a field in one way."""

    purpose: str
    """The purpose."""
    treatment: str
    """How the field is shown: `clear`, `mask:email` and so on."""
    roles: tuple[str, ...]
    """The roles whose lines give it, sorted; `*` for everybody. Users that a line names are not told."""


def readers_of(known: Known, ref: FieldRef, category: str) -> tuple[Reader, ...]:
    """The readers of a field, if it were confirmed with a category; none when the dataset or policy gives nothing."""
    if not known.lines.rules or known.catalog.dataset(ref.of) is None:
        return ()
    from governance.access.policy import AccessPolicy

    catalog = _declared(known, ref, category)
    try:
        policy = AccessPolicy(known.lines, known.purposes, known.principals, catalog, known.taxonomy, known.laws)
    except GovernanceError:  # a policy that does not hold together is `policy lint`'s matter
        return ()
    found: dict[tuple[str, str], set[str]] = {}
    for purpose, treatment, role in _uses(policy, ref):
        found.setdefault((purpose, treatment), set()).add(role)
    return tuple(sorted(Reader(purpose, how, tuple(sorted(roles))) for (purpose, how), roles in found.items()))


def _declared(known: Known, ref: FieldRef, category: str) -> Catalog:
    store = known.catalog.stores[ref.store]
    dataset = store.datasets[ref.dataset]
    before = dataset.fields.get(ref.field)
    identity = before.id if before is not None else f"f{len(dataset.fields) + 1_000_000}"
    entry = CatalogField(id=identity, category=category, status=LabelStatus.CONFIRMED)
    fields = {**dataset.fields, ref.field: entry}
    made: CatalogDataset = dataset.model_copy(update={"fields": fields})
    stores: dict[str, CatalogStore] = {
        **known.catalog.stores,
        ref.store: store.model_copy(update={"datasets": {**store.datasets, ref.dataset: made}}),
    }
    return known.catalog.model_copy(update={"stores": stores})


def _uses(policy: AccessPolicy, ref: FieldRef) -> Iterator[tuple[str, str, str]]:
    facts = policy.datasets[ref.of]
    reached = facts.allow_objects | facts.fields[ref.field].allow_objects
    for name in policy.principals.principals:
        principal = policy.principal(name)
        subjects = policy.subjects(principal)
        for purpose in policy.purposes.purposes:
            try:
                permit = policy.permit(principal, purpose, Action.READ, ref.of)
            except AccessRefusedError:
                continue
            shown = permit.fields.get(ref.field)
            rules = [rule for rule in policy.matching(subjects, purpose, Action.READ) if rule.effect is Effect.ALLOW]
            roles = {
                rule.subject for rule in rules
                if rule.object.text in reached and (rule.subject == ANY or rule.subject != name)
            }  # fmt: skip
            for rule in shown.rules if shown is not None else ():
                for role in roles if rule.treatment != "null" else ():
                    yield purpose, rule.treatment, role
