"""What is looked at in a store: its datasets with labelled fields, their checks, and which of them list people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from connectors.base import Dataset, Field, Store
from governance.quality.checks.base import Placed
from governance.quality.checks.others import Filled, Fresh, Happened, InVocabulary, NotNegative
from governance.quality.checks.values import ValueCheck
from governance.quality.result import Unseen
from governance.quality.standard import Standard
from governance.scan.shapes import shape_name
from policies.catalog import CatalogDataset, CatalogStore
from policies.nouns import DatasetRef, FieldRef, LabelStatus
from policies.quality_rules import QualityFile, dataset_ref
from policies.taxonomy import HARMLESS, Taxonomy

COUNTRY = "user.contact.address.country"
"""The category of the field by which a phone number's region is told."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What purposes need and use, as the policy files stand."""

    required: Mapping[FieldRef, tuple[str, ...]]
    """Fields that must be filled, with the purposes that need them."""
    used: frozenset[FieldRef]
    """Fields that somebody may read for some purpose."""


@dataclass(frozen=True, slots=True)
class PersonFields:
    """The fields by which a record says who it is about."""

    name: tuple[str, ...] = ()
    """Full names, or first and last name in this order."""
    email: tuple[str, ...] = ()
    """E-mail addresses."""
    phone: tuple[str, ...] = ()
    """Phone numbers."""
    birth_date: tuple[str, ...] = ()
    """Dates of birth."""
    government_id: tuple[str, ...] = ()
    """Numbers of papers."""
    address: tuple[str, ...] = ()
    """Streets."""
    consent: tuple[str, ...] = ()
    """Flags of consent."""

    def all(self) -> tuple[str, ...]:
        """Every field."""
        kinds = (self.name, self.email, self.phone, self.birth_date, self.government_id, self.address, self.consent)
        return tuple(field for kind in kinds for field in kind)


@dataclass(frozen=True, slots=True)
class DatasetLook:
    """What is looked at in one dataset."""

    ref: DatasetRef
    """The dataset."""
    checks: tuple[Placed, ...]
    """The checks of its rows."""
    key: tuple[str, ...]
    """The fields that identify a record; empty where nothing does."""
    subject_key: tuple[str, ...]
    """The fields that identify the person."""
    person: PersonFields
    """The fields that say who."""
    lists_people: bool
    """Whether it has one record a person, so that a second one is a duplicate."""
    leads: str = ""
    """The name of the group of datasets about the same people that it belongs to; empty for none."""
    is_leader: bool = False
    """Whether the others of the group are compared with it."""
    began: str | None = None
    """The field that says when a record began; None without one."""
    counted: tuple[str, ...] = ()
    """Fields whose standard is taken from use: their words are counted before their rows are checked."""
    unneeded: tuple[str, ...] = ()
    """Fields that must be filled although no purpose needs them."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Every column that is read, each once."""
        checked = [field for each in self.checks for field in each.check.fields]
        people = self.person.all() if self.lists_people or self.leads else ()
        people = (*people, self.began) if self.began and self.lists_people else people
        return tuple(dict.fromkeys((*self.key, *self.subject_key, *checked, *self.counted, *people)))


def looks_of(
    store: str, datasets: Sequence[Dataset], catalog: CatalogStore, standard: Standard, needs: Needs, now: dt.datetime
) -> tuple[DatasetLook, ...]:
    """What is looked at in a store, in the store's order; datasets that nobody has reviewed are left out."""
    groups = _groups(store, datasets, catalog, standard.rules)
    made = [
        _look(DatasetRef(store, each.name), each, catalog.datasets[each.name], standard, needs, now)
        for each in datasets
        if each.name in catalog.datasets
    ]
    return tuple(_grouped(each, groups) for each in made if each.fields or each.unneeded)


