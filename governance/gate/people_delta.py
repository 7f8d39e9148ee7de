"""Whether the keys of persons in the catalog mean other people than at the base.

Stores, datasets and fields are known again by their ids, and by their names where an id was given anew. Foreign keys
are not seen here: a dataset that `persons` names, or whose `record_key` nobody stated, counts as a kind of persons of
its own unless a join of the catalog says whose keys it holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from governance.gate.policy_changes import PolicyChange, PolicyChangeKind
from governance.gate.policy_state import PolicyState
from governance.gate.shown import shown
from policies.catalog import CatalogDataset, CatalogStore
from policies.config import Medium
from policies.crm_facts import crm_facts
from policies.nouns import DatasetRef
from policies.subject_spaces import KeyedDataset, subject_spaces


class _Entry(Protocol):
    @property
    def id(self) -> str: ...


_E = TypeVar("_E", bound=_Entry)


@dataclass(frozen=True)
class _Store:
    """One store in one state."""

    state: PolicyState
    name: str

    @property
    def entry(self) -> CatalogStore:
        return self.state.known.catalog.stores[self.name]

    @property
    def medium(self) -> Medium | None:
        settings = self.state.config.stores.get(self.name)
        return settings.medium if settings is not None else None

    def vendor_key(self, on: dt.date) -> tuple[str, ...]:
        """The key of each record in a CRM; empty for another store."""
        if self.medium is not Medium.CRM:
            return ()
        key = crm_facts(str(self.state.config.stores[self.name].kind), on).key
        return (key,) if key else ()

    def meant(self, named: Collection[str | None], vendor_key: tuple[str, ...]) -> set[DatasetRef | None]:
        """The datasets of persons whose keys consent names; with None where that is not certain.

        Those in `named` are each a kind of their own, unless a join says otherwise.
        """
        keyed = {}
        for name, each in self.entry.datasets.items():
            known = () if name in named else each.record_key or vendor_key
            ref = DatasetRef(self.name, name)
            keyed[ref] = KeyedDataset(ref, each, known or each.subject_key)
        spaces = subject_spaces(keyed)
        if self.entry.persons:
            return {spaces[DatasetRef(self.name, each)] for each in self.entry.persons}
        kinds = set(spaces.values())
        return kinds if len(kinds) == 1 else {None}


def other_people(old: PolicyState, new: PolicyState, on: dt.date) -> Iterator[PolicyChange]:
    """The stores whose `persons`, and the datasets whose `subject_key`, mean other people than at the base."""
    for former, name in _staying(old.known.catalog.stores, new.known.catalog.stores).items():
        before, after = _Store(old, former), _Store(new, name)
        datasets = _staying(before.entry.datasets, after.entry.datasets)
        if _names_others(before, after, datasets, on):
            was, now = before.entry.persons, after.entry.persons
            what = "persons_gone" if not now else "persons_changed" if was else "persons_named"
            yield _change(after, ("persons",), what, was, now)
        for each, stays in datasets.items():
            yield from _other_key(after, stays, before.entry.datasets[each])


def _names_others(before: _Store, after: _Store, datasets: Mapping[str, str], on: dt.date) -> bool:
    """Whether `persons` changes, and not for certain to the same kind of persons; `datasets` are those that stay."""
    kept = {datasets.get(each) for each in before.entry.persons}
    if kept == set(after.entry.persons) or before.medium is after.medium is Medium.FILES:  # no consent is joined there
        return False
    if not any(each.subject_key for each in before.entry.datasets.values()):
        return False
    named = {each for each, stays in datasets.items() if stays in after.entry.persons}
    was = before.meant({*before.entry.persons, *named}, before.vendor_key(on))
    now = after.meant({*after.entry.persons, *kept}, after.vendor_key(on))
    return {_called(each, before, after, datasets) for each in was} != now


def _called(space: DatasetRef | None, before: _Store, after: _Store, datasets: Mapping[str, str]) -> DatasetRef | None:
    """What a dataset of persons of the base is called now; None for one that is gone."""
    if space is None or space.store != before.name:
        return space
    stays = datasets.get(space.dataset)
    return DatasetRef(after.name, stays) if stays is not None else None


def _other_key(after: _Store, name: str, old: CatalogDataset) -> Iterator[PolicyChange]:
    new = after.entry.datasets[name]
    fields = _staying(old.fields, new.fields)
    if old.subject_key and tuple(fields.get(each) for each in old.subject_key) != new.subject_key:
        what = "key_changed" if new.subject_key else "key_gone"
        yield _change(after, ("datasets", name, "subject_key"), what, old.subject_key, new.subject_key)


def _change(store: _Store, keys: Sequence[str], what: str, was: Sequence[str], now: Sequence[str]) -> PolicyChange:
    before, after = _listed(was), _listed(now)
    return PolicyChange(
        PolicyChangeKind.OTHER_PEOPLE,
        store.state.file("catalog.yaml"),
        store.state.line("catalog.yaml", "stores", store.name, *keys),
        store.name,
        keys[1] if len(keys) > 1 else "",
        about=f"{before} {after}",
        values={"what": f"gate.{what}", "was": before, "now": after},
    )


def _staying(old: Mapping[str, _E], new: Mapping[str, _E]) -> dict[str, str]:
    """Former names to names of what stays: by id, else by name where the id is gone and the name's id is new."""
    ids = {each.id: name for name, each in new.items()}
    former = {each.id for each in old.values()}
    found = {}
    for name, each in old.items():
        if each.id in ids:
            found[name] = ids[each.id]
        elif name in new and new[name].id not in former:
            found[name] = name
    return found


def _listed(names: Sequence[str]) -> str:
    """Names as findings may show them, as the catalog lists them."""
    said = [shown(each) for each in names]
    return said[0] if len(said) == 1 else f"[{', '.join(said)}]"
