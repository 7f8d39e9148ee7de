"""`policies/catalog.yaml`: what people decided about each dataset and field.

Names are how a store calls things today; the ids `s1`, `d1`, `f1` are given once and survive renames, and ciphertexts
are bound to them. Only a label whose status is `confirmed` opens a field.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from policies.errors import CatalogError
from policies.nouns import DatasetRef, FieldRef, LabelStatus, Sensitivity
from policies.subject_joins import IdentifierKind, SubjectJoin, refuse_bad_map
from policies.yaml_files import FileModel, check_model, load_yaml, parse_yaml


def _sensitivity(word: str) -> str:
    if word.upper() not in Sensitivity.__members__:
        raise ValueError("one of " + ", ".join(each.word for each in Sensitivity))
    return word


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


SensitivityWord = Annotated[str, AfterValidator(_sensitivity)]
SubjectWord = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]


class BlindIndex(FileModel):
    """How an encrypted field is searched for equal values: by a keyed, truncated hash in a column beside it."""

    field: str
    """The column that holds the hashes: a field of the same dataset and category, not encrypted itself."""
    normalise: Literal["email", "exact", "phone", "text"] = "exact"
    """What counts as equal: the value itself; text without case, width and spaces at the ends; an e-mail address; a
    phone number however it is written."""
    bits: int = Field(default=32, ge=8, le=256)
    """How many bits of the hash are kept. Fewer bits put more values under one hash, which hides how often each is."""
    region: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    """For `phone`: the ISO 3166 region of numbers that are written without their country."""
    path: str | None = Field(default=None, pattern=r"^[^.]+(\.[^.]+)*$")
    """For a JSON field: the member that is searched, such as `contact.email`."""
    few_values: str | None = Field(default=None, min_length=1)
    """The reason for which a field with few distinct values has an index all the same: its hashes show who is equal."""

    @model_validator(mode="after")
    def _region_of_phones(self) -> BlindIndex:
        if self.region is not None and self.normalise != "phone":
            raise ValueError("`region` with `normalise: phone` only")
        return self


class ConsentFlag(FileModel):
    """A flag in the store that says whether a person agreed, to be compared with the consent on record."""

    purpose: str
    """The purpose of purposes.yaml that it is about."""
    channel: str = "*"
    """The channel that it is about; `*` for each that the purpose states."""
    given: tuple[str, ...] = ()
    """The values that mean yes, as the database writes them as text: `yes`, `1`, `true`. Left out for a field of a CRM
    whose meaning is known by its vendor's name, such as `Email_Opt_Out`."""


