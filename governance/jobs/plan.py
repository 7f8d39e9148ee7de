"""Plans: what a job would do, in numbers and with reasons, sealed for review. Making one changes nothing in a store.

{"schema": "governance.plan/1", "kind": "retention", "id": ..., "made_at": ..., "actor": ..., "place": "crm.orders",
 "lines": [{"step": ..., "dataset": ..., "action": ..., "rows": 14, "reason": ..., "blocked": {...}}],
 "facts": {...}, "versions": {...}, "row_list": {"rows": 14, "sha256": ...} or null, "seal": 64 hex digits}
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import insert, select

from governance.jobs.office import Office
from governance.jobs.plan_file import SCHEMA, open_plan, plan_text, seal_plan
from governance.jobs.tables import PLANS
from governance.ledger.base import KeyedHash
from governance.ledger.events import EventDraft, EventObject, stamp
from governance.records.transactions import reading, writing
from policies.errors import StalePlanError


@dataclass(frozen=True, slots=True)
class PlanLine:
    """What one step would do."""

    step: str
    """The step's name."""
    dataset: str
    """The dataset."""
    action: str
    """`write`, `delete`, `export` or `read`."""
    rows: int
    """How many rows it would change; 0 for a step without rows."""
    reason: str
    """Why, as a code of the words files."""
    blocked: Mapping[str, int] = field(default_factory=dict)
    """Rows that it would leave alone, by reason."""


@dataclass(frozen=True, slots=True)
class RowListInfo:
    """The companion file that names the rows of a plan."""

    rows: int
    """How many."""
    sha256: str
    """Of the file, 64 hex digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a job would do, sealed."""

    id: str
    """The plan's id, and that of the job that carries it out."""
    kind: str
    """The kind of job."""
    made_at: str
    """When it was made, in UTC."""
    actor: str
    """The ledger's reference of who made it."""
    place: str
    """What it is about: a store or dataset."""
    lines: tuple[PlanLine, ...]
    """What each step would do, in order."""
    facts: Mapping[str, Any]
    """All that the work needs to be built again, as JSON; texts of the user's own files, never a value."""
    versions: Mapping[str, str]
    """What it rests on: digests of policy, catalog, rule, schema."""
    row_list: RowListInfo | None
    """Its row list; None for a kind that needs none."""
    seal: str
    """The keyed hash over all of it."""

    @property
    def rows(self) -> int:
        """How many rows would be changed, over all steps."""
        return sum(line.rows for line in self.lines)

    def to_json(self) -> dict[str, Any]:
        """The document of the plan file."""
        return {"schema": SCHEMA, "kind": self.kind, **_body(self), "seal": self.seal}

    def text(self) -> str:
        """The text of the plan file; the same plan gives the same text."""
        return plan_text(self.to_json())

    def line(self, step: str) -> PlanLine | None:
        """What a step would do; None for one that the plan does not have."""
        return next((line for line in self.lines if line.step == step), None)


@dataclass(frozen=True, slots=True)
class PlanSlip:
    """The id and salt of a plan that is about to be made: marks of its rows need them before its numbers are known."""

    id: str
    """Its id."""
    salt: bytes
    """The salt of its marks."""


