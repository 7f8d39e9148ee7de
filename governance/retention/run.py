"""Carry out a retention plan: the job engine treats the rows that were reviewed and are still as they were.

A run can be killed at any instant and started again. What is held, was changed, or is referred to since is left alone
and reported.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from governance.jobs.crm_step import CrmStep
from governance.jobs.engine import run_job
from governance.jobs.office import Office
from governance.jobs.outcome import JobOutcome
from governance.jobs.pace import Pace
from governance.jobs.plan import Plan, stale
from governance.jobs.running import Progress
from governance.jobs.store_connection import connected
from governance.retention.figures import count_verdicts
from governance.retention.plan import KIND, PURPOSE, RetentionPlan, day_of, schema_of, views
from governance.retention.steps import Archiving, Deletion, Setting, Tools, step_of
from governance.retention.target import TAKES_ROWS, Target
from governance.retention.targets import Ruled, find_targets
from policies.retention_rules import RetentionRule
from policies.verdicts import Standing

COUNTS = ("deleted", "masked", "held", "changed", "gone", "left")
"""What can have become of records that a plan listed, or that became due since."""


@dataclass(frozen=True, slots=True)
class RetentionOutcome:
    """What became of a plan, over all its runs."""

    of: JobOutcome
    """The job's outcome."""

    @property
    def job(self) -> str:
        """The job's id, which is the plan's."""
        return self.of.job

    @property
    def decision(self) -> str:
        """The ledger's decision that allowed it."""
        return self.of.decision

    @property
    def state(self) -> str:
        """`done`, or `paused` outside the time window."""
        return self.of.state

    @property
    def resumes(self) -> dt.datetime | None:
        """When a paused run may go on."""
        return self.of.resumes

    @property
    def certificate(self) -> str | None:
        """The id of its certificate; None while it waits."""
        return self.of.certificate

    @property
    def batches(self) -> int:
        """In how many transactions."""
        return self.of.batches

    @property
    def planned(self) -> int:
        """Records that the plan listed."""
        return self.of.total("planned")

    @property
    def deleted(self) -> int:
        """Records that were deleted, archived ones included."""
        return sum(each.done for each in self.of.steps if each.name.split(" ", 1)[0] in TAKES_ROWS)

    @property
    def masked(self) -> int:
        """Records whose fields were masked, or emptied with their key destroyed."""
        return self.of.total("done") - self.deleted

    @property
    def held(self) -> int:
        """Planned records that a hold kept."""
        return self.of.total("held")

    @property
    def changed(self) -> int:
        """Planned records that were changed, moved or referred to since; they were left alone."""
        return self.of.total("changed")

    @property
    def gone(self) -> int:
        """Planned records that others deleted."""
        return self.of.total("gone")

    @property
    def left(self) -> int:
        """Records that became due since and wait for the next plan; of a paused run, those still to look at."""
        return self.of.total("fresh") + self.of.total("left")

    def to_json(self) -> dict[str, Any]:
        """The document that the command prints."""
        names = ("job", "decision", "state", "certificate", "planned", *COUNTS)
        resumes = self.resumes.isoformat() if self.resumes else None
        return {
            "schema": "governance.retention-run/1",
            **{name: getattr(self, name) for name in names},
            "resumes": resumes,
        }


@dataclass(frozen=True)
class CarryingOut:
    """The work of one plan on the targets of its rules."""

    plan: Plan
    """The plan."""
    targets: Sequence[Target]
    """The tables as they stand, in the order of the plan."""
    dialect: str
    """The kind of the store."""
    tools: Tools
    """What actions need beside the store."""

    @property
    def kind(self) -> str:
        """The kind of job."""
        return KIND

    @property
    def purpose(self) -> str:
        """The purpose under which it works."""
        return PURPOSE

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that decided."""
        return tuple(target.rule.rule_id for target in self.targets)

    @cached_property
    def steps(self) -> tuple[Deletion | Setting | CrmStep, ...]:
        """One a rule."""
        made = [step_of(target, self.dialect, self.tools) for target in self.targets]
        return tuple(self.tools.act(each) if self.tools.act is not None else each for each in made)

    def check(self, connection: Connection) -> None:
        """Return when the tables have the schemas that the plan saw. Raises StalePlanError."""
        del connection
        if self.plan.versions["schema"] != schema_of(self.targets):
            raise stale(self.plan, "a table whose schema was changed since")

    def findings(self, connection: Connection) -> Mapping[str, Any]:
        """On what ground, and what is left: every table looked over again, rule by rule.

        Side effect: ends the archives.
        """
        rules = []
        for target, step in zip(self.targets, self.steps, strict=True):
            facts = next(each for each in self.plan.facts["rules"] if each["rule"] == target.rule.rule_id)
            said = {name: facts.get(name) for name in ("rule", "basis", "source", "action", "cutoff")}
            said["left"] = _left(connection, target)
            if isinstance(step, Archiving):
                said["archive"] = step.writer.finish()
            rules.append(said)
        return {"rules": rules, "zone": self.plan.facts["zone"]}


def _left(connection: Connection, target: Target) -> dict[str, int]:
    """What the table holds now: rows, rows on which the rule's period is over, and rows that are still due."""
    mine = target.claims.index(target.mine)
    verdicts = count_verdicts(connection, target)
    over = sum(count for standings, count in verdicts.items() if standings[mine] >= Standing.OVER)
    due = sa.select(sa.func.count()).select_from(target.table).where(target.planned)
    return {"rows": sum(verdicts.values()), "over": over, "due": int(connection.execute(due).scalar_one())}


def run(
    office: Office,
    rule: RetentionRule,
    plan: RetentionPlan,
    store: Engine,
    *,
    subject_key: tuple[str, ...] = (),
    pace: Pace | None = None,
) -> RetentionOutcome:
    """Delete what a plan of one rule lists; as `run_together`."""
    return run_together(office, [Ruled(rule, subject_key)], plan.plan, store, pace=pace)


def run_together(
    office: Office,
    ruled: Sequence[Ruled],
    plan: Plan,
    store: Engine,
    *,
    pace: Pace | None = None,
    on_progress: Progress | None = None,
    tools: Tools | None = None,
) -> RetentionOutcome:
    """Do what a plan says with the records that it lists and that are as they were; a plan is carried out once.

    Raises StalePlanError when rules, policy, catalog or schema are not what the plan was made on, and as
    `governance.jobs.engine.run_job`. After any of them, and after a kill, start again.
    """
    _check(office, ruled, plan)
    with connected(store, plan.place) as connection:
        targets = find_targets(connection, ruled, today=day_of(plan), zone=plan.facts["zone"])
    work = CarryingOut(plan, targets, store.dialect.name, tools or Tools())
    return RetentionOutcome(run_job(office, work, plan, store, pace=pace, on_progress=on_progress))


def _check(office: Office, ruled: Sequence[Ruled], plan: Plan) -> None:
    rules = {each.rule.rule_id: each for each in ruled}
    planned = {each.rule: each for each in views(plan)}
    if rules.keys() != planned.keys() or any(
        (each.digest, each.rule.dataset) != (planned[name].digest, planned[name].dataset)
        for name, each in rules.items()
    ):
        raise stale(plan, "a rule that was changed since, or another rule of its dataset")
    if plan.facts["zone"] != office.zone:
        raise stale(plan, "a time zone that was changed since")
    if any(each.rule.period.cutoff(day_of(plan)) != planned[name].cutoff for name, each in rules.items()):
        raise stale(plan, "a cutoff that does not follow from the rule")
