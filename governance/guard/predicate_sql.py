"""A predicate of the policy language as SQL over one table, equal to `Predicate.evaluate` on the same row.

Constants are written, attributes of the principal are bound values of a stated type: one of another type is bound as
NULL, which admits nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from governance.guard.nodes import ROW, call, case, column, every, number, paren, some, text
from governance.guard.schema import TableShape
from policies.errors import AccessRefusedError
from policies.nouns import Scalar
from policies.predicate import (
    Among,
    AttributeOperand,
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

_OPERATORS: Mapping[str, type[exp.Binary]] = {
    "==": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
}  # fmt: skip
_NUMBERS = frozenset({"integer", "decimal", "float"})
_CASTS = {
    "string": exp.DType.TEXT,
    "integer": exp.DType.BIGINT,
    "decimal": exp.DType.DECIMAL,
    "float": exp.DType.DOUBLE,
    "boolean": exp.DType.BOOLEAN,
    "date": exp.DType.DATE,
    "datetime": exp.DType.TIMESTAMP,
    "time": exp.DType.TIME,
}
_BINARY = "utf8mb4_nopad_bin"
"""MariaDB's collation that compares code points, trailing spaces included."""
_PLAIN_TEXT = ("TEXT", "VARCHAR")
COLLATES = "COLLATE"
"""In the declared type of a field of PostgreSQL that has a collation of its own: text compares by code points."""


@dataclass(frozen=True, slots=True)
class AttributeSlot:
    """A bound value that comes from the principal."""

    name: str
    """The attribute."""
    type: str
    """The type that it is compared as."""


MOMENT = AttributeSlot("", "moment")
"""The bound value that is the moment of the statement, a UTC stamp as events write it; no attribute has this name."""


class Bindings:
    """The bound values of a statement: the user's own first, then the principal's attributes."""

    def __init__(self, kind: str, own: int) -> None:
        self._kind = kind
        self._own = own
        self.slots: list[AttributeSlot] = []

    def placeholder(self, slot: AttributeSlot) -> exp.Expr:
        """The placeholder of an attribute; the same attribute of the same type has one number."""
        if slot not in self.slots:
            self.slots.append(slot)
        return placeholder(self._kind, self._own + self.slots.index(slot) + 1)


def placeholder(kind: str, place: int) -> exp.Expr:
    """The placeholder of a number, from 1."""
    if kind != "postgresql":
        return exp.Placeholder(this=f"gov{place}")
    return exp.Parameter(this=exp.Literal.number(place))


def by_code_points(field: str, table: str = ROW) -> exp.Expr:
    """A text field of MariaDB that compares by code points."""
    unicode = exp.DataType(this=exp.DType.CHARACTER_SET, kind=exp.Var(this="utf8mb4"))
    return exp.Collate(this=exp.Cast(this=column(field, table), to=unicode), expression=exp.Var(this=_BINARY))


def attribute_value(value: Scalar, type_: str) -> Scalar:
    """An attribute as a value of a type; None when it is of another."""
    if type_ == "boolean":
        return value if isinstance(value, bool) else None
    if type_ in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if type_ == "integer":
            return int(value) if float(value).is_integer() else None
        return value
    return value if isinstance(value, str) else None


