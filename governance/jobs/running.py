"""One run of a job: all that the engine holds while it works, and how it words its events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlalchemy import Connection

from governance.jobs.office import Office
from governance.jobs.pace import Pace, Throttle
from governance.jobs.plan import Plan, objects_of
from governance.jobs.row_list import RowList
from governance.jobs.work import Work
from governance.ledger.events import EventDraft, EventObject
from policies.nouns import DatasetRef

Progress: TypeAlias = Callable[[int, int | None, str], None]
"""Takes rows done, rows in all (None when unknown) and the step's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """One run of a job."""

    office: Office
    """Records, ledger, keys, clock and who acts."""
    work: Work
    """What is to be done."""
    plan: Plan
    """What was reviewed."""
    connection: Connection
    """To the store that is changed."""
    rows: RowList | None
    """Which rows were reviewed; None for a plan without a row list."""
    salt: bytes
    """Of the plan's marks."""
    pace: Pace
    """How hard it may work."""
    throttle: Throttle
    """Waits when it is too quick."""
    on_progress: Progress | None = None
    """Is told how far it is."""
    beside: Mapping[str, Connection] = field(default_factory=dict)
    """To the other stores that it changes, by name."""

    def at(self, dataset: DatasetRef) -> Connection:
        """The connection to the store of a dataset."""
        return self.beside.get(dataset.store, self.connection)

    def event(
        self,
        kind: str,
        counts: Mapping[str, int],
        *,
        refs: Mapping[str, str] | None = None,
        line: int | None = None,
        outcome: str = "done",
    ) -> EventDraft:
        """The draft of an event of this job, about all of it or about one line of its plan."""
        lines = self.plan.lines if line is None else self.plan.lines[line : line + 1]
        actions = {each.action for each in lines}
        return EventDraft(
            kind=kind,
            actor=self.office.actor,
            purpose=self.work.purpose,
            action=actions.pop() if len(actions) == 1 else "write",
            outcome=outcome,
            objects=objects_of(self.plan) if line is None else tuple(EventObject(each.dataset) for each in lines),
            counts=counts,
            rules=self.work.rules,
            versions={**self.plan.versions, "plan": self.plan.seal},
            refs={"plan": self.plan.id, "job": self.plan.id, **(refs or {})},
        )
