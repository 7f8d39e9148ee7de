"""Tombstones: whom nothing may bring back, until a stated day.

A tombstone holds a keyed reference, made under a key of its own, and neither name nor subject key. It lies in the
records, apart from the key store and from the data, so that a backup of either, once restored, can be compared with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Engine, insert, select

from governance.jobs.tables import TOMBSTONES
from governance.ledger.events import stamp
from governance.records.transactions import reading, writing


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One tombstone."""

    id: str
    """Its id; the ledger's event names it."""
    ref: str
    """Keyed reference of the person, 64 hex digits."""
    basis: str
    """Why it is kept: a code such as `erasure`."""
    placed: str
    """When, in UTC."""
    ends: str
    """The day after which it stands no more, as `2027-11-22`."""


class Tombstones:
    """The tombstones in the records database. Methods raise RecordsError's kin when it cannot be reached."""

    def __init__(self, records: Engine, *, clock: Callable[[], dt.datetime], new_id: Callable[[], str]) -> None:
        self._records = records
        self._clock = clock
        self._new_id = new_id

    def place(self, ref: str, *, basis: str, ends: dt.date) -> Tombstone:
        """A tombstone for a person; the standing one of the same day, basis and person is given again."""
        with writing(self._records) as connection:
            same = select(TOMBSTONES).where(
                TOMBSTONES.c.ref == ref, TOMBSTONES.c.basis == basis, TOMBSTONES.c.ends == ends.isoformat()
            )
            found = connection.execute(same).first()
            if found is not None:
                return Tombstone(**found._mapping)  # noqa: SLF001 the public way to a row's names
            made = Tombstone(self._new_id(), ref, basis, stamp(self._clock()), ends.isoformat())
            connection.execute(
                insert(TOMBSTONES).values(
                    id=made.id, ref=made.ref, basis=made.basis, placed=made.placed, ends=made.ends
                )
            )
        return made

    def standing(self) -> Iterator[Tombstone]:
        """The tombstones that have not ended, oldest first."""
        today = self._clock().astimezone(dt.UTC).date().isoformat()
        query = select(TOMBSTONES).where(TOMBSTONES.c.ends >= today).order_by(TOMBSTONES.c.placed, TOMBSTONES.c.id)
        with reading(self._records) as connection:
            for row in connection.execute(query):
                yield Tombstone(**row._mapping)  # noqa: SLF001 the public way to a row's names
