"""A write run: held in a savepoint, recorded before, checked row by row, taken back whole when a row is not in scope.

savepoint -> decision in the ledger -> statement(s) with RETURNING ..., gov_ok -> all 1? -> close in the ledger
no -> back to the savepoint, refused
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from governance.guard.base import Encryptor, UseContext
from governance.guard.encrypting import encrypted
from governance.guard.held import StopOf, check_deleted, check_reached
from governance.guard.neutral import CONFLICT
from governance.guard.placeholders import pick
from governance.guard.plans import Parameters, Plan
from governance.guard.recording import Use
from policies.errors import AccessRefusedError, GovernanceError, StoreError

PARAMETERS_AT_ONCE = 30_000
"""Bound values of one statement, below what every database takes."""
_BATCHES = (256, 64, 16, 4, 1)
"""Rows of one INSERT; few sizes, so that few plans are made."""


class Written:
    """What a write gives, in the form of a driver's cursor."""

    def __init__(self, description: Any, rows: list[tuple[Any, ...]], rowcount: int, lastrowid: int | None) -> None:
        self.description = description
        """The columns that RETURNING asked for; None without it."""
        self.rowcount = rowcount
        """How many rows were written."""
        self.lastrowid = lastrowid
        """The key that SQLite generated for the one row inserted, where it may be told."""
        self._rows = rows
        self._place = 0

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, or None."""
        found = self.fetchmany(1)
        return found[0] if found else None

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        """The next rows."""
        found = self._rows[self._place : self._place + size]
        self._place += len(found)
        return found

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""
        return self.fetchmany(len(self._rows))

    def close(self) -> None:
        """Nothing: the driver's cursor is closed already."""


@dataclass(frozen=True, slots=True)
class Border:
    """What a connection lends to a write."""

    plan: Callable[[Parameters, int], Plan]
    """The plan for a set of parameters, written out for so many rows."""
    run: Callable[[Plan, Any], Any]
    """Runs a plan with bound values; gives the driver's cursor. Raises GovernanceError."""
    allowed: Callable[[Plan], Use | None]
    """Records the decision."""
    hold: Callable[[], tuple[Sequence[str], Sequence[str]]]
    """Begins a savepoint; gives what ends it and what takes everything back."""
    command: Callable[[str], None]
    """Runs a constant statement of ours."""
    stop_of: StopOf | None = None
    """What holds stop; None where nobody asks."""


def write(border: Border, context: UseContext, sets: Sequence[Parameters], encryptor: Encryptor | None) -> Written:
    """Run a write for each set of parameters, all of them or none.

    Raises AccessRefusedError for a row that is not in scope, StoreError, LedgerError; then nothing is written.
    """
    done, undo = border.hold()
    use: Use | None = None
    try:
        first = border.plan(sets[0], 1)
        values = encrypted(first, [pick(first.numbered.slots, each) for each in sets], encryptor)
        use = border.allowed(first)
        check_reached(_of(first), border.stop_of)
        written = _run(border, context, first, sets, values)
        if use is not None:
            use.rows = written.rowcount
            use.close("done")
        for each in done:
            border.command(each)
    except BaseException as error:
        _take_back(border, undo)
        if use is not None:
            use.rows = 0
            use.close("failed", conflicts=int(isinstance(error, StoreError) and error.found == CONFLICT))
        raise
    return written


def _take_back(border: Border, undo: Sequence[str]) -> None:
    try:
        for each in undo:
            border.command(each)
    except GovernanceError:
        return  # a connection that was lost took everything back by itself


def _run(
    border: Border, context: UseContext, first: Plan, sets: Sequence[Parameters], values: Sequence[Sequence[Any]]
) -> Written:
    count, rows, description, key = 0, [], None, None
    for plan, own in _batches(border, first, sets, values):
        what = _of(plan)
        if what.before is not None:
            _check_before(border, plan, plan.bound(own, context))
        cursor = border.run(plan, plan.bound(own, context))
        try:
            found = [tuple(row) for row in cursor.fetchall()] if what.checked else []
            count += len(found) if what.checked else int(cursor.rowcount)
            if any(row[-1] != 1 for row in found):
                raise _out_of_scope(first)
            check_deleted(what, found, border.stop_of)
            if what.returned:
                rows += [row[: what.returned] for row in found]
                description = cursor.description[: what.returned]
            if what.shows_key and len(sets) == 1:
                given = found[-1][what.returned] if what.key_returned and found else getattr(cursor, "lastrowid", None)
                key = given
        finally:
            cursor.close()
    return Written(description, rows, count, key) if len(sets) == 1 else Written(None, [], count, None)


def _check_before(border: Border, plan: Plan, values: Any) -> None:
    """Return when no row would leave the scope. Raises AccessRefusedError."""
    asking = replace(plan, rewritten=replace(plan.rewritten, sql=_of(plan).before))
    cursor = border.run(asking, values)
    try:
        if cursor.fetchone() is not None:
            raise _out_of_scope(plan)
    finally:
        cursor.close()


def _batches(
    border: Border, first: Plan, sets: Sequence[Parameters], values: Sequence[Sequence[Any]]
) -> Iterator[tuple[Plan, Sequence[Any]]]:
    """The plan of each statement with the statement's own values: many rows at once where that can be."""
    what, place = _of(first), 0
    if not what.many:
        for each, own in zip(sets, values, strict=True):
            yield border.plan(each, 1), own
        return
    most = PARAMETERS_AT_ONCE // max(1, len(first.numbered.slots))
    while place < len(sets):
        size = next(each for each in _BATCHES if each <= min(len(sets) - place, most) or each == 1)
        own = [value for each in values[place : place + size] for value in each]
        yield (first if size == 1 else border.plan(sets[place], size)), own
        place += size


def _of(plan: Plan) -> Any:
    if plan.rewritten.write is None:
        raise AccessRefusedError(
            "statement",
            found="a statement that reads, where one that writes was asked for",
            expected="one kind of statement",
            next_step="run it again",
            rule_ids=("guard.kind",),
        )
    return plan.rewritten.write


def _out_of_scope(plan: Plan) -> AccessRefusedError:
    return AccessRefusedError(
        str(_of(plan).target),
        found="a row outside of what this use may write",
        expected="rows that meet the policy, consent and restrictions before and after",
        next_step="see `governance policy explain`; nothing was written",
        rule_ids=("guard.write.scope",),
    )
