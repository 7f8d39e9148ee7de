"""A predicate as a SQLAlchemy condition that admits exactly the rows that `Predicate.evaluate` admits.

Three-valued logic is SQL's own. Text compares binary, whatever collation the column has. Constants take the column's
type: ISO texts become dates, truth values numbers and the reverse.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.dialects import mysql

from policies.errors import PredicateError
from policies.nouns import Scalar
from policies.predicate import (
    Among,
    Compare,
    Conjunction,
    Constant,
    Disjunction,
    FieldOperand,
    IsNull,
    Node,
    Not,
    Operand,
    Predicate,
    Truth,
)

_COLLATIONS: Mapping[str, str] = {"mariadb": "", "mysql": "", "postgresql": "C", "sqlite": "BINARY"}
"""The collation that compares code points, by dialect; empty where such a one ignores blanks at the end, and bytes of
UTF-8, which sort as code points do, are compared instead."""

_COMPARE: Mapping[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def where_condition(predicate: Predicate, table: sa.FromClause, dialect: str) -> ColumnElement[bool]:
    """The condition on a table's rows; it is NULL where the predicate is unknown.

    Raises PredicateError for a field that the table does not have, a principal's attribute, a constant that the field's
    type does not have, or a dialect that it was not proved on.
    """
    if dialect not in _COLLATIONS:
        raise _wrong(predicate.text, f"a store of kind {dialect}", "a store of kind " + " or ".join(_COLLATIONS))
    return _Writer(predicate.text, table, _COLLATIONS[dialect]).node(predicate.root)


class _Writer:
    def __init__(self, text: str, table: sa.FromClause, collation: str) -> None:
        self._text = text
        self._table = table
        self._collation = collation

    def node(self, node: Node) -> ColumnElement[bool]:
        match node:
            case Conjunction(nodes=nodes):
                return sa.and_(*(self.node(each) for each in nodes))
            case Disjunction(nodes=nodes):
                return sa.or_(*(self.node(each) for each in nodes))
            case Not(node=inner):
                return sa.not_(sa.type_coerce(self.node(inner).self_group(), sa.Boolean))
            case IsNull(operand=operand):
                return self._is_null(operand)
            case Truth(operand=operand):
                return self._truth(operand)
            case Among(operand=operand, items=items):
                return sa.or_(*(self._compare("==", operand, item) for item in items))
            case Compare(op=op, left=left, right=right):
                return self._compare(op, left, right)

    def _is_null(self, operand: Operand) -> ColumnElement[bool]:
        if isinstance(operand, Constant):
            return sa.true() if operand.value is None else sa.false()
        return self._column(operand).is_(None)

    def _truth(self, operand: Operand) -> ColumnElement[bool]:
        if isinstance(operand, Constant):
            return sa.true() if operand.value else sa.false()
        return _number(self._column(operand)) != 0

    def _compare(self, op: str, left: Operand, right: Operand) -> ColumnElement[bool]:
        if isinstance(left, Constant) and isinstance(right, Constant):
            both = Predicate(self._text, Compare(op, left, right)).evaluate({}, {})
            return sa.true() if both else sa.false()
        return _COMPARE[op](self._side(left, right), self._side(right, left))

    def _side(self, operand: Operand, other: Operand) -> ColumnElement[Any]:
        if isinstance(operand, Constant):
            return self._constant(operand.value, self._column(other))
        column = self._column(operand)
        if _is_text(column):
            if not self._collation:
                return sa.cast(sa.cast(column, mysql.CHAR(charset="utf8mb4")), mysql.BINARY())
            return sa.collate(sa.cast(column, sa.Text), self._collation)
        return _number(column)

    def _column(self, operand: Operand) -> ColumnElement[Any]:
        if not isinstance(operand, FieldOperand):
            raise _wrong(self._text, "an attribute of a principal", "fields and constants: nobody asks here")
        if operand.name not in self._table.c:
            raise _wrong(self._text, f"field `{operand.name}`, which the table does not have", "its fields")
        return self._table.c[operand.name]

    def _constant(self, value: Scalar, column: ColumnElement[Any]) -> ColumnElement[Any]:
        try:
            return sa.literal(*_typed(value, column))
        except ValueError:
            raise _wrong(self._text, "a constant that is no ISO 8601 date or time", "one, as in 2026-01-31") from None


def _is_text(column: ColumnElement[Any]) -> bool:
    return isinstance(column.type, sa.String)


def _number(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A truth value as 0 or 1, so that it compares with numbers in every dialect; anything else as it is."""
    if isinstance(column.type, sa.Boolean):
        return sa.case((column.is_(None), None), (column, 1), else_=0)
    return column


def _typed(value: Scalar, column: ColumnElement[Any]) -> tuple[Any, sa.types.TypeEngine[Any]]:
    kind = column.type
    if isinstance(value, str) and isinstance(kind, sa.DateTime):
        return dt.datetime.fromisoformat(value), kind
    if isinstance(value, str) and isinstance(kind, sa.Date):
        return dt.date.fromisoformat(value), kind
    if isinstance(value, str) and isinstance(kind, sa.Time):
        return dt.time.fromisoformat(value), kind
    if isinstance(value, str):
        return value, sa.Text()
    if isinstance(value, float):
        return (Decimal(repr(value)), sa.Numeric()) if isinstance(kind, sa.Numeric) else (value, sa.Float())
    return int(value or 0), sa.BigInteger()


def _wrong(text: str, found: str, expected: str) -> PredicateError:
    return PredicateError(
        f"predicate `{text}`", found=found, expected=expected, next_step="see docs/predicates.md for the language"
    )
