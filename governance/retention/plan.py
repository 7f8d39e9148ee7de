"""What a retention rule would delete today, in numbers that a person reviews; nothing is changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from governance.jobs.holds import Holds
from governance.jobs.journal import Recorder
from governance.jobs.plan_file import open_plan, plan_text, seal_plan
from governance.ledger.base import KeyedHash
from governance.ledger.events import EventDraft, EventObject, stamp
from governance.retention.target import Target, find_target
from policies.errors import StoreError
from policies.nouns import DatasetRef
from policies.retention_rules import RetentionRule

KIND = "retention"
"""The kind of plan and job."""
PURPOSE = "governance.retention"
"""The purpose under which retention reads and deletes."""


@dataclass(frozen=True, slots=True)
class Office:
    """What planning and running take from outside: records, ledger, keys, clock, and who acts."""

    records: Engine
    """The records database, where jobs and holds are."""
    ledger: Recorder
    """Where every step is recorded."""
    keyed_hash: KeyedHash
    """Seals plans and names rows."""
    clock: Callable[[], dt.datetime]
    """Gives aware times."""
    new_id: Callable[[], str]
    """Gives ids."""
    zone: str
    """The IANA zone in which days begin."""
    digest: str
    """Of policy files and catalog; a plan holds only while it is the same."""
    actor: str = "system"
    """The ledger's reference of who acts."""

    @property
    def holds(self) -> Holds:
        """The holds that stand in the records."""
        return Holds(self.records, self.keyed_hash, clock=self.clock, new_id=self.new_id)


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """What a rule would delete, sealed."""

    id: str
    """The plan's id, and that of the job that carries it out."""
    made_at: str
    """When it was made, in UTC."""
    rule: str
    """The rule's id, `retention:NAME`."""
    rule_digest: str
    """A digest of all that the rule decides by."""
    dataset: DatasetRef
    """The dataset."""
    basis: str
    """On what ground records are kept so long and no longer."""
    cutoff: dt.date
    """Records that began before this day are due; the day begins in `zone`."""
    zone: str
    """The zone."""
    by_month: Mapping[str, int]
    """Due records by the month in which they began."""
    blocked: Mapping[str, int]
    """Expired records that are kept because another table refers to them, by that table and its fields."""
    undated: int
    """Records without a start, which are never due."""
    holds: int
    """Holds that stand on the dataset; what they hold is counted when the plan is run."""
    digest: str
    """Of policy files and catalog."""
    fingerprint: str
    """Of the table's schema."""
    seal: str
    """The keyed hash over all of it."""

    @property
    def due(self) -> int:
        """How many records would be deleted."""
        return sum(self.by_month.values())

    def to_json(self) -> dict[str, Any]:
        """The document of the plan file."""
        return {**_body(self), "schema": "governance.plan/1", "kind": KIND, "seal": self.seal}

    def to_text(self) -> str:
        """The text of the plan file."""
        return plan_text(self.to_json())


def plan(office: Office, rule: RetentionRule, store: Engine, *, subject_key: tuple[str, ...] = ()) -> RetentionPlan:
    """What the rule would delete as of now, counted by the store itself, and recorded as `retention.planned`.

    Raises StoreError, ConfigError, PredicateError or LedgerError; nothing is changed in the store.
    """
    now = office.clock()
    today = now.astimezone(ZoneInfo(office.zone)).date()
    with connected(store, rule.dataset) as connection:
        target = find_target(connection, rule, subject=subject_key, today=today, zone=office.zone)
        counted = _counts(connection, target)
    made = _sealed(office, target, counted, stamp(now))
    office.ledger.append(
        EventDraft(
            kind="retention.planned",
            actor=office.actor,
            purpose=PURPOSE,
            action="delete",
            objects=(EventObject(str(rule.dataset)),),
            counts={"due": made.due, "blocked": sum(made.blocked.values()), "undated": made.undated},
            rules=(rule.rule_id,),
            versions={"policy": office.digest, "rule": rule.digest, "plan": made.seal},
            refs={"plan": made.id},
        )
    )
    return made


def read_plan(text: str, keyed_hash: KeyedHash, place: str = "plan") -> RetentionPlan:
    """The plan in the text of a plan file. Raises TamperedError when it is not what was written."""
    document = open_plan(text, KIND, keyed_hash, place)
    store, _, dataset = document["dataset"].partition(".")
    return RetentionPlan(
        **{
            **{name: value for name, value in document.items() if name not in ("schema", "kind", "due")},
            "dataset": DatasetRef(store, dataset),
            "cutoff": dt.date.fromisoformat(document["cutoff"]),
            "by_month": MappingProxyType(document["by_month"]),
            "blocked": MappingProxyType(document["blocked"]),
        }
    )


def due_by_month(connection: Connection, target: Target) -> dict[str, int]:
    """Due records by the month in which they began, in order."""
    query = sa.select(target.month, sa.func.count()).where(target.due).group_by(target.month).order_by(target.month)
    return {str(month): int(count) for month, count in connection.execute(query)}


class connected:  # noqa: N801 - used as a function
    """A connection to a store; the driver's errors come out as StoreErrors that carry no value."""

    def __init__(self, store: Engine, dataset: DatasetRef) -> None:
        self._store = store
        self._dataset = dataset
        self._connection: Connection | None = None

    def __enter__(self) -> Connection:
        try:
            self._connection = self._store.connect()
        except SQLAlchemyError as cause:
            raise self._translated(cause) from None
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if self._connection is not None:
            self._connection.close()
        if isinstance(error, SQLAlchemyError):
            raise self._translated(error) from None

    def _translated(self, cause: SQLAlchemyError) -> StoreError:
        return StoreError(
            str(self._dataset),
            found=f"{type(cause).__name__} from the store",
            expected="a store that answers",
            next_step="run `governance doctor`, then start the job again; it goes on where it stood",
        )


def _counts(connection: Connection, target: Target) -> tuple[dict[str, int], dict[str, int], int]:
    blocked = {}
    for each in target.referrers:
        query = sa.select(sa.func.count()).select_from(target.table).where(target.expired, each.exists)
        blocked[each.name] = int(connection.execute(query).scalar_one())
    undated = sa.select(sa.func.count()).select_from(target.table).where(target.month.is_(None))
    return due_by_month(connection, target), blocked, int(connection.execute(undated).scalar_one())


def _sealed(
    office: Office, target: Target, counted: tuple[dict[str, int], dict[str, int], int], made_at: str
) -> RetentionPlan:
    by_month, blocked, undated = counted
    rule = target.rule
    made = RetentionPlan(
        id=office.new_id(),
        made_at=made_at,
        rule=rule.rule_id,
        rule_digest=rule.digest,
        dataset=rule.dataset,
        basis=rule.basis,
        cutoff=target.cutoff,
        zone=office.zone,
        by_month=MappingProxyType(by_month),
        blocked=MappingProxyType({name: count for name, count in blocked.items() if count}),
        undated=undated,
        holds=len(office.holds.standing(rule.dataset)),
        digest=office.digest,
        fingerprint=target.fingerprint,
        seal="",
    )
    seal = seal_plan(KIND, _body(made), office.keyed_hash)["seal"]
    return RetentionPlan(**{**{name: getattr(made, name) for name in made.__slots__}, "seal": seal})


def _body(made: RetentionPlan) -> dict[str, Any]:
    return {
        **{name: getattr(made, name) for name in made.__slots__ if name != "seal"},
        "dataset": str(made.dataset),
        "cutoff": made.cutoff.isoformat(),
        "by_month": dict(made.by_month),
        "blocked": dict(made.blocked),
        "due": made.due,
    }
