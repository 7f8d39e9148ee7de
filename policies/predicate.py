"""The one predicate language: which rows a rule, a stage or a subset means.

Python's comparison syntax, read with `ast` against a white list and never evaluated as code:

    region == principal.region and tier != "vip"
    country in ("DE", "FR") or (age >= 18 and not clinic)
    last_seen_at is not None and last_seen_at < "2026-01-01"

A bare name is a field, `principal.NAME` an attribute of who asks. Comparisons are `== != < <= > >=`, `in` and `not in`
with a tuple of constants, `is None` and `is not None`; they join by `and`, `or`, `not`. A bare boolean field is a
condition. NULL behaves as in SQL: a comparison with it is unknown, and only TRUE admits a row. Text compares by code
points, case counts.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from policies.errors import PredicateError
from policies.nouns import Scalar


@dataclass(frozen=True, slots=True)
class FieldOperand:
    """The value of a field of the row."""

    name: str
    """The field's name."""


@dataclass(frozen=True, slots=True)
class AttributeOperand:
    """An attribute of the principal; NULL when the principal does not have it."""

    name: str
    """The attribute's name."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal text, number or truth value."""

    value: Scalar
    """The value; None stands for NULL."""


Operand = FieldOperand | AttributeOperand | Constant


@dataclass(frozen=True, slots=True)
class Compare:
    """Two operands compared."""

    op: str
    """One of `== != < <= > >=`."""
    left: Operand
    """What stands on the left."""
    right: Operand
    """What stands on the right."""


@dataclass(frozen=True, slots=True)
class Among:
    """Whether an operand equals one of some constants."""

    operand: Operand
    """What is looked for."""
    items: tuple[Constant, ...]
    """At least one, none of them NULL."""


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether an operand is NULL; never unknown."""

    operand: Operand
    """What is looked at."""


@dataclass(frozen=True, slots=True)
class Truth:
    """A boolean field, attribute or constant as a condition."""

    operand: Operand
    """What is looked at."""


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; unknown stays unknown."""

    node: Node
    """What is negated."""


@dataclass(frozen=True, slots=True)
class Conjunction:
    """True when every part is, false when one is false."""

    nodes: tuple[Node, ...]
    """At least two."""


@dataclass(frozen=True, slots=True)
class Disjunction:
    """True when one part is, false when every part is false."""

    nodes: tuple[Node, ...]
    """At least two."""


Node = Compare | Among | IsNull | Truth | Not | Conjunction | Disjunction


@dataclass(frozen=True, slots=True)
class Predicate:
    """A parsed expression. Two that are written alike are equal."""

    text: str
    """As it was written, spaces normalised."""
    root: Node
    """Its tree."""

    @property
    def fields(self) -> frozenset[str]:
        """The fields that it names."""
        return frozenset(each.name for each in _operands(self.root) if isinstance(each, FieldOperand))

    @property
    def attributes(self) -> frozenset[str]:
        """The principal's attributes that it names."""
        return frozenset(each.name for each in _operands(self.root) if isinstance(each, AttributeOperand))

    @property
    def constants(self) -> tuple[Constant, ...]:
        """The constants that it names, in its order."""
        among = [item for node in _walk(self.root) if isinstance(node, Among) for item in node.items]
        return (*(each for each in _operands(self.root) if isinstance(each, Constant)), *among)

    def evaluate(self, row: Mapping[str, Any], attributes: Mapping[str, Scalar]) -> bool | None:
        """Whether a row meets it, in three-valued logic; None is unknown.

        Raises PredicateError when a field is missing from the row or two kinds of value cannot be compared.
        """
        return _evaluate(self.root, row, attributes, self.text)


