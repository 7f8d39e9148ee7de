"""What one policy shows that another did not: by user, purpose, action and field, with an example of a row.

Row sets are compared by their meaning and not by their text: for each pair of permits every case that their conditions
can tell apart is tried (`witnesses.py`), by a solver where they are many (`solving.py`). What cannot be decided counts
as exposure and is marked so.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.access.permits import DatasetPermit
from governance.access.policy import AccessPolicy
from governance.guard.filter import RecordFilter
from governance.guard.solving import ABSENT, Solver
from policies.access_lines import TREATMENTS
from policies.errors import AccessRefusedError
from policies.nouns import Action, DatasetRef, FieldRef, Principal, Scalar
from policies.predicate import Predicate
from policies.purposes import FORMS
from policies.witnesses import Bound, TooManyCasesError, UndecidableError, domains, witnesses

UNDECIDED = "undecided"
"""Nobody can say; taken for the worst."""

_LOOSENESS = {name: place for place, name in enumerate((ABSENT, *TREATMENTS))}


@dataclass(frozen=True, slots=True)
class Exposure:
    """One field that is shown, or shown more openly, where it was not before."""

    users: tuple[str, ...]
    """To whom, sorted."""
    purpose: str
    """For which purpose."""
    action: Action
    """For which action."""
    field: FieldRef
    """The field."""
    category: str
    """Its category, by the new catalog."""
    sensitivity: str
    """Its sensitivity, by the new catalog."""
    before: str
    """How the row of the example showed it: a treatment, or `absent`."""
    after: str
    """How it is shown now: a treatment, or `undecided`."""
    row: Mapping[str, str]
    """The shape of such a row: by field that a condition names, `NULL`, a constant of the policy, `principal.NAME` or
    `another`."""
    consent_before: str | None
    """The form of consent that was asked for; None where none was."""
    consent_after: str | None
    """The form that is asked for now."""

    def to_json(self) -> dict[str, Any]:
        """The exposure as plain data."""
        return {
            "users": list(self.users),
            "purpose": self.purpose,
            "action": self.action.value,
            "field": str(self.field),
            "category": self.category,
            "sensitivity": self.sensitivity,
            "before": self.before,
            "after": self.after,
            "row": dict(self.row),
            "consent_before": self.consent_before,
            "consent_after": self.consent_after,
        }


def exposures(old: AccessPolicy, new: AccessPolicy) -> list[Exposure]:
    """All that the new policy shows more than the old, by field, purpose, action and users.

    With the arguments exchanged it is what the new policy shows less.
    """
    found: dict[tuple[Any, ...], list[str]] = {}
    seen: dict[tuple[Any, ...], list[_Loosened]] = {}
    for name in sorted(new.principals.principals):
        one, other = _known(old, name), new.principal(name)
        key = (old.subjects(one) if one else None, new.subjects(other), _attributes(one), _attributes(other))
        if key not in seen:
            seen[key] = list(_for_user(old, new, one, other))
        for each in seen[key]:
            found.setdefault(each, []).append(name)
    return sorted(
        (_exposure(old, new, each, tuple(users)) for each, users in found.items()),
        key=lambda each: (str(each.field), each.purpose, each.action, each.users, each.before, each.after),
    )


_Loosened = tuple[str, Action, FieldRef, str, str, tuple[tuple[str, str], ...]]
"""Purpose, action, field, before, after and the example row."""


def _exposure(old: AccessPolicy, new: AccessPolicy, found: _Loosened, users: tuple[str, ...]) -> Exposure:
    purpose, action, field, before, after, row = found
    facts = new.datasets[field.of].fields[field.field]
    return Exposure(
        users,
        purpose,
        action,
        field,
        facts.category,
        facts.sensitivity.word,
        before,
        after,
        dict(row),
        _consent(old, purpose),
        _consent(new, purpose),
    )


def _for_user(old: AccessPolicy, new: AccessPolicy, one: Principal | None, other: Principal) -> Iterator[_Loosened]:
    subjects = new.subjects(other)
    for purpose in sorted(new.purposes.purposes):
        if not new.grants_purpose(subjects, purpose):
            continue
        for action in Action:
            if not any(new.matching(subjects, purpose, action)):
                continue
            for ref in sorted(new.datasets):
                after = _permit(new, other, purpose, action, ref)
                if after is not None:
                    before = _permit(old, one, purpose, action, ref)
                    yield from _loosened(_Side(old, one, before), _Side(new, other, after), after)


@dataclass(frozen=True, slots=True)
class _Side:
    """One policy's answer to one request."""

    policy: AccessPolicy
    principal: Principal | None
    permit: DatasetPermit | None

    @property
    def attributes(self) -> Mapping[str, Scalar]:
        return self.principal.attributes if self.principal else {}

    def types(self, dataset: DatasetRef) -> Mapping[str, str]:
        facts = self.policy.datasets.get(dataset)
        return facts.types if facts else {}

    def judging(self, dataset: DatasetRef) -> RecordFilter | None:
        return RecordFilter(self.permit, self.attributes, self.types(dataset)) if self.permit else None

    def seeing(self, field: FieldRef) -> RecordFilter | None:
        """What judges rows, where the field is shown at all."""
        return self.judging(field.of) if self.rules(field.field) else None

    def shows(self, solver: Solver, field: FieldRef) -> Mapping[str, Any]:
        """By treatment, and `absent`, for which rows the field is shown so, as formulas."""
        judging = self.seeing(field)
        if judging is None or self.permit is None:
            return {ABSENT: True}
        return solver.shows(self.permit, self.permit.fields[field.field], judging.meets)

    def rules(self, field: str) -> list[tuple[str, str, Predicate | None]]:
        """All by which a field is shown: part, treatment and rows; empty for one that is not."""
        if self.permit is None or field not in self.permit.fields:
            return []
        shown = self.permit.fields[field]
        parts = (
            ("allow", self.permit.allow),
            ("deny", (*self.permit.deny, *self.permit.special)),
            ("hide", shown.denies),
        )
        found = [(part, "", rule.rows) for part, rules in parts for rule in rules]
        return [*found, *(("show", rule.treatment, rule.rows) for rule in shown.rules)]

    def bound(self, field: str) -> list[Bound]:
        """The conditions among them, with the attributes that they name."""
        return [
            (rows, {name: self.attributes.get(name) for name in rows.attributes})
            for _, _, rows in self.rules(field)
            if rows is not None
        ]


