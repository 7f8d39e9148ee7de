"""`policies/quality.yaml`: what a project's data must be like, where that differs from what the pack says.

    version: 1
    required:
      crm.customers.email: [marketing.email]
    people: [crm.customers, crm.marketing_contacts]
    subjects:
      customer: [crm.customers, shop.clients]
    vocabularies:
      tier: [bronze, silver, gold]
    values:
      crm.customers.tier: tier
    limits:
      user.contact: P1Y
    accepted:
      - {rule: consistency, place: crm.customers.phone, why: the shop keeps the landline}

Nothing of it is needed: without the file the catalog and the pack `quality` decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from policies.errors import ConfigError
from policies.nouns import DatasetRef, FieldRef
from policies.retention_rules import parse_period
from policies.yaml_files import FileModel, check_model, line_of, load_yaml

RULES: Mapping[str, str] = {
    "completeness.missing": "a field that a purpose needs is empty",
    "completeness.no_purpose": "a field is required although no purpose needs it",
    "validity.placeholder": "a filler stands for a value",
    "validity.form": "a value that does not have the form of its kind",
    "validity.checksum": "a number whose check digit is wrong",
    "validity.region": "a phone number that no region of the project can reach",
    "validity.date": "a day that does not exist or cannot be",
    "validity.order": "an end before its beginning",
    "validity.negative": "a number below zero that cannot be",
    "freshness.stale": "a record not verified or changed for longer than its category allows",
    "uniqueness.person": "a record of a person who has an earlier one in the dataset",
    "consistency.differs": "a value that differs from what another dataset says of the same person",
    "vocabulary.unknown": "a word outside the one standard",
}
"""Every rule by id; the part before the dot is its dimension. An id never changes its meaning."""
DIMENSIONS = tuple(dict.fromkeys(rule.partition(".")[0] for rule in RULES))
"""The dimensions of quality, in the order of reports."""


def rule_or_dimension(text: str) -> str:
    """A rule's id or a dimension. Raises ValueError for anything else."""
    if text not in RULES and text not in DIMENSIONS:
        raise ValueError("a rule such as validity.checksum, or one of " + ", ".join(DIMENSIONS))
    return text


def _period(text: str) -> str:
    parse_period(text)
    return text


def _field(text: str) -> str:
    if text.count(".") < 2:
        raise ValueError("a field, as store.dataset.field")
    return text


def _dataset(text: str) -> str:
    if "." not in text.strip("."):
        raise ValueError("a dataset, as store.dataset")
    return text


FieldName = Annotated[str, AfterValidator(_field)]
DatasetName = Annotated[str, AfterValidator(_dataset)]
Rule = Annotated[str, AfterValidator(rule_or_dimension)]
PeriodText = Annotated[str, AfterValidator(_period)]


class AcceptedFinding(FileModel):
    """Findings that somebody looked at and lets stand."""

    rule: Rule
    """A rule's id, or a dimension."""
    place: str = Field(min_length=1)
    """A store, dataset or field; what lies in it is meant too."""
    why: str = Field(min_length=1)
    """For what reason."""


