"""Values of plain records held against the types of their fields, so that a rule decides on them as SQL would.

A value of another kind than its field is not "unequal": nobody can decide on it, and what cannot be decided is refused.
Times compare as times, in one spelling: `2026-06-01 11:00:00.000000`.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from policies.nouns import Scalar
from policies.predicate import (
    Among,
    Compare,
    Conjunction,
    Constant,
    Disjunction,
    FieldOperand,
    Node,
    Not,
    Operand,
    Predicate,
)


class UntypedValueError(ValueError):
    """A value that is not of its field's type; its text names the type only."""

    def __init__(self, type_: str) -> None:
        super().__init__(f"a value that is not of the type {type_ or 'of any field'}")


def typed_value(value: Any, type_: str) -> Any:
    """A record's value in the form in which rules compare it. Raises UntypedValueError."""
    if value is None:
        return None
    reader = _READERS.get(type_)
    found = reader(value) if reader is not None else None
    if found is None:
        raise UntypedValueError(type_)
    return found


def typed_attribute(value: Scalar, type_: str) -> Scalar:
    """An attribute of the principal in that form; NULL, which admits nothing, when it has none."""
    if value is None or type_ not in _TIMES:
        return value
    found: Scalar = _READERS[type_](value)
    return found


def comparable(predicate: Predicate, types: Mapping[str, str]) -> Predicate:
    """A predicate whose constants beside fields of times are in that form. Raises UntypedValueError."""
    return replace(predicate, root=_node(predicate.root, types))


def _node(node: Node, types: Mapping[str, str]) -> Node:
    match node:
        case Conjunction(nodes=nodes):
            return Conjunction(tuple(_node(each, types) for each in nodes))
        case Disjunction(nodes=nodes):
            return Disjunction(tuple(_node(each, types) for each in nodes))
        case Not(node=inner):
            return Not(_node(inner, types))
        case Among(operand=FieldOperand(name=name) as operand, items=items):
            return Among(operand, tuple(Constant(_constant(each.value, types.get(name, ""))) for each in items))
        case Compare(op=op, left=left, right=right):
            type_ = next((types.get(each.name, "") for each in (left, right) if isinstance(each, FieldOperand)), "")
            return Compare(op, _operand(left, type_), _operand(right, type_))
        case _:
            return node


def _operand(operand: Operand, type_: str) -> Operand:
    return Constant(_constant(operand.value, type_)) if isinstance(operand, Constant) else operand


def _constant(value: Scalar, type_: str) -> Scalar:
    if type_ not in _TIMES:
        return value
    found: Scalar = typed_value(value, type_)
    return found


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | decimal.Decimal):
        return None
    return value if value == value else None  # noqa: PLR0124 not a number is unequal to itself


def _truth(value: Any) -> bool | None:
    return bool(value) if isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)) else None


def _date(value: Any) -> str | None:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    return _parsed(value, lambda text: dt.date.fromisoformat(text).isoformat())


def _moment(value: Any) -> str | None:
    if isinstance(value, dt.datetime):
        return _spelled(value)
    return _parsed(value, lambda text: _spelled(dt.datetime.fromisoformat(text)))


def _spelled(moment: dt.datetime) -> str | None:
    """None for a time with a zone: without the server's own zone nobody can say how it compares."""
    return moment.isoformat(sep=" ", timespec="microseconds") if moment.tzinfo is None else None


def _time(value: Any) -> str | None:
    if isinstance(value, dt.time):
        return value.isoformat(timespec="microseconds") if value.tzinfo is None else None
    return _parsed(value, lambda text: dt.time.fromisoformat(text).isoformat(timespec="microseconds"))


def _parsed(value: Any, read: Callable[[str], str | None]) -> str | None:
    try:
        return read(value) if isinstance(value, str) else None
    except ValueError:
        return None


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "string": _text, "integer": _integer, "decimal": _number, "float": _number, "boolean": _truth,
    "date": _date, "datetime": _moment, "time": _time,
}  # fmt: skip
_TIMES = frozenset({"date", "datetime", "time"})
