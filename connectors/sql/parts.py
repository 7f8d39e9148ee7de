"""A database table, or the rows of a stretch of its integer key, as a part that another process reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from connectors.base import DatasetKind, Field, Sample
from connectors.passing import Pass
from connectors.sql.engines.base import Keyed, Snapshot, Span, Table


class Reader(Protocol):
    """What a part asks of its store."""

    def read_table(self, table: Table, fields: tuple[Field, ...], sample: Sample, span: Span | None) -> Pass:
        """A pass over a table that was described already."""
        ...


@dataclass(frozen=True, slots=True)
class SqlPart:
    """A table or a stretch of one."""

    store: Reader
    """The store; its pickled form holds the address with the password in it."""
    table: Table
    """The table."""
    fields: tuple[Field, ...]
    """The fields asked for, in that order."""
    sample: Sample
    """Which rows."""
    span: Span | None = None
    """The stretch of keys; None for all rows."""

    def read(self) -> Pass:
        """A pass of its own, on a connection of its own."""
        return self.store.read_table(self.table, self.fields, self.sample, self.span)


def spans_of(snapshot: Snapshot, table: Table, keyed: Keyed | None, rows: int) -> list[Span]:
    """Stretches of the key with about so many rows each, where keys are spread evenly; the outer ones are open."""
    if keyed is None or table.dataset.kind is DatasetKind.VIEW:
        return [(None, None)]
    statement = f"SELECT count(*), min({keyed.key}), max({keyed.key}) FROM {keyed.source}"  # noqa: S608 names are quoted
    total, least, greatest = snapshot.one(statement)
    parts = min(-(-int(total) // rows), int(greatest) - int(least) + 1) if total else 1
    if parts < 2:
        return [(None, None)]
    width = int(greatest) - int(least) + 1
    edges = [int(least) + number * width // parts for number in range(1, parts)]
    return list(zip([None, *edges], [*edges, None], strict=True))