class QualityFile(FileModel):
    """The whole of `quality.yaml`."""

    version: Literal[1] = 1
    """The form of the file."""
    required: dict[FieldName, tuple[str, ...]] = Field(default_factory=dict)
    """Fields that must be filled, each with the purposes that need it. One without a purpose is itself a finding."""
    people: tuple[DatasetName, ...] = ()
    """Datasets that list people, one record a person, beside those whose subject key is their record key."""
    subjects: dict[str, tuple[DatasetName, ...]] = Field(default_factory=dict)
    """By a name of your choice, datasets whose subject keys mean the same people; the first one leads. Datasets that
    refer to each other by a foreign key need not be named."""
    vocabularies: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """By name, the words of a standard, written exactly as they must stand."""
    values: dict[FieldName, str] = Field(default_factory=dict)
    """Fields whose values must be words of a vocabulary."""
    placeholders: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """By category, more values that stand for nothing, compared without case."""
    limits: dict[str, PeriodText] = Field(default_factory=dict)
    """By category, how long a record may stand without having been verified or changed."""
    verified: dict[DatasetName, tuple[str, ...]] = Field(default_factory=dict)
    """By dataset, the fields that say when a record was last verified or changed."""
    accepted: tuple[AcceptedFinding, ...] = ()
    """Findings that are left out."""
    at_least: dict[str, float] = Field(default_factory=dict)
    """By dimension, the score from which on it is in order, from 0 to 1; 0.98 where nothing is said."""
    mend_within: PeriodText = "P30D"
    """How soon what is not in order must be mended."""
    owners: dict[str, str] = Field(default_factory=dict)
    """By store or dataset, the role that mends it."""

    @field_validator("required", "subjects", "verified", "placeholders", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {key: (each,) if isinstance(each, str) else () if each is None else each for key, each in value.items()}

    @field_validator("at_least")
    @classmethod
    def _shares(cls, value: dict[str, float]) -> dict[str, float]:
        for name, share in value.items():
            if name not in DIMENSIONS or not 0 <= share <= 1:
                raise ValueError("a share from 0 to 1 for one of " + ", ".join(DIMENSIONS))
        return value

    @model_validator(mode="after")
    def _known_vocabularies(self) -> QualityFile:
        for name in self.values.values():
            if name not in self.vocabularies:
                raise ValueError("the name of a list under `vocabularies`")
        return self

    def accepts(self, rule: str, place: str) -> bool:
        """Whether somebody lets findings of a rule at a place stand."""
        dimension = rule.partition(".")[0]
        return any(
            each.rule in (rule, dimension) and (place == each.place or place.startswith(f"{each.place}."))
            for each in self.accepted
        )

    def owner(self, place: str) -> str | None:
        """Who mends a place: the role of the nearest thing around it that has one."""
        found = [name for name in self.owners if place == name or place.startswith(f"{name}.")]
        return self.owners[max(found, key=len)] if found else None


def read_quality(path: Path) -> QualityFile:
    """The rules in a file; those that say nothing where there is no file. Raises ConfigError."""
    if not path.exists():
        return QualityFile()
    return check_model(QualityFile, load_yaml(path, error=ConfigError), str(path), error=ConfigError)


def check_names(
    rules: QualityFile,
    path: Path,
    *,
    fields: frozenset[FieldRef],
    purposes: frozenset[str],
    categories: frozenset[str],
) -> None:
    """Return when all that the rules name exists. Raises ConfigError that names the line of the first that does not."""
    datasets = {str(each.of) for each in fields}
    known = {str(each) for each in fields}
    places = known | datasets | {each.store for each in fields}
    named: list[tuple[tuple[str | int, ...], str, set[str] | frozenset[str], str]] = []
    for key in ("required", "values"):
        named += [((key, each), each, known, "a field of the catalog") for each in getattr(rules, key)]
    named += [
        (("required", field, n), each, purposes, "a purpose of purposes.yaml")
        for field, listed in rules.required.items()
        for n, each in enumerate(listed)
    ]
    named += [(("people", n), each, datasets, "a dataset of the catalog") for n, each in enumerate(rules.people)]
    named += [
        (("subjects", name, n), each, datasets, "a dataset of the catalog")
        for name, listed in rules.subjects.items()
        for n, each in enumerate(listed)
    ]
    for dataset, listed in rules.verified.items():
        store, _, name = dataset.partition(".")
        named += [
            (("verified", dataset, n), str(FieldRef(store, name, each)), known, "a field of that dataset")
            for n, each in enumerate(listed)
        ]
    for key in ("limits", "placeholders"):
        named += [((key, each), each, categories, "a category of docs/categories.md") for each in getattr(rules, key)]
    named += [
        (("accepted", n, "place"), each.place, places, "a store, dataset or field of the catalog")
        for n, each in enumerate(rules.accepted)
    ]
    named += [(("owners", each), each, places, "a store, dataset or field of the catalog") for each in rules.owners]
    for where, name, among, expected in named:
        if name not in among:
            raise _unknown(path, where, expected)


def _unknown(path: Path, where: tuple[str | int, ...], expected: str) -> ConfigError:
    line = line_of(load_yaml(path, error=ConfigError), where)
    return ConfigError(
        f"{path}:{line}" if line else str(path),
        found=f"a name under `{where[0]}` that nothing has",
        expected=expected,
        next_step="correct the name; see docs/quality.md",
    )


def dataset_ref(text: str) -> DatasetRef:
    """A dataset's name as a reference."""
    store, _, name = text.partition(".")
    return DatasetRef(store, name)
