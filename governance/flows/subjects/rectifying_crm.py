"""Correct fields of one person's records in a CRM: what the policy lets somebody write, done as a job, read again."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Connection

from connectors.crm.mirror import Mirror
from governance.access.permits import DatasetPermit
from governance.flows.access.asking import ask
from governance.flows.opening.job_stores import job_store, refuse_read_only
from governance.flows.opening.offices import office_of, pace_of
from governance.guard.base import UseContext
from governance.guard.filter import RecordFilter
from governance.jobs import plan as plans
from governance.jobs.crm_step import CrmStep
from governance.jobs.engine import run_job
from governance.jobs.key_order import among
from governance.jobs.marks import Marker
from governance.jobs.office import Office
from governance.jobs.plan import Plan, PlanDraft, PlanLine
from governance.jobs.row_list import list_path, write_row_list
from governance.ledger.events import EventDraft, EventObject
from governance.requests.erasure_steps import TakingOut
from governance.requests.erasure_table import ErasureTable, find_erasure_table
from governance.requests.traced import RecordKey
from policies.erasure_rules import ErasureEntry
from policies.errors import AccessRefusedError, BadInputError
from policies.nouns import Action, DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance

KIND = "rectification"
"""The kind of plan and job."""
_READERS: Mapping[str, Callable[[str], Any]] = {
    "boolean": lambda text: {"true": True, "false": False}[text.lower()],
    "date": dt.date.fromisoformat,
    "datetime": dt.datetime.fromisoformat,
    "decimal": decimal.Decimal,
    "float": float,
    "integer": int,
}
"""How a value of each word of `Field.type` is read; every other is a text."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """What was corrected in a CRM."""

    job: str
    """The id of the job that did it."""
    rows: int
    """How many records hold the new values."""
    left: int
    """How many do not: held, locked or refused, or kept otherwise by the CRM."""
    before: Sequence[tuple[Any, ...]] = field(repr=False)
    """Key and fields of each as they were."""
    after: Sequence[tuple[Any, ...]] = field(repr=False)
    """The same of what they are now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """The work of one plan; nothing but its one step."""

    kind: str
    purpose: str
    rules: tuple[str, ...]
    steps: Sequence[CrmStep]

    def check(self, connection: Connection) -> None:
        """Nothing: the plan was made a moment ago."""

    def findings(self, connection: Connection) -> Mapping[str, Any]:
        """Nothing: whoever asked reads the records again."""
        del connection
        return {}


def correct_in_crm(
    gov: Governance,
    dataset: DatasetRef,
    keys: Sequence[RecordKey],
    values: Mapping[str, str | None],
    *,
    principal: str,
    purpose: str,
) -> Corrected:
    """Set fields of some records, as a principal may for a purpose; done again, it changes what is left.

    Raises BadInputError for a field that is none, a key or nested, or for a value that does not fit;
    AccessRefusedError for records or fields that the policy does not give, recorded; ConfigError for a store that is
    only read; StoreError, LedgerError.
    """
    refuse_read_only(gov, [dataset.store])
    context = ask(gov, principal, purpose, Action.READ, writes=True).context
    permits = _permits(gov, dataset, tuple(values), context)
    with job_store(gov, dataset.store) as store:
        mirror = store.mirror
        if mirror is None:
            raise _wrong(dataset, "a store that is no CRM")
        typed = _typed(gov, mirror, dataset, keys, values)
        wanted = sorted({str(each[0]) for each in keys})
        before = _read(mirror, dataset, wanted)
        shape = next(each for each in mirror.store.datasets() if each.name == dataset.dataset)
        types = {each.name: each.type for each in shape.fields}
        filters = [RecordFilter(each, context.principal.attributes, types) for each in permits]
        if len(before) != len(wanted) or not _permitted(filters, before, typed):
            raise _refused(gov, dataset, context, "records that the policy does not let this principal write")
        mirror.refresh(dataset.dataset, wanted, mirror.fields(dataset.dataset))
        with store.engine.connect() as connection:
            table = find_erasure_table(connection, dataset, gov.catalog.decided(dataset), ErasureEntry())
        # a write through the guard asks no second person, and neither does this
        office = replace(office_of(gov), two_persons=False)
        step = CrmStep.over(
            _step(table, wanted, {name: mirror.wall_clock(value) for name, value in typed.items()}),
            mirror,
            mirror.fields(dataset.dataset),
            None,
        )
        with store.engine.connect() as connection:
            plan = _plan(office, step, connection, purpose)
        work = _Work(kind=KIND, purpose=purpose, rules=("subject.rectify",), steps=[step])
        found = run_job(office, work, plan, store.engine, pace=replace(pace_of(gov), window=None))
        list_path(office, plan.id).unlink(missing_ok=True)
        after = _read(mirror, dataset, wanted)
    done = sum(all(row.get(name) == value for name, value in typed.items()) for row in after)
    names = [*table.entry.subject_key, *typed]
    cut = [[tuple(row.get(name) for name in names) for row in rows] for rows in (before, after)]
    return Corrected(found.job, done, len(wanted) - done, cut[0], cut[1])


