"""The `Store` protocol: what every kind of store offers to a scan, and how it says what it could not see.

A store knows rows, keys and schema. It knows no consent, policy or request, and it never writes through this protocol.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

import pyarrow as pa


class DatasetKind(enum.StrEnum):
    """What a dataset is in its store."""

    TABLE = "table"
    VIEW = "view"
    FILE = "file"
    SHEET = "sheet"
    MODULE = "module"
    """A module or object of a CRM."""


@dataclass(frozen=True, slots=True)
class NotSeen:
    """Something that a reading left out, for the report's list of what was not seen."""

    place: str
    """Store, dataset or field, as a reference; file and key names pass the shape rule before they are shown."""
    reason: str
    """A key of the words file, such as `not_seen.binary`."""
    detail: str = ""
    """A number or technical word that completes the reason; never a value of a person."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a dataset as the store declares it."""

    name: str
    """The exact name, case and script kept."""
    type: str
    """One of `string integer decimal float boolean date datetime time json binary other`."""
    native_type: str = ""
    """The store's own word for the type, such as `VARCHAR(80)`; empty for files."""
    nullable: bool = True
    """Whether the store admits NULL."""
    comment: str = ""
    """The store's comment on the field; empty without one."""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A reference that the store declares from one dataset to another."""

    fields: tuple[str, ...]
    """The referring fields, in key order."""
    dataset: str
    """The dataset referred to."""
    referred: tuple[str, ...]
    """The fields referred to, in key order."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table, view, file or sheet as the store declares it."""

    name: str
    """The name as policies write it: bare in the default schema, `schema.table` elsewhere, the relative path of a
    file, `path#sheet` for a sheet."""
    kind: DatasetKind
    """What it is in the store."""
    fields: tuple[Field, ...]
    """The fields in the store's order."""
    primary_key: tuple[str, ...] = ()
    """The fields of the primary key, in key order; empty without one."""
    foreign_keys: tuple[ForeignKey, ...] = ()
    """References to other datasets."""
    comment: str = ""
    """The store's comment on the dataset; empty without one."""


@dataclass(frozen=True, slots=True)
class Sample:
    """How much of a dataset to read."""

    rows: int | None = 10_000
    """At most so many rows, spread over the whole dataset; None reads all."""
    seed: int = 0
    """Where the store samples by chance, the seed; the same seed gives the same rows."""

    @property
    def full(self) -> bool:
        """Whether every row is to be read."""
        return self.rows is None


FULL = Sample(rows=None)
"""Read every row."""


class Reading(Protocol):
    """One pass over a dataset: iterate it once, inside `with`.

    Each batch holds the fields asked for, in that order, as Arrow columns: strings as `string`, JSON columns as their
    text, binary left out. A batch has at most 65,536 rows. The pass holds one consistent snapshot where the store has
    one and never locks writers; leaving the block releases it, whether or not the pass ended.
    """

    @property
    def rows_total(self) -> int | None:
        """Rows in the dataset: exact after a full pass, else the store's count or None when it is unknown."""
        ...

    @property
    def method(self) -> str:
        """How rows were chosen, for the report: `full`, `every_nth`, `tablesample`, `key_ranges` or `reservoir`."""
        ...

    @property
    def not_seen(self) -> Sequence[NotSeen]:
        """What the pass left out, complete once it has ended."""
        ...

    def __iter__(self) -> Iterator[pa.RecordBatch]: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@runtime_checkable
class Store(Protocol):
    """A database, folder or CRM that can be inventoried and read.

    Raises StoreError when the store is down, unreadable or not as described; the message holds no credential and no
    value.
    """

    @property
    def name(self) -> str:
        """The store's name in references."""
        ...

    @property
    def kind(self) -> str:
        """`sqlite`, `postgresql`, `mysql`, `files`, `memory`, `zoho` or `fxiaoke`."""
        ...

    def datasets(self) -> Sequence[Dataset]:
        """Every dataset with its fields, sorted by name. Internal tables of this distribution are left out."""
        ...

    def not_seen(self) -> Sequence[NotSeen]:
        """Datasets that the inventory found but could not describe, such as an unreadable file."""
        ...

    def read(self, dataset: str, fields: Sequence[str], sample: Sample) -> Reading:
        """A pass over some fields of one dataset; nothing is read before it is entered.

        Raises StoreError for an unknown dataset or field.
        """
        ...

    def close(self) -> None:
        """Release connections and files; a second call does nothing."""
        ...


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds that every reading keeps."""

    statement_seconds: int = field(default=300)
    """A single statement is cancelled by the server after so many seconds."""
    cell_bytes: int = field(default=1_048_576)
    """A longer cell is cut to so many bytes before it is looked at, and the cut is listed in `not_seen`."""
