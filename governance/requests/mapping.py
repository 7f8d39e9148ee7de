"""Make the subject map from the catalog and from stores as they are described now. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from connectors.base import Dataset, DatasetKind, Field
from governance.requests.subject_map import DatasetMap, Link, SubjectMap
from governance.requests.traced import Unreached
from governance.scan.shapes import shape_name
from policies.catalog import Catalog, CatalogDataset, CatalogField
from policies.crm_facts import CrmFacts
from policies.nouns import DatasetRef, FieldRef, LabelStatus
from policies.subject_spaces import KeyedDataset, Reference, subject_spaces
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
FREE_TEXT = ("user.content", "user.demographic.profile")
"""Categories in which people write anything."""
_TEXT_TYPES = ("TEXT", "CLOB", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT", "JSON", "JSONB", "NTEXT")


def subject_map(
    catalog: Catalog,
    stores: Mapping[str, Sequence[Dataset]],
    files: frozenset[str],
    vendors: Mapping[str, CrmFacts] = MappingProxyType({}),
) -> SubjectMap:
    """The map of some stores, described as they are now; `files` names those that are files, `vendors` the CRMs."""
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
                unreached += (Unreached(f"{ref}.{each}", "not_in_store") for each in _gone(entry, by_name[name]))
                made = _dataset(ref, entry, by_name[name], vendors.get(store, CrmFacts()), is_file=store in files)
                if isinstance(made, Unreached):
                    unreached.append(made)
                else:
                    found[ref] = made
    links = tuple(_links(found))
    own = {field for link in links if link.child in found for field in map(found[link.child].field, link.fields)}
    spaces = subject_spaces({ref: _keyed(ref, each.entry, each.shape, each.key) for ref, each in found.items()})
    spaced = {ref: _with_space(each, spaces.get(ref), own) for ref, each in found.items()}
    for ref, each in spaced.items():
        if each.entry.subject_key and each.space is None:
            unreached.append(Unreached(str(ref), "which_persons"))
        names = {*each.entry.subject_key, *(name for link in links if link.child == ref for name in link.fields)}
        unreached += (Unreached(f"{ref}.{name}", "encrypted_key") for name in sorted(names) if each.encrypted(name))
    return SubjectMap(spaced, links, tuple(unreached))


def spaces_of(catalog: Catalog, store: str, shapes: Sequence[Dataset]) -> dict[DatasetRef, DatasetRef | None]:
    """By dataset of a store with a subject key the dataset of persons that it means; None where nobody can tell.

    As in the subject map, and for datasets too whose records have no key, such as views.
    """
    found = {
        ref: _keyed(ref, entry, each, entry.record_key or each.primary_key)
        for each in shapes
        if (entry := catalog.dataset(ref := DatasetRef(store, each.name))) is not None
    }
    return subject_spaces(found)


def _keyed(ref: DatasetRef, entry: CatalogDataset, shape: Dataset, key: tuple[str, ...]) -> KeyedDataset:
    foreign = (
        Reference(each.fields, DatasetRef(ref.store, each.dataset), each.referred) for each in shape.foreign_keys
    )
    return KeyedDataset(ref, entry, key, tuple(foreign))


def _dataset(
    ref: DatasetRef, entry: CatalogDataset, shape: Dataset, facts: CrmFacts, *, is_file: bool
) -> DatasetMap | Unreached:
    present = {each.name for each in shape.fields}
    key = entry.record_key or shape.primary_key
    if any(name not in present for name in (*key, *entry.subject_key)):
        return Unreached(str(ref), "key_not_in_store")
    staff = frozenset(each.name for each in shape.fields if facts.is_staff(each.name, each.native_type))
    texts = _texts(entry, shape, staff, is_file=is_file)
    made = DatasetMap(ref, entry, shape, key, {}, texts, staff=staff)
    made = replace(made, identifiers=_identifiers(made))
    if not key and not is_file and made.is_personal:
        return Unreached(str(ref), "no_key")
    return made


def _identifiers(made: DatasetMap) -> dict[str, str]:
    entry, shape = made.entry, made.shape
    present = {each.name for each in shape.fields}
    if entry.identifiers is not None:
        return {name: kind for name, kind in entry.identifiers.items() if name in present}
    found = {}
    lists = [each.name for each in shape.fields if each.type == "json"]  # searched as texts
    cells = [each.blind_index.field for each in entry.fields.values() if each.blind_index is not None]
    for name, each in entry.fields.items():
        if name in present and name not in (*entry.subject_key, *made.key, *made.third_persons, *cells, *lists):
            kind = _kind(each)
            if kind is not None:
                found[name] = kind
    return found


def _gone(entry: CatalogDataset, shape: Dataset) -> list[str]:
    """Identifiers by the catalog that the store does not have any more."""
    present = {each.name for each in shape.fields}
    named = (
        entry.identifiers
        if entry.identifiers is not None
        else {n: k for n, f in entry.fields.items() if (k := _kind(f))}
    )
    return [name for name in named if name not in present and ":$" not in name]


def _kind(entry: CatalogField) -> str | None:
    if entry.status is not LabelStatus.CONFIRMED:
        return None
    return next((kind for category, kind in KINDS if Taxonomy.is_under(entry.category, category)), None)


def _texts(entry: CatalogDataset, shape: Dataset, staff: frozenset[str], *, is_file: bool) -> tuple[str, ...]:
    """Reviewed fields of free text: by category, or by the store's type; identifiers and keys are not among them.

    Whoever stands in a field of employees is mentioned there.
    """
    found = []
    for each in shape.fields:
        label = entry.fields.get(each.name)
        if label is None or label.encrypted or each.type not in ("string", "json", "other"):
            continue
        free = any(Taxonomy.is_under(label.category, category) for category in FREE_TEXT)
        typed = not is_file and label.category != HARMLESS and _is_long(each, shape)
        plain = _kind(label) is None or each.type == "json" or each.name in staff
        if free or (typed and plain and each.name not in entry.subject_key):
            found.append(each.name)
    return tuple(found)


def _is_long(each: Field, shape: Dataset) -> bool:
    """Whether people write anything in it; vendors have many words for types, so each text of a CRM may be one."""
    return shape.kind is DatasetKind.MODULE or each.native_type.upper().split("(")[0] in _TEXT_TYPES


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


def _with_space(each: DatasetMap, space: DatasetRef | None, own: set[FieldRef]) -> DatasetMap:
    kinds = each.identifiers
    if each.entry.identifiers is None:  # a foreign key is no identifier, though its category is one of ids
        kinds = {name: kind for name, kind in kinds.items() if kind != "id" or each.field(name) not in own}
    return replace(each, identifiers=kinds, space=space)
