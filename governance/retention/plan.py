"""What a retention rule would do today, in numbers that a person reviews; nothing is changed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
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
from governance.retention.figures import Figures, count_verdicts, figures
from governance.retention.steps import ledger_action, reviewed_rows, step_name
from governance.retention.target import Target
from governance.retention.targets import Ruled, find_targets
from policies.errors import BadInputError
from policies.nouns import DatasetRef
from policies.retention_rules import RetentionRule
from policies.verdicts import Standing, Verdict, decide

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
    def read_only(self) -> bool:
        """Whether no job may change the store, so that the plan cannot be run."""
        return bool(self.plan.facts.get("read_only", False))

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
        """Expired records that are kept: by a referring table and its fields, `duty:RULE`, `request`, `consent` or
        `contract`.
        """
        return self.plan.lines[self.line].blocked

    @property
    def undated(self) -> int:
        """Records without a start, which are never due."""
        return int(self._facts["undated"])

    @property
    def holds(self) -> int:
        """Holds that stand on the dataset; what they hold is left alone when the plan is run."""
        return int(self._facts["holds"])

    @property
    def held(self) -> int:
        """Due records that a hold keeps."""
        return int(self._facts.get("held", 0))

    @property
    def action(self) -> str:
        """What is done with due records."""
        return str(self._facts.get("action", "delete"))

    @property
    def by_stage(self) -> Mapping[str, int]:
        """Due records by stage; empty for a dataset without stages."""
        found: Mapping[str, int] = self._facts.get("by_stage", {})
        return found

    @property
    def forecast(self) -> Mapping[str, int]:
        """Records that fall due by month: the rest of this one and the next twelve."""
        found: Mapping[str, int] = self._facts.get("forecast", {})
        return found

    @property
    def matched(self) -> int:
        """Records of which the rule speaks; 0 for a rule that matches nothing."""
        return int(self._facts.get("matched", 0))

    @property
    def conflicts(self) -> Sequence[Mapping[str, Any]]:
        """Which rules won over which, on how many records."""
        found: Sequence[Mapping[str, Any]] = self._facts.get("conflicts", ())
        return found

    def numbers(self) -> dict[str, Any]:
        """What reports take of it."""
        names = ("id", "made_at", "rule", "due", "zone", "undated", "holds", "held", "action", "matched")
        dicts = ("by_month", "by_stage", "blocked", "forecast")
        return {
            **{name: getattr(self, name) for name in names},
            **{name: dict(getattr(self, name)) for name in dicts},
            "dataset": str(self.dataset),
            "basis": self._facts["basis"],
            "cutoff": self.cutoff.isoformat(),
            "conflicts": [dict(each) for each in self.conflicts],
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
    office: Office, ruled: Sequence[Ruled], store: Engine, *, look: bool = False, read_only: bool = False
) -> tuple[RetentionPlan, ...]:
    """What rules of one store would do as of now, row by row, in one plan; recorded as `job.planned`.

    `read_only` says in the plan that no job may change the store.
    Nothing is changed in the store. What refers to a record goes before it, so a record is due although others refer to
    it when those are due too. With `look` all is counted only: such a plan cannot be run. Raises StoreError,
    ConfigError, PredicateError or LedgerError.
    """
    slip, places = plans.new_slip(office), sorted(str(each.rule.dataset) for each in ruled)
    with connected(store, places[0]) as connection:
        targets = find_targets(connection, ruled, today=office.local().date(), zone=office.zone)
        found = [_figures(office, target, connection) for target in targets]
        rows = [each.due for each in found]
        row_list = None
        if not look:
            rows, row_list = _listed(office, targets, slip, connection)
    by_id = {each.rule.rule_id: each for each in ruled}
    draft = PlanDraft(
        kind=KIND,
        purpose=PURPOSE,
        place=places[0] if len(places) == 1 else targets[0].rule.dataset.store,
        lines=[
            PlanLine(
                step_name(target),
                str(target.rule.dataset),
                ledger_action(target),
                count,
                "retention.due",
                dict(said.kept),
            )
            for target, count, said in zip(targets, rows, found, strict=True)
        ],
        facts={
            "zone": office.zone,
            **({"read_only": True} if read_only else {}),
            "rules": [
                _facts(office, target, by_id[target.rule.rule_id], said)
                for target, said in zip(targets, found, strict=True)
            ],
        },
        versions={
            "rule": _joined([by_id[target.rule.rule_id].digest for target in targets]),
            "schema": schema_of(targets),
        },
        rules=tuple(target.rule.rule_id for target in targets),
        slip=slip,
        row_list=row_list,
    )
    return views(plans.look(office, draft) if look else _kept(office, plans.make_plan(office, draft)))


def verdict_on(office: Office, ruled: Ruled, store: Engine, key: Sequence[str]) -> Verdict | None:
    """What all rules of a dataset say of one record today; None for one that is not there.

    Foreign keys are not asked. Raises BadInputError for a key of another length, StoreError and as `find_targets`.
    """
    with connected(store, str(ruled.rule.dataset)) as connection:
        (target,) = find_targets(connection, [ruled], today=office.local().date(), zone=office.zone)
        if len(key) != len(target.key):
            raise BadInputError(
                f"key of {ruled.rule.dataset}",
                found=f"{len(key)} value(s)",
                expected=f"{len(target.key)}, one for each field of its primary key",
                next_step="give the key fields' values in their order",
            )
        match = [sa.cast(column, sa.String(100)) == value for column, value in zip(target.key, key, strict=True)]
        standings = [each.standing.label(f"s{number}") for number, each in enumerate(target.claims)]
        persons = [each.label(f"p{number}") for number, each in enumerate(target.subject)]
        row = connection.execute(sa.select(*standings, *persons).where(*match)).first()
    if row is None:
        return None
    numbers, person = row[: len(standings)], row[len(standings) :]
    claims = [each.claim(Standing(number)) for each, number in zip(target.claims, numbers, strict=True)]
    return decide(claims, held=office.holds.stop(ruled.rule.dataset).holds(key, person))


def views(made: Plan) -> tuple[RetentionPlan, ...]:
    """A plan rule by rule, in the order in which they are carried out."""
    return tuple(RetentionPlan(made, line) for line in range(len(made.lines)))


def schema_of(targets: Sequence[Target]) -> str:
    """A digest of the schemas of some tables."""
    return _joined([target.fingerprint for target in targets])


def read_plan(text: str, keyed_hash: KeyedHash, place: str = "plan") -> RetentionPlan:
    """The plan in the text of a plan file. Raises TamperedError when it is not what was written."""
    return RetentionPlan(plans.read_plan(text, KIND, keyed_hash, place))


def plan_path(office: Office, plan_id: str) -> Path:
    """Where the text of a plan lies beside its row list, so that it can be carried out again after a restore."""
    return list_path(office, plan_id).with_suffix(".json")


def _kept(office: Office, made: Plan) -> Plan:
    """A plan whose text was left beside its row list."""
    plan_path(office, made.id).write_text(made.text(), encoding="utf-8")
    return made


def _listed(
    office: Office, targets: Sequence[Target], slip: PlanSlip, connection: Connection
) -> tuple[list[int], RowListInfo]:
    """Write the list of the rows of all targets; gives the number of each, and of the list."""
    rows = [0] * len(targets)

    def marked() -> Iterator[tuple[str, str]]:
        for number, target in enumerate(targets):
            marker = Marker(office.keyed_hash, slip.salt, target.rule.dataset)
            for key, state in reviewed_rows(connection, target):
                rows[number] += 1
                yield marker.mark(key), marker.state(state)

    return rows, write_row_list(list_path(office, slip.id), marked())


def _joined(digests: Sequence[str]) -> str:
    """One digest for several; one alone stays as it is."""
    return digests[0] if len(digests) == 1 else hashlib.sha256(" ".join(digests).encode()).hexdigest()


def day_of(made: Plan) -> dt.date:
    """The day on which a plan was made, in its zone."""
    return dt.datetime.fromisoformat(made.made_at).astimezone(ZoneInfo(made.facts["zone"])).date()


def _figures(office: Office, target: Target, connection: Connection) -> Figures:
    stop = office.holds.stop(target.rule.dataset)
    return figures(connection, target, count_verdicts(connection, target), stop)


def _facts(office: Office, target: Target, ruled: Ruled, said: Figures) -> dict[str, Any]:
    """What the plan says of a rule besides its rows."""
    rule = target.rule
    return {
        "rule": rule.rule_id,
        "digest": ruled.digest,
        "basis": rule.basis,
        "source": rule.source,
        "action": rule.action,
        "cutoff": target.cutoff.isoformat(),
        "by_month": dict(said.by_month),
        "by_stage": dict(said.by_stage),
        "undated": said.undated,
        "matched": said.matched,
        "held": said.held,
        "forecast": dict(said.forecast),
        "conflicts": [dict(each) for each in said.conflicts],
        "state": list(target.state_names),
        "holds": len(office.holds.standing(rule.dataset)),
    }
