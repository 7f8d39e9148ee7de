"""Write the rows that break rules to a file, for somebody who may see them: read through the guard, as an export."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.formats.csv import harmless
from connectors.base import Dataset, Store
from governance.flows.access.asking import ask, check_impersonation
from governance.quality.plan import DatasetLook
from governance.quality.result import Unseen
from governance.quality.row_faults import RowFault, RowFaults
from governance.writing import replace_file_with
from policies.errors import AccessRefusedError
from policies.nouns import Action, DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance

HEAD = ("dataset", "record", "rule", "field", "value", "detail")
"""The columns of a work list."""


@dataclass(frozen=True, slots=True)
class WorkList:
    """Where single rows go, and for whom."""

    path: Path
    """The file."""
    principal: str
    """Who asks."""
    purpose: str
    """Why."""


@dataclass(frozen=True, slots=True)
class _Readable:
    """What somebody may export of a dataset."""

    look: DatasetLook
    dataset: Dataset
    fields: tuple[str, ...]


def check_asker(gov: Governance, wanted: WorkList) -> None:
    """Return when somebody may ask for a work list. Raises AccessRefusedError, which is recorded."""
    check_impersonation(gov, wanted.principal, wanted.purpose, Action.EXPORT)
    ask(gov, wanted.principal, wanted.purpose, Action.EXPORT)


def write_work_list(
    gov: Governance, wanted: WorkList, faults: RowFaults, looks: Mapping[Store, Sequence[DatasetLook]]
) -> list[Unseen]:
    """Write the rows of a run that somebody may export, as CSV; gives what was left out.

    Rows, fields and values are as the access policy gives them for action `export`. Side effect: the file is replaced
    as a whole. Raises AccessRefusedError when nothing of any dataset with faults may be exported.
    """
    unseen: list[Unseen] = []
    allowed: list[_Readable] = []
    refusal: AccessRefusedError | None = None
    for name in faults.datasets():
        try:
            allowed.append(_readable(gov, wanted, _look(name, looks)))
        except AccessRefusedError as cause:
            refusal = cause
            unseen.append(Unseen(name, "quality.not_listed_refused"))
    if refusal is not None and not allowed:
        raise refusal
    replace_file_with(wanted.path, _written(gov, wanted, faults, allowed, unseen))
    return unseen


def _look(name: str, looks: Mapping[Store, Sequence[DatasetLook]]) -> tuple[DatasetLook, Dataset]:
    for store, each in looks.items():
        for look in each:
            if str(look.ref) == name:
                return look, next(dataset for dataset in store.datasets() if dataset.name == look.ref.dataset)
    raise KeyError(name)


def _readable(gov: Governance, wanted: WorkList, found: tuple[DatasetLook, Dataset]) -> _Readable:
    look, dataset = found
    context = ask(gov, wanted.principal, wanted.purpose, Action.EXPORT).context
    permit = gov.policy_files.permit(context.principal, wanted.purpose, Action.EXPORT, look.ref)
    clear = {name for name, each in permit.fields.items() if {rule.treatment for rule in each.rules} == {"clear"}}
    if not set(look.key) <= clear:
        raise AccessRefusedError(
            str(look.ref),
            found="a record key that this principal may not export in clear",
            expected="a key that tells which record is meant",
            next_step="permit the key fields `clear` for action `export`, or ask as somebody else",
            rule_ids=("quality.work_list_key",),
        )
    return _Readable(look, dataset, tuple(name for name in look.fields if name in permit.fields))


def _written(
    gov: Governance, wanted: WorkList, faults: RowFaults, allowed: Sequence[_Readable], unseen: list[Unseen]
) -> Iterator[str]:
    yield _line(HEAD)
    for each in allowed:
        hidden = 0
        store = each.look.ref.store
        with gov.session(store, principal=wanted.principal, purpose=wanted.purpose, action=Action.EXPORT) as db:
            for lot in faults.lots(str(each.look.ref)):
                rows = _rows(db, each, lot)
                hidden += len({fault.key for fault in lot} - set(rows))
                yield from (_line(_cells(each, fault, rows[fault.key])) for fault in lot if fault.key in rows)
        if hidden:
            unseen.append(Unseen(str(each.look.ref), "quality.not_listed_hidden", str(hidden)))


def _rows(db: Session, each: _Readable, lot: Sequence[RowFault]) -> dict[tuple[str, ...], dict[str, Any]]:
    """The records of a lot as the policy gives them, by key; those that it hides are missing."""
    table, key = _table(each.look.ref, each.fields), each.look.key
    types = {field.name: field.type for field in each.dataset.fields}
    keys = [
        tuple(_typed(part, types[name]) for part, name in zip(key_of, key, strict=True))
        for key_of in {f.key for f in lot}
    ]
    columns = [table.c[name] for name in key]
    if len(key) == 1:
        chosen: sa.ColumnElement[bool] = columns[0].in_([one for (one,) in keys])
    else:
        chosen = sa.or_(*(sa.and_(*(c == part for c, part in zip(columns, one, strict=True))) for one in keys))
    rows = db.execute(sa.select(*table.c).where(chosen)).mappings()
    return {tuple(str(row[name]) for name in key): dict(row) for row in rows}


def _table(ref: DatasetRef, fields: Sequence[str]) -> sa.TableClause:
    schema, _, name = ref.dataset.rpartition(".")
    return sa.table(name, *(sa.column(each) for each in fields), schema=schema or None)


def _typed(text: str, kind: str) -> Any:
    return int(text) if kind == "integer" and text.lstrip("-").isdigit() else text


def _cells(each: _Readable, fault: RowFault, row: Mapping[str, Any]) -> tuple[str, ...]:
    name = fault.place.removeprefix(f"{each.look.ref}.") if fault.place != str(each.look.ref) else ""
    value = row.get(name) if name else None
    record = " ".join(f"{part}={row[part]}" for part in each.look.key)
    return str(each.look.ref), record, fault.rule, name, "" if value is None else str(value), fault.detail


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([harmless(each) for each in cells])
    return out.getvalue()
