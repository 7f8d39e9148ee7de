"""Carry out a retention plan: the job engine deletes the rows that were reviewed and are still as they were.

A run can be killed at any instant and started again. What is held, was changed, or is referred to since is left alone
and reported.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from governance.jobs.engine import run_job
from governance.jobs.office import Office
from governance.jobs.outcome import JobOutcome
from governance.jobs.pace import Pace
from governance.jobs.plan import Plan, stale
from governance.jobs.running import Progress
from governance.jobs.store_connection import connected
from governance.jobs.work import Step
from governance.retention.deletion import deletion_of
from governance.retention.plan import KIND, PURPOSE, RetentionPlan, day_of, schema_of, views
from governance.retention.target import Target
from governance.retention.targets import Ruled, find_targets
from policies.retention_rules import RetentionRule


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
        """Records that were deleted."""
        return self.of.total("done")

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
        names = ("job", "decision", "state", "certificate", "planned", "deleted", "held", "changed", "gone", "left")
        resumes = self.resumes.isoformat() if self.resumes else None
        return {
            "schema": "governance.retention-run/1",
            **{name: getattr(self, name) for name in names},
            "resumes": resumes,
        }


@dataclass(frozen=True, slots=True)
class Deleting:
    """The work of one plan on the targets of its rules."""

    plan: Plan
    """The plan."""
    targets: Sequence[Target]
    """The tables as they stand, in the order of the plan."""

    @property
    def kind(self) -> str:
        """The kind of job."""
        return KIND

    @property
    def purpose(self) -> str:
        """The purpose under which it deletes."""
        return PURPOSE

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that decided."""
        return tuple(target.rule.rule_id for target in self.targets)

    @property
    def steps(self) -> tuple[Step, ...]:
        """One deletion a rule."""
        return tuple(deletion_of(target) for target in self.targets)

    def check(self, connection: Connection) -> None:
        """Return when the tables have the schemas that the plan saw. Raises StalePlanError."""
        del connection
        if self.plan.versions["schema"] != schema_of(self.targets):
            raise stale(self.plan, "a table whose schema was changed since")

    def findings(self, connection: Connection) -> Mapping[str, Any]:
        """On what ground, and what began before which day, rule by rule."""
        del connection
        said = ("rule", "basis", "cutoff")
        rules = [{name: facts[name] for name in said} for facts in self.plan.facts["rules"]]
        return {"rules": rules, "zone": self.plan.facts["zone"]}


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
) -> RetentionOutcome:
    """Delete the records that a plan lists and that are as they were; one that was carried out is not run again.

    Raises StalePlanError when rules, policy, catalog or schema are not what the plan was made on, and as
    `governance.jobs.engine.run_job`. After any of them, and after a kill, start again.
    """
    _check(office, ruled, plan)
    with connected(store, plan.place) as connection:
        targets = find_targets(connection, ruled, today=day_of(plan), zone=plan.facts["zone"])
    return RetentionOutcome(run_job(office, Deleting(plan, targets), plan, store, pace=pace, on_progress=on_progress))


def _check(office: Office, ruled: Sequence[Ruled], plan: Plan) -> None:
    rules = {each.rule.rule_id: each.rule for each in ruled}
    planned = {each.rule: each for each in views(plan)}
    if rules.keys() != planned.keys() or any(
        (rule.digest, rule.dataset) != (planned[name].digest, planned[name].dataset) for name, rule in rules.items()
    ):
        raise stale(plan, "a rule that was changed since")
    if plan.facts["zone"] != office.zone:
        raise stale(plan, "a time zone that was changed since")
    if any(rule.period.cutoff(day_of(plan)) != planned[name].cutoff for name, rule in rules.items()):
        raise stale(plan, "a cutoff that does not follow from the rule")
