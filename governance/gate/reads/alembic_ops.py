"""What each operation of Alembic does: `op.add_column`, `op.drop_constraint`, and the same in a batch block."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from governance.gate.changes import ChangeKind, Reading
from governance.gate.reads.alembic_columns import (
    column_changes,
    column_of,
    columns_of,
    constraints_of,
    default_text,
    texts_in,
)
from governance.gate.reads.names import dataset_name
from governance.gate.reads.place import At
from governance.gate.reads.python_values import Scope, argument, keyword, text_of


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of an operation."""

    call: ast.Call
    """The call."""
    scope: Scope
    """What names stand for there."""
    at: At
    """Where it stands."""
    batch: tuple[str, str] | None
    """Schema and table of the batch block that it belongs to."""
    in_batch: bool
    """Whether it is called on a batch block, whose table may be unknown."""

    def dataset(self, place: int = 0, name: str = "table_name") -> str | None:
        """The dataset that it is about; the table is the argument at a place unless a batch block has it."""
        if self.in_batch:
            return dataset_name(*self.batch, self.at.dialect) if self.batch is not None else None
        table = self.text(place, name)
        schema = text_of(keyword(self.call, "schema") or keyword(self.call, "source_schema"), self.scope) or ""
        return dataset_name(schema, table, self.at.dialect) if table is not None else None

    def text(self, place: int, name: str) -> str | None:
        """The text of an argument."""
        return text_of(argument(self.call, place, name), self.scope)

    def after_table(self, place: int, name: str) -> ast.expr | None:
        """The argument at a place counted behind the table, which a batch block leaves out."""
        return argument(self.call, place - (1 if self.in_batch else 0), name)

    def after_table_text(self, place: int, name: str) -> str | None:
        """The text of such an argument."""
        return text_of(self.after_table(place, name), self.scope)


def read_operation(name: str, op: Operation) -> Reading:
    """What an operation does; one that is not known is said to be so."""
    if name in _READERS:
        return _READERS[name](op)
    return Reading() if name in _HARMLESS else op.at.unread("operation")


def _add_column(op: Operation) -> Reading:
    dataset = op.dataset()
    node = op.after_table(1, "column")
    column = column_of(node, op.scope) if node is not None else None
    if dataset is None or column is None:
        return op.at.unread("not_plain", "add_column")
    return Reading(tuple(column_changes(column, dataset, op.at, op.scope)))


def _create_table(op: Operation) -> Reading:
    dataset = op.dataset()
    parts = op.call.args[1:]
    columns, plain = columns_of(parts, op.scope)
    reading = Reading() if dataset is not None and plain else op.at.unread("not_plain", "create_table")
    if dataset is None:
        return reading
    changes = [each for column in columns for each in column_changes(column, dataset, op.at, op.scope)]
    return reading + Reading((*changes, *constraints_of(parts, dataset, op.at, op.scope)))


def _alter_column(op: Operation) -> Reading:
    new_name = keyword(op.call, "new_column_name") or keyword(op.call, "name")
    dataset, field = op.dataset(), op.after_table_text(1, "column_name")
    type_ = keyword(op.call, "type_")
    default = default_text(op.call, op.scope)
    if dataset is None or field is None:
        what = "rename" if new_name is not None else "alter_column"
        return op.at.unread("not_plain", what, grave=new_name is not None)
    reading = Reading()
    if type_ is not None:
        reading += op.at.said(ChangeKind.RETYPE_FIELD, dataset, field, native_type=ast.unparse(type_))
    if default is not None:
        reading += op.at.said(ChangeKind.SET_DEFAULT, dataset, field, texts=(default,))
    if new_name is None:
        return reading
    new = text_of(new_name, op.scope)
    if new is None:
        return reading + op.at.unread("not_plain", "rename")
    return reading + op.at.said(ChangeKind.RENAME_FIELD, dataset, new, former=field) if new != field else reading


def _rename_table(op: Operation) -> Reading:
    old, new = op.text(0, "old_table_name"), op.text(1, "new_table_name")
    schema = text_of(keyword(op.call, "schema"), op.scope) or ""
    if old is None or new is None:
        return op.at.unread("not_plain", "rename")
    former, dataset = (dataset_name(schema, each, op.at.dialect) for each in (old, new))
    return op.at.said(ChangeKind.RENAME_DATASET, dataset, former=former)


def _drop_column(op: Operation) -> Reading:
    dataset, field = op.dataset(), op.after_table_text(1, "column_name")
    if dataset is None or field is None:
        return op.at.unread("not_plain", "drop_column", grave=False)
    return op.at.said(ChangeKind.DROP_FIELD, dataset, field)


def _drop_table(op: Operation) -> Reading:
    dataset = op.dataset()
    if dataset is None:
        return op.at.unread("not_plain", "drop_table", grave=False)
    return op.at.said(ChangeKind.DROP_DATASET, dataset, through="table")


def _drop_constraint(op: Operation) -> Reading:
    dataset = op.dataset(1)
    name = op.text(0, "constraint_name") or ""
    kind = text_of(keyword(op.call, "type_") or op.after_table(2, "type_"), op.scope)
    if kind not in (None, "foreignkey"):
        return Reading()
    if dataset is None:
        return op.at.unread("not_plain", "drop_constraint", grave=False)
    dropped = ChangeKind.DROP_REFERENCE if kind == "foreignkey" else ChangeKind.DROP_CONSTRAINT
    return op.at.said(dropped, dataset, name=name)


def _create_index(op: Operation) -> Reading:
    dataset = op.dataset(1)
    fields = texts_in(op.after_table(2, "columns"), op.scope)
    return op.at.said(ChangeKind.ADD_INDEX, dataset, fields=fields) if dataset is not None and fields else Reading()


def _create_foreign_key(op: Operation) -> Reading:
    dataset = op.dataset(1, "source_table")
    target = op.after_table_text(2, "referent_table")
    if dataset is None or target is None:
        return Reading()
    fields = texts_in(op.after_table(3, "local_cols"), op.scope)
    name = op.text(0, "constraint_name") or ""
    return op.at.said(ChangeKind.ADD_REFERENCE, dataset, fields=fields, target=target, name=name)


def _bulk_insert(op: Operation) -> Reading:
    table = argument(op.call, 0, "table")
    rows = argument(op.call, 1, "rows")
    texts = [each.value for each in ast.walk(rows) if isinstance(each, ast.Constant)] if rows is not None else []
    said = tuple(each for each in texts if isinstance(each, str))
    name = text_of(table.args[0], op.scope) if isinstance(table, ast.Call) and table.args else None
    return op.at.said(ChangeKind.LITERALS, name or "", texts=said) if said else Reading()


_READERS: Mapping[str, Callable[[Operation], Reading]] = {
    "add_column": _add_column,
    "alter_column": _alter_column,
    "bulk_insert": _bulk_insert,
    "create_foreign_key": _create_foreign_key,
    "create_index": _create_index,
    "create_table": _create_table,
    "create_unique_constraint": _create_index,
    "drop_column": _drop_column,
    "drop_constraint": _drop_constraint,
    "drop_table": _drop_table,
    "rename_table": _rename_table,
}
_HARMLESS = frozenset(
    [
        "batch_alter_table", "create_check_constraint", "create_exclude_constraint", "create_primary_key",
        "create_table_comment", "drop_index", "drop_table_comment", "f", "get_bind", "get_context", "inline_literal",
    ]
)  # fmt: skip
"""Operations that make no field."""
