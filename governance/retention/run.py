"""Carry out a retention plan: delete what is due in batches, each one transaction, each one recorded.

A run can be killed at any instant and started again: it goes on where it stood, deletes nothing twice, counts nothing
twice. What was held, moved, or referred to in the meantime is left alone and reported.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection, Engine, Row
from sqlalchemy.exc import IntegrityError

from governance.jobs.holds import Stop
from governance.jobs.journal import Intent, JobHead, Journal, enter
from governance.jobs.keys import key_digest
from governance.ledger.events import EventDraft, EventObject
from governance.retention.plan import KIND, PURPOSE, Office, RetentionPlan, connected, due_by_month
from governance.retention.target import Target, find_target
from policies.errors import StalePlanError
from policies.retention_rules import RetentionRule

_TRIES = 5
"""How often a batch is tried whose rows somebody changes at the same moment."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RetentionOutcome:
    """What became of a plan, over all its runs."""

    job: str
    """The job's id, which is the plan's."""
    decision: str
    """The ledger's decision that allowed it."""
    planned: int
    """Records that the plan counted."""
    deleted: int
    """Records that were deleted."""
    batches: int
    """In how many transactions."""
    held: int
    """Due records that a hold kept."""
    left: int
    """Due records that are left beside those: they became due while it ran, and are a matter of the next plan."""

    @property
    def gone(self) -> int:
        """Planned records that were not due any more: moved, referred to, or deleted by others."""
        return max(0, self.planned - self.deleted - self.held - self.left)


def run(
    office: Office,
    rule: RetentionRule,
    plan: RetentionPlan,
    store: Engine,
    *,
    subject_key: tuple[str, ...] = (),
    batch_rows: int = 500,
) -> RetentionOutcome:
    """Delete what the plan counted and what is still due; a plan that was carried out is not carried out again.

    Records `decision`, `retention.batch` for each transaction, `retention.done` and `close`. Raises StalePlanError when
    rule, policy, catalog or schema are not what the plan was made on, or more is due than it counted; StoreError,
    LedgerError. After any of them, and after a kill, start again.
    """
    _check(office, rule, plan)
    with connected(store, rule.dataset) as connection:
        target = find_target(connection, rule, subject=subject_key, today=_day_of(plan, rule), zone=plan.zone)
        journal, ended = _enter(office, plan, target)
        deletion = _Deletion(office, plan, target, journal, connection, batch_rows)
        if not ended:
            deletion.settle_open_batch()
            deletion.delete_all()
        return deletion.outcome(ended=ended)


def _check(office: Office, rule: RetentionRule, plan: RetentionPlan) -> None:
    if (plan.rule, plan.rule_digest, plan.dataset) != (rule.rule_id, rule.digest, rule.dataset):
        raise _stale(plan, "a rule that was changed since")
    if plan.digest != office.digest or plan.zone != office.zone:
        raise _stale(plan, "a policy, catalog or time zone that was changed since")


def _day_of(plan: RetentionPlan, rule: RetentionRule) -> dt.date:
    """The day on which the plan was made, in its zone; the cutoff that follows must be the plan's."""
    today = dt.datetime.fromisoformat(plan.made_at).astimezone(ZoneInfo(plan.zone)).date()
    if rule.period.cutoff(today) != plan.cutoff:
        raise _stale(plan, "a cutoff that does not follow from the rule")
    return today


def _enter(office: Office, plan: RetentionPlan, target: Target) -> tuple[Journal, bool]:
    if plan.fingerprint != target.fingerprint:
        raise _stale(plan, "a table whose schema was changed since")
    head = JobHead(plan.id, KIND, str(plan.dataset), plan.seal)
    return enter(
        office.records, office.ledger, head, _draft(office, plan, "decision", {"rows": plan.due}), office.clock
    )


