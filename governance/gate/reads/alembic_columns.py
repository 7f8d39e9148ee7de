"""Reads `Column(...)` expressions of a Python migration."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from governance.gate.reads.python_values import Scope, called, items_of, keyword, resolved, text_of

_NO_COLUMN = frozenset(
    [
        "PrimaryKeyConstraint",
        "ForeignKeyConstraint",
        "UniqueConstraint",
        "CheckConstraint",
        "Index",
        "ExcludeConstraint",
        "Constraint",
        "Computed",
        "Identity",
        "Sequence",
    ]
)


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


def column_of(node: ast.expr, scope: Scope) -> Column | None:
    """The column that an expression makes, or None when that is not plain from the file."""
    node = resolved(node, scope)
    if not isinstance(node, ast.Call) or not called(node).endswith("Column"):
        return None
    named = text_of(node.args[0], scope) if node.args else None
    name = named if named is not None else text_of(keyword(node, "name"), scope)
    if name is None:
        return None
    types = node.args[1:] if named is not None else node.args
    native = ast.unparse(resolved(types[0], scope)) if types else ""
    return Column(name, native, text_of(keyword(node, "comment"), scope) or "", node.lineno)


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


def _is_constraint(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and called(node) in _NO_COLUMN
