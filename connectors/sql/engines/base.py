"""What a database must offer so that `SqlStore` can describe and read it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
import sqlalchemy as sa

from connectors.base import Dataset, Field, Sample
from connectors.sampling import Chooser

COUNT_LIMIT_ROWS = 1_000_000
"""Up to so many rows a table is counted before it is sampled; beyond, the database's own estimate is taken."""


@dataclass(frozen=True, slots=True)
class Table:
    """A dataset and where it lies in its database."""

    dataset: Dataset
    """What the store lists."""
    schema: str | None
    """The database schema; None for the default one."""
    name: str
    """The table's own name."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which statements are run for a pass, one after the other, and which of their rows are kept."""

    statements: Iterator[str]
    """Each is asked for when the one before has ended."""
    chooser: Chooser
    """Which rows are kept."""
    rows_total: int | None
    """Rows of the dataset, exact or estimated."""
    whole: bool
    """Whether the statements give every row."""


Span = tuple[int | None, int | None]
"""Integer keys from the first, the second not included; None leaves that side open."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """How a table is read by an integer key."""

    source: str
    """The table, quoted."""
    key: str
    """The key, quoted."""
    rows: Callable[[], int]
    """How many rows one statement should read."""


class Snapshot(Protocol):
    """A read-only transaction on one connection, with the time-out set."""

    def one(self, statement: str) -> Sequence[Any]:
        """The first row of a statement; a row of NULL when there is none."""
        ...

    def stream(self, statement: str, size: Callable[[], int]) -> Generator[Sequence[Sequence[Any]], None, None]:
        """Rows in lots of `size()`, fetched as they are used."""
        ...


class Backend(Protocol):
    """One kind of database."""

    @property
    def kind(self) -> str:
        """The word for `Store.kind`."""
        ...

    @property
    def engine(self) -> sa.Engine:
        """An engine without a pool: a pass opens and closes its own connection."""
        ...

    def schemas(self, inspector: sa.Inspector) -> list[str | None]:
        """The schemas that are the user's; None for the default one."""
        ...

    def left_out(self, connection: sa.Connection) -> set[tuple[str | None, str]]:
        """Tables that are read through another one, such as partitions."""
        ...

    def words(self, connection: sa.Connection) -> dict[tuple[str, str], str]:
        """By table and column, the type word where SQLAlchemy cannot tell the column's true type."""
        ...

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Begin a read-only pass."""
        ...

    def arrow_type(self, field: Field) -> pa.DataType:
        """The Arrow type of a field's column in every batch."""
        ...

    def expression(self, field: Field) -> str:
        """The SQL that selects a field."""
        ...

    def plan(self, snapshot: Snapshot, table: Table, selected: str, sample: Sample) -> Plan:
        """How a sample is drawn; `selected` is the list of expressions."""
        ...

    def keyed(self, snapshot: Snapshot, table: Table) -> Keyed | None:
        """The integer key that every row has and no two share; None without one."""
        ...


def counted_up_to(snapshot: Snapshot, source: str, limit: int = COUNT_LIMIT_ROWS) -> int | None:
    """The exact number of rows, or None when there are at least `limit`."""
    row = snapshot.one(f"SELECT count(*) FROM (SELECT 1 AS one FROM {source} LIMIT {limit}) AS counted")  # noqa: S608 names are quoted
    number = int(row[0])
    return number if number < limit else None


def integer_key(table: Table) -> str | None:
    """The field that is the whole primary key and an integer; None without one."""
    key = table.dataset.primary_key
    words = {field.name: field.type for field in table.dataset.fields}
    return key[0] if len(key) == 1 and words.get(key[0]) == "integer" else None


def key_ranges(
    snapshot: Snapshot, *, source: str, selected: str, key: str, bounds: tuple[int, int], wanted: int
) -> Iterator[str]:
    """Statements that read up to 500 short stretches of an integer key, spread evenly from its least to its greatest.

    For dense keys only: where most stretches fall into one gap, the rows behind it would be read in a row.
    """
    least, greatest = bounds
    stretches = min(wanted, 500)
    last = least - 1
    for number in range(stretches):
        start = max(last + 1, least + number * (greatest - least + 1) // stretches)
        inner = f"SELECT {key} AS k FROM {source} WHERE {key} >= {start} ORDER BY {key} LIMIT {wanted // stretches}"  # noqa: S608 names are quoted
        end = snapshot.one(f"SELECT max(k) FROM ({inner}) AS stretch")[0]  # noqa: S608 names are quoted
        if end is None:
            return
        last = int(end)
        yield f"SELECT {selected} FROM {source} WHERE {key} BETWEEN {start} AND {last}"  # noqa: S608 names are quoted


def key_slices(
    snapshot: Snapshot,
    *,
    source: str,
    selected: str,
    key: str,
    rows: Callable[[], int],
    span: Span = (None, None),
) -> Iterator[str]:
    """Statements that read a table by an integer key, so many rows each, so that none runs long."""
    last = None if span[0] is None else span[0] - 1
    while True:
        where = "" if last is None else f" WHERE {key} > {last}"
        below = "" if span[1] is None else f"{' AND' if where else ' WHERE'} {key} < {span[1]}"
        inner = f"SELECT {key} AS k FROM {source}{where}{below} ORDER BY {key} LIMIT {rows()}"  # noqa: S608 names are quoted
        end = snapshot.one(f"SELECT max(k) FROM ({inner}) AS slice")[0]  # noqa: S608 names are quoted
        if end is None:
            return
        bound = f" AND {key} <= {end}" if where else f" WHERE {key} <= {end}"
        yield f"SELECT {selected} FROM {source}{where}{bound}"  # noqa: S608 names are quoted
        last = int(end)


def prime_up_to(number: int) -> int:
    """The greatest prime not above a number, at least 1: a step that shares no rhythm with the data."""
    for candidate in range(number, 1, -1):
        if all(candidate % divisor for divisor in range(2, int(candidate**0.5) + 1)):
            return candidate
    return 1