class _Deletion:
    def __init__(
        self,
        office: Office,
        plan: RetentionPlan,
        target: Target,
        journal: Journal,
        connection: Connection,
        batch_rows: int,
    ) -> None:
        self._office = office
        self._plan = plan
        self._target = target
        self._journal = journal
        self._connection = connection
        self._batch_rows = batch_rows
        connection.rollback()

    def settle_open_batch(self) -> None:
        """Find out what became of a batch that a killed run left open."""
        intent = self._journal.intent()
        if intent is not None:
            wanted = set(intent.digests)
            with self._transaction(), self._all_due() as rows:
                present = any(self._digest(row) in wanted and self._still_there(row) for row in rows)
            self._journal.settle(intent, None if present else self._batch_draft(len(intent.digests), intent))

    def delete_all(self) -> None:
        """Delete in key order, never more than the plan counted."""
        self._refuse_surplus()
        room = self._plan.due - self._journal.done()[1]
        after: tuple[Any, ...] | None = None
        while room:
            rows, count = self._batch(after, room)
            if not rows:
                return
            room -= count
            after = self._key(rows[-1])

    def _batch(self, after: tuple[Any, ...] | None, room: int) -> tuple[Sequence[Row[Any]], int]:
        """One transaction: the rows that were looked at, and how many were deleted."""
        for _ in range(_TRIES):
            stop = self._office.holds.stop(self._plan.dataset)
            with self._transaction():
                rows = self._next_rows(after)
                free = [row for row in rows if not self._is_held(stop, row)][:room]
                done = self._delete(free)
            if done:
                return rows, len(free)
        raise _stale(self._plan, "records that somebody keeps changing")

    def _delete(self, rows: Sequence[Row[Any]]) -> bool:
        """Delete just these rows and commit; False, with nothing done, when some are not as they were a moment ago."""
        if not rows:
            return True
        intent = self._journal.intend([self._digest(row) for row in rows])
        keys = [self._key(row) for row in rows]
        among = sa.tuple_(*self._target.key).in_(keys)
        try:
            same = self._connection.execute(sa.delete(self._target.table).where(among, self._target.due)).rowcount
        except IntegrityError:
            same = -1
        if same != len(rows):
            self._connection.rollback()
            self._journal.settle(intent, None)
            return False
        self._connection.commit()
        self._journal.settle(intent, self._batch_draft(len(rows), intent))
        _log.info("retention.batch", job=self._plan.id, batch=intent.number, rows=len(rows))
        return True

    def _refuse_surplus(self) -> None:
        """Nobody reviewed a record that became due by a change after the plan was made."""
        _, before = self._journal.done()
        now = due_by_month(self._connection, self._target)
        self._connection.rollback()
        surplus = [month for month, count in now.items() if count > self._plan.by_month.get(month, 0)]
        if surplus or before + sum(now.values()) > self._plan.due:
            raise _stale(self._plan, f"more due records than it counted, in {len(surplus)} month(s)")

    def _next_rows(self, after: tuple[Any, ...] | None) -> Sequence[Row[Any]]:
        query = self._query().limit(self._batch_rows).with_for_update(of=self._target.table)
        if after is not None:
            query = query.where(sa.tuple_(*self._target.key) > sa.tuple_(*after))
        return self._connection.execute(query).all()

    def _all_due(self) -> sa.CursorResult[Any]:
        return self._connection.execute(self._query(), execution_options={"yield_per": 1_000})

    def _still_there(self, row: Row[Any]) -> bool:
        """Whether a row is there once every transaction that holds it has ended, that of a run not dead included."""
        same = sa.tuple_(*self._target.key).in_([self._key(row)])
        query = sa.select(sa.literal(1)).select_from(self._target.table).where(same)
        return self._connection.execute(query.with_for_update(of=self._target.table)).first() is not None

    def _query(self) -> sa.Select[Any]:
        columns = (*self._target.key, *self._target.subject)
        labelled = [column.label(f"k{number}") for number, column in enumerate(columns)]
        return sa.select(*labelled).where(self._target.due).order_by(*self._target.key)

    def _transaction(self) -> Any:
        """A transaction that on SQLite takes the write lock at once, as FOR UPDATE takes the rows elsewhere."""
        transaction = self._connection.begin()
        driver = self._connection.connection.dbapi_connection
        if self._connection.dialect.name == "sqlite" and not getattr(driver, "in_transaction", True):
            self._connection.exec_driver_sql("BEGIN IMMEDIATE")
        return transaction

    def _digest(self, row: Row[Any]) -> str:
        return key_digest(self._office.keyed_hash, "record", self._plan.dataset, self._key(row))

    def _key(self, row: Row[Any]) -> tuple[Any, ...]:
        return tuple(row)[: len(self._target.key)]

    def _is_held(self, stop: Stop, row: Row[Any]) -> bool:
        return stop.holds(self._key(row), tuple(row)[len(self._target.key) :])

    def _batch_draft(self, rows: int, intent: Intent) -> EventDraft:
        return _draft(
            self._office,
            self._plan,
            "retention.batch",
            {"rows": rows, "batch": intent.number},
            decision=self._journal.decision,
        )

    def _count_held(self) -> int:
        stop = self._office.holds.stop(self._plan.dataset)
        if not stop.everything and not stop.digests:
            return 0
        with self._all_due() as rows:
            return sum(self._is_held(stop, row) for row in rows)

    def outcome(self, *, ended: bool) -> RetentionOutcome:
        """What became of the plan; ends the job, with its last events."""
        remaining = sum(due_by_month(self._connection, self._target).values())
        held = self._count_held()
        batches, deleted = self._journal.done()
        found = RetentionOutcome(
            job=self._plan.id,
            decision=self._journal.decision,
            planned=self._plan.due,
            deleted=deleted,
            batches=batches,
            held=held,
            left=max(0, remaining - held),
        )
        if not ended:
            counts = {"rows": deleted, "batches": batches, "held": found.held, "gone": found.gone, "left": found.left}
            kinds = ("retention.done", "close")
            self._journal.finish(
                [_draft(self._office, self._plan, kind, counts, decision=found.decision) for kind in kinds]
            )
        return found


def _draft(
    office: Office, plan: RetentionPlan, kind: str, counts: dict[str, int], *, decision: str | None = None
) -> EventDraft:
    refs = {"plan": plan.id, "job": plan.id}
    return EventDraft(
        kind=kind,
        actor=office.actor,
        purpose=PURPOSE,
        action="delete",
        outcome="allowed" if kind == "decision" else "done",
        objects=(EventObject(str(plan.dataset)),),
        counts=counts,
        rules=(plan.rule,),
        versions={"policy": plan.digest, "rule": plan.rule_digest, "plan": plan.seal},
        refs=refs if decision is None else {**refs, "decision": decision},
    )


def _stale(plan: RetentionPlan, found: str) -> StalePlanError:
    return StalePlanError(
        f"retention plan {plan.id}", found=found, expected="all as the plan saw it", next_step="make a new plan"
    )