class CatalogField(FileModel):
    """What people decided about one field."""

    id: str = Field(pattern=r"^f[0-9]+$")
    """Given once in its dataset, never reused."""
    category: str
    """A key of the taxonomy, `none` for a harmless field; with status `rejected`, the label that does not hold."""
    sensitivity: SensitivityWord | None = None
    """Raises or lowers what the category says; None takes the category's."""
    status: LabelStatus
    """Only `confirmed` opens the field."""
    by: str | None = None
    """Who decided."""
    at: dt.date | None = None
    """On which day."""
    why: str | None = None
    """The reason given, if any."""
    type: str | None = None
    """The field's type when it was decided, one of `connectors.base.Field.type`; a change of it is drift."""
    encrypted: Literal["subject"] | bool = False
    """Whether the field holds tokens of Protect; `subject`: each under the key of the person whom its record is about,
    so that destroying that key makes the cell unreadable in every copy."""
    cipher: Literal["gcm", "siv"] = "gcm"
    """How it is encrypted: `gcm` gives equal values different tokens; `siv` equal ones, so who reads the store sees
    which records are equal."""
    blind_index: BlindIndex | None = None
    """How the encrypted field is searched; None means that it is not."""
    source: str | None = None
    """Where its values come from: `subject`, or whom else."""
    consent_flag: ConsentFlag | None = None
    """What it says of consent, for `consent drift`; never asked when a query is decided."""

    @model_serializer(mode="wrap")
    def _without_new_keys(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As that of a dataset."""
        return {name: each for name, each in write(self).items() if name != "consent_flag" or each is not None}


class Jurisdiction(FileModel):
    """How the law that holds for a record is read off it."""

    field: str
    """The field, such as `country`."""
    map: dict[str, str]
    """Its values to laws; another value means the strictest law in force."""


class CatalogDataset(FileModel):
    """What people decided about one dataset."""

    id: str = Field(pattern=r"^d[0-9]+$")
    """Given once in its store, never reused."""
    subject_key: tuple[str, ...] = ()
    """The fields that identify the person a record is about; empty for a dataset that is about no person."""
    record_key: tuple[str, ...] = ()
    """The fields that identify a record; ciphertexts are bound to them."""
    jurisdiction: Jurisdiction | None = None
    """How the law of a record is read off it; None means the strictest in force."""
    special: tuple[str, ...] = ()
    """Special categories that the dataset as a whole reveals: being in a patients' list is health data."""
    special_rows: dict[str, str] = Field(default_factory=dict)
    """Special category to the predicate of the rows that reveal it."""
    identifiers: dict[str, IdentifierKind] | None = None
    """The fields by which a person is found, each with its kind; without it those of confirmed categories of contact,
    government id and unique id. `{}` means none."""
    joins: tuple[SubjectJoin, ...] = ()
    """What hangs together beside the store's foreign keys, for finding a person's records."""
    third_persons: tuple[str, ...] = ()
    """Fields about somebody else than the person of the record, such as a spouse: neither identifiers nor exported."""
    subjects: tuple[SubjectWord, ...] = ()
    """Whom its records are about: `customer`, `employee`, `patient`, `child`, `next_of_kin`, for the record of
    processing."""
    employees: tuple[str, ...] = ()
    """Fields about the organisation's own people inside records about others, such as who owns a customer of a CRM: a
    second kind of data subject, and for finding and exporting a person third persons."""
    fields: dict[str, CatalogField] = Field(default_factory=dict)
    """By name."""

    _list = field_validator(
        "subject_key", "record_key", "special", "third_persons", "subjects", "employees", mode="before"
    )(_listed)

    @model_validator(mode="after")
    def _employees_are_others(self) -> Self:
        new = tuple(each for each in self.employees if each not in self.third_persons)
        if new:
            object.__setattr__(self, "third_persons", (*self.third_persons, *new))
        return self

    @model_serializer(mode="wrap")
    def _without_new_keys(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Keys that came later are left out where nothing is said: the digest of older catalogs stays as it was."""
        written: dict[str, Any] = write(self)
        return {
            name: each for name, each in written.items() if name not in _LATER or getattr(self, name) != _LATER[name]
        }


_LATER: dict[str, Any] = {
    "identifiers": None,
    "joins": (),
    "third_persons": (),
    "subjects": (),
    "employees": (),
}
"""Keys of a dataset that earlier releases did not know, with what stands for nothing."""


class CatalogStore(FileModel):
    """What people decided about one store."""

    id: str = Field(pattern=r"^s[0-9]+$")
    """Given once in the catalog, never reused."""
    persons: tuple[str, ...] = ()
    """In a store with several kinds of persons, such as patients and staff: the dataset of those whose keys consent and
    restriction name. Several only where one key never means two persons, as with the ids of a CRM."""
    datasets: dict[str, CatalogDataset] = Field(default_factory=dict)
    """By name."""

    _list = field_validator("persons", mode="before")(_listed)

    @property
    def person_key(self) -> tuple[str, str] | None:
        """Dataset and field of the keys under which consent knows persons: the first of `persons`, else of all."""
        keys = ((name, self.datasets[name].subject_key) for name in self.persons or self.datasets)
        return next(((name, key[0]) for name, key in keys if len(key) == 1), None)

    @model_serializer(mode="wrap")
    def _without_new_keys(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As that of a dataset."""
        return {name: each for name, each in write(self).items() if name != "persons" or self.persons}


class Catalog(FileModel):
    """The reviewed data map."""

    version: Literal[1] = 1
    """The form of the file."""
    stores: dict[str, CatalogStore] = Field(default_factory=dict)
    """By name."""

    def reviewed(self, store: str) -> CatalogStore:
        """What was decided about a store. Raises CatalogError for one of which nobody has reviewed anything."""
        entry = self.stores.get(store)
        if entry is None:
            raise CatalogError(
                f"catalog, store {store}",
                found="a store that nobody has reviewed",
                expected="its datasets and fields",
                next_step="run `governance scan` and `governance catalog review`",
            )
        return entry

    def decided(self, ref: DatasetRef) -> CatalogDataset:
        """What was decided about a dataset. Raises CatalogError for one that nobody has looked at."""
        entry = self.dataset(ref)
        if entry is None:
            raise CatalogError(
                f"catalog, {ref}",
                found="no such dataset",
                expected="a dataset that somebody reviewed",
                next_step="see `governance catalog show`",
            )
        return entry

    def dataset(self, ref: DatasetRef) -> CatalogDataset | None:
        """What was decided about a dataset; None for one that nobody has looked at."""
        store = self.stores.get(ref.store)
        return store.datasets.get(ref.dataset) if store else None

    def field(self, ref: FieldRef) -> CatalogField | None:
        """What was decided about a field; None for one that nobody has looked at."""
        dataset = self.dataset(ref.of)
        return dataset.fields.get(ref.field) if dataset else None

    def walk(self) -> Iterator[tuple[FieldRef, CatalogField]]:
        """Every field with its reference, in the order of the file."""
        for store_name, store in self.stores.items():
            for dataset_name, dataset in store.datasets.items():
                for name, entry in dataset.fields.items():
                    yield FieldRef(store_name, dataset_name, name), entry

    @property
    def digest(self) -> str:
        """A short digest of all decisions; the same decisions give the same digest."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


def read_catalog(path: Path) -> Catalog:
    """The catalog in a file; an empty one where there is no file. Raises CatalogError."""
    if not path.exists():
        return Catalog()
    return _checked(load_yaml(path, error=CatalogError), str(path))


def parse_catalog(text: str, place: str = "catalog") -> Catalog:
    """The catalog in a text. Raises CatalogError."""
    return _checked(parse_yaml(text, place, error=CatalogError), place)


def _checked(document: Any, place: str) -> Catalog:
    catalog = check_model(Catalog, document, place, error=CatalogError)
    _refuse_shared_ids(place, "store", [store.id for store in catalog.stores.values()])
    fields = _fields_of(catalog)
    for store_name, store in catalog.stores.items():
        _refuse_shared_ids(f"{place}, {store_name}", "dataset", [each.id for each in store.datasets.values()])
        _refuse_bad_persons(f"{place}, {store_name}", store)
        for name, dataset in store.datasets.items():
            _refuse_shared_ids(f"{place}, {store_name}.{name}", "field", [each.id for each in dataset.fields.values()])
            _refuse_unknown_keys(f"{place}, {store_name}.{name}", dataset)
            _refuse_bad_protection(f"{place}, {store_name}.{name}", dataset)
            refuse_bad_map(f"{place}, {store_name}.{name}", dataset, fields)
    return catalog


def _fields_of(catalog: Catalog) -> dict[str, Collection[str]]:
    return {
        f"{store}.{name}": dataset.fields
        for store, entry in catalog.stores.items()
        for name, dataset in entry.datasets.items()
    }


def _refuse_shared_ids(place: str, what: str, ids: list[str]) -> None:
    if len(set(ids)) < len(ids):
        raise CatalogError(
            place,
            found=f"a {what} id given twice",
            expected=f"each {what} id once; ciphertexts are bound to them",
            next_step="give the newer entry the next free number",
        )


def _refuse_bad_persons(place: str, store: CatalogStore) -> None:
    for name in store.persons:
        if name not in store.datasets or len(store.datasets[name].subject_key) != 1:
            raise CatalogError(
                place,
                found="a name in `persons` that is no dataset of this store with one subject-key field",
                expected="the dataset of persons whose keys consent and restriction name",
                next_step="correct `persons`, or state that dataset's `subject_key`",
            )


def _refuse_unknown_keys(place: str, dataset: CatalogDataset) -> None:
    for key in (*dataset.subject_key, *dataset.record_key):
        if key not in dataset.fields:
            raise CatalogError(
                place,
                found=f"key field `{key}` that is not among the dataset's fields",
                expected="a field of this dataset",
                next_step="add the field, or name another as key",
            )


FEW_VALUES = (
    "user.demographic.age_range",
    "user.demographic.gender",
    "user.demographic.language",
    "user.demographic.marital_status",
    "user.demographic.political_opinion",
    "user.demographic.race_ethnicity",
    "user.demographic.religious_belief",
    "user.demographic.sexual_orientation",
)
"""Categories with so few values that equal hashes or tokens tell them: the commonest one is known to everybody."""


def _refuse_bad_protection(place: str, dataset: CatalogDataset) -> None:
    taken: set[str] = set()
    for name, entry in dataset.fields.items():
        index = entry.blind_index
        if not entry.encrypted and (index is not None or entry.cipher != "gcm"):
            raise _bad_protection(f"{place}.{name}", "`blind_index` or `cipher` on a field that is not encrypted")
        if entry.encrypted == "subject" and not dataset.subject_key:
            raise _bad_protection(f"{place}.{name}", "`encrypted: subject` in a dataset without a `subject_key`")
        if entry.encrypted == "subject" and (name in dataset.subject_key or entry.cipher == "siv"):
            raise _bad_protection(f"{place}.{name}", "`encrypted: subject` on a subject key, or with `cipher: siv`")
        if entry.cipher == "siv" and _has_few_values(entry):
            raise _bad_protection(f"{place}.{name}", "`cipher: siv` on a field with few distinct values")
        if index is None:
            continue
        beside = dataset.fields.get(index.field)
        if beside is None or beside.encrypted or index.field == name or index.field in taken:
            raise _bad_protection(f"{place}.{name}", "a `blind_index.field` that is absent, encrypted or used twice")
        if index.field in (*dataset.record_key, *dataset.subject_key):
            raise _bad_protection(f"{place}.{name}", "a `blind_index.field` that is a key")
        if beside.category != entry.category:
            raise _bad_protection(f"{place}.{name}", "a `blind_index.field` of another category than the field")
        if _has_few_values(entry) and index.few_values is None:
            raise _bad_protection(f"{place}.{name}", "a blind index on a field with few distinct values")
        taken.add(index.field)


def _has_few_values(entry: CatalogField) -> bool:
    return entry.category in FEW_VALUES or entry.type == "boolean"


def _bad_protection(place: str, found: str) -> CatalogError:
    return CatalogError(
        place,
        found=found,
        expected="an encrypted field with many distinct values, and a column of its own for the index",
        next_step="correct the entry; `blind_index.few_values: REASON` allows an index on few values",
    )