def _permits(
    gov: Governance, dataset: DatasetRef, names: Sequence[str], context: UseContext
) -> tuple[DatasetPermit, ...]:
    """What the principal may read and write of a dataset, once both give every field in clear."""
    if gov.policy_files.purposes.needs_consent(context.purpose):
        raise _refused(gov, dataset, context, "a purpose that needs consent, on a store that is no database")
    permit = gov.policy_files.policy.permit
    found = tuple(permit(context.principal, context.purpose, each, dataset) for each in (Action.READ, Action.WRITE))
    if not all(each.is_clear(name) for each in found for name in names):
        raise _refused(gov, dataset, context, "fields that this principal may not read and write in clear")
    return found


def _permitted(filters: Sequence[RecordFilter], rows: Sequence[Mapping[str, Any]], typed: Mapping[str, Any]) -> bool:
    """Whether each row is one that may be written, and still is once it is corrected."""
    return all(each.filter([row]) and each.filter([{**row, **typed}]) for each in filters for row in rows)


def _typed(
    gov: Governance, mirror: Mirror, dataset: DatasetRef, keys: Sequence[RecordKey], values: Mapping[str, str | None]
) -> dict[str, Any]:
    described = {each.name: each for each in mirror.store.datasets()}.get(dataset.dataset)
    if described is None or not keys:
        raise _wrong(dataset, "no record of the person")
    fixed = {*described.primary_key, *gov.catalog.decided(dataset).subject_key}
    types = {each.name: each.type for each in described.fields if each.name not in fixed and "." not in each.name}
    if not values or any(name not in types for name in values):
        raise _wrong(dataset, "no field, or one that the module does not have, a key, or one that is nested")
    found = {}
    for name, text in values.items():
        try:
            found[name] = text if text is None else mirror.aware(_READERS.get(types[name], str)(text))
        except (ValueError, KeyError, ArithmeticError):
            raise _wrong(dataset, f"a value that is not of the type {types[name]}") from None
    return found


def _read(mirror: Mirror, dataset: DatasetRef, keys: Sequence[str]) -> list[dict[str, Any]]:
    return [dict(row) for row in mirror.store.records(dataset.dataset, keys, mirror.fields(dataset.dataset))]


def _step(table: ErasureTable, keys: Sequence[str], typed: Mapping[str, Any]) -> TakingOut:
    columns = table.table.c
    values = {
        name: sa.literal(value, columns[name].type) if value is not None else sa.null() for name, value in typed.items()
    }
    other = sa.or_(*(columns[name].is_distinct_from(value) for name, value in values.items()))
    return TakingOut(
        name=f"rectify {table.dataset}",
        dataset=table.dataset,
        action="write",
        table=table.table,
        key=table.key,
        needs=sa.and_(among(table.key, [(key,) for key in keys]), other),
        subject=tuple(columns[name] for name in table.subject),
        states=(*table.key, *(columns[name] for name in table.subject)),
        values=values,
    )


def _plan(office: Office, step: CrmStep, connection: Connection, purpose: str) -> Plan:
    slip = plans.new_slip(office)
    marker = Marker(office.keyed_hash, slip.salt, step.dataset)
    rows = [(marker.mark(key), marker.state(state)) for key, state in step.reviewed(connection)]
    draft = PlanDraft(
        kind=KIND,
        purpose=purpose,
        place=step.dataset.store,
        lines=[PlanLine(step.name, str(step.dataset), step.action, len(rows), "rectification.asked")],
        facts={"fields": sorted(step.values or ())},
        rules=("subject.rectify",),
        slip=slip,
        row_list=write_row_list(list_path(office, slip.id), rows),
    )
    return plans.make_plan(office, draft)


def _refused(gov: Governance, dataset: DatasetRef, context: UseContext, found: str) -> AccessRefusedError:
    """The refusal, which is recorded."""
    rules = ("subject.rectify",)
    gov.ledger.decide(
        EventDraft(
            kind="decision",
            actor=gov.actor_ref,
            principal=gov.ledger.refer("principal", context.principal.name),
            purpose=context.purpose,
            action=Action.WRITE.value,
            outcome="refused",
            objects=(EventObject(str(dataset)),),
            rules=rules,
            versions=gov.versions(),
        )
    )
    return AccessRefusedError(
        f"subject rectify, {dataset}",
        found=found,
        expected="a principal with `read` and `write` on them, for a purpose that rests on another ground",
        next_step="check the policy with `governance policy explain`",
        rule_ids=rules,
    )


def _wrong(dataset: DatasetRef, found: str) -> BadInputError:
    return BadInputError(
        f"subject rectify, {dataset}",
        found=found,
        expected="fields of records of the person, with values of their types",
        next_step="check dataset and fields with `governance catalog show`",
    )
