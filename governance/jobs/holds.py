"""Holds: what no job may delete, until somebody releases it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Engine, Row, insert, or_, select, update

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
    until: str | None = None
    """The last day on which it stands, in UTC, as `2027-11-22`; None for one that stands until it is released."""
    placed_by: str | None = None
    """The ledger's reference of who placed it."""
    reason: str | None = None
    """The ledger's reference of why."""
    matter: str | None = None
    """The ledger's reference of the matter, such as a case, that it belongs to."""


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
        matter: str | None = None,
        until: dt.date | None = None,
    ) -> Hold:
        """Hold a dataset, or a record or person by key; holds from the next batch of any job on.

        It ends by itself when the day `until` is over, in UTC. `by`, `reason` and `matter` are references of the
        ledger's names, never names or texts. Raises BadInputError for a key that does not fit or a day that is over.
        """
        if bool(key) == (scope == "dataset"):
            raise BadInputError(
                f"hold on {dataset}",
                found=f"{len(key)} key value(s) for a hold on a {scope}",
                expected="the key of the record or person, none for a dataset",
                next_step="give the key fields' values in their order",
            )
        last = until.isoformat() if until is not None else None
        if last is not None and last < self._today():
            raise BadInputError(
                f"hold on {dataset}",
                found="a last day that is over",
                expected="today or a day to come",
                next_step="give another day, or none",
            )
        digest = key_digest(self._keyed_hash, scope, dataset, key) if key else ""
        hold = Hold(self._new_id(), str(dataset), scope, digest, stamp(self._clock()), last, by, reason, matter)
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
                    matter=matter,
                    until=last,
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
        """The holds that were not released and have not ended, of one dataset or all, oldest first."""
        query = select(HOLDS).where(HOLDS.c.released.is_(None)).order_by(HOLDS.c.placed, HOLDS.c.id)
        query = query.where(or_(HOLDS.c.until.is_(None), HOLDS.c.until >= self._today()))
        if dataset is not None:
            query = query.where(HOLDS.c.place == str(dataset))
        with reading(self._records) as connection:
            return [_hold(row) for row in connection.execute(query)]

    def _today(self) -> str:
        return self._clock().astimezone(dt.UTC).date().isoformat()

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
    names = ("id", "place", "scope", "digest", "placed", "until", "placed_by", "reason", "matter")
    return Hold(*(getattr(row, name) for name in names))
