"""Legal holds on what a guarded DELETE takes away: asked of the rows that were deleted, before the deletion stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from governance.guard.rewrite import WritePlan
from governance.jobs.holds import Stop
from policies.errors import AccessRefusedError
from policies.nouns import DatasetRef

StopOf = Callable[[DatasetRef], Stop]
"""What the holds that stand now stop in a dataset. Raises RecordsError when they cannot be asked for."""


def check_reached(plan: WritePlan, stop_of: StopOf | None) -> None:
    """Return when no dataset from which a deletion takes rows along has a hold. Raises AccessRefusedError."""
    for ref in plan.reached if stop_of is not None else ():
        stop = stop_of(ref) if stop_of is not None else None
        if stop is not None and (stop.everything or stop.digests):
            raise _held(ref, "a deletion that takes along rows of a dataset under a hold")


def check_deleted(plan: WritePlan, rows: Sequence[tuple[Any, ...]], stop_of: StopOf | None) -> None:
    """Return when none of the rows that a DELETE gave back is held. Raises AccessRefusedError."""
    if plan.held is None or stop_of is None or not rows:
        return
    stop = stop_of(plan.target)
    keys, subjects = plan.held
    start, middle = plan.returned, plan.returned + keys
    if stop.everything or (
        stop.digests and any(stop.holds(row[start:middle], row[middle : middle + subjects]) for row in rows)
    ):
        raise _held(plan.target, "a row under a hold")


def _held(ref: DatasetRef, found: str) -> AccessRefusedError:
    return AccessRefusedError(
        str(ref),
        found=found,
        expected="rows that no hold keeps",
        next_step="leave them out, or have the hold released (`governance retention release`); nothing was deleted",
        rule_ids=("guard.write.held",),
    )