def not_looked_at(catalog: CatalogStore, store: Store) -> Iterator[Unseen]:
    """What of a store is left out: datasets and fields without a label, ciphertexts, and what stands inside JSON."""
    for dataset in store.datasets():
        place, known = f"{store.name}.{dataset.name}", catalog.datasets.get(dataset.name)
        if known is None:
            yield Unseen(_shown(store.name, dataset.name), "quality.not_seen_dataset")
            continue
        for each in dataset.fields:
            label = known.fields.get(each.name)
            if label is None or label.status is LabelStatus.REJECTED:
                yield Unseen(_shown(place, each.name), "quality.not_seen_unlabelled")
            elif label.encrypted:
                yield Unseen(f"{place}.{each.name}", "quality.not_seen_encrypted")
            elif each.type in ("json", "binary"):
                yield Unseen(f"{place}.{each.name}", f"quality.not_seen_{each.type}")


def _shown(place: str, name: str) -> str:
    """A name that nobody reviewed, or only where it stands when it looks like a value of a person."""
    return f"{place}.{name}" if shape_name(name) == name else place


def _grouped(look: DatasetLook, groups: Mapping[DatasetRef, tuple[str, bool]]) -> DatasetLook:
    if look.ref not in groups or not look.subject_key or not look.person.all():
        return look
    name, leader = groups[look.ref]
    return replace(look, leads=name, is_leader=leader)


def _groups(
    store: str, datasets: Sequence[Dataset], catalog: CatalogStore, rules: QualityFile
) -> dict[DatasetRef, tuple[str, bool]]:
    """For each dataset with a group, the group and whether it leads: as the rules say, else by foreign keys."""
    found = {
        dataset_ref(each): (name, number == 0)
        for name, listed in rules.subjects.items()
        for number, each in enumerate(listed)
    }
    for each in datasets:
        entry = catalog.datasets.get(each.name)
        if entry is None or not entry.subject_key:
            continue
        for key in each.foreign_keys:
            leader = catalog.datasets.get(key.dataset)
            ref, lead = DatasetRef(store, each.name), DatasetRef(store, key.dataset)
            if key.fields != entry.subject_key or leader is None or ref == lead or ref in found:
                continue
            if key.referred == leader.subject_key and (lead not in found or found[lead][1]):
                found.setdefault(lead, (str(lead), True))
                found[ref] = (found[lead][0], False)
    return found


def _look(
    ref: DatasetRef,
    dataset: Dataset,
    entry: CatalogDataset,
    standard: Standard,
    needs: Needs,
    now: dt.datetime,
) -> DatasetLook:
    here = {each.name: each for each in dataset.fields if each.type not in ("binary", "json")}
    labels = {
        name: each.category
        for name, each in entry.fields.items()
        if name in here and each.status is not LabelStatus.REJECTED and not each.encrypted
    }
    key = tuple(name for name in (entry.record_key or dataset.primary_key) if name in here)
    subject = tuple(name for name in entry.subject_key if name in here)
    people = (bool(subject) and subject == key) or str(ref) in standard.rules.people
    own = {name: category for name, category in labels.items() if name not in entry.third_persons}
    person = _person(own, standard) if subject or people else PersonFields()
    checks = [
        *_required(ref, labels, standard, needs),
        *_values(ref, labels, standard),
        *_moments(ref, here, labels, standard, now),
        *_amounts(ref, here, labels, standard),
        *(_fresh(ref, here, labels, standard) if people else ()),
        *_vocabularies(ref, here, standard),
    ]
    chosen = tuple(
        each for each in checks if not all(standard.rules.accepts(rule, each.place) for rule in each.check.rules)
    )
    return DatasetLook(
        ref,
        chosen,
        key,
        subject,
        person,
        lists_people=people and not standard.rules.accepts("uniqueness.person", str(ref)),
        began=next((name for name in here if standard.is_named(name, "began")), None),
        counted=tuple(
            name
            for name, category in labels.items()
            if category in standard.pack.used_words
            and str(FieldRef(ref.store, ref.dataset, name)) not in standard.rules.values
            and not standard.rules.accepts("vocabulary.unknown", f"{ref}.{name}")
        ),
        unneeded=tuple(_unneeded(ref, here, labels, {*key, *subject}, standard, needs)),
    )