class PredicateSql:
    """Predicates over one table."""

    def __init__(self, kind: str, table: TableShape, bindings: Bindings) -> None:
        self._kind = kind
        self._table = table
        self._bindings = bindings

    def condition(self, predicate: Predicate) -> exp.Expr:
        """The predicate, three-valued as SQL is. Raises AccessRefusedError when the table cannot decide it."""
        return self._node(predicate.root)

    def _node(self, node: Node) -> exp.Expr:
        match node:
            case Conjunction(nodes=nodes):
                return every([self._node(each) for each in nodes]) or exp.true()
            case Disjunction(nodes=nodes):
                return some([self._node(each) for each in nodes]) or exp.false()
            case Not(node=inner):
                return exp.Not(this=paren(self._node(inner)))
            case IsNull(operand=operand):
                return exp.Is(this=self._operand(operand, self._type(operand)), expression=exp.Null())
            case Truth(operand=operand):
                return self._truth(operand)
            case Among(operand=operand, items=items):
                type_ = self._type(operand, items[0])
                among = [self._operand(each, type_) for each in items]
                if self._is_text(operand, type_):
                    return self._twice(exp.In, operand, expressions=among)
                return exp.In(this=self._operand(operand, type_), expressions=among)
            case Compare(op=op, left=left, right=right):
                return self._compare(op, left, right)

    def _compare(self, op: str, left: Operand, right: Operand) -> exp.Expr:
        type_ = self._type(left, right)
        if self._kind == "mysql":
            return self._compared(op, left, right, type_)
        sides = [self._operand(each, type_) for each in (left, right)]
        if op not in ("==", "!="):
            sides = [self._ordered(side, each, type_) for side, each in zip(sides, (left, right), strict=True)]
        return _OPERATORS[op](this=sides[0], expression=sides[1])

    def _compared(self, op: str, left: Operand, right: Operand, type_: str) -> exp.Expr:
        """MariaDB compares unlike kinds by cutting text down to a number: here such a comparison is unknown."""
        kinds = {_kind_of(self._field_type(each.name)) for each in (left, right) if isinstance(each, FieldOperand)}
        if len(kinds) > 1:
            return exp.Null()
        other = [each for each in (left, right) if not isinstance(each, FieldOperand)]
        if op == "==" and len(other) == 1 and self._is_text(left if other[0] is right else right, type_):
            return self._twice(exp.EQ, left if other[0] is right else right, expression=self._operand(other[0], type_))
        sides = [
            by_code_points(each.name) if self._is_text(each, type_) else self._operand(each, type_)  # type: ignore[union-attr]
            for each in (left, right)
        ]
        return _OPERATORS[op](this=sides[0], expression=sides[1])

    def _is_text(self, operand: Operand, type_: str) -> bool:
        return self._kind == "mysql" and type_ == "string" and isinstance(operand, FieldOperand)

    def _twice(self, form: type[exp.Expr], field: Operand, **rest: Any) -> exp.Expr:
        """Equal under the field's own collation, for which there may be an index, and by code points."""
        name_ = field.name  # type: ignore[union-attr]  # a field, as its callers saw
        copied = {
            key: [each.copy() for each in value] if isinstance(value, list) else value.copy()
            for key, value in rest.items()
        }
        loose, exact = form(this=column(name_), **rest), form(this=by_code_points(name_), **copied)
        return paren(exp.And(this=loose, expression=exact))

    def _ordered(self, side: exp.Expr, operand: Operand, type_: str) -> exp.Expr:
        """Text by code points; in SQLite, text that stands in a column of numbers is unknown."""
        if type_ == "string":
            return exp.Collate(this=side, expression=_collation("C")) if self._kind == "postgresql" else side
        if self._kind == "sqlite" and type_ in _NUMBERS and isinstance(operand, FieldOperand):
            kinds = exp.In(this=call("typeof", side.copy()), expressions=[text("text"), text("blob")])
            return case([(exp.Not(this=paren(kinds)), side)], None)
        return side

    def _truth(self, operand: Operand) -> exp.Expr:
        type_ = self._type(operand) if not isinstance(operand, AttributeOperand) else "boolean"
        value = self._operand(operand, type_)
        return exp.NEQ(this=value, expression=number(0)) if type_ in _NUMBERS else value

    def _type(self, *operands: Operand) -> str:
        """The type that operands are compared as: that of a field, else that of a constant."""
        for operand in operands:
            if isinstance(operand, FieldOperand):
                return self._field_type(operand.name)
        for operand in operands:
            if isinstance(operand, Constant):
                return _type_of(operand.value)
        return "string"

    def _field_type(self, name: str) -> str:
        field = self._table.fields.get(name)
        if field is None or field.type not in _CASTS:
            raise AccessRefusedError(
                f"dataset {self._table.dataset}",
                found=f"a rule on field `{name}`, which is missing or of a type that rules cannot compare",
                expected="a field that the rule can be decided on",
                next_step="mend ROWS in access.csv or the predicate in catalog.yaml",
                rule_ids=("guard.predicate",),
            )
        return field.type

    def _operand(self, operand: Operand, type_: str) -> exp.Expr:
        match operand:
            case FieldOperand(name=name):
                return self._field(name)
            case AttributeOperand(name=name):
                bound = self._bindings.placeholder(AttributeSlot(name, type_))
                if self._kind == "mysql":
                    return _cast_in_mysql(bound, type_)
                return exp.cast(bound, _CASTS[type_]) if self._kind == "postgresql" else bound
            case Constant(value=value):
                return self._constant(value, type_)

    def _field(self, name: str) -> exp.Expr:
        type_ = self._field_type(name)
        if type_ != "string":
            return column(name)
        if self._kind == "sqlite":
            return exp.Collate(this=column(name), expression=exp.Var(this="BINARY"))
        if self._kind == "mysql":
            return column(name)
        native = self._table.fields[name].native_type.upper()
        plain = column(name) if native.startswith(_PLAIN_TEXT) else exp.cast(column(name), exp.DType.TEXT)
        return exp.Collate(this=plain, expression=_collation("C")) if COLLATES in native else plain

    def _constant(self, value: Any, type_: str) -> exp.Expr:
        if value is None:
            return exp.Null()
        if type_ == "boolean":
            return exp.Boolean(this=bool(value))
        if self._kind == "mysql" and type_ == "string" and not isinstance(value, str):
            return exp.Null()
        if isinstance(value, bool | int | float):
            return number(int(value) if isinstance(value, bool) else value)
        if self._kind == "postgresql" and type_ in ("date", "datetime", "time"):
            return exp.cast(text(value), _CASTS[type_])
        return _cast_in_mysql(text(value), type_) if self._kind == "mysql" else text(value)


def _cast_in_mysql(node: exp.Expr, type_: str) -> exp.Expr:
    """A moment as one to the microsecond; a text that is none becomes NULL."""
    if type_ == "date":
        return exp.cast(node, exp.DType.DATE)
    if type_ not in ("datetime", "time"):
        return node
    precision = [exp.DataTypeParam(this=exp.Literal.number(6))]
    return exp.Cast(
        this=node,
        to=exp.DataType(this=exp.DType.DATETIME if type_ == "datetime" else exp.DType.TIME, expressions=precision),
    )


def _kind_of(type_: str) -> str:
    if type_ in _NUMBERS or type_ == "boolean":
        return "number"
    return "day" if type_ in ("date", "datetime") else type_


def _type_of(value: Scalar) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "float" if isinstance(value, int | float) else "string"


def _collation(name_: str) -> exp.Expr:
    return exp.Identifier(this=name_, quoted=True)
