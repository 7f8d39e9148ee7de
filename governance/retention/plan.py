"""What a retention rule would delete today, in numbers that a person reviews; nothing is changed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from governance.jobs import plan as plans
from governance.jobs.marks import Marker
from governance.jobs.office import Office
from governance.jobs.plan import Plan, PlanDraft, PlanLine, PlanSlip, RowListInfo
from governance.jobs.row_list import list_path, write_row_list
from governance.jobs.store_connection import connected
from governance.ledger.base import KeyedHash
from governance.retention.deletion import deletion_of
from governance.retention.target import Target
from governance.retention.targets import Ruled, find_targets
from policies.nouns import DatasetRef
from policies.retention_rules import RetentionRule

KIND = "retention"
"""The kind of plan and job."""
PURPOSE = "governance.retention"
"""The purpose under which retention reads and deletes."""


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """What a rule would delete, sealed: one line of a plan of the job engine, read as retention means it."""

    plan: Plan
    """The plan, with its row list unless it was made for a look."""
    line: int = 0
    """Which of its lines: a plan of several rules has one a rule, children before what they refer to."""

    @property
    def _facts(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.plan.facts["rules"][self.line]
        return found

    @property
    def id(self) -> str:
        """The plan's id, and that of the job that carries it out."""
        return self.plan.id

    @property
    def made_at(self) -> str:
        """When it was made, in UTC."""
        return self.plan.made_at

    @property
    def rule(self) -> str:
        """The rule's id, `retention:NAME`."""
        return str(self._facts["rule"])

    @property
    def digest(self) -> str:
        """A digest of all that the rule decides by."""
        return str(self._facts["digest"])

    @property
    def dataset(self) -> DatasetRef:
        """The dataset."""
        return DatasetRef(*self.plan.lines[self.line].dataset.split(".", 1))

    @property
    def due(self) -> int:
        """How many records would be deleted."""
        return self.plan.lines[self.line].rows

    @property
    def cutoff(self) -> dt.date:
        """Records that began before this day are due; the day begins in `zone`."""
        return dt.date.fromisoformat(self._facts["cutoff"])

    @property
    def zone(self) -> str:
        """The zone."""
        return str(self.plan.facts["zone"])

    @property
    def by_month(self) -> Mapping[str, int]:
        """Due records by the month in which they began."""
        found: Mapping[str, int] = self._facts["by_month"]
        return found

    @property
    def blocked(self) -> Mapping[str, int]:
        """Expired records that are kept because another record refers to them, by its table and fields."""
        return self.plan.lines[self.line].blocked

    @property
    def undated(self) -> int:
        """Records without a start, which are never due."""
        return int(self._facts["undated"])

    @property
    def holds(self) -> int:
        """Holds that stand on the dataset; what they hold is counted when the plan is run."""
        return int(self._facts["holds"])

    def numbers(self) -> dict[str, Any]:
        """What reports take of it."""
        names = ("id", "made_at", "rule", "due", "zone", "undated", "holds")
        return {
            **{name: getattr(self, name) for name in names},
            "dataset": str(self.dataset),
            "basis": self._facts["basis"],
            "cutoff": self.cutoff.isoformat(),
            "by_month": dict(self.by_month),
            "blocked": dict(self.blocked),
            "seal": self.plan.seal,
        }

    def to_text(self) -> str:
        """The text of the plan file."""
        return self.plan.text()


def plan(
    office: Office, rule: RetentionRule, store: Engine, *, subject_key: tuple[str, ...] = (), look: bool = False
) -> RetentionPlan:
    """What one rule would delete as of now; as `plan_together`."""
    return plan_together(office, [Ruled(rule, subject_key)], store, look=look)[0]


