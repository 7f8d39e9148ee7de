"""`policies/fairness.yaml`: which outcomes are compared between which groups of people.

    version: 1
    smallest_group: 20
    outcomes:
      upper-tier:
        dataset: crm.customers
        outcome: tier in ("gold", "platinum")
        rows: status == "active"
        owner: sales
        by:
          gender: {field: gender, groups: {women: [F, 女], men: [M, 男]}}
          region: {category: user.contact.address.country, groups: [EU, CN, TW]}
          language: {field: "profile:$.language", groups: {Chinese: [zh-CN, zh-TW], English: [en]}}
          age: {field: birth_date, bands: [18, 30, 45, 60]}
          tier: {field: tier, groups: [basic, gold], explained: gold pays for it}

Every name that a report shows stands in this file: a value of the store that no group names is counted among the others
and never shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from policies.catalog import Catalog, CatalogDataset
from policies.errors import BadInputError, ConfigError
from policies.nouns import DatasetRef
from policies.predicate import Predicate, parse_predicate
from policies.taxonomy import Taxonomy
from policies.yaml_files import FileModel, check_model, line_of, load_yaml

FILE = "fairness.yaml"
"""The file's name among the policies."""
DIMENSIONS_KNOWN = ("age", "gender", "language", "region", "tier")
"""Names of dimensions that the reports translate; any other is shown as it is written."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_MEMBER = re.compile(r"[^:]+(:\$(\.[A-Za-z_][A-Za-z0-9_]*)+)?")

GroupValue = str | int | bool


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("a name of letters, digits, `_` and `-`, at most 40")
    return text


def _field(text: str) -> str:
    if not _MEMBER.fullmatch(text):
        raise ValueError("a field, or a member of a JSON field written as `field:$.name`")
    return text


Name = Annotated[str, AfterValidator(_name)]
FieldText = Annotated[str, AfterValidator(_field)]


class DimensionEntry(FileModel):
    """By what people are told apart."""

    field: FieldText | None = None
    """A field of the dataset; a member of a JSON field is written `profile:$.language`."""
    category: str | None = None
    """Instead of a field: a data category that exactly one field of the dataset has in the catalog."""
    groups: dict[str, tuple[GroupValue, ...]] = Field(default_factory=dict)
    """Name of each group to the values of the field that belong to it, compared letter by letter; or a list of values,
    each its own group."""
    bands: tuple[int, ...] = ()
    """Instead of groups: ages in years at which a new band begins, for a field that holds a date of birth or an age."""
    explained: str | None = Field(default=None, min_length=1)
    """Why a difference is meant to be; the report shows it with the difference, which is then no finding."""

    @field_validator("groups", mode="before")
    @classmethod
    def _own_names(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return {str(each): (each,) for each in value}
        if isinstance(value, Mapping):
            return {key: each if isinstance(each, list | tuple) else (each,) for key, each in value.items()}
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> DimensionEntry:
        if (self.field is None) == (self.category is None):
            raise ValueError("one of `field` and `category`")
        if bool(self.groups) == bool(self.bands):
            raise ValueError("one of `groups` and `bands`")
        if any(one >= other for one, other in zip(self.bands, self.bands[1:], strict=False)) or any(
            not 0 < each < 130 for each in self.bands
        ):
            raise ValueError("ages from 1 to 129 in rising order")
        values = [(type(each), each) for listed in self.groups.values() for each in listed]
        if len(set(values)) != len(values) or not all(self.groups.values()):
            raise ValueError("each value in one group, and no group without values")
        return self


class OutcomeEntry(FileModel):
    """One outcome."""

    dataset: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*\..+$")
    """A table, as `store.dataset`; each row that counts is one case."""
    outcome: str = Field(min_length=1)
    """The predicate that is TRUE where the outcome is the better one for the person; a boolean field may stand alone. A
    case for which it is unknown is counted apart."""
    rows: str | None = None
    """Which rows count, as a predicate; all by default."""
    owner: str | None = Field(default=None, min_length=1)
    """The role that explains or mends a difference; the officer by default."""
    by: dict[Name, DimensionEntry] = Field(min_length=1)
    """By name, by what people are told apart; `age`, `gender`, `language`, `region` and `tier` are translated."""


class FairnessFile(FileModel):
    """The whole of `fairness.yaml`."""

    version: Literal[1] = 1
    """The form of the file."""
    smallest_group: int = Field(default=20, ge=5)
    """Groups with fewer cases are not shown, and nothing is said of them."""
    outcomes: dict[Name, OutcomeEntry] = Field(default_factory=dict)
    """By name. None where no outcome depends on a person, which is then what the report says."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension with its field found and its groups as conditions."""

    name: str
    """As the file names it."""
    field: str
    """The field of the dataset."""
    groups: Mapping[str, tuple[GroupValue, ...]]
    """Each group with its values; empty for bands."""
    bands: tuple[int, ...]
    """As the file has them; empty for groups."""
    explained: str | None
    """As the file has it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An outcome with everything in it checked against the catalog."""

    name: str
    """As the file names it."""
    dataset: DatasetRef
    """The table."""
    entry: CatalogDataset
    """What the catalog says of it."""
    better: Predicate
    """TRUE where the outcome is the better one."""
    rows: Predicate | None
    """Which rows count."""
    owner: str | None
    """As the file has it."""
    by: tuple[Dimension, ...]
    """In the order of the file."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field of the dataset that is read, sorted."""
        rows = self.rows.fields if self.rows is not None else frozenset[str]()
        return tuple(sorted(self.better.fields | rows | {each.field for each in self.by}))


