"""A person's records as somebody may export them: databases through the guard, files and CRMs by its filter."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from governance.flows.access.asking import ask
from governance.flows.opening.recorded_use import recorded_use
from governance.guard.filter import RecordFilter
from governance.protect.encrypted_type import Plain
from governance.requests.file_rows import FileRows
from governance.requests.subject_map import DatasetMap
from governance.requests.traced import RecordKey
from policies.config import Medium
from policies.errors import AccessRefusedError
from policies.nouns import Action

if TYPE_CHECKING:
    from governance.access.permits import DatasetPermit
    from governance.app import Governance

AT_ONCE = 300
"""Records that are read with one statement."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who exports, and why."""

    principal: str
    """The principal."""
    purpose: str
    """The purpose."""


@dataclass(frozen=True, slots=True)
class Readable:
    """What somebody may export of a dataset."""

    dataset: DatasetMap
    """The dataset."""
    fields: tuple[str, ...]
    """The fields, in the catalog's order; those about others are not among them."""
    masked: tuple[str, ...]
    """Which of them are not given in clear on every row."""
    hidden: int
    """How many other fields there are that are not given."""


def readable(gov: Governance, asker: Asker, dataset: DatasetMap, wanted: Sequence[str] | None = None) -> Readable:
    """What of a dataset somebody may export; `wanted` keeps to some fields. Raises AccessRefusedError.

    The record key must be given in clear: without it nobody can tell whose a row is.
    """
    permit = _permit(gov, asker, dataset)
    if not all(permit.is_clear(name) for name in dataset.key):
        raise AccessRefusedError(
            str(dataset.ref),
            found="a record key that this principal may not export in clear",
            expected="a key that tells which records are the person's",
            next_step="permit the key fields `clear` for action `export`, or ask as somebody else",
            rule_ids=("subject.export_key",),
        )
    present = {each.name for each in dataset.shape.fields}
    cells = {each.blind_index.field for each in dataset.entry.fields.values() if each.blind_index is not None}
    others = {*dataset.third_persons, *cells}
    all_of = [name for name in dataset.entry.fields if name in present and name not in others]
    fields = [name for name in all_of if name in permit.fields and (wanted is None or name in wanted)]
    hidden = 0 if wanted is not None else len(all_of) - len(fields)
    return Readable(dataset, tuple(fields), tuple(name for name in fields if not permit.is_clear(name)), hidden)


def database_rows(
    gov: Governance, asker: Asker, each: Readable, keys: Sequence[RecordKey]
) -> Generator[dict[str, Any], None, None]:
    """The records with these keys through the guard, those that it hides left out; each statement is recorded.

    Raises AccessRefusedError, StoreError, LedgerError.
    """
    schema, _, name = each.dataset.ref.dataset.rpartition(".")
    names = list(dict.fromkeys([*each.dataset.key, *each.fields]))
    table = sa.table(name, *(sa.column(one) for one in names), schema=schema or None)
    with gov.session(
        each.dataset.ref.store, principal=asker.principal, purpose=asker.purpose, action=Action.EXPORT
    ) as db:
        for start in range(0, len(keys), AT_ONCE):
            lot = keys[start : start + AT_ONCE]
            for row in db.execute(sa.select(*table.c).where(_among(table, each.dataset.key, lot))).mappings():
                yield {field: plain(row[field]) for field in each.fields}


def treated_rows(
    gov: Governance, asker: Asker, each: Readable, keys: Sequence[RecordKey]
) -> Generator[dict[str, Any], None, None]:
    """The records with these keys of a file or CRM, treated as the policy says for the purpose; recorded like a query.

    Raises AccessRefusedError, also for a purpose that needs consent: such a store cannot be joined with it.
    """
    permit, context = _permit(gov, asker, each.dataset), ask(gov, asker.principal, asker.purpose, Action.EXPORT).context
    if gov.policy_files.purposes.needs_consent(asker.purpose):
        raise AccessRefusedError(
            str(each.dataset.ref),
            found="a purpose that needs consent, on a store that is no database",
            expected="a purpose that rests on another ground",
            next_step="export for a purpose such as answering requests",
            rule_ids=("subject.file_consent",),
        )
    types = {one.name: one.type for one in each.dataset.shape.fields}
    treat = RecordFilter(permit, context.principal.attributes, types)
    with recorded_use(
        gov,
        asker.purpose,
        [str(each.dataset.ref)],
        rules=("subject.export_file",),
        action=Action.EXPORT,
        principal=asker.principal,
    ) as use:
        count = 0
        with closing(_lots(gov, each.dataset, keys, tuple(permit.fields))) as lots:
            for lot in lots:
                for row in treat.filter(lot):
                    count += 1
                    use.counts = {"rows": count}
                    yield {field: plain(row.get(field)) for field in each.fields}


def _lots(
    gov: Governance, dataset: DatasetMap, keys: Sequence[RecordKey], fields: Sequence[str]
) -> Generator[list[dict[str, Any]], None, None]:
    """The raw records of a file or CRM, some at a time."""
    if gov.project.store(dataset.ref.store).medium is Medium.CRM:
        present = {each.name for each in dataset.shape.fields}
        fields = [name for name in fields if name in present]  # a path in a JSON field is reviewed, and is no field
        with closing(gov.crm(dataset.ref.store)) as crm:
            for start in range(0, len(keys), AT_ONCE):
                wanted = [str(each[0]) for each in keys[start : start + AT_ONCE]]
                yield [dict(row) for row in crm.records(dataset.ref.dataset, wanted, fields)]
        return
    with closing(gov.store(dataset.ref.store)) as store:
        yield from FileRows(store).records(dataset, keys, fields)


def plain(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, Plain):
        value = value.value
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value
    return format(value, "f") if isinstance(value, decimal.Decimal) else str(value)


def _permit(gov: Governance, asker: Asker, dataset: DatasetMap) -> DatasetPermit:
    context = ask(gov, asker.principal, asker.purpose, Action.EXPORT).context
    return gov.policy_files.policy.permit(context.principal, asker.purpose, Action.EXPORT, dataset.ref)


def _among(table: sa.TableClause, key: Sequence[str], keys: Sequence[RecordKey]) -> sa.ColumnElement[bool]:
    columns = [table.c[name] for name in key]
    if len(columns) == 1:
        return columns[0].in_([each[0] for each in keys])
    return sa.or_(*(sa.and_(*(c == part for c, part in zip(columns, each, strict=True))) for each in keys))
