"""The job that puts a column's tokens under the active key: batch by batch, each token checked.

A token under a retired key opens as long as that key is not destroyed, so readers see what was reached and what was
not. A token is changed only while it is the one that was read: who writes meanwhile wins.
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
from governance.jobs.table_step import TableStep
from governance.jobs.work import Batch
from governance.protect.existing.conversion import PURPOSE
from governance.protect.existing.planning import Bench
from governance.protect.existing.target import Target, find_target
from governance.protect.existing.turning import finder
from governance.protect.keyring.base import DataKey, KeyInfo, Keyring, KeyUse
from governance.protect.token_counts import TableCount
from governance.protect.tokens import HEADER, decrypt_cells, encrypt_cells
from policies.errors import StalePlanError, StoreError
from policies.nouns import FieldRef

ROTATE = "protect.rotate"
"""The kind of plan and job."""


@dataclass(frozen=True, kw_only=True)
class Renew(TableStep):
    """Opens tokens that stand under another key of the dataset and seals them under the active one."""

    target: Target
    """The column."""
    keyring: Keyring
    """Gives the keys."""
    active: DataKey
    """The key that they come under."""

    def apply(self, connection: Connection, batch: Batch) -> int | None:
        """Renew tokens that are still those that were read; None when somebody changed one."""
        tokens = [bytes(row[0]) for row in batch.payload]
        record_keys = [row[1:] for row in batch.payload]
        plain = decrypt_cells(finder(self.keyring, tokens), self.target.place, record_keys, tokens)
        renewed = encrypt_cells(self.active, self.target.place, record_keys, plain)
        if decrypt_cells(self.keyring.key, self.target.place, record_keys, renewed) != plain:
            raise StoreError(
                str(self.target.field),
                found="new tokens that do not open to what they were made from",
                expected="tokens that do",
                next_step="check the keyring with `governance keys restore-check`; nothing was changed",
            )
        column = self.table.c[self.target.field.field]
        same = [column == sa.bindparam("was")]
        same += [each == sa.bindparam(f"k{number}") for number, each in enumerate(self.key)]
        change = sa.update(self.table).where(*same).values({column.name: sa.bindparam("now")})
        rows = [
            {"was": was, "now": now} | {f"k{number}": value for number, value in enumerate(key)}
            for key, was, now in zip(batch.keys, tokens, renewed, strict=True)
        ]
        done = connection.execute(change, rows).rowcount
        return done if done == len(tokens) else None


@dataclass(frozen=True, slots=True)
class RotateWork:
    """The whole job."""

    target: Target
    """The column."""
    step: Renew
    """Its one step."""
    fingerprint: str
    """Of the target when it was planned."""

    kind = ROTATE
    purpose = PURPOSE
    rules = ("protect:rotate",)

    @property
    def steps(self) -> Sequence[Renew]:
        """Renew."""
        return (self.step,)

    def check(self, connection: Connection) -> None:
        """Return when the table is as the plan saw it. Raises StalePlanError."""
        del connection
        self.target.check(self.fingerprint)

    def findings(self, connection: Connection) -> Mapping[str, Any]:
        """How many tokens stand under which key now."""
        return {"tokens_by_key": keys_of_tokens(connection, self.target)}


def plan_rotation(office: Office, bench: Bench, field: FieldRef) -> Plan:
    """How many tokens of a field stand under a key of its dataset that is not the active one.

    Tokens under persons' keys are counted as blocked: such a key is never rotated, it is destroyed. Raises StoreError,
    CatalogError, KeyringError, LedgerError. Nothing is changed in the store.
    """
    active = bench.keyring.data_key(_place(bench, field))
    with connected(bench.store, str(field)) as connection:
        target = find_target(connection, field, bench.catalog)
        by_key = keys_of_tokens(connection, target)
    of_dataset = {info.id for info in _keys_of(bench, target)}
    old = sum(count for key, count in by_key.items() if key in of_dataset and key != active.info.id)
    others = sum(count for key, count in by_key.items() if key not in of_dataset)
    line = PlanLine(
        f"renew {field}", str(field.of), "write", old, "rotate_renew", {"not_of_the_dataset": others} if others else {}
    )
    facts = {"field": [field.store, field.dataset, field.field], "key": active.info.id}
    draft = PlanDraft(
        kind=ROTATE,
        purpose=PURPOSE,
        place=str(field),
        lines=[line],
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
    active = bench.keyring.data_key(_place(bench, field))
    if active.info.id != plan.facts["key"]:
        raise StalePlanError(
            str(field), found="another active key than that of the plan", expected="the same", next_step="plan anew"
        )
    with connected(bench.store, plan.place) as connection:
        target = find_target(connection, field, bench.catalog)
    work = RotateWork(target, _step(target, bench, active), plan.versions["schema"])
    return run_job(office, work, plan, bench.store, pace=pace, on_progress=on_progress)


def keys_of_tokens(connection: Connection, target: Target) -> dict[str, int]:
    """How many cells of a column name which key, counted by the store; `""` for what is no token of ours."""
    counted = TableCount(connection, target.field.of)
    found: Counter[str] = Counter()
    for part in counted.key_ids(target.field.field):
        found.update(part)
    clear = counted.cells([target.field.field]).columns[target.field.field].clear
    return dict(sorted(found.items())) | ({"": clear} if clear else {})


def _step(target: Target, bench: Bench, active: DataKey) -> Renew:
    table = target.table
    column = table.c[target.field.field]
    old = [bytes.fromhex(info.id) for info in _keys_of(bench, target) if info.id != active.info.id]
    starts = [column.between(HEADER + each, HEADER + each + b"\xff" * 12) for each in old]
    return Renew(
        name=f"renew {target.field}",
        dataset=target.field.of,
        action="write",
        table=table,
        key=[table.c[name] for name in target.primary_key],
        needs=sa.or_(sa.false(), *starts),
        subject=[table.c[name] for name in target.subject_key],
        columns=[column, *(table.c[name] for name in target.record_key)],
        target=target,
        keyring=bench.keyring,
        active=active,
    )


def _keys_of(bench: Bench, target: Target) -> list[KeyInfo]:
    """The data keys of a dataset, whatever their state."""
    return [info for info in bench.keyring.list() if info.use is KeyUse.DATA and info.of == target.place.key_of]


def _place(bench: Bench, field: FieldRef) -> str:
    store, dataset = bench.catalog.stores.get(field.store), bench.catalog.dataset(field.of)
    return f"{store.id}/{dataset.id}" if store and dataset else ""
