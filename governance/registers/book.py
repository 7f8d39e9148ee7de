"""How a register is kept: rows in the records database, written together with their event, and one error for faults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from governance.records.transactions import reading, writing
from policies.errors import RecordsError


class Book:
    """The tables of one register. Both blocks raise RecordsError when the records database fails."""

    def __init__(self, name: str, records: sa.Engine) -> None:
        self._name = name
        self._records = records

    @contextmanager
    def written(self) -> Iterator[sa.Connection]:
        """A transaction that takes the write lock at once; what is done in it is done whole or not at all."""
        with _told(self._name, "written"), writing(self._records) as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One moment of the register."""
        with _told(self._name, "read"), reading(self._records) as connection:
            yield connection


def lock_row(connection: sa.Connection, row: sa.ColumnElement[bool]) -> None:
    """Let one writer at a time at a row: SQLite's lock is held from the start, PostgreSQL locks the row."""
    connection.execute(sa.select(sa.literal(1)).where(row).with_for_update()).all()


@contextmanager
def _told(name: str, verb: str) -> Iterator[None]:
    try:
        yield
    except sa.exc.SQLAlchemyError:
        raise RecordsError(
            name,
            found=f"tables that cannot be {verb}",
            expected="the records database of this release",
            next_step="run `governance doctor`",
        ) from None
