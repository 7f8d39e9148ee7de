"""What became of a job and of each of its steps."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What became of one step, over all runs; planned = done + held + barred + changed + gone + left."""

    name: str
    """The step's name."""
    planned: int
    """Rows that the plan counted."""
    done: int
    """Rows that were changed."""
    held: int = 0
    """Rows that a hold kept."""
    barred: int = 0
    """Rows of a person whom a tombstone keeps away."""
    changed: int = 0
    """Planned rows that are not as the plan saw them any more; they were left alone."""
    gone: int = 0
    """Planned rows that are not there any more."""
    fresh: int = 0
    """Rows that the plan did not see and that it would concern today; they wait for the next plan."""
    left: int = 0
    """Rows that a paused job has still to look at, or that their store locks or refuses."""


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """What became of a job, over all its runs."""

    job: str
    """The job's id, which is the plan's."""
    decision: str
    """The ledger's decision that allowed it."""
    state: Literal["done", "paused"]
    """Whether it has ended, or waits: for its time window, or for rows that their store locks or refuses."""
    steps: tuple[StepOutcome, ...]
    """What became of each step, in order."""
    batches: int
    """In how many transactions."""
    certificate: str | None = None
    """The id of its certificate; None while it waits."""
    resumes: dt.datetime | None = None
    """When it may go on, in the project's zone; None for one that has ended or waits for rows."""

    def total(self, count: str) -> int:
        """A count of StepOutcome over all steps."""
        return sum(getattr(step, count) for step in self.steps)

    def to_json(self) -> dict[str, Any]:
        """The document that the command prints."""
        return {
            "schema": "governance.job-run/1",
            "job": self.job,
            "decision": self.decision,
            "state": self.state,
            "batches": self.batches,
            "certificate": self.certificate,
            "resumes": self.resumes.isoformat() if self.resumes else None,
            "steps": [{name: getattr(step, name) for name in StepOutcome.__slots__} for step in self.steps],
        }