@dataclass(frozen=True, slots=True)
class Fairness:
    """The file, checked."""

    declared: bool
    """Whether there is a file."""
    smallest_group: int
    """Groups with fewer cases are not shown."""
    outcomes: tuple[Outcome, ...]
    """In the order of the file."""


def read_fairness(path: Path, catalog: Catalog) -> Fairness:
    """What the file declares, every name in it checked; nothing declared where there is no file.

    Raises ConfigError that names the line of what is wrong.
    """
    if not path.exists():
        return Fairness(declared=False, smallest_group=FairnessFile().smallest_group, outcomes=())
    document = load_yaml(path, error=ConfigError)
    file = check_model(FairnessFile, document, str(path), error=ConfigError)
    reader = _Reader(str(path), document, catalog)
    found = tuple(reader.outcome(name, entry) for name, entry in file.outcomes.items())
    return Fairness(declared=True, smallest_group=file.smallest_group, outcomes=found)


class _Reader:
    def __init__(self, place: str, document: Any, catalog: Catalog) -> None:
        self._place = place
        self._document = document
        self._catalog = catalog

    def outcome(self, name: str, entry: OutcomeEntry) -> Outcome:
        where = ("outcomes", name)
        store, _, table = entry.dataset.partition(".")
        ref = DatasetRef(store, table)
        known = self._catalog.dataset(ref)
        if known is None:
            raise self._wrong((*where, "dataset"), "a dataset that the catalog does not have", "one of its datasets")
        better = self._predicate((*where, "outcome"), entry.outcome, known)
        rows = None if entry.rows is None else self._predicate((*where, "rows"), entry.rows, known)
        by = tuple(self._dimension((*where, "by", each), each, one, known) for each, one in entry.by.items())
        return Outcome(name, ref, known, better, rows, entry.owner, by)

    def _predicate(self, where: tuple[str, ...], text: str, dataset: CatalogDataset) -> Predicate:
        try:
            found = parse_predicate(text, "predicate")
        except BadInputError as cause:
            raise self._wrong(where, cause.found, cause.expected) from None
        if found.attributes:
            raise self._wrong(where, "an attribute of a principal", "fields and constants: nobody asks here")
        for each in sorted(found.fields):
            self._check_field(where, each, dataset)
        return found

    def _dimension(
        self, where: tuple[str, ...], name: str, entry: DimensionEntry, dataset: CatalogDataset
    ) -> Dimension:
        field = entry.field if entry.field is not None else self._of_category(where, str(entry.category), dataset)
        self._check_field((*where, "field"), field, dataset)
        return Dimension(name, field, entry.groups, entry.bands, entry.explained)

    def _of_category(self, where: tuple[str, ...], category: str, dataset: CatalogDataset) -> str:
        found = [name for name, each in dataset.fields.items() if Taxonomy.is_under(each.category, category)]
        if len(found) != 1:
            some = f"{len(found)} fields of this category in the dataset"
            raise self._wrong((*where, "category"), some, "a category that exactly one field has, or `field`")
        return found[0]

    def _check_field(self, where: tuple[str, ...], name: str, dataset: CatalogDataset) -> None:
        entry = dataset.fields.get(name) or dataset.fields.get(name.partition(":")[0])
        if entry is None:
            raise self._wrong(where, "a field that the dataset does not have", "a field of the catalog")
        if entry.encrypted:
            raise self._wrong(where, "an encrypted field", "a field that the store itself can compare")

    def _wrong(self, where: tuple[str, ...], found: str, expected: str) -> ConfigError:
        line = line_of(self._document, where)
        return ConfigError(
            f"{self._place}:{line}" if line else self._place,
            found=found,
            expected=expected,
            next_step=f"correct `{'.'.join(where)}`; see docs/fairness.md",
        )
