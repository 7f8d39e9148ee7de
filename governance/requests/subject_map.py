"""The subject map: per dataset what identifies a person, what hangs together, and how a record is reached. Pure.

A *dataset of persons* has one record a person: its subject key is its record key. The subject key of any other dataset
means a person of such a dataset: of the one that its foreign key or declared join refers to, else of the only one in
the store. Where there are several and nothing tells which, keys are not followed, and the map says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from connectors.base import Dataset
from governance.requests.traced import Unreached
from governance.scan.shapes import shape_name
from policies.catalog import Catalog, CatalogDataset, CatalogField
from policies.nouns import DatasetRef, FieldRef, LabelStatus
from policies.taxonomy import HARMLESS, Taxonomy

KINDS = (
    ("user.contact.email", "email"),
    ("user.contact.phone_number", "phone"),
    ("user.contact.fax_number", "phone"),
    ("user.government_id", "government_id"),
    ("user.health_and_medical.record_id", "id"),
    ("user.unique_id", "id"),
    ("user.account.username", "id"),
    ("user.name", "name"),
)
"""Categories whose confirmed fields identify a person, with the kind of identifier."""
LEADING = ("email", "government_id", "phone")
"""Kinds that mean the same person wherever they stand; a customer number or a login of one system does not."""
FREE_TEXT = ("user.content", "user.demographic.profile")
"""Categories in which people write anything."""
_TEXT_TYPES = ("TEXT", "CLOB", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT", "JSON", "JSONB", "NTEXT")


@dataclass(frozen=True, slots=True)
class Link:
    """Records of two datasets that belong together."""

    child: DatasetRef
    """The dataset that refers."""
    fields: tuple[str, ...]
    """The referring fields."""
    parent: DatasetRef
    """The dataset referred to."""
    referred: tuple[str, ...]
    """The fields referred to, in the same order."""
    declared: bool
    """Whether the catalog says so; a foreign key of the store otherwise."""
    down: bool = True
    """Whether whoever has the record referred to has the referring one."""
    up: bool = False
    """Whether whoever has the referring record has the one that it refers to."""


@dataclass(frozen=True)
class DatasetMap:
    """How persons are found in one dataset."""

    ref: DatasetRef
    """Which one."""
    entry: CatalogDataset
    """What people decided about it."""
    shape: Dataset
    """As the store declares it."""
    key: tuple[str, ...]
    """The fields of a record's key; empty for a file whose records are known by their number."""
    identifiers: Mapping[str, str]
    """Field to the kind of identifier that it holds."""
    texts: tuple[str, ...]
    """Fields in which free text may name a person."""
    space: DatasetRef | None = None
    """The dataset of persons that its subject key means; None when it has none or nobody can tell."""

    @property
    def is_of_persons(self) -> bool:
        """Whether it has one record a person."""
        return bool(self.entry.subject_key) and set(self.entry.subject_key) == set(self.key)

    @property
    def is_personal(self) -> bool:
        """Whether it holds anything about persons, by the catalog."""
        found = (each for each in self.entry.fields.values() if each.status is LabelStatus.CONFIRMED)
        return bool(self.entry.subject_key) or any(each.category != HARMLESS for each in found)

    def field(self, name: str) -> FieldRef:
        """The reference of one of its fields."""
        return FieldRef(self.ref.store, self.ref.dataset, name)

    def encrypted(self, name: str) -> bool:
        """Whether a field holds tokens."""
        entry = self.entry.fields.get(name)
        return entry is not None and bool(entry.encrypted)