def plan_together(
    office: Office, ruled: Sequence[Ruled], store: Engine, *, look: bool = False
) -> tuple[RetentionPlan, ...]:
    """What rules of one store would delete as of now, row by row, in one plan; recorded as `job.planned`.

    Nothing is changed in the store. What refers to a record goes before it, so a record is due although others refer to
    it when those are due too. With `look` all is counted only: such a plan cannot be run. Raises StoreError,
    ConfigError, PredicateError or LedgerError.
    """
    slip, places = plans.new_slip(office), sorted(str(each.rule.dataset) for each in ruled)
    with connected(store, places[0]) as connection:
        targets = find_targets(connection, ruled, today=office.local().date(), zone=office.zone)
        found = [_facts(office, target, connection) for target in targets]
        rows = [sum(facts["by_month"].values()) for facts, _ in found]
        row_list = None
        if not look:
            rows, row_list = _listed(office, targets, slip, connection)
    draft = PlanDraft(
        kind=KIND,
        purpose=PURPOSE,
        place=places[0] if len(places) == 1 else targets[0].rule.dataset.store,
        lines=[
            PlanLine(f"delete {target.rule.dataset}", str(target.rule.dataset), "delete", count, "retention.due", kept)
            for target, count, (_, kept) in zip(targets, rows, found, strict=True)
        ],
        facts={"zone": office.zone, "rules": [facts for facts, _ in found]},
        versions={"rule": _joined(each.rule.digest for each in targets), "schema": schema_of(targets)},
        rules=tuple(target.rule.rule_id for target in targets),
        slip=slip,
        row_list=row_list,
    )
    return views(plans.look(office, draft) if look else plans.make_plan(office, draft))


def views(made: Plan) -> tuple[RetentionPlan, ...]:
    """A plan rule by rule, in the order in which they are carried out."""
    return tuple(RetentionPlan(made, line) for line in range(len(made.lines)))


def schema_of(targets: Sequence[Target]) -> str:
    """A digest of the schemas of some tables."""
    return _joined(target.fingerprint for target in targets)


def read_plan(text: str, keyed_hash: KeyedHash, place: str = "plan") -> RetentionPlan:
    """The plan in the text of a plan file. Raises TamperedError when it is not what was written."""
    return RetentionPlan(plans.read_plan(text, KIND, keyed_hash, place))


def _listed(
    office: Office, targets: Sequence[Target], slip: PlanSlip, connection: Connection
) -> tuple[list[int], RowListInfo]:
    """Write the list of the rows of all targets; gives the number of each, and of the list."""
    rows = [0] * len(targets)

    def marked() -> Iterator[tuple[str, str]]:
        for number, target in enumerate(targets):
            step, marker = deletion_of(target), Marker(office.keyed_hash, slip.salt, target.rule.dataset)
            for key, state in step.reviewed(connection):
                rows[number] += 1
                yield marker.mark(key), marker.state(state)

    return rows, write_row_list(list_path(office, slip.id), marked())


def _joined(digests: Iterable[str]) -> str:
    """One digest for several; one alone stays as it is."""
    each = list(digests)
    return each[0] if len(each) == 1 else hashlib.sha256(" ".join(each).encode()).hexdigest()


def day_of(made: Plan) -> dt.date:
    """The day on which a plan was made, in its zone."""
    return dt.datetime.fromisoformat(made.made_at).astimezone(ZoneInfo(made.facts["zone"])).date()


def _facts(office: Office, target: Target, connection: Connection) -> tuple[dict[str, Any], dict[str, int]]:
    """What the plan says besides its rows, and what it blocks."""
    rule = target.rule
    months = (
        sa.select(target.month, sa.func.count()).where(target.planned).group_by(target.month).order_by(target.month)
    )
    undated = sa.select(sa.func.count()).select_from(target.table).where(target.month.is_(None))
    blocked = {}
    for name, kept in target.keepers.items():
        query = sa.select(sa.func.count()).select_from(target.table).where(target.expired, kept)
        blocked[name] = int(connection.execute(query).scalar_one())
    facts = {
        "rule": rule.rule_id,
        "digest": rule.digest,
        "basis": rule.basis,
        "cutoff": target.cutoff.isoformat(),
        "by_month": {str(month): int(count) for month, count in connection.execute(months)},
        "undated": int(connection.execute(undated).scalar_one()),
        "holds": len(office.holds.standing(rule.dataset)),
    }
    return facts, {name: count for name, count in blocked.items() if count}
