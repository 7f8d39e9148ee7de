"""Reads `Column(...)` expressions and constraints of a Python migration."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from governance.gate.changes import ChangeKind, SchemaChange, Source
from governance.gate.reads.place import At
from governance.gate.reads.python_values import Scope, argument, called, items_of, keyword, resolved, text_of
from governance.gate.reads.sql_flow import flow_of

_CONSTRAINTS = frozenset(
    [
        "PrimaryKeyConstraint", "ForeignKeyConstraint", "UniqueConstraint", "CheckConstraint", "Index",
        "ExcludeConstraint", "Constraint", "Computed", "Identity", "Sequence",
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the migration writes it."""

    name: str
    """Its name."""
    type: str
    """Its type as source text; empty when it gives none."""
    comment: str
    """Its comment; empty without one."""
    line: int
    """Where it stands, from 1."""
    call: ast.Call
    """The whole expression."""


def column_of(node: ast.expr, scope: Scope) -> Column | None:
    """The column that an expression makes, or None when that is not plain from the file."""
    node = resolved(node, scope)
    if not isinstance(node, ast.Call) or not (called(node).endswith("Column") or called(node) == "mapped_column"):
        return None
    named = text_of(node.args[0], scope) if node.args else None
    name = named if named is not None else text_of(keyword(node, "name"), scope)
    if name is None:
        return None
    return Column(
        name, type_text(node, scope, named=named is not None), text_of(keyword(node, "comment"), scope) or "",
        node.lineno, node,
    )  # fmt: skip


def type_text(call: ast.Call, scope: Scope, *, named: bool) -> str:
    """The type that a `Column(...)` gives, as source text."""
    types = [each for each in (call.args[1:] if named else call.args) if not _is_part(resolved(each, scope))]
    node = types[0] if types else keyword(call, "type_")
    return ast.unparse(resolved(node, scope)) if node is not None else ""


def columns_of(nodes: Sequence[ast.expr], scope: Scope) -> tuple[tuple[Column, ...], bool]:
    """The columns among some arguments, and whether every argument was understood."""
    found: list[Column] = []
    plain = True
    for node in nodes:
        if isinstance(node, ast.Starred):
            items = items_of(node.value, scope)
            inner, all_plain = columns_of(items, scope) if items is not None else ((), False)
            found += inner
            plain = plain and all_plain
            continue
        column = column_of(node, scope)
        if column is not None:
            found.append(column)
        elif not _is_constraint(resolved(node, scope)):
            plain = False
    return tuple(found), plain


def column_changes(column: Column, dataset: str, at: At, scope: Scope) -> Iterator[SchemaChange]:
    """The change that a column is, with what it brings along: default, index, foreign key."""
    call = column.call
    made = {called(each): each for each in _parts(call, scope)}
    computed = made.get("Computed")
    sql = text_of(computed.args[0], scope) if computed is not None and computed.args else None
    clear, hashed = _made_of(sql, dataset, at.dialect) if sql is not None else ((), ())
    default = keyword(call, "server_default")
    yield at.change(
        ChangeKind.ADD_FIELD,
        dataset,
        column.name,
        line=column.line,
        native_type=column.type,
        comment=column.comment,
        required=_is(keyword(call, "nullable"), value=False) and default is None and keyword(call, "default") is None,
        through="generated" if clear else "",
        sources=clear,
    )
    text = text_of(default, scope)
    if text is not None and text.lower() != "null":
        yield at.change(ChangeKind.SET_DEFAULT, dataset, column.name, line=column.line, texts=(text,))
    if hashed:
        yield at.change(ChangeKind.HASH_FIELD, dataset, column.name, line=column.line, sources=hashed)
    if _is(keyword(call, "index"), value=True) or _is(keyword(call, "unique"), value=True):
        yield at.change(ChangeKind.ADD_INDEX, dataset, line=column.line, fields=(column.name,))
    reference = made.get("ForeignKey")
    target = text_of(reference.args[0], scope) if reference is not None and reference.args else None
    if target is not None:
        to = target.rpartition(".")[0]
        yield at.change(ChangeKind.ADD_REFERENCE, dataset, line=column.line, fields=(column.name,), target=to)


def constraints_of(nodes: Sequence[ast.expr], dataset: str, at: At, scope: Scope) -> Iterator[SchemaChange]:
    """The indexes and foreign keys among the arguments of a table."""
    for node in nodes:
        call = resolved(node, scope)
        if not isinstance(call, ast.Call):
            continue
        name = text_of(keyword(call, "name"), scope) or ""
        if called(call) == "ForeignKeyConstraint" and len(call.args) > 1:
            targets = texts_in(call.args[1], scope)
            to = targets[0].rpartition(".")[0] if targets else ""
            fields = texts_in(call.args[0], scope)
            yield at.change(ChangeKind.ADD_REFERENCE, dataset, line=call.lineno, fields=fields, target=to, name=name)
        elif called(call) in ("UniqueConstraint", "Index"):
            texts = [text_of(each, scope) for each in call.args[called(call) == "Index" :]]
            fields = tuple(each for each in texts if each)
            if fields:
                yield at.change(ChangeKind.ADD_INDEX, dataset, line=call.lineno, fields=fields)


def texts_in(node: ast.expr | None, scope: Scope) -> tuple[str, ...]:
    """The texts of a list that stands in the file; those that are not plain are left out."""
    items = items_of(node, scope) if node is not None else None
    texts = [text_of(each, scope) for each in items or ()]
    return tuple(each for each in texts if each)


def default_text(call: ast.Call, scope: Scope) -> str | None:
    """The constant that a call gives as the default in the database."""
    return text_of(argument(call, 99, "server_default"), scope)


def _made_of(sql: str, dataset: str, dialect: str) -> tuple[tuple[Source, ...], tuple[Source, ...]]:
    try:
        expression = Dialect.get_or_raise(dialect).parse(f"SELECT {sql}")[0]
    except SqlglotError:
        return (Source(dataset, "*"),), ()
    made = expression.selects[0] if isinstance(expression, exp.Query) and expression.selects else None
    if made is None:
        return (Source(dataset, "*"),), ()
    flow = flow_of(made, [exp.to_table("x")], dialect)
    clear, hashed = ([Source(dataset, each.field) for each in part] for part in (flow.clear, flow.hashed))
    return tuple(clear), tuple(hashed)


def _parts(call: ast.Call, scope: Scope) -> Iterator[ast.Call]:
    for each in call.args:
        node = resolved(each, scope)
        if isinstance(node, ast.Call):
            yield node


def _is_part(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and (called(node) in _CONSTRAINTS or called(node) == "ForeignKey")


def _is_constraint(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and called(node) in _CONSTRAINTS


def _is(node: ast.expr | None, *, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value
