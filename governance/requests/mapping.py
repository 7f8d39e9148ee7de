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
    spaced = {ref: _with_space(each, found, links, own) for ref, each in found.items()}
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
        ref: DatasetMap(ref, entry, each, entry.record_key or each.primary_key, {}, ())
        for each in shapes
        if (entry := catalog.dataset(ref := DatasetRef(store, each.name))) is not None
    }
    links = tuple(_links(found))
    return {ref: _space(ref, found, links, frozenset()) for ref, each in found.items() if each.entry.subject_key}


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


def _with_space(
    each: DatasetMap, found: Mapping[DatasetRef, DatasetMap], links: Sequence[Link], own: set[FieldRef]
) -> DatasetMap:
    kinds = each.identifiers
    if each.entry.identifiers is None:  # a foreign key is no identifier, though its category is one of ids
        kinds = {name: kind for name, kind in kinds.items() if kind != "id" or each.field(name) not in own}
    space = _space(each.ref, found, links, frozenset())
    return replace(each, identifiers=kinds, space=space)


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
        foreign = foreign or bool(found[link.parent].entry.subject_key)
        to = tuple(dict(zip(link.fields, link.referred, strict=True))[name] for name in key)
        if to == found[link.parent].entry.subject_key and (space := _space(link.parent, found, links, seen | {ref})):
            return space
    if each.is_of_persons:
        return ref
    if foreign:
        return None
    if (elsewhere := _elsewhere(each, found)) is not None:
        return elsewhere
    beside = [one for one in found.values() if one.ref.store == ref.store]
    meant = (one.ref if _is_of_its_own(one, links) else _elsewhere(one, found) for one in beside)
    persons = {one for one in meant if one is not None and one.store == ref.store}
    if len(persons) != 1:
        return None if persons else DatasetRef(ref.store, "")
    (only,) = persons
    parts = found[only].entry.subject_key if only in found else ()
    return only if not parts or len(parts) == len(key) else None


def _elsewhere(each: DatasetMap, found: Mapping[DatasetRef, DatasetMap]) -> DatasetRef | None:
    """A dataset that the subject key refers to and of which the map knows no persons: its are not those of another."""
    own = set(each.entry.subject_key)
    if not own or each.is_of_persons:
        return None
    named = [(key.fields, DatasetRef(each.ref.store, key.dataset)) for key in each.shape.foreign_keys]
    named += [(join.fields, DatasetRef(*join.to.split(".", 1))) for join in each.entry.joins]
    referred = [parent for fields, parent in named if set(fields) == own]
    if any(parent in found and found[parent].entry.subject_key for parent in referred):
        return None
    return next(iter(referred), None)


def _is_of_its_own(each: DatasetMap, links: Sequence[Link]) -> bool:
    """Whether it is of persons, and not an extension of another such dataset under the same key."""
    extends = any(
        link.child == each.ref and link.parent != each.ref and set(link.fields) == set(each.entry.subject_key)
        for link in links
    )
    return each.is_of_persons and not extends