def parse_predicate(text: str, place: str = "predicate") -> Predicate:
    """The predicate that a text writes. Raises PredicateError that names what is not allowed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python warns of odd escapes and repeats the text
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _wrong(place, "text that is no expression") from None
    if len(text) > 4_000:
        raise _wrong(place, "more than 4,000 characters")
    return Predicate(ast.unparse(tree), _node(tree.body, place))


def either(one: Predicate | None, other: Predicate | None) -> Predicate | None:
    """The predicate that a row meets which meets one of two; None is met by no row."""
    if one is None or other is None:
        return one or other
    return Predicate(f"({one.text}) or ({other.text})", Disjunction((one.root, other.root)))


def check_types(predicate: Predicate, types: Mapping[str, str], place: str = "predicate") -> None:
    """Check a predicate against a dataset's fields and types, as in `connectors.base.Field.type`.

    Raises PredicateError for a field that is not there, or one compared with a constant of another kind.
    """
    for name in sorted(predicate.fields):
        if name not in types:
            raise _wrong(place, f"field `{name}`, which the dataset does not have")
    for node in _walk(predicate.root):
        match node:
            case (
                Compare(left=FieldOperand(name=name), right=Constant(value=value))
                | Compare(left=Constant(value=value), right=FieldOperand(name=name))
            ):
                _check_kind(name, types[name], value, place)
            case Among(operand=FieldOperand(name=name), items=items):
                for item in items:
                    _check_kind(name, types[name], item.value, place)
            case Truth(operand=FieldOperand(name=name)) if types[name] not in ("boolean", "integer"):
                raise _wrong(place, f"field `{name}` of type {types[name]} used as a condition")
            case _:
                pass


_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int, bool),
    "decimal": (int, float),
    "float": (int, float),
    "boolean": (bool, int),
    "date": (str,),
    "datetime": (str,),
    "time": (str,),
}


def _check_kind(name: str, type_: str, value: Scalar, place: str) -> None:
    """A field of a type without constants, such as JSON, can only be compared with NULL or an attribute."""
    if not isinstance(value, _KINDS.get(type_, ())):
        raise _wrong(place, f"field `{name}` of type {type_} compared with a constant of type {type(value).__name__}")


_OPERATORS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _node(node: ast.expr, place: str) -> Node:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return Conjunction(tuple(_node(each, place) for each in values))
        case ast.BoolOp(values=values):
            return Disjunction(tuple(_node(each, place) for each in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Not(_node(operand, place))
        case ast.Compare(left=left, ops=ops, comparators=rights):
            parts = tuple(
                _comparison(one, op, other, place)
                for one, op, other in zip((left, *rights[:-1]), ops, rights, strict=True)
            )
            return parts[0] if len(parts) == 1 else Conjunction(parts)
        case ast.Name() | ast.Attribute() | ast.Constant(value=bool()):
            return Truth(_operand(node, place))
        case _:
            raise _wrong(place, f"`{type(node).__name__}`, which is no condition of the language")


def _comparison(left: ast.expr, op: ast.cmpop, right: ast.expr, place: str) -> Node:
    match op:
        case ast.Is() | ast.IsNot():
            if not (isinstance(right, ast.Constant) and right.value is None):
                raise _wrong(place, "`is` with something that is not None")
            test = IsNull(_operand(left, place))
            return test if isinstance(op, ast.Is) else Not(test)
        case ast.In() | ast.NotIn():
            among = Among(_operand(left, place), _items(right, place))
            return among if isinstance(op, ast.In) else Not(among)
        case _:
            pair = _operand(left, place), _operand(right, place)
            if any(isinstance(each, Constant) and each.value is None for each in pair):
                raise _wrong(place, "a comparison with None; write `is None`")
            return Compare(_OPERATORS[type(op)], *pair)


def _items(node: ast.expr, place: str) -> tuple[Constant, ...]:
    if not isinstance(node, ast.Tuple | ast.List) or not node.elts:
        raise _wrong(place, "`in` without a tuple of constants")
    items = tuple(_operand(each, place) for each in node.elts)
    if not all(isinstance(each, Constant) and each.value is not None for each in items):
        raise _wrong(place, "`in` with something that is no constant")
    return tuple(each for each in items if isinstance(each, Constant))


def _operand(node: ast.expr, place: str) -> Operand:
    match node:
        case ast.Attribute(value=ast.Name(id="principal"), attr=name):
            return AttributeOperand(name)
        case ast.Name(id="principal"):
            raise _wrong(place, "`principal` alone; write `principal.NAME`")
        case ast.Name(id=name):
            return FieldOperand(name)
        case ast.Constant(value=bool() | int() | float() | str() | None as value):
            return Constant(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return Constant(-number)
        case _:
            raise _wrong(place, f"`{type(node).__name__}`, which is no field, attribute or constant")


def _evaluate(node: Node, row: Mapping[str, Any], attributes: Mapping[str, Scalar], text: str) -> bool | None:
    match node:
        case Conjunction(nodes=nodes):
            found = [_evaluate(each, row, attributes, text) for each in nodes]
            return False if False in found else (None if None in found else True)
        case Disjunction(nodes=nodes):
            found = [_evaluate(each, row, attributes, text) for each in nodes]
            return True if True in found else (None if None in found else False)
        case Not(node=inner):
            value = _evaluate(inner, row, attributes, text)
            return None if value is None else not value
        case IsNull(operand=operand):
            return _value(operand, row, attributes, text) is None
        case Truth(operand=operand):
            value = _value(operand, row, attributes, text)
            return None if value is None else bool(value)
        case Among(operand=operand, items=items):
            value = _value(operand, row, attributes, text)
            return None if value is None else any(_compare("==", value, each.value, text) for each in items)
        case Compare(op=op, left=left, right=right):
            pair = _value(left, row, attributes, text), _value(right, row, attributes, text)
            return None if None in pair else _compare(op, *pair, text)


def _compare(op: str, left: Any, right: Any, text: str) -> bool:
    if isinstance(left, str) != isinstance(right, str):
        left, right = _as_text(left), _as_text(right)
    left, right = _exact(left, right), _exact(right, left)
    try:
        return bool(_COMPARE[op](left, right))
    except TypeError:
        raise _wrong(f"predicate `{text}`", "two kinds of value that cannot be compared") from None


def _exact(value: Any, other: Any) -> Any:
    """Beside a decimal, a binary fraction stands for the number as it is written, as SQL reads it."""
    return Decimal(repr(value)) if isinstance(value, float) and isinstance(other, Decimal) else value


def _as_text(value: Any) -> Any:
    """Dates and times compare with ISO 8601 constants; anything else is left to fail."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def _value(operand: Operand, row: Mapping[str, Any], attributes: Mapping[str, Scalar], text: str) -> Any:
    match operand:
        case FieldOperand(name=name):
            if name not in row:
                raise _wrong(f"predicate `{text}`", f"field `{name}`, which the record does not have")
            return row[name]
        case AttributeOperand(name=name):
            return attributes.get(name)
        case Constant(value=value):
            return value


def _walk(node: Node) -> list[Node]:
    match node:
        case Conjunction(nodes=nodes) | Disjunction(nodes=nodes):
            return [node, *(inner for each in nodes for inner in _walk(each))]
        case Not(node=inner):
            return [node, *_walk(inner)]
        case _:
            return [node]


def _operands(root: Node) -> list[Operand]:
    found: list[Operand] = []
    for node in _walk(root):
        match node:
            case Compare(left=left, right=right):
                found += [left, right]
            case Among(operand=operand) | IsNull(operand=operand) | Truth(operand=operand):
                found.append(operand)
            case _:
                pass
    return found


def _wrong(place: str, found: str) -> PredicateError:
    return PredicateError(
        place,
        found=found,
        expected="fields, principal.NAME and constants joined by comparisons, and, or, not",
        next_step="see docs/predicates.md for the language",
    )