@dataclass(frozen=True)
class SubjectMap:
    """All datasets in which persons are looked for."""

    datasets: Mapping[DatasetRef, DatasetMap]
    """By reference, in the order of the catalog."""
    links: tuple[Link, ...]
    """Foreign keys and declared joins between them."""
    unreached: tuple[Unreached, ...]
    """What is not looked at, or where keys are not followed."""

    def persons(self) -> tuple[DatasetRef, ...]:
        """What subject keys can mean, in the order of the catalog."""
        return tuple(dict.fromkeys(each.space for each in self.datasets.values() if each.space is not None))

    def tells_whose(self, dataset: DatasetMap, name: str) -> bool:
        """Whether an identifier in this field says whose record it is, so that its subject key is the person's.

        So it is in a dataset of persons, where the catalog declares the field, and where no dataset of persons has an
        identifier of this kind. Elsewhere, as with the phone of a parcel's receiver, it may be somebody else's.
        """
        if dataset.is_of_persons or name in (dataset.entry.identifiers or {}):
            return True
        return dataset.space is not None and dataset.identifiers[name] not in self._kinds.get(dataset.space, ())

    def leads_on(self, dataset: DatasetMap, name: str) -> bool:
        """Whether an identifier that a record of the person holds in this field is looked for elsewhere."""
        if name in (dataset.entry.identifiers or {}):
            return True
        return dataset.is_of_persons and dataset.identifiers[name] in LEADING

    @cached_property
    def _kinds(self) -> Mapping[DatasetRef, frozenset[str]]:
        """What dataset of persons has identifiers of which kinds."""
        return {each.ref: frozenset(each.identifiers.values()) for each in self.datasets.values() if each.is_of_persons}

    def reached(self) -> dict[DatasetRef, list[str]]:
        """How each dataset is reached: `identifier`, `subject_key`, `join:DATASET`, `mention`; empty for none."""
        found: dict[DatasetRef, list[str]] = {}
        for ref, each in self.datasets.items():
            ways = ["identifier"] if each.identifiers else []
            ways += ["subject_key"] if each.space is not None else []
            found[ref] = ways
        for link, to, source in self._steps():
            name = f"join:{source}"
            if name not in found[to] and set(link.fields) != set(self.datasets[to].entry.subject_key):
                found[to].append(name)
        for ref, each in self.datasets.items():
            found[ref] += ["mention"] if each.texts else []
        return found

    def _steps(self) -> Iterator[tuple[Link, DatasetRef, DatasetRef]]:
        """Each way of a link between personal datasets, with where it leads and from where."""
        for link in self.links:
            if link.down and self.datasets[link.parent].is_personal and link.child != link.parent:
                yield link, link.child, link.parent
            if link.up and link.child != link.parent:
                yield link, link.parent, link.child


def subject_map(catalog: Catalog, stores: Mapping[str, Sequence[Dataset]], files: frozenset[str]) -> SubjectMap:
    """The map of some stores, described as they are now; `files` names those that are no databases."""
    unreached: list[Unreached] = []
    found: dict[DatasetRef, DatasetMap] = {}
    for store, shapes in stores.items():
        known = catalog.stores[store].datasets if store in catalog.stores else {}
        by_name = {each.name: each for each in shapes}
        unreached += (Unreached(f"{store}.{name}", "not_in_store") for name in known if name not in by_name)
        unreached += (Unreached(f"{store}.{shape_name(name)}", "not_reviewed") for name in by_name if name not in known)
        for name, entry in known.items():
            if name in by_name:
                ref = DatasetRef(store, name)
                made = _dataset(ref, entry, by_name[name], is_file=store in files)
                if isinstance(made, Unreached):
                    unreached.append(made)
                else:
                    found[ref] = made
    links = tuple(_links(found))
    own = {field for link in links if link.child in found for field in map(found[link.child].field, link.fields)}
    spaced = {ref: _with_space(each, found, links, own) for ref, each in found.items()}
    for ref, each in spaced.items():
        if each.entry.subject_key and each.space is None:
            unreached.append(Unreached(str(ref), "which_persons"))
        names = {*each.entry.subject_key, *(name for link in links if link.child == ref for name in link.fields)}
        unreached += (Unreached(f"{ref}.{name}", "encrypted_key") for name in sorted(names) if each.encrypted(name))
    return SubjectMap(spaced, links, tuple(unreached))


def _dataset(ref: DatasetRef, entry: CatalogDataset, shape: Dataset, *, is_file: bool) -> DatasetMap | Unreached:
    present = {each.name for each in shape.fields}
    key = entry.record_key or shape.primary_key
    if any(name not in present for name in (*key, *entry.subject_key)):
        return Unreached(str(ref), "key_not_in_store")
    made = DatasetMap(ref, entry, shape, key, _identifiers(entry, shape, key), _texts(entry, shape, is_file=is_file))
    if not key and not is_file and made.is_personal:
        return Unreached(str(ref), "no_key")
    return made


