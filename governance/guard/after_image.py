"""A change of fields that decide which rows are in scope, in MariaDB, whose UPDATE returns nothing.

The rows are held to the condition as it will stand after the change: in it, each changed field is its new value, cast
so that what is stored is exactly what was looked at.

    UPDATE t SET region = CAST(x AS CHAR(10)) WHERE id IN (... rows in scope ...) AND CAST(x AS CHAR(10)) = 'EU'

A first SELECT asks whether some row would fall out; then the whole statement is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlglot import exp

from connectors.base import Field
from governance.guard.nodes import ROW, call, every, name, number, paren
from governance.guard.parsing import refused
from governance.guard.schema import TableShape, ascii_lower

_SIZE = re.compile(r"\(([0-9]+)(?:, ?([0-9]+))?\)")
_CAST = {
    "integer": exp.DType.BIGINT,
    "boolean": exp.DType.BIGINT,
    "date": exp.DType.DATE,
    "datetime": exp.DType.DATETIME,
}


def hold_now(tree: exp.Update | exp.Delete, table: TableShape, scope: Sequence[exp.Expr]) -> list[exp.Expr]:
    """Hold a write to a scope by the row that it locks, too: a sub-query may have read an older one.

    Gives the conditions that were added to WHERE.
    """
    whole = every(list(scope))
    if whole is None:
        return []
    held = _replaced(whole, {}, table)
    tree.set("where", exp.Where(this=exp.And(this=tree.args["where"].this, expression=held)))
    return [held]


def hold_after(tree: exp.Update, table: TableShape, scope: Sequence[exp.Expr], touched: set[str]) -> exp.Select | None:
    """Hold an UPDATE to a scope after the change; gives the SELECT that asks for rows that would fall out.

    The condition that was added is the right side of the new WHERE. None where no changed field decides. `scope` is
    over the fields of `gov_row`. Raises StatementRefusedError for a field whose stored value cannot be told beforehand.
    """
    whole = every(list(scope))
    deciding = {each.name for each in whole.find_all(exp.Column) if each.table == ROW} if whole is not None else set()
    changed = deciding & touched
    if whole is None or not (changed or _computed(table, touched) & deciding):
        return None
    if _computed(table, touched) & deciding:
        raise _untold("a field that the database computes")
    given: dict[str, exp.Expr] = {}
    for item in tree.expressions:
        field = item.this.name
        if field in changed:
            item.set("expression", _as_stored(item.expression, table.fields[field]))
            given[field] = item.expression
    after = _replaced(whole, given, table)
    where: exp.Expr = tree.args["where"].this
    outside = exp.Not(this=paren(exp.Is(this=paren(after.copy()), expression=exp.true())))
    asking = exp.Select(
        expressions=[number(1)],
        from_=exp.From(this=tree.this.copy()),
        where=exp.Where(this=exp.And(this=where.copy(), expression=outside)),
        limit=exp.Limit(expression=number(1)),
    )
    tree.set("where", exp.Where(this=exp.And(this=where, expression=paren(after))))
    return asking


def _replaced(scope: exp.Expr, given: Mapping[str, exp.Expr], table: TableShape) -> exp.Expr:
    """The scope over the target itself, with new values in the place of what they change."""
    made = paren(scope.copy())
    for each in list(made.find_all(exp.Column)):
        if each.table == ROW and each.name in given:
            each.replace(paren(given[each.name].copy()))
        elif each.table == ROW:
            each.set("table", name(table.name))
    return made


def _as_stored(value: exp.Expr, field: Field) -> exp.Expr:
    """A value as the column will hold it. Raises StatementRefusedError for a type of which that is not known."""
    native, size = field.native_type.upper(), _SIZE.search(field.native_type)
    if field.type == "string" and size and native.startswith(("VARCHAR", "CHAR")):
        cut = exp.Cast(this=value, to=_sized(exp.DType.CHAR, size[1]))
        return call("rtrim", cut) if native.startswith("CHAR") else cut
    if field.type == "decimal" and size:
        return exp.Cast(this=value, to=_sized(exp.DType.DECIMAL, size[1], size[2] or "0"))
    if field.type in _CAST and not (field.type == "datetime" and size):
        return exp.cast(value, _CAST[field.type])
    raise _untold(f"a field of type {field.type}")


def _sized(kind: exp.DType, *sizes: str) -> exp.DataType:
    return exp.DataType(this=kind, expressions=[exp.DataTypeParam(this=exp.Literal.number(each)) for each in sizes])


def _computed(table: TableShape, touched: set[str]) -> set[str]:
    """Fields that may be computed from those that are changed."""
    found: set[str] = set()
    for linked in table.writing.linked:
        words = {ascii_lower(word) for word in linked}
        mine = {each for each in table.fields if ascii_lower(each) in words}
        found |= mine if mine & touched else set()
    return found - touched


def target_named(node: exp.Expr, table: TableShape) -> exp.Expr:
    """The same over the target itself, which no database lets us rename here."""
    for each in node.find_all(exp.Column):
        if each.table == ROW:
            each.set("table", name(table.name))
    return node


def _untold(found: str) -> Exception:
    return refused(
        f"a change by which {found} decides who sees what of the row",
        "a change of texts, whole numbers, decimals, dates or times that decide",
        "guard.write.deciding",
        "have it changed by a use that is not held to rows",
    )
