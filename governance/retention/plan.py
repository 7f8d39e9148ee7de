"""What a retention rule would delete today, in numbers that a person reviews; nothing is changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from governance.jobs import plan as plans
from governance.jobs.marks import Marker
from governance.jobs.office import Office
from governance.jobs.plan import Plan, PlanDraft, PlanLine
from governance.jobs.row_list import list_path, write_row_list
from governance.jobs.store_connection import connected
from governance.ledger.base import KeyedHash
from governance.retention.deletion import deletion_of
from governance.retention.target import Target, find_target
from policies.nouns import DatasetRef
from policies.retention_rules import RetentionRule

KIND = "retention"
"""The kind of plan and job."""
PURPOSE = "governance.retention"
"""The purpose under which retention reads and deletes."""


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """What a rule would delete, sealed: a plan of the job engine, read as retention means it."""

    plan: Plan
    """The plan, with its row list unless it was made for a look."""

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
        return str(self.plan.facts["rule"])

    @property
    def dataset(self) -> DatasetRef:
        """The dataset."""
        return DatasetRef(*self.plan.place.split(".", 1))

    @property
    def due(self) -> int:
        """How many records would be deleted."""
        return self.plan.rows

    @property
    def cutoff(self) -> dt.date:
        """Records that began before this day are due; the day begins in `zone`."""
        return dt.date.fromisoformat(self.plan.facts["cutoff"])

    @property
    def zone(self) -> str:
        """The zone."""
        return str(self.plan.facts["zone"])

    @property
    def by_month(self) -> Mapping[str, int]:
        """Due records by the month in which they began."""
        found: Mapping[str, int] = self.plan.facts["by_month"]
        return found

    @property
    def blocked(self) -> Mapping[str, int]:
        """Expired records that are kept because another record refers to them, by its table and fields."""
        return self.plan.lines[0].blocked

    @property
    def undated(self) -> int:
        """Records without a start, which are never due."""
        return int(self.plan.facts["undated"])

    @property
    def holds(self) -> int:
        """Holds that stand on the dataset; what they hold is counted when the plan is run."""
        return int(self.plan.facts["holds"])

    def numbers(self) -> dict[str, Any]:
        """What reports take of it."""
        names = ("id", "made_at", "rule", "due", "zone", "undated", "holds")
        return {
            **{name: getattr(self, name) for name in names},
            "dataset": str(self.dataset),
            "basis": self.plan.facts["basis"],
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
    """What the rule would delete as of now, row by row, recorded as `job.planned`; nothing is changed in the store.

    With `look` it is counted only: such a plan cannot be run. Raises StoreError, ConfigError, PredicateError or
    LedgerError.
    """
    today = office.local().date()
    slip = plans.new_slip(office)
    with connected(store, str(rule.dataset)) as connection:
        target = find_target(connection, rule, subject=subject_key, today=today, zone=office.zone)
        facts, blocked = _facts(office, target, connection)
        row_list = None
        if not look:
            step, marker = deletion_of(target), Marker(office.keyed_hash, slip.salt, rule.dataset)
            seen = ((marker.mark(key), marker.state(state)) for key, state in step.reviewed(connection))
            row_list = write_row_list(list_path(office, slip.id), seen)
        rows = row_list.rows if row_list else sum(facts["by_month"].values())
    draft = PlanDraft(
        kind=KIND,
        purpose=PURPOSE,
        place=str(rule.dataset),
        lines=(PlanLine(deletion_of(target).name, str(rule.dataset), "delete", rows, "retention.due", blocked),),
        facts=facts,
        versions={"rule": rule.digest, "schema": target.fingerprint},
        rules=(rule.rule_id,),
        slip=slip,
        row_list=row_list,
    )
    return RetentionPlan(plans.look(office, draft) if look else plans.make_plan(office, draft))


def read_plan(text: str, keyed_hash: KeyedHash, place: str = "plan") -> RetentionPlan:
    """The plan in the text of a plan file. Raises TamperedError when it is not what was written."""
    return RetentionPlan(plans.read_plan(text, KIND, keyed_hash, place))


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
        "basis": rule.basis,
        "cutoff": target.cutoff.isoformat(),
        "zone": office.zone,
        "by_month": {str(month): int(count) for month, count in connection.execute(months)},
        "undated": int(connection.execute(undated).scalar_one()),
        "holds": len(office.holds.standing(rule.dataset)),
    }
    return facts, {name: count for name, count in blocked.items() if count}
