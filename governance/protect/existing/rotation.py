"""The job that puts a column's tokens, and the cells of its blind index, under the keys that are active now.

Tokens of a field that is `encrypted: subject` come under the keys of their persons; other fields' tokens under persons'
keys are left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from governance.jobs.engine import run_job
from governance.jobs.office import Office
from governance.jobs.outcome import JobOutcome
from governance.jobs.pace import Pace
from governance.jobs.plan import Plan, PlanDraft, PlanLine, make_plan
from governance.jobs.running import Progress
from governance.jobs.store_connection import connected
from governance.protect import deterministic
from governance.protect.existing.bench import Bench
from governance.protect.existing.conversion_work import PURPOSE
from governance.protect.existing.renewing import Reindex, Renew
from governance.protect.existing.target import Target, find_target
from governance.protect.keyring.base import KeyInfo, KeyState, KeyUse
from governance.protect.token_counts import TableCount
from governance.protect.tokens import HEADER
from policies.errors import StalePlanError
from policies.nouns import FieldRef

ROTATE = "protect.rotate"
"""The kind of plan and job."""


@dataclass(frozen=True, slots=True)
class RotateWork:
    """The whole job."""

    target: Target
    """The column."""
    steps: Sequence[Renew | Reindex]
    """Renew the tokens, and make the cells of the index anew where there is one."""
    fingerprint: str
    """Of the target when it was planned."""

    kind = ROTATE
    purpose = PURPOSE
    rules = ("protect:rotate",)

    def check(self, connection: Connection) -> None:
        """Return when the table is as the plan saw it. Raises StalePlanError."""
        del connection
        self.target.check(self.fingerprint)

    def findings(self, connection: Connection) -> Mapping[str, Any]:
        """How many tokens stand under which key now, and how many cells of the index are still to be made."""
        left = [_count(connection, step) for step in self.steps if isinstance(step, Reindex)]
        return {"tokens_by_key": keys_of_tokens(connection, self.target), "index_cells_left": sum(left)}


def plan_rotation(office: Office, bench: Bench, field: FieldRef) -> Plan:
    """How many tokens and index cells of a field stand under other keys than those that are active now.

    Tokens that this leaves alone are counted as blocked: those under persons' keys, which are never rotated but
    destroyed, and those of keys that do not belong to the dataset. Raises StoreError, CatalogError, KeyringError,
    LedgerError. Nothing is changed in the store.
    """
    active = _active(bench, field)
    with connected(bench.store, str(field)) as connection:
        target = find_target(connection, field, bench.catalog)
        by_key = keys_of_tokens(connection, target)
        steps = _steps(target, bench)
        rows = [_count(connection, step) for step in steps]
    of_dataset = {info.id for info in _keys_of(bench, target)}
    others = sum(count for key, count in by_key.items() if key not in of_dataset)
    blocked = [{"not_of_the_dataset": others} if others else {}, {}]
    lines = [
        PlanLine(step.name, str(field.of), "write", count, f"rotate_{type(step).__name__.lower()}", left)
        for step, count, left in zip(steps, rows, blocked, strict=False)
    ]
    facts = {"field": [field.store, field.dataset, field.field], "keys": active}
    draft = PlanDraft(
        kind=ROTATE,
        purpose=PURPOSE,
        place=str(field),
        lines=lines,
        facts=facts,
        versions={"schema": target.fingerprint},
        rules=("protect:rotate",),
    )
    return make_plan(office, draft)


def run_rotation(
    office: Office, bench: Bench, plan: Plan, *, pace: Pace | None = None, on_progress: Progress | None = None
) -> JobOutcome:
    """Carry a rotation out; start it again after a kill. Raises as `governance.jobs.engine.run_job`."""
    field = FieldRef(*plan.facts["field"])
    if _active(bench, field) != plan.facts["keys"]:
        raise StalePlanError(
            str(field), found="other active keys than those of the plan", expected="the same", next_step="plan anew"
        )
    with connected(bench.store, plan.place) as connection:
        target = find_target(connection, field, bench.catalog)
    work = RotateWork(target, _steps(target, bench), plan.versions["schema"])
    return run_job(office, work, plan, bench.store, pace=pace, on_progress=on_progress)


def keys_of_tokens(connection: Connection, target: Target) -> dict[str, int]:
    """How many cells of a column name which key, counted by the store; `""` for what is no token of ours."""
    counted = TableCount(connection, target.field.of)
    found: Counter[str] = Counter()
    for part in counted.key_ids(target.field.field):
        found.update(part)
    clear = counted.cells([target.field.field]).columns[target.field.field].clear
    return dict(sorted(found.items())) | ({"": clear} if clear else {})


def _steps(target: Target, bench: Bench) -> list[Renew | Reindex]:
    protector = bench.protector(target.field)
    table, keys = target.table, _keys_of(bench, target)
    column = table.c[target.field.field]
    header = deterministic.HEADER if protector.is_deterministic(target.field) else HEADER

    def under(some: Sequence[KeyInfo]) -> sa.ColumnElement[bool]:
        starts = [header + bytes.fromhex(info.id) for info in some]
        return sa.or_(sa.false(), *(column.between(each, each + b"\xff" * 12) for each in starts))

    old = [info for info in keys if info.state is not KeyState.ACTIVE or protector.is_of_subjects(target.field)]
    common: dict[str, Any] = {
        "dataset": target.field.of,
        "action": "write",
        "table": table,
        "key": [table.c[name] for name in target.primary_key],
        "subject": [table.c[name] for name in target.subject_key],
        "columns": [column, *(table.c[name] for name in target.record_key)],
        "target": target,
        "protector": protector,
    }
    theirs = [table.c[name].is_not(None) for name in target.subject_key if protector.is_of_subjects(target.field)]
    steps: list[Renew | Reindex] = [
        Renew(name=f"renew {target.field}", needs=sa.and_(under(old), *theirs), **common),
    ]
    if target.index_field is not None:
        cell, start = table.c[target.index_field], protector.current_cells_start(target.field)
        stale = sa.and_(column.is_not(None), cell.is_not(None), sa.not_(cell.between(start, start + b"\xff" * 33)))
        missing = sa.and_(cell.is_(None), under(keys))
        steps.append(
            Reindex(name=f"reindex {target.field}", needs=sa.or_(stale, missing), cell=target.index_field, **common)
        )
    return steps


def _count(connection: Connection, step: Renew | Reindex) -> int:
    query = sa.select(sa.func.count()).select_from(step.table).where(step.needs)
    return int(connection.execute(query).scalar_one())


def _keys_of(bench: Bench, target: Target) -> list[KeyInfo]:
    """The keys of a dataset that make tokens of the field's cipher, whatever their state."""
    use = _use(bench, target.field)
    return [info for info in bench.keyring.list() if info.use is use and info.of == target.place.key_of]


def _use(bench: Bench, field: FieldRef) -> KeyUse:
    return KeyUse.DETERMINISTIC if bench.protector(field).is_deterministic(field) else KeyUse.DATA


def _active(bench: Bench, field: FieldRef) -> list[str]:
    """The ids of the keys under which tokens and cells come, each made where there is none. Raises CatalogError."""
    protector = bench.protector(field)
    place = protector.place(field)
    if _use(bench, field) is KeyUse.DETERMINISTIC:
        ids = [protector.siv_keys(place)[0].info.id]
    else:
        ids = [bench.keyring.data_key(place.key_of).info.id]
    indexed = field.field in protector.index_fields(field.of)
    return [*ids, protector.current_cells_start(field).hex()] if indexed else ids
