"""A step over the records of a CRM: decided by SQL in a mirror, done by the vendor's calls, with a receipt a record.

Right before a batch is judged its records are read again, so that what was changed since is seen. A CRM has no
transactions: what a killed run left open is found by asking for each record of the batch, and goes on from there. A
record that was deleted and not yet purged is put back into the mirror, where holds and the row list bind it again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol, Self

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from connectors.crm.base import Receipt
from connectors.crm.mirror import Mirror
from governance.jobs.key_order import among, labelled
from governance.jobs.open_batch import OpenBatch
from governance.jobs.table_step import TableStep
from governance.jobs.work import Batch, Intended, Key, Receipts


class Changing(Protocol):
    """A step that deletes rows of a table, or with `values` changes them."""

    def apply(self, connection: Connection, batch: Batch) -> int | None:
        """As of `Step`."""
        ...


@dataclass(frozen=True, kw_only=True)
class CrmStep(TableStep):
    """Another step, which works on the mirror, made to work on the CRM itself."""

    change: Callable[[Connection, Batch], int | None]
    """Does to the mirror what the CRM has done."""
    values: Mapping[str, ColumnElement[Any]] | None
    """Field to what it becomes; None for a step that erases records."""
    mirror: Mirror
    """The mirror, filled with all that the step decides on."""
    reads: tuple[str, ...]
    """The fields that are read again before a batch."""
    opened: OpenBatch | None
    """Keeps the batch that is under way; None for a job that is not gone on with after a kill, but asked for again."""
    _half: set[str] = field(default_factory=set, repr=False)
    _found: list[bool] = field(default_factory=list, repr=False)

    @classmethod
    def over(cls, step: Changing, mirror: Mirror, reads: Sequence[str], opened: OpenBatch | None) -> Self:
        """The step that does on the CRM what another does on its mirror."""
        same: dict[str, Any] = {each.name: getattr(step, each.name) for each in fields(TableStep)}
        values = getattr(step, "values", None)
        return cls(**same, change=step.apply, values=values, mirror=mirror, reads=tuple(reads), opened=opened)

    def batch(self, connection: Connection, after: Key | None, limit: int) -> Batch | None:
        """The next rows that need it, as the CRM has them at this moment. Raises StoreError."""
        self._recover(connection)
        read: set[str] = set()
        while (found := super().batch(connection, after, limit)) is not None:
            stale = {str(key[0]) for key in found.keys} - read - self._half
            if not stale:
                return found
            self.mirror.refresh(self.dataset.dataset, stale, self.reads)
            read |= stale
        return None

    def apply(self, connection: Connection, batch: Batch) -> Receipts:
        """Have the CRM change just these records; what it did is then done to the mirror. Raises StoreError."""
        if self.opened is not None:
            self.opened.write(self._rows_of(connection, batch.keys))
        name, crm = self.dataset.dataset, self.mirror.store
        if self._deletes:
            told = crm.erase(name, [str(key[0]) for key in batch.keys])
            done = {Receipt.DONE, Receipt.GONE}
        else:
            told = crm.update(name, self._changes(connection, batch.keys))
            done = {Receipt.DONE}
        receipts = {key: told.get(str(key[0]), Receipt.REFUSED) for key in batch.keys}
        places = [place for place, key in enumerate(batch.keys) if receipts[key] in done]
        if places:
            self.change(connection, batch.only(places))
        self._half.difference_update(str(batch.keys[place][0]) for place in places)
        return receipts if self._deletes else {key: each for key, each in receipts.items() if each is not Receipt.GONE}

    def applied(self, connection: Connection, intended: Intended) -> Receipts:  # type: ignore[override]  # as of `Step`
        """After a kill: the records of the batch that were done. Raises StoreError."""
        self._recover(connection)
        keys = [key for row in self._opened_rows if (key := (row[self._key],)) in intended]
        if self._deletes:
            done = set(keys) - self._present(connection, keys)
        else:
            open_still = set(self._select_keys(connection, keys, self.needs))
            done = self._present(connection, keys) - open_still
        return dict.fromkeys(sorted(done), Receipt.DONE)

    @property
    def _deletes(self) -> bool:
        return self.values is None

    @property
    def _key(self) -> str:
        return str(self.key[0].key)

    @property
    def _opened_rows(self) -> list[dict[str, Any]]:
        return self.opened.read() if self.opened is not None else []

    def _recover(self, connection: Connection) -> None:
        """Put back into the mirror what an earlier run deleted by half: in no list, and not gone for good."""
        if self._found:
            return
        self._found.append(True)
        rows = {str(row[self._key]): row for row in self._opened_rows} if self._deletes else {}
        missing = set(rows) - {str(key[0]) for key in self._present(connection, [(key,) for key in rows])}
        gone = self.mirror.store.gone(self.dataset.dataset, sorted(missing)) if missing else {}
        self._half.update(key for key in missing if not gone.get(key, False))
        self.mirror.restore(self.dataset.dataset, [rows[key] for key in sorted(self._half)])

    def _rows_of(self, connection: Connection, keys: Sequence[Key]) -> list[dict[str, Any]]:
        """Rows of the mirror as it has them; those that are done by half stay among them until they are done."""
        wanted = {*keys, *((key,) for key in self._half)}
        query = sa.select(*(sa.type_coerce(each, sa.types.NullType()).label(each.name) for each in self.table.c))
        return [dict(row) for row in connection.execute(query.where(among(self.key, sorted(wanted)))).mappings()]

    def _present(self, connection: Connection, keys: Sequence[Key]) -> set[Key]:
        return set(self._select_keys(connection, keys, sa.true()))

    def _select_keys(self, connection: Connection, keys: Collection[Key], where: ColumnElement[bool]) -> list[Key]:
        query = sa.select(*labelled(self.key)).where(among(self.key, list(keys)), where)
        return [tuple(row) for row in connection.execute(query)]

    def _changes(self, connection: Connection, keys: Sequence[Key]) -> dict[str, dict[str, Any]]:
        """What each record becomes, worked out in the mirror."""
        values = self.values or {}
        typed = (sa.type_coerce(each, self.table.c[name].type) for name, each in values.items())
        query = sa.select(*labelled((*self.key, *typed))).where(among(self.key, list(keys)))
        return {
            str(row[0]): dict(zip(values, map(self.mirror.aware, row[1:]), strict=True))
            for row in connection.execute(query)
        }