def _identifiers(entry: CatalogDataset, shape: Dataset, key: Sequence[str]) -> dict[str, str]:
    present = {each.name for each in shape.fields}
    if entry.identifiers is not None:
        return {name: kind for name, kind in entry.identifiers.items() if name in present}
    found = {}
    lists = [each.name for each in shape.fields if each.type == "json"]  # searched as texts
    cells = [each.blind_index.field for each in entry.fields.values() if each.blind_index is not None]
    for name, each in entry.fields.items():
        if name in present and name not in (*entry.subject_key, *key, *entry.third_persons, *cells, *lists):
            kind = _kind(each)
            if kind is not None:
                found[name] = kind
    return found


def _kind(entry: CatalogField) -> str | None:
    if entry.status is not LabelStatus.CONFIRMED:
        return None
    return next((kind for category, kind in KINDS if Taxonomy.is_under(entry.category, category)), None)


def _texts(entry: CatalogDataset, shape: Dataset, *, is_file: bool) -> tuple[str, ...]:
    """Reviewed fields of free text: by category, or by the store's type; identifiers and keys are not among them."""
    found = []
    for each in shape.fields:
        label = entry.fields.get(each.name)
        if label is None or label.encrypted or each.type not in ("string", "json", "other"):
            continue
        free = any(Taxonomy.is_under(label.category, category) for category in FREE_TEXT)
        typed = not is_file and each.native_type.upper().split("(")[0] in _TEXT_TYPES and label.category != HARMLESS
        plain = _kind(label) is None or each.type == "json"
        if free or (typed and plain and each.name not in entry.subject_key):
            found.append(each.name)
    return tuple(found)


def _links(found: Mapping[DatasetRef, DatasetMap]) -> Iterator[Link]:
    for ref, each in found.items():
        for key in each.shape.foreign_keys:
            parent = DatasetRef(ref.store, key.dataset)
            if parent in found:
                yield Link(ref, key.fields, parent, key.referred, declared=False)
        for join in each.entry.joins:
            parent = DatasetRef(*join.to.split(".", 1))
            if parent in found:
                down, up = join.direction in ("down", "both"), join.direction in ("up", "both")
                yield Link(ref, join.fields, parent, join.referred, declared=True, down=down, up=up)


def _with_space(
    each: DatasetMap, found: Mapping[DatasetRef, DatasetMap], links: Sequence[Link], own: set[FieldRef]
) -> DatasetMap:
    kinds = each.identifiers
    if each.entry.identifiers is None:  # a foreign key is no identifier, though its category is one of ids
        kinds = {name: kind for name, kind in kinds.items() if kind != "id" or each.field(name) not in own}
    space = _space(each.ref, found, links, frozenset())
    return DatasetMap(each.ref, each.entry, each.shape, each.key, kinds, each.texts, space)


def _space(
    ref: DatasetRef, found: Mapping[DatasetRef, DatasetMap], links: Sequence[Link], seen: frozenset[DatasetRef]
) -> DatasetRef | None:
    each = found[ref]
    key = each.entry.subject_key
    if not key or ref in seen:
        return None
    foreign = False
    for link in links:
        if link.child != ref or link.parent == ref or set(link.fields) != set(key):
            continue
        foreign = True
        to = tuple(dict(zip(link.fields, link.referred, strict=True))[name] for name in key)
        if to == found[link.parent].entry.subject_key and (space := _space(link.parent, found, links, seen | {ref})):
            return space
    if each.is_of_persons:
        return ref
    if foreign:
        return None
    persons = [one.ref for one in found.values() if one.ref.store == ref.store and _is_of_its_own(one, links)]
    if len(persons) == 1:
        return persons[0] if len(found[persons[0]].entry.subject_key) == len(key) else None
    return None if persons else DatasetRef(ref.store, "")


def _is_of_its_own(each: DatasetMap, links: Sequence[Link]) -> bool:
    """Whether it is of persons, and not an extension of another such dataset under the same key."""
    extends = any(
        link.child == each.ref and link.parent != each.ref and set(link.fields) == set(each.entry.subject_key)
        for link in links
    )
    return each.is_of_persons and not extends
