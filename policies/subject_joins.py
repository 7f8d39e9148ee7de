"""What the catalog says of finding a person: which fields identify, which hang together, which are about others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, Protocol

from pydantic import BeforeValidator, Field, StringConstraints

from policies.errors import CatalogError
from policies.yaml_files import FileModel


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


IdentifierKind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,30}$")]
"""A kind of identifier: `email`, `phone`, `id`, `name`, or a word of the project's own, compared as `id` is."""
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class SubjectJoin(FileModel):
    """Records that belong together although no foreign key of the store says so."""

    fields: Names = Field(min_length=1)
    """The referring fields, of this dataset."""
    to: str = Field(pattern=r"^[^.\s]+\..+$")
    """The dataset referred to, with its store: `crm.customers`; it may lie in another store."""
    referred: Names = Field(min_length=1)
    """The fields referred to, in the same order."""
    direction: Literal["down", "up", "both"] = "down"
    """`down`: whoever has the record referred to has this one too; `up`: whoever has this one has the record that it
    refers to, another person's included; `both`."""


class Mapped(Protocol):
    """What the catalog says of a dataset, as far as it is about finding persons."""

    @property
    def subject_key(self) -> tuple[str, ...]:
        """The fields that identify the person a record is about."""
        ...

    @property
    def identifiers(self) -> Mapping[str, str] | None:
        """Field to kind; None where the categories say."""
        ...

    @property
    def joins(self) -> tuple[SubjectJoin, ...]:
        """What hangs together beside foreign keys."""
        ...

    @property
    def third_persons(self) -> tuple[str, ...]:
        """Fields about somebody else."""
        ...

    @property
    def fields(self) -> Mapping[str, object]:
        """The dataset's fields by name."""
        ...


def refuse_bad_map(place: str, dataset: Mapped, known: Mapping[str, Collection[str]]) -> None:
    """Return when a dataset's map fits the fields of all datasets, `known` by `STORE.DATASET`. Raises CatalogError."""
    identifiers = dataset.identifiers or {}
    named = (*identifiers, *dataset.third_persons, *(name for each in dataset.joins for name in each.fields))
    if any(name not in dataset.fields for name in named):
        raise _bad_map(place, "a field in `identifiers`, `joins` or `third_persons` that the dataset does not have")
    if set(dataset.third_persons) & {*identifiers, *dataset.subject_key}:
        raise _bad_map(place, "a field that identifies the person and is about somebody else")
    for each in dataset.joins:
        if len(each.fields) != len(each.referred) or each.to not in known:
            raise _bad_map(place, "a join of unequal length, or to a dataset that the catalog does not have")
        if any(name not in known[each.to] for name in each.referred):
            raise _bad_map(place, "a join to a field that its dataset does not have")


def _bad_map(place: str, found: str) -> CatalogError:
    return CatalogError(
        place, found=found, expected="fields of the catalog", next_step="correct the entry; see docs/find-a-person.md"
    )
