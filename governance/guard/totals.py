"""Whether a PostgreSQL statement can raise, told by type: what is not provably total counts as raising.

PostgreSQL puts casts into comparisons (numeric with double precision, bigint with oid), reads collations when a row is
met and parses documents late. So an expression is total only when it is of a short list and each operand's type is
known and fits: an unfenced statement may meet a hidden row, and an error would tell of it.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

from governance.guard import hazards
from governance.guard.scopes import Resolver

_NATIVE: Mapping[str, str] = {
    "SMALLINT": "int", "INTEGER": "int", "BIGINT": "int", "NUMERIC": "num", "DOUBLE PRECISION": "float",
    "DOUBLE_PRECISION": "float", "TEXT": "text", "VARCHAR": "text", "BOOLEAN": "bool", "DATE": "date",
    "TIMESTAMP": "timestamp", "TIMESTAMP WITHOUT TIME ZONE": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "UUID": "uuid",
}  # fmt: skip
"""Declared type, without length, to what it compares as. A collation of its own is not among them."""
_LENGTH = re.compile(r"\([0-9, ]+\)\Z")
_CASTS: Mapping[str, str] = {
    "SMALLINT": "int", "INT": "int", "BIGINT": "int", "TEXT": "text", "VARCHAR": "text", "BOOLEAN": "bool",
    "DATE": "date", "TIMESTAMP": "timestamp", "TIMESTAMPNTZ": "timestamp", "TIMESTAMPTZ": "timestamptz",
    "UUID": "uuid", "DECIMAL": "num", "DOUBLE": "float",
}  # fmt: skip
_PARAMETER_CASTS: Mapping[str, frozenset[str]] = {
    "int4": frozenset({"INT", "BIGINT", "DECIMAL", "DOUBLE"}), "int8": frozenset({"BIGINT", "DECIMAL", "DOUBLE"}),
    "num": frozenset({"DECIMAL"}), "float": frozenset({"DOUBLE"}), "bool": frozenset({"BOOLEAN"}),
    "date": frozenset({"DATE"}), "timestamp": frozenset({"TIMESTAMP", "TIMESTAMPNTZ"}),
    "timestamptz": frozenset({"TIMESTAMPTZ"}), "uuid": frozenset({"UUID"}), "null": frozenset(_CASTS),
    "unknown": frozenset({"TEXT", "VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMPNTZ", "TIMESTAMPTZ", "UUID"}),
}  # fmt: skip
"""Casts of a bound value that cannot fail when a row is met; text is read by the server before any row."""
_LIKE_ANY = frozenset({"unknown", "null"})
_FITS: Mapping[str, frozenset[str]] = {
    "int": frozenset({"int", "num", "float", "number"}),
    "num": frozenset({"int", "num", "number"}),
    "float": frozenset({"int", "float", "number"}),
    "number": frozenset({"int", "num", "float", "number"}),
}
_TOTAL = frozenset({"count", "min", "max", "coalesce", "row_number", "rank", "dense_rank", "bool_and", "bool_or"})
_FRAME = (
    exp.Select, exp.From, exp.Join, exp.Where, exp.Table, exp.TableAlias, exp.Identifier, exp.Alias, exp.Star,
    exp.With, exp.CTE, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Distinct, exp.Column, exp.Literal, exp.Null,
    exp.Boolean, exp.Placeholder, exp.Parameter, exp.And, exp.Or, exp.Not, exp.Paren, exp.Exists, exp.Is, exp.If,
    exp.DataType, exp.DataTypeParam, exp.Window, exp.Values, exp.Lateral, exp.Filter,
)  # fmt: skip
_INT4, _INT8 = 2**31, 2**63


def kinds_of(values: Sequence[Any]) -> tuple[str, ...]:
    """What each bound value is sent to the server as; `other` for what the guard cannot tell."""
    return tuple(_kind_of(each) for each in values)


def _kind_of(value: Any) -> str:
    if value is None:
        return "null"
    kind = type(value)
    if kind is int:
        return "int4" if -_INT4 <= value < _INT4 else "int8" if -_INT8 <= value < _INT8 else "num"
    if kind is dt.datetime:
        return "timestamp" if value.tzinfo is None else "timestamptz"
    return _PYTHON.get(kind, "other")


_PYTHON: Mapping[type, str] = {
    str: "unknown", bool: "bool", float: "float", decimal.Decimal: "num", dt.date: "date", uuid.UUID: "uuid",
}  # fmt: skip


class Totality:
    """Tells of the parts of one resolved statement whether they are total."""

    def __init__(self, resolver: Resolver, kinds: Sequence[str], tree: exp.Query) -> None:
        self._meant = resolver.meant
        self._scopes = resolver.scopes
        self._kinds = kinds
        self._tree = tree

    def can_raise(self) -> bool:
        """Whether some part of the statement may raise for some row."""
        return self.may_raise(self._tree)

    def may_raise(self, part: exp.Expr) -> bool:
        """Whether something in a part of the statement may raise for some row."""
        return not all(self.is_total(node) for node in part.walk())

    def is_total(self, node: exp.Expr) -> bool:
        """Whether a node, its operands apart, cannot raise."""
        match node:
            case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
                return self._fit([node.this, node.expression])
            case exp.NullSafeEQ() | exp.NullSafeNEQ():
                return self._fit([node.this, node.expression])
            case exp.Between():
                return self._fit([node.this, node.args["low"], node.args["high"]])
            case exp.In():
                return self._in(node)
            case exp.Like() | exp.ILike():
                return self._type(node.this) == "text" and hazards.is_safe_pattern(node.expression)
            case exp.Case():
                return node.this is None and self._type(node) is not None
            case exp.Cast() | exp.Neg():
                return self._type(node) is not None
            case exp.Anonymous():
                return node.this in _TOTAL and (node.this != "coalesce" or self._fit(node.expressions))
            case exp.Join():
                return not node.args.get("using") and not node.args.get("method")
            case exp.Limit() | exp.Offset():
                literal = isinstance(node.expression, exp.Literal)
                return literal or node.parent is self._tree
            case exp.Subquery():
                return hazards.stands_for_rows(node) or hazards.gives_one_row(node)
            case exp.Tuple():
                return isinstance(node.parent, exp.Values | exp.Group)
            case exp.SetOperation():
                return self._alike(node)
            case _:
                return isinstance(node, _FRAME)

    def _in(self, node: exp.In) -> bool:
        query = node.args.get("query")
        if query is None:
            return self._fit([node.this, *node.expressions])
        mine, theirs = self._type(node.this), self._columns(query.this if isinstance(query, exp.Subquery) else query)
        return mine is not None and theirs is not None and len(theirs) == 1 and _fits(mine, theirs[0])

    def _alike(self, node: exp.SetOperation) -> bool:
        """Whether both sides have columns of equal types, so that no cast is put in."""
        left, right = self._columns(node.this), self._columns(node.expression)
        return left is not None and left == right

    def _columns(self, node: exp.Expr) -> list[str] | None:
        """The types of a query's columns; None when one is not known."""
        while isinstance(node, exp.SetOperation | exp.Subquery):
            node = node.this
        if not isinstance(node, exp.Select):
            return None
        found = [self._type(each.this if isinstance(each, exp.Alias) else each) for each in node.expressions]
        known = [each for each in found if each is not None and each not in _LIKE_ANY]
        return known if len(known) == len(found) else None

    def _fit(self, nodes: Sequence[exp.Expr]) -> bool:
        types = [self._type(each) for each in nodes]
        return all(one is not None and other is not None and _fits(one, other) for one in types for other in types)

    def _type(self, node: exp.Expr) -> str | None:
        """What an expression compares as; None when that is not known or the expression may raise."""
        match node:
            case exp.Paren():
                return self._type(node.this)
            case exp.Column():
                return self._field(node)
            case exp.Literal():
                if node.is_string:
                    return "unknown"
                return "int" if node.name.isdigit() and int(node.name) < _INT8 else "number"
            case exp.Null():
                return "null"
            case exp.Boolean():
                return "bool"
            case exp.Neg():
                return self._type(node.this) if isinstance(node.this, exp.Literal) else None
            case exp.Parameter():
                kind = self._parameter(node)
                return "int" if kind in ("int4", "int8") else kind if kind != "other" else None
            case exp.Cast():
                return self._cast(node)
            case exp.Case():
                return self._common([each.args["true"] for each in node.args["ifs"]] + [node.args.get("default")])
            case exp.Anonymous(this="count"):
                return "int"
            case exp.Anonymous(this="coalesce"):
                return self._common(node.expressions)
            case exp.Anonymous(this="min" | "max"):
                return self._type(node.expressions[0]) if len(node.expressions) == 1 else None
            case _:
                return None

    def _field(self, node: exp.Column) -> str | None:
        use, name = self._meant.get(id(node), (None, ""))
        if use is None:
            return None
        return _NATIVE.get(_LENGTH.sub("", use.table.fields[name].native_type.upper()))

    def _parameter(self, node: exp.Expr) -> str:
        place = int(node.this.name) - 1 if isinstance(node.this, exp.Literal) and node.this.name.isdigit() else -1
        return self._kinds[place] if 0 <= place < len(self._kinds) else "other"

    def _cast(self, node: exp.Cast) -> str | None:
        to = node.to.this.value if isinstance(node.to.this, exp.DType) else ""
        if node.to.expressions and to not in ("VARCHAR", "TEXT"):
            return None
        match node.this:
            case exp.Literal() | exp.Null() | exp.Boolean():  # read before any row is met
                return _CASTS.get(to)
            case exp.Parameter() as bound:
                return _CASTS[to] if to in _PARAMETER_CASTS.get(self._parameter(bound), ()) else None
            case inner if to == "TEXT" and self._type(inner) in ("int", "text", "uuid", "bool", "date"):
                return "text"
        return None

    def _common(self, nodes: Sequence[exp.Expr | None]) -> str | None:
        """The one type that all branches have, constants that take any type apart."""
        found = {self._type(each) for each in nodes if each is not None} - {"null"}
        if found == {"unknown"}:
            return "text"
        found -= {"unknown"}
        return found.pop() if len(found) == 1 else None


def _fits(one: str, other: str) -> bool:
    if one in _LIKE_ANY or other in _LIKE_ANY:
        return True
    return other in _FITS.get(one, frozenset({one}))