def _person(labels: Mapping[str, str], standard: Standard) -> PersonFields:
    about = {name: category for name, category in labels.items() if not standard.is_about_others(name)}

    def under(category: str) -> tuple[str, ...]:
        return tuple(name for name, each in about.items() if Taxonomy.is_under(each, category))

    whole = tuple(name for name, each in about.items() if each == "user.name")
    return PersonFields(
        name=whole[:1] or (*under("user.name.first")[:1], *under("user.name.last")[:1]),
        email=under("user.contact.email"),
        phone=under("user.contact.phone_number"),
        birth_date=under("user.demographic.date_of_birth")[:1],
        government_id=under("user.government_id"),
        address=under("user.contact.address.street")[:1],
        consent=under("user.privacy_preferences")[:1],
    )


def _values(ref: DatasetRef, labels: Mapping[str, str], standard: Standard) -> Iterator[Placed]:
    country = next((name for name, category in labels.items() if category == COUNTRY), None)
    for name, category in labels.items():
        check = ValueCheck(name, category, standard.check_of(category), standard, country)
        known = standard.fillers_of(category)
        if check.kind or known.words or known.patterns:
            yield Placed(f"{ref}.{name}", check)


def _required(ref: DatasetRef, labels: Mapping[str, str], standard: Standard, needs: Needs) -> Iterator[Placed]:
    for name, category in labels.items():
        if needs.required.get(FieldRef(ref.store, ref.dataset, name)):
            known = standard.fillers_of(category)
            values = ValueCheck(name, category, None, standard) if known.words or known.patterns else None
            yield Placed(f"{ref}.{name}", Filled(name, values))


def _unneeded(
    ref: DatasetRef,
    here: Mapping[str, Field],
    labels: Mapping[str, str],
    keys: set[str],
    standard: Standard,
    needs: Needs,
) -> Iterator[str]:
    for name, category in labels.items():
        field = FieldRef(ref.store, ref.dataset, name)
        stated = field in needs.required
        demanded = not here[name].nullable and category != HARMLESS and name not in keys
        if needs.required.get(field) or standard.rules.accepts("completeness.no_purpose", str(field)):
            continue
        if stated or (demanded and field not in needs.used):
            yield name


def _moments(
    ref: DatasetRef, here: Mapping[str, Field], labels: Mapping[str, str], standard: Standard, now: dt.datetime
) -> Iterator[Placed]:
    present = np.datetime64(now.astimezone(dt.UTC).replace(tzinfo=None), "s")
    named = [name for name in here if labels.get(name, HARMLESS) == HARMLESS]
    began = next((name for name in named if standard.is_named(name, "began")), None)
    for name in named:
        late = any(standard.is_named(name, kind) for kind in ("verified", "changed", "ended"))
        if here[name].type in ("date", "datetime", "string") and (
            late or name == began or standard.is_named(name, "began") or standard.is_named(name, "happened")
        ):
            yield Placed(f"{ref}.{name}", Happened(name, began if late and name != began else None, present))


def _amounts(
    ref: DatasetRef, here: Mapping[str, Field], labels: Mapping[str, str], standard: Standard
) -> Iterator[Placed]:
    for name, field in here.items():
        numeric = field.type in ("integer", "decimal", "float")
        if numeric and name in labels and standard.is_named(name, "not_negative"):
            yield Placed(f"{ref}.{name}", NotNegative(name))


def _fresh(
    ref: DatasetRef, here: Mapping[str, Field], labels: Mapping[str, str], standard: Standard
) -> Iterator[Placed]:
    limits = [limit for category in labels.values() if (limit := standard.limit_of(category)) is not None]
    stated = standard.rules.verified.get(str(ref))
    fields = stated or tuple(
        name for name in here if standard.is_named(name, "verified") or standard.is_named(name, "changed")
    )
    fields = tuple(name for name in fields if name in here) or tuple(
        name for name in here if standard.is_named(name, "began")
    )
    if limits and fields:
        day = max(limit.cutoff(standard.today) for limit in limits)
        yield Placed(str(ref), Fresh(fields, np.datetime64(day, "s")))


def _vocabularies(ref: DatasetRef, here: Mapping[str, Field], standard: Standard) -> Iterator[Placed]:
    for name in here:
        place = f"{ref}.{name}"
        if place in standard.rules.values:
            words = frozenset(standard.rules.vocabularies[standard.rules.values[place]])
            yield Placed(place, InVocabulary(name, words))
