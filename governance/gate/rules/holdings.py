"""What datasets and fields hold, by the catalog and, where it is silent, by their names; and how they are protected."""

from __future__ import annotations

from collections.abc import Iterator

from governance.gate.changes import SchemaChange, Source
from governance.gate.rules.base import View
from policies.nouns import FieldRef, LabelStatus, Sensitivity
from policies.taxonomy import HARMLESS


def sensitivity_of(view: View, dataset: str, field: str) -> Sensitivity:
    """How sensitive a field is: as declared, else as its name says; PUBLIC for a harmless one."""
    facts = view.facts(dataset, field)
    if facts is not None and facts.status is not LabelStatus.REJECTED:
        return Sensitivity.PUBLIC if facts.category == HARMLESS else facts.sensitivity
    change = view.schema.fields.get(view.schema.key(dataset), {}).get(view.schema.key(field))
    guess = view.guess(change) if change is not None else None
    if guess is None:
        return Sensitivity.PUBLIC
    return Sensitivity.SPECIAL if guess.special else guess.category.sensitivity


def worst_of(view: View, dataset: str) -> Sensitivity | None:
    """The most sensitive that a dataset holds; None for a dataset that neither catalog nor migrations have."""
    entry = view.entry(dataset)
    names = {*view.fields(dataset), *(each.field for each in _in_schema(view, dataset))}
    if entry is None and not names:
        return None
    found = [sensitivity_of(view, dataset, name) for name in names]
    if entry is not None and entry.special:
        found.append(Sensitivity.SPECIAL)
    return max(found, default=Sensitivity.PUBLIC)


def is_harmless(view: View, dataset: str) -> bool:
    """Whether a dataset is known and holds nothing confidential."""
    worst = worst_of(view, dataset)
    return worst is not None and worst < Sensitivity.CONFIDENTIAL


def protection_of(view: View, dataset: str, field: str) -> str | None:
    """How a declared field is protected: `encrypted`, `masked`, or `restricted` by its kind alone; None if not."""
    entry, facts = view.decision(dataset, field), view.facts(dataset, field)
    if entry is None or facts is None or entry.status is not LabelStatus.CONFIRMED or entry.category == HARMLESS:
        return None
    if entry.encrypted:
        return "encrypted"
    if view.known.is_masked(view.ref(dataset, field).of, view.ref(dataset, field).field):
        return "masked"
    return "restricted" if facts.sensitivity >= Sensitivity.RESTRICTED else None


def protected_sources(change: SchemaChange, view: View) -> Iterator[tuple[FieldRef, str]]:
    """The protected fields that values of a change come from, each with how it is protected."""
    for source in change.sources:
        for dataset in _datasets(source, view):
            for field in _fields(source, dataset, view):
                how = protection_of(view, dataset, field)
                same = view.ref(dataset, field) == view.ref(change.dataset, change.field)
                if how is not None and not same:
                    yield view.ref(dataset, field), how


def is_protected_alike(change: SchemaChange, source: FieldRef, how: str, view: View) -> bool:
    """Whether the field that values go to is declared and as well protected as the one that they come from."""
    target, origin = view.facts(change.dataset, change.field), view.facts(source.dataset, source.field)
    if target is None or origin is None or target.status is not LabelStatus.CONFIRMED:
        return False
    if how == "restricted":
        return target.sensitivity >= origin.sensitivity
    return protection_of(view, change.dataset, change.field) in (how, "encrypted")


def _datasets(source: Source, view: View) -> Iterator[str]:
    if source.dataset:
        yield source.dataset
    else:
        yield from view.datasets_with(source.field)


def _fields(source: Source, dataset: str, view: View) -> Iterator[str]:
    if source.field == "*":
        yield from view.fields(dataset)
    else:
        yield source.field


def _in_schema(view: View, dataset: str) -> Iterator[SchemaChange]:
    yield from view.schema.fields.get(view.schema.key(dataset), {}).values()