def new_slip(office: Office) -> PlanSlip:
    """A fresh id and salt."""
    return PlanSlip(office.new_id(), office.new_salt())


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDraft:
    """What a kind of job says of a plan, before it is sealed."""

    kind: str
    """The kind of job."""
    purpose: str
    """The purpose under which it is recorded."""
    place: str
    """What it is about: a store or dataset."""
    lines: Sequence[PlanLine]
    """What each step would do, in order."""
    facts: Mapping[str, Any]
    """All that the work needs to be built again."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """What it rests on besides policy and catalog."""
    rules: tuple[str, ...] = ()
    """Ids of the rules that decided."""
    slip: PlanSlip | None = None
    """Its id and salt where they were needed before; fresh ones otherwise."""
    row_list: RowListInfo | None = None
    """Its row list."""


def make_plan(office: Office, draft: PlanDraft) -> Plan:
    """Seal a plan and enter it in the records together with `job.planned`. Raises LedgerError, RecordsError."""
    slip = draft.slip or new_slip(office)
    plan = _sealed(office, draft, slip)
    row = {name: getattr(plan, name) for name in ("id", "kind", "place", "seal", "rows")}
    row |= {"planned_by": plan.actor, "made": plan.made_at, "salt": slip.salt.hex(), "salt_ends": salt_day(office)}
    with writing(office.records) as connection:
        connection.execute(insert(PLANS).values(**row))
        office.ledger.append_in(connection, _planned(plan, draft))
    return plan


def look(office: Office, draft: PlanDraft) -> Plan:
    """A plan that says how things are and can never be run; recorded as `job.planned`. Raises LedgerError."""
    plan = _sealed(office, draft, draft.slip or new_slip(office))
    office.ledger.append(_planned(plan, draft))
    return plan


def _sealed(office: Office, draft: PlanDraft, slip: PlanSlip) -> Plan:
    unsealed = Plan(
        id=slip.id,
        kind=draft.kind,
        made_at=stamp(office.clock()),
        actor=office.actor,
        place=draft.place,
        lines=tuple(draft.lines),
        facts=draft.facts,
        versions={"policy": office.digest, **draft.versions},
        row_list=draft.row_list,
        seal="",
    )
    return replace(unsealed, seal=seal_plan(draft.kind, _body(unsealed), office.keyed_hash)["seal"])


def salt_day(office: Office) -> str:
    """The last day, in UTC, on which marks of a plan made or a job ended now can be tied to rows."""
    return (office.clock().astimezone(dt.UTC) + dt.timedelta(days=office.certificate_days)).date().isoformat()


def read_plan(text: str, kind: str | None, keyed_hash: KeyedHash, place: str = "plan") -> Plan:
    """The plan, of a kind or any, in the text of a plan file. Raises TamperedError when any byte was changed."""
    document = open_plan(text, kind, keyed_hash, place)
    listed = document["row_list"]
    return Plan(
        **{name: document[name] for name in Plan.__slots__ if name not in {"lines", "row_list"}},
        lines=tuple(PlanLine(**line) for line in document["lines"]),
        row_list=RowListInfo(**listed) if listed else None,
    )


def salt_of(office: Office, plan: Plan) -> bytes:
    """The salt of a plan that these records know. Raises StalePlanError for another one, or one past its day."""
    with reading(office.records) as connection:
        found = connection.execute(select(PLANS.c.seal, PLANS.c.salt).where(PLANS.c.id == plan.id)).one_or_none()
    if found is None or found.seal != plan.seal:
        raise stale(plan, "a plan that these records do not know")
    if not found.salt:
        raise stale(plan, "a plan whose marks were given up on the stated day")
    return bytes.fromhex(found.salt)


def objects_of(plan: Plan) -> tuple[EventObject, ...]:
    """The datasets that a plan is about, each once, in the order of its steps."""
    return tuple(EventObject(name) for name in dict.fromkeys(line.dataset for line in plan.lines))


def stale(plan: Plan, found: str) -> StalePlanError:
    """The error of a plan that does not hold any more."""
    return StalePlanError(
        f"{plan.kind} plan {plan.id}", found=found, expected="all as the plan saw it", next_step="make a new plan"
    )


def _planned(plan: Plan, draft: PlanDraft) -> EventDraft:
    blocked = sum(sum(line.blocked.values()) for line in plan.lines)
    return EventDraft(
        kind="job.planned",
        actor=plan.actor,
        purpose=draft.purpose,
        outcome="done",
        objects=objects_of(plan),
        counts={"rows": plan.rows, "blocked": blocked, "steps": len(plan.lines)},
        rules=draft.rules,
        versions={**plan.versions, "plan": plan.seal},
        refs={"plan": plan.id},
    )


def _body(plan: Plan) -> dict[str, Any]:
    plain = ("id", "made_at", "actor", "place")
    listed = plan.row_list
    return {
        **{name: getattr(plan, name) for name in plain},
        "lines": [
            {**{name: getattr(line, name) for name in PlanLine.__slots__}, "blocked": dict(line.blocked)}
            for line in plan.lines
        ],
        "facts": dict(plan.facts),
        "versions": dict(plan.versions),
        "row_list": {"rows": listed.rows, "sha256": listed.sha256} if listed else None,
    }
