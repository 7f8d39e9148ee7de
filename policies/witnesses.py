"""Example rows that settle whether predicates can differ: one for each way in which their comparisons can come out.

The predicate language only compares: equal, smaller, among, NULL. For a field it therefore matters just where its value
lies among the constants that it is compared with: on one of them, or in a gap between two. One value on each constant,
enough values in each gap and NULL stand for all values that a row can have, and the rows made of them for all rows. A
statement that holds for these rows holds for every row; so equivalence and inclusion of row sets are decided exactly.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from policies.nouns import Scalar
from policies.predicate import (
    Among,
    AttributeOperand,
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

MOST_ROWS = 50_000
"""More rows than these are not looked at: the question is then left open, and an open question counts as exposure."""

Bound = tuple[Predicate, Mapping[str, Scalar]]
"""A predicate with the attributes of who asks."""
_Pair = tuple[FieldOperand | Constant, ...]


class UndecidableError(ValueError):
    """Predicates whose rows cannot be gone through; its text says why, without a value."""


class TooManyCasesError(UndecidableError):
    """More cases than anybody looks at one by one; `solving.py` may still decide."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """How values of a type lie on a line, for types whose values can be counted."""

    read: Callable[[Any], int]
    """A constant's place."""
    write: Callable[[int], Any]
    """The value at a place; the nearest one at the ends of the line."""


_ZERO = dt.datetime(1, 1, 1)  # noqa: DTZ001 fields hold times without a zone
_MICROSECOND = dt.timedelta(microseconds=1)
_DAY = dt.timedelta(days=1) // _MICROSECOND
_LAST = _DAY * dt.date.max.toordinal() - 1


def _micros(text: str) -> int:
    return (dt.datetime.fromisoformat(text) - _ZERO) // _MICROSECOND


_SCALES: Mapping[str, _Scale] = {
    "integer": _Scale(int, int),
    "date": _Scale(
        lambda text: dt.date.fromisoformat(text).toordinal(),
        lambda place: dt.date.fromordinal(min(max(place, 1), dt.date.max.toordinal())),
    ),
    "datetime": _Scale(_micros, lambda place: _ZERO + _MICROSECOND * min(max(place, 0), _LAST)),
    "time": _Scale(
        lambda text: _micros(f"0001-01-01T{text}"),
        lambda place: (_ZERO + _MICROSECOND * min(max(place, 0), _DAY - 1)).time(),
    ),
}
_NUMBERS = frozenset({"integer", "decimal", "float"})


def witnesses(predicates: Iterable[Bound], types: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Rows, as field to value, that stand for all rows as far as these predicates can tell them apart.

    Raises UndecidableError as `domains`, and TooManyCasesError for more than `MOST_ROWS` rows.
    """
    found = domains(predicates, types)
    size = 1
    for values in found.values():
        size *= len(values)
        if size > MOST_ROWS:
            raise TooManyCasesError("conditions on so many fields that not every case can be looked at")
    return (dict(zip(found, values, strict=True)) for values in itertools.product(*found.values()))


def domains(predicates: Iterable[Bound], types: Mapping[str, str]) -> dict[str, list[Any]]:
    """By field that the predicates name, the values that stand for all of its values; sorted by field.

    Raises UndecidableError for a field whose type is unknown or has no order, and for fields of different kinds that
    are compared with one another.
    """
    pairs = [pair for predicate, attributes in predicates for pair in _pairs(predicate.root, attributes)]
    fields = sorted({side.name for pair in pairs for side in pair if isinstance(side, FieldOperand)})
    return {name: _domain(name, types, pairs) for name in fields}


def _pairs(node: Node, attributes: Mapping[str, Scalar]) -> Iterator[_Pair]:
    """What is compared with what; an attribute is the constant that it stands for."""
    match node:
        case Conjunction(nodes=nodes) | Disjunction(nodes=nodes):
            for each in nodes:
                yield from _pairs(each, attributes)
        case Not(node=inner):
            yield from _pairs(inner, attributes)
        case Compare(left=left, right=right):
            yield (_bound(left, attributes), _bound(right, attributes))
        case Among(operand=operand, items=items):
            yield from ((_bound(operand, attributes), item) for item in items)
        case _:
            yield (_bound(node.operand, attributes),)


def _bound(operand: Operand, attributes: Mapping[str, Scalar]) -> FieldOperand | Constant:
    return Constant(attributes.get(operand.name)) if isinstance(operand, AttributeOperand) else operand


def _domain(name: str, types: Mapping[str, str], pairs: Sequence[_Pair]) -> list[Any]:
    """The values of one field; fields that are compared with one another share the constants of all."""
    if name not in types:
        raise UndecidableError("a condition on a field whose type the catalog does not say")
    rivals = _rivals(name, pairs)
    kinds = {"number" if types.get(each) in _NUMBERS else types.get(each) for each in rivals}
    if len(kinds) > 1:
        raise UndecidableError("a condition that compares fields of different kinds")
    constants = {
        side.value
        for pair in pairs
        if any(isinstance(side, FieldOperand) and side.name in rivals for side in pair)
        for side in pair
        if isinstance(side, Constant) and side.value is not None
    }
    return [*_values(types[name], constants, len(rivals)), None]


def _rivals(name: str, pairs: Sequence[_Pair]) -> set[str]:
    """The field, and all that it is compared with, over any number of steps."""
    found, size = {name}, 0
    while len(found) > size:
        size = len(found)
        for pair in pairs:
            named = {side.name for side in pair if isinstance(side, FieldOperand)}
            if named & found:
                found |= named
    return found


def _values(type_: str, constants: Collection[Scalar], room: int) -> list[Any]:
    """A value on each constant and `room` of them in each gap, so that as many fields can lie there in any order."""
    match type_:
        case "boolean":
            return [False, True]
        case "string":
            return _texts([each for each in constants if isinstance(each, str)], room)
        case "decimal" | "float":
            return _numbers([each for each in constants if isinstance(each, int | float)], room)
        case _:
            return _counted(type_, constants, room)


def _counted(type_: str, constants: Collection[Scalar], room: int) -> list[Any]:
    scale = _SCALES.get(type_)
    if scale is None:
        raise UndecidableError(f"a condition on a field of type {type_}")
    try:
        places = {scale.read(each) for each in constants} or {_DAY if type_ != "integer" else 0}
    except (ValueError, TypeError, OverflowError):
        raise UndecidableError(f"a constant that is no {type_}") from None
    near = {place + step for place in places for step in range(-room, room + 1)}
    return list(dict.fromkeys(scale.write(place) for place in sorted(near)))


def _texts(constants: list[str], room: int) -> list[str]:
    """The least text after one is the same with a NUL behind it."""
    found = {"\0" * times for times in range(room)}
    found |= {each + "\0" * times for each in constants for times in range(room + 1)}
    return sorted(found)


def _numbers(constants: list[int | float], room: int) -> list[Decimal]:
    places = sorted({Decimal(repr(each + 0)) for each in constants}) or [Decimal(0)]
    found = set(places)
    found |= {places[0] - step for step in range(1, room + 1)} | {places[-1] + step for step in range(1, room + 1)}
    for low, high in itertools.pairwise(places):
        found |= {low + (high - low) * step / (room + 1) for step in range(1, room + 1)}
    return sorted(found)
