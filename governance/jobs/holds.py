"""Holds: what no job may delete, until somebody releases it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Engine, Row, insert, select, update

from governance.jobs.keys import key_digest
from governance.jobs.tables import HOLDS
from governance.ledger.base import KeyedHash
from governance.ledger.events import stamp
from governance.records.transactions import reading, writing
from policies.errors import BadInputError
from policies.nouns import DatasetRef

Scope = Literal["dataset", "record", "subject"]
"""What a hold stops: a whole dataset, one record, or all records of one person in the dataset."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold."""

    id: str
    """Its id."""
    place: str
    """The dataset."""
    scope: str
    """What it stops."""
    digest: str
    """Keyed hash of the record's or person's key; empty for a whole dataset."""
    placed: str
    """When, in UTC."""


class Holds:
    """The holds in the records database. Methods raise RecordsError's kin when it cannot be reached."""

    def __init__(
        self, records: Engine, keyed_hash: KeyedHash, *, clock: Callable[[], dt.datetime], new_id: Callable[[], str]
    ) -> None:
        self._records = records
        self._keyed_hash = keyed_hash
        self._clock = clock
        self._new_id = new_id

    def place(
        self,
        dataset: DatasetRef,
        scope: Scope,
        key: Sequence[Any],
        *,
        by: str,
        reason: str | None = None,
    ) -> Hold:
        """Hold a dataset, or a record or person by key; holds from the next batch of any job on.

        `by` and `reason` are references of the ledger's names, never names or texts.
        """
        if bool(key) == (scope == "dataset"):
            raise BadInputError(
                f"hold on {dataset}",
                found=f"{len(key)} key value(s) for a hold on a {scope}",
                expected="the key of the record or person, none for a dataset",
                next_step="give the key fields' values in their order",
            )
        digest = key_digest(self._keyed_hash, scope, dataset, key) if key else ""
        hold = Hold(self._new_id(), str(dataset), scope, digest, stamp(self._clock()))
        with writing(self._records) as connection:
            connection.execute(
                insert(HOLDS).values(
                    id=hold.id,
                    place=hold.place,
                    scope=scope,
                    digest=digest,
                    reason=reason,
                    placed_by=by,
                    placed=hold.placed,
                )
            )
        return hold

    def release(self, hold_id: str, *, by: str) -> None:
        """End a hold. Raises BadInputError for one that is not standing."""
        end = update(HOLDS).where(HOLDS.c.id == hold_id, HOLDS.c.released.is_(None))
        with writing(self._records) as connection:
            if connection.execute(end.values(released=stamp(self._clock()), released_by=by)).rowcount != 1:
                raise BadInputError(
                    "hold",
                    found="an id of no standing hold",
                    expected="the id of a hold that was not released",
                    next_step="list the holds",
                )

    def standing(self, dataset: DatasetRef | None = None) -> list[Hold]:
        """The holds that were not released, of one dataset or all, oldest first."""
        query = select(HOLDS).where(HOLDS.c.released.is_(None)).order_by(HOLDS.c.placed, HOLDS.c.id)
        if dataset is not None:
            query = query.where(HOLDS.c.place == str(dataset))
        with reading(self._records) as connection:
            return [_hold(row) for row in connection.execute(query)]

    def stop(self, dataset: DatasetRef) -> Stop:
        """What the standing holds stop in a dataset, as of now."""
        holds = self.standing(dataset)
        return Stop(
            dataset,
            self._keyed_hash,
            everything=any(hold.scope == "dataset" for hold in holds),
            digests=frozenset((hold.scope, hold.digest) for hold in holds if hold.digest),
        )


@dataclass(frozen=True, slots=True)
class Stop:
    """Which rows of one dataset are held."""

    dataset: DatasetRef
    """The dataset."""
    keyed_hash: KeyedHash
    """Makes the digests."""
    everything: bool
    """Whether the whole dataset is held."""
    digests: frozenset[tuple[str, str]]
    """Scope and keyed hash of each held record and person."""

    def holds(self, record: Sequence[Any], subject: Sequence[Any]) -> bool:
        """Whether a row is held, by its record key and its subject key."""
        if self.everything or not self.digests:
            return self.everything
        keys = (("record", record), ("subject", subject))
        return any(
            (scope, key_digest(self.keyed_hash, scope, self.dataset, key)) in self.digests for scope, key in keys
        )


def _hold(row: Row[Any]) -> Hold:
    return Hold(row.id, row.place, row.scope, row.digest, row.placed)
