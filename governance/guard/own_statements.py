"""What a row predicate may run on the connection of the statement to come: constant SELECTs, and temporary tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from governance.guard import mysql_driver


@dataclass(slots=True, eq=False)
class OwnStatements:
    """Statements of ours on one connection; a snapshot that only they have taken can be given up for a newer one."""

    kind: str
    """`sqlite`, `postgresql` or `mysql`."""
    mark: str
    """The driver's placeholder."""
    first_row: Callable[[str], Sequence[object] | None]
    """The first row of a constant SELECT."""
    plainly: Callable[[Callable[[Any], object]], None]
    """Calls something with the driver's connection; errors are the guard's own."""
    info: dict[Any, Any]
    """What is known of the driver's connection for as long as it lives."""
    writes: bool
    """Whether the connection was opened to write."""
    idle: bool
    """Whether it was in no transaction when the statement came."""

    def __call__(self, sql: str) -> Sequence[object] | None:
        """The first row of a constant SELECT."""
        return self.first_row(sql)

    def renew(self) -> None:
        """End the transaction that our own reading began; does nothing inside one that the user began."""
        if self.idle:
            self.plainly(lambda raw: raw.rollback())

    def make(self, statements: Sequence[str]) -> bool:
        """Run statements that make temporary tables, once on each connection of the driver.

        Gives False where a transaction stands in the way: databases let one that only reads make none.
        """
        if self.info.get("gov_made") == statements:
            return True
        if not self.idle or "gov_made" in self.info:
            return False
        self.plainly(lambda raw: self._make(raw, statements))
        self.info["gov_made"] = statements
        return True

    def write(self, sql: str, sets: Sequence[Sequence[Any]]) -> None:
        """Run a constant statement on our temporary tables with each set of values."""
        self.plainly(lambda raw: _run(raw, sql, sets))

    def settle(self) -> None:
        """Commit what we wrote where the user had no transaction; inside one it lives and dies with it."""
        if self.idle:
            self.plainly(lambda raw: raw.commit())

    def _make(self, raw: Any, statements: Sequence[str]) -> None:
        self._let_write(raw, writes=True)
        try:
            for each in statements:
                _run(raw, each, [()])
            raw.commit()
        finally:
            raw.rollback()
            self._let_write(raw, writes=self.writes)

    def _let_write(self, raw: Any, *, writes: bool) -> None:
        if self.kind == "postgresql":
            raw.read_only = not writes
        elif self.kind == "mysql":
            mysql_driver.set_writing(raw, writes=writes)


def is_idle(raw: Any, kind: str) -> bool:
    """Whether a driver's connection is in no transaction, so that what is read next sees all that is committed."""
    if kind == "sqlite":
        return not raw.in_transaction
    if kind == "postgresql":
        return bool(raw.info.transaction_status == 0)  # psycopg's IDLE
    return not raw.server_status & 1  # MariaDB's SERVER_STATUS_IN_TRANS


def _run(raw: Any, sql: str, sets: Sequence[Sequence[Any]]) -> None:
    cursor = raw.cursor()
    try:
        cursor.executemany(sql, sets) if len(sets) > 1 or sets[0] else cursor.execute(sql)
    finally:
        cursor.close()
