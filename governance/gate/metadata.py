"""The tables of SQLAlchemy's `MetaData` as changes: what it describes, and what it says otherwise than another one.

    assert not check_metadata(Base.metadata, "crm", project).failed

It looks at tables, columns, comments, indexes and foreign keys, and opens no database.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from governance.gate.changes import ChangeKind, Reading, SchemaChange
from governance.gate.check import judge
from governance.gate.project import CheckProject
from governance.gate.reads.place import At
from governance.gate.reads.snapshots import since
from governance.gate.result import CheckResult

if TYPE_CHECKING:
    from sqlalchemy import Column, MetaData, Table

FILE = "MetaData"
"""What findings name instead of a file."""


def changes_in(metadata: MetaData) -> Reading:
    """Everything that a MetaData describes, each table's columns in order."""
    tables = metadata.sorted_tables
    return Reading(tuple(change for table in tables for change in _of_table(table)), (), len(tables))


def changes_between(old: MetaData, new: MetaData) -> Reading:
    """What a MetaData has that an older one had not, and what is gone."""
    return since(changes_in(old), changes_in(new))


def check_metadata(
    metadata: MetaData, store: str, project: CheckProject, *, base: MetaData | None = None
) -> CheckResult:
    """What a MetaData has that catalog and policies do not provide for; with a base, only what is new in it."""
    reading = changes_in(metadata) if base is None else changes_between(base, metadata)
    return judge(reading, store, project)


def _of_table(table: Table) -> Iterator[SchemaChange]:
    at = At("postgres", FILE, 1)
    dataset = f"{table.schema}.{table.name}" if table.schema else table.name
    for column in table.columns:
        yield from _of_column(column, dataset, at)
    for index in sorted(table.indexes, key=lambda each: str(each.name)):
        yield at.change(ChangeKind.ADD_INDEX, dataset, fields=tuple(column.name for column in index.columns))


def _of_column(column: Column[Any], dataset: str, at: At) -> Iterator[SchemaChange]:
    yield at.change(
        ChangeKind.ADD_FIELD,
        dataset,
        column.name,
        native_type=repr(column.type),
        comment=column.comment or "",
        required=not column.nullable and column.server_default is None and column.default is None,
    )
    if column.unique:
        yield at.change(ChangeKind.ADD_INDEX, dataset, fields=(column.name,))
    for key in sorted(column.foreign_keys, key=lambda each: each.target_fullname):
        target = key.target_fullname.rpartition(".")[0]
        yield at.change(ChangeKind.ADD_REFERENCE, dataset, fields=(column.name,), target=target)