def _loosened(before: _Side, after: _Side, permit: DatasetPermit) -> Iterator[_Loosened]:
    freed = _consent_loosened(before.policy, after.policy, permit.purpose)
    for name in permit.fields:
        same = before.rules(name) == after.rules(name) and before.bound(name) == after.bound(name)
        if not same or freed:
            field = FieldRef(permit.dataset.store, permit.dataset.dataset, name)
            for one, other, row in _cases(before, after, field, freed=freed):
                yield permit.purpose, permit.action, field, one, other, row


def _cases(
    before: _Side, after: _Side, field: FieldRef, *, freed: bool
) -> Iterator[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """Each pair of treatments by which some row shows the field more openly, with the first such row."""
    bound = [*before.bound(field.field), *after.bound(field.field)]
    one, other = before.seeing(field), after.seeing(field)
    types = _types(before.types(field.of), after.types(field.of))
    found: set[tuple[str, str]] = set()
    try:
        for row in _rows(before, after, field, types, freed=freed):
            was, now = _shown(one, row, field.field), _shown(other, row, field.field)
            if _looser(was, now, freed=freed) and (was, now) not in found:
                found.add((was, now))
                yield was, now, _shape(row, bound)
    except (UndecidableError, AccessRefusedError):
        yield ABSENT if one is None else UNDECIDED, UNDECIDED, ()


def _looser(was: str, now: str, *, freed: bool) -> bool:
    return _LOOSENESS[now] > _LOOSENESS[was] or (freed and now != ABSENT)


def _rows(
    before: _Side, after: _Side, field: FieldRef, types: Mapping[str, str], *, freed: bool
) -> Iterator[dict[str, Any]]:
    """Rows among which there is one for each pair of treatments by which some row shows the field more openly.

    Every case, where they can be gone through; else what the solver finds. Raises UndecidableError.
    """
    bound = [*before.bound(field.field), *after.bound(field.field)]
    try:
        yield from witnesses(bound, types)
    except TooManyCasesError:
        yield from _solved(before, after, field, domains(bound, types), freed=freed)


def _solved(
    before: _Side, after: _Side, field: FieldRef, values: Mapping[str, list[Any]], *, freed: bool
) -> Iterator[dict[str, Any]]:
    solver = Solver(values)
    old, new = before.shows(solver, field), after.shows(solver, field)
    for (was, one), (now, other) in itertools.product(old.items(), new.items()):
        row = solver.row(one, other) if _looser(was, now, freed=freed) else None
        if row is not None:
            judged = (_shown(before.seeing(field), row, field.field), _shown(after.seeing(field), row, field.field))
            if judged != (was, now):
                raise UndecidableError("a row that the solver judges otherwise than the policy")
            yield row


def _types(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """The types of fields; one that has another type now has none."""
    return {name: type_ for name, type_ in {**old, **new}.items() if old.get(name, type_) == new.get(name, type_)}


def _shown(judging: RecordFilter | None, row: Mapping[str, Any], field: str) -> str:
    if judging is None:
        return ABSENT
    treatment, _ = judging.judged(row, field)
    return ABSENT if treatment is None else treatment


def _shape(row: Mapping[str, Any], bound: Sequence[Bound]) -> tuple[tuple[str, str], ...]:
    """The row as a reader of the policy understands it: only what the policy itself says is shown."""
    said: dict[str, str] = {}
    for _, attributes in bound:
        said |= {str(each): f"principal.{name}" for name, each in attributes.items()}
    said |= {str(each.value): str(each.value) for predicate, _ in bound for each in predicate.constants}
    return tuple((name, _word(value, said)) for name, value in sorted(row.items()))


def _word(value: Any, said: Mapping[str, str]) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, bool) else said.get(str(value), "another")


def _known(policy: AccessPolicy, name: str) -> Principal | None:
    return policy.principal(name) if name in policy.principals.principals else None


def _attributes(principal: Principal | None) -> tuple[tuple[str, Scalar], ...]:
    return tuple(sorted(principal.attributes.items())) if principal else ()


def _permit(
    policy: AccessPolicy, principal: Principal | None, purpose: str, action: Action, dataset: DatasetRef
) -> DatasetPermit | None:
    if principal is None:
        return None
    try:
        return policy.permit(principal, purpose, action, dataset)
    except AccessRefusedError:
        return None


def _consent(policy: AccessPolicy, purpose: str) -> str | None:
    known = purpose in policy.purposes.purposes and policy.purposes.needs_consent(purpose)
    return policy.purposes.consent_form(purpose) if known else None


def _consent_loosened(old: AccessPolicy, new: AccessPolicy, purpose: str) -> bool:
    """Whether a purpose asked for consent, or a stronger form of it, and now does not."""
    was, now = _consent(old, purpose), _consent(new, purpose)
    return was is not None and (now is None or FORMS.index(now) < FORMS.index(was))
