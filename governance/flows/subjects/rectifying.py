"""Correct fields of one person's records, through the guard like any write; recipients who must be told are queued."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from governance.flows.access.asking import check_impersonation
from governance.flows.opening.offices import writable_store
from governance.flows.subjects.erasing import recipients_of
from governance.flows.subjects.rectifying_crm import Corrected, correct_in_crm
from governance.jobs.key_order import among
from governance.jobs.work import Key
from governance.ledger.events import EventDraft, EventObject
from governance.requests.erasure_table import ErasureTable, find_erasure_table
from governance.requests.telling.queue import NoticeQueue
from governance.requests.traced import Trace, check_one_person
from policies.config import Medium
from policies.erasure_rules import ErasureEntry
from policies.errors import BadInputError
from policies.nouns import Action, DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance

_DOMAIN = "subject.rectified"


@dataclass(frozen=True, slots=True)
class Rectified:
    """What was corrected."""

    rows: int
    """How many records."""
    before: str
    """Keyed digest of the fields of these records as they were, 64 hex digits."""
    after: str
    """The same of what they are now."""
    event: str
    """The ledger's event."""
    told: int
    """How many recipients were queued to be told."""
    left: int = 0
    """In a CRM, how many records were not corrected: held, locked or refused, or kept otherwise."""
    job: str | None = None
    """In a CRM, the job that did it."""


def notices_of(gov: Governance) -> NoticeQueue:
    """The queue of recipients who must be told. Raises RecordsError."""
    return NoticeQueue(gov.records, gov.ledger, gov.clock, gov.new_id)


def rectify(  # noqa: PLR0913 what is corrected, by whom, and who is told, all by name
    gov: Governance,
    trace: Trace,
    dataset: DatasetRef,
    values: Mapping[str, str | None],
    *,
    principal: str,
    purpose: str,
    recipients: Sequence[str] | None = None,
    confirmed: bool = False,
) -> Rectified:
    """Set fields of every record of a traced person in one dataset, as a principal may for a purpose.

    All records change in one transaction or none does; in a CRM they change as a job, and `left` says how many did not:
    the same call again goes on. The ledger holds keyed digests of the fields before and after,
    never a value. `recipients` as `erasing.plan_erasure` has them. Raises BadInputError for a person without records
    there, a field that is none or a key, a value that does not fit, or a recipient that is no id; AccessRefusedError,
    as well for several subject keys that were not `confirmed` to be one person; StoreError, LedgerError.
    """
    check_one_person(trace, confirmed=confirmed)
    told = recipients_of(gov, recipients)
    check_impersonation(gov, principal, purpose, Action.WRITE)
    if gov.project.store(dataset.store).medium is Medium.CRM:
        keys = [each.key for each in trace.of(dataset)]
        done = correct_in_crm(gov, dataset, keys, values, principal=principal, purpose=purpose)
        made = _record(gov, (dataset, principal, purpose), tuple(values), (done.before, done.after), told, done)
        return replace(made, rows=done.rows, left=done.left, job=done.job)
    table = _table(gov, dataset)
    keys = [table.typed(each.key) for each in trace.of(dataset)]
    fields, typed = _checked(table, keys, values)
    columns = [*table.key, *(table.table.c[name] for name in fields)]
    mine = among(table.key, keys)
    with gov.session(dataset.store, principal=principal, purpose=purpose, writes=True) as db:
        before = [tuple(row) for row in db.execute(sa.select(*columns).where(mine).order_by(*table.key))]
        for key in keys:
            one = sa.and_(*(column == part for column, part in zip(table.key, key, strict=True)))
            db.execute(sa.update(table.table).where(one).values(dict(zip(fields, typed, strict=True))))
        after = [tuple(row) for row in db.execute(sa.select(*columns).where(mine).order_by(*table.key))]
        if len(before) != len(keys) or [row[len(table.key) :] for row in after] != [typed] * len(keys):
            raise _wrong(dataset, "records that the policy does not show, or values that the store keeps otherwise")
        db.commit()
    return _record(gov, (dataset, principal, purpose), fields, (before, after), told)


def _record(
    gov: Governance,
    what: tuple[DatasetRef, str, str],
    fields: Sequence[str],
    rows: tuple[Sequence[tuple[Any, ...]], Sequence[tuple[Any, ...]]],
    told: Sequence[str],
    done: Corrected | None = None,
) -> Rectified:
    """Record what was corrected, by digests, and queue those who must be told."""
    (dataset, principal, purpose), (before, after) = what, rows
    digests = {"before": _digest(gov, before), "after": _digest(gov, after)}
    counts = {"rows": len(before) if done is None else done.rows, "recipients": len(set(told))}
    event = gov.ledger.append(
        EventDraft(
            kind="subject.rectified",
            actor=gov.actor_ref,
            principal=gov.ledger.refer("principal", principal),
            purpose=purpose,
            action="write",
            outcome="done" if done is None or not done.left else "failed",
            objects=tuple(EventObject(f"{dataset}.{name}") for name in fields),
            counts=counts if done is None else {**counts, "left": done.left},
            versions=gov.versions(),
            refs=digests if done is None else {**digests, "job": done.job},
        )
    )
    queued = notices_of(gov).add("rectified", event.id, told)
    return Rectified(counts["rows"], digests["before"], digests["after"], event.id, queued)


def _table(gov: Governance, dataset: DatasetRef) -> ErasureTable:
    entry = gov.catalog.decided(dataset)
    with writable_store(gov, dataset.store) as engine, engine.connect() as connection:
        return find_erasure_table(connection, dataset, entry, ErasureEntry())


def _checked(
    table: ErasureTable, keys: Sequence[Key], values: Mapping[str, str | None]
) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    fixed = {each.name for each in (*table.key, *table.table.primary_key.columns)} | set(table.subject)
    if not keys:
        raise _wrong(table.dataset, "no record of the person")
    if not values or any(name not in table.table.c or name in fixed for name in values):
        raise _wrong(table.dataset, "no field, or one that the table does not have, or a key")
    names = tuple(values)
    return names, table.typed_as([table.table.c[name] for name in names], tuple(values.values()))


def _digest(gov: Governance, rows: Sequence[tuple[Any, ...]]) -> str:
    said = json.dumps([[str(type(each).__name__), str(each)] for row in rows for each in row])
    return gov.keyring.keyed_hash().digest(_DOMAIN, said.encode())


def _wrong(dataset: DatasetRef, found: str) -> BadInputError:
    return BadInputError(
        f"subject rectify, {dataset}",
        found=found,
        expected="fields of records of the person that the principal may read and write in clear",
        next_step="check dataset and fields with `governance catalog show`, and the policy with `policy explain`",
    )
