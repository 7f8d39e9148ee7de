"""Steps of an erasure: rows deleted, rows from which the person is taken out, and what is done once for a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from governance.jobs.key_order import among
from governance.jobs.table_step import TableStep
from governance.jobs.work import Batch, Intended, Key
from policies.nouns import DatasetRef


@dataclass(frozen=True, kw_only=True)
class RowDeletion(TableStep):
    """Deletes rows that a plan lists."""

    def apply(self, connection: Connection, batch: Batch) -> int | None:
        """Delete just these rows; None when one is not there any more, or is referred to."""
        done = connection.execute(sa.delete(self.table).where(among(self.key, batch.keys), self.needs)).rowcount
        return len(batch.keys) if done == len(batch.keys) else None


@dataclass(frozen=True, kw_only=True)
class TakingOut(TableStep):
    """Takes a person out of rows that stay."""

    values: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    """Field to what it becomes."""

    def apply(self, connection: Connection, batch: Batch) -> int | None:
        """Change just these rows; None when one is not as it was."""
        change = sa.update(self.table).where(among(self.key, batch.keys), self.needs).values(**self.values)
        return len(batch.keys) if connection.execute(change).rowcount == len(batch.keys) else None


@dataclass(frozen=True, kw_only=True)
class Once:
    """Something that is done once for a store; doing it again does no harm."""

    name: str
    """Stable, as in `destroy keys of crm`."""
    dataset: DatasetRef
    """A dataset of the store."""
    action: str
    """What the ledger calls it."""
    do: Callable[[Connection], object]
    """Does it; may work in the open transaction of the store."""
    _done: list[bool] = field(default_factory=list, repr=False)

    def batch(self, connection: Connection, after: Key | None, limit: int) -> Batch | None:
        """One batch without rows until it is done."""
        del connection, after, limit
        return None if self._done else Batch()

    def apply(self, connection: Connection, batch: Batch) -> int | None:
        """Do it."""
        del batch
        self.do(connection)
        self._done.append(True)
        return 0

    def applied(self, connection: Connection, intended: Intended) -> bool:
        """After a kill it is done again."""
        del connection, intended
        return False
