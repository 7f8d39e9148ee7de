"""What a kind of job says of itself; the engine does all the rest.

A kind gives a `Work`: steps in the order in which they must run, children before parents, or add column, fill, verify,
drop. A step gives its rows batch by batch in key order, and changes just the rows that the engine gives back to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias

from sqlalchemy import Connection

from connectors.crm.base import Receipt
from policies.nouns import DatasetRef

Key: TypeAlias = tuple[Any, ...]
"""The values of a row's key fields, in their order."""
Receipts: TypeAlias = Mapping[Key, Receipt]
"""What a store without transactions says of each row; one that is not named was not there any more."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that a step is about to change, locked in the open transaction; all sequences go row by row."""

    keys: Sequence[Key] = ()
    """Their record keys, in key order; empty for a step without rows, such as adding a column."""
    subjects: Sequence[Key] | None = None
    """The subject key of each; None where the dataset has none."""
    states: Sequence[Key] | None = None
    """The values that the plan's decision on each rests on; None where the plan has no row list."""
    payload: Any = None
    """What else the step needs of each: a sequence, or an Arrow table or record batch; None where it needs nothing."""

    def only(self, places: Sequence[int]) -> Batch:
        """The rows at some places, in their order."""
        if len(places) == len(self.keys):
            return self
        take = getattr(self.payload, "take", None)
        return replace(
            self,
            keys=[self.keys[place] for place in places],
            subjects=self.subjects and [self.subjects[place] for place in places],
            states=self.states and [self.states[place] for place in places],
            payload=take(list(places)) if take else self.payload and [self.payload[place] for place in places],
        )


@dataclass(frozen=True, slots=True)
class Intended:
    """The rows of a batch whose fate a kill left open."""

    marks: frozenset[str]
    """Their marks; empty for a batch of a step without rows."""
    mark: Callable[[Key], str]
    """Gives a row's mark from its key."""

    def __contains__(self, key: Key) -> bool:
        """Whether the row of a key was in the batch."""
        return self.mark(key) in self.marks


class Step(Protocol):
    """One step of a job: one change to one dataset."""

    @property
    def name(self) -> str:
        """Stable, as in `backfill crm.customers.email`; stands in journal and certificate."""
        ...

    @property
    def dataset(self) -> DatasetRef:
        """The dataset whose rows are changed, and on which holds are asked for."""
        ...

    @property
    def action(self) -> str:
        """What the ledger calls it: `write`, `delete`, `export`, `read`; `governance.jobs.bounds` says what binds."""
        ...

    def batch(self, connection: Connection, after: Key | None, limit: int) -> Batch | None:
        """The next rows that still need the step, in key order behind `after`, locked; None when there are no more.

        Every run begins with None for `after`, so a row that is done must not come again. A step without rows gives one
        Batch without keys while it still has to be done.
        """
        ...

    def apply(self, connection: Connection, batch: Batch) -> int | Receipts | None:
        """Change just these rows in the open transaction, and say how many that were.

        None: somebody changed one of them at this moment. The transaction is then rolled back and the batch read anew.
        Receipts: a store without transactions has changed some of them; others wait until the job is started again.
        """
        ...

    def applied(self, connection: Connection, intended: Intended) -> bool | Receipts:
        """After a kill: whether the batch was committed. Waits for a transaction that may still hold its rows.

        Receipts: which rows of it were changed, in a store without transactions.
        """
        ...


class Work(Protocol):
    """One job of a kind, built again from the plan's facts whenever it is run."""

    @property
    def kind(self) -> str:
        """The kind of plan and job, such as `retention`."""
        ...

    @property
    def purpose(self) -> str:
        """The purpose under which it is recorded, such as `governance.retention`."""
        ...

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the rules that decided, for the ledger."""
        ...

    @property
    def steps(self) -> Sequence[Step]:
        """In the order in which they must run."""
        ...

    def check(self, connection: Connection) -> None:
        """Return when the world is as the plan saw it; asked before the first step, and before going on after a kill.

        Raises StalePlanError. What a finished step has changed is no reason.
        """
        ...

    def findings(self, connection: Connection) -> Mapping[str, Any]:
        """What was verified after the last step, as JSON for the certificate; counts and codes, never a value."""
        ...
