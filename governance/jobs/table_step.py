"""A step over the rows of one table that still need it; a kind of job adds what is done to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from governance.jobs.key_order import among, behind, labelled, pages
from governance.jobs.work import Batch, Intended, Key
from policies.nouns import DatasetRef

_PAGE = 5_000
"""Rows that are read at once where nothing is locked."""


@dataclass(frozen=True, kw_only=True)
class TableStep:
    """Gives batches in key order, and finds out what became of one. A subclass has `apply`."""

    name: str
    """Stable, as in `delete crm.orders`."""
    dataset: DatasetRef
    """The dataset."""
    action: str
    """What the ledger calls it."""
    table: sa.Table
    """The table."""
    key: Sequence[ColumnElement[Any]]
    """Its key columns."""
    needs: ColumnElement[bool]
    """Whether a row still needs the step; false once it is done."""
    subject: Sequence[ColumnElement[Any]] = ()
    """The columns that identify a person; empty when the catalog names none."""
    states: Sequence[ColumnElement[Any]] = ()
    """The values that the plan's decision on a row rests on; empty for a plan without a row list."""
    layered: bool = False
    """Whether rows come to need it once others are done: the engine then goes over the table until nothing is left."""
    columns: Sequence[ColumnElement[Any]] = ()
    """What else `apply` needs: the payload of a batch is one tuple of these a row."""

    def batch(self, connection: Connection, after: Key | None, limit: int) -> Batch | None:
        """The next rows that need it, locked."""
        query = self._select().where(self.needs).limit(limit).with_for_update(of=self.table)
        if after is not None:
            query = query.where(behind(self.key, after))
        rows = connection.execute(query).all()
        return self._batch(rows) if rows else None

    def applied(self, connection: Connection, intended: Intended) -> bool:
        """Whether none of the rows needs it any more, once every transaction that holds one has ended."""
        rows = self._rows(connection, self.key, self.needs)
        return not any(key in intended and self._still_needs(connection, key) for key in rows)

    def reviewed(self, connection: Connection) -> Iterator[tuple[Key, Key]]:
        """Key and state of every row that needs it now, in key order, for a row list."""
        return self.states_of(connection, self.needs)

    def there(self, connection: Connection) -> Iterator[Key]:
        """The key of every row of the table, whether or not it needs the step."""
        yield from self._rows(connection, self.key, sa.true())

    def states_of(self, connection: Connection, where: ColumnElement[bool]) -> Iterator[tuple[Key, Key]]:
        """Key and state of every row of a condition, in key order."""
        split = len(self.key)
        for row in self._rows(connection, (*self.key, *self.states), where):
            yield row[:split], row[split:]

    def _rows(
        self, connection: Connection, columns: Sequence[ColumnElement[Any]], where: ColumnElement[bool]
    ) -> Iterator[tuple[Any, ...]]:
        for page in pages(connection, self.key, columns, where, _PAGE):
            yield from page

    def _select(self) -> sa.Select[Any]:
        return sa.select(*labelled((*self.key, *self.subject, *self.states, *self.columns))).order_by(*self.key)

    def _batch(self, rows: Sequence[sa.Row[Any]]) -> Batch:
        cut = [len(self.key)]
        for part in (self.subject, self.states):
            cut.append(cut[-1] + len(part))
        found = [tuple(row) for row in rows]
        return Batch(
            keys=[row[: cut[0]] for row in found],
            subjects=[row[cut[0] : cut[1]] for row in found] if self.subject else None,
            states=[row[cut[1] : cut[2]] for row in found] if self.states else None,
            payload=[row[cut[2] :] for row in found] if self.columns else None,
        )

    def _still_needs(self, connection: Connection, key: Key) -> bool:
        query = sa.select(sa.literal(1)).select_from(self.table).where(among(self.key, [key]), self.needs)
        return connection.execute(query.with_for_update(of=self.table)).first() is not None
