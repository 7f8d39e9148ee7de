"""What binds a step by its action: holds bind what changes or destroys a row, tombstones what puts one somewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from governance.jobs.holds import Stop
from governance.jobs.office import Office
from governance.jobs.tombstones import Tombstones
from governance.jobs.work import Key
from policies.nouns import DatasetRef

Bar = Literal["held", "barred"]
"""Why a row is skipped: a hold keeps it as it is, or a tombstone keeps its person away."""

HELD = frozenset({"delete", "erase", "write"})
"""Actions that a hold stops: it keeps a record as it is. `erase` takes a person out of a row that stays; no tombstone
stops that."""
BARRED = frozenset({"export", "write"})
"""Actions that a tombstone stops: nothing may bring a person back, or process one further."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Holds and tombstones that bind one step, as of now."""

    office: Office
    """Makes the references."""
    dataset: DatasetRef
    """The dataset."""
    stop: Stop | None
    """The holds; None where they do not bind."""
    graves: frozenset[str]
    """References of tombstones; empty where they do not bind, or none stands."""

    def bar(self, key: Key, subject: Key) -> Bar | None:
        """Why a row must be left alone; None for a free one."""
        if self.stop is not None and self.stop.holds(key, subject):
            return "held"
        if self.graves and subject and self.office.grave is not None:
            return "barred" if self.office.grave(self.dataset.store, subject) in self.graves else None
        return None

    @property
    def binding(self) -> bool:
        """Whether anything binds at all."""
        return bool(self.graves) or (self.stop is not None and (self.stop.everything or bool(self.stop.digests)))


def bounds_of(office: Office, dataset: DatasetRef, action: str) -> Bounds:
    """What binds a step now. Read before each batch, so that a hold holds from the next batch on."""
    stop = office.holds.stop(dataset) if action in HELD else None
    graves: frozenset[str] = frozenset()
    if action in BARRED and office.grave is not None:
        book = Tombstones(office.records, clock=office.clock, new_id=office.new_id)
        graves = frozenset(each.ref for each in book.standing())
    return Bounds(office, dataset, stop, graves)
