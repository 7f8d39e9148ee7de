"""Cases and better outcomes by group, as one SELECT of counts over a table; no value leaves the store.

The same rows give the same numbers in SQLite, PostgreSQL and MariaDB: text compares letter by letter.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection
from sqlalchemy.dialects.postgresql import JSONB

from connectors.sql.kinds import word_for
from connectors.sql.where import where_condition
from governance.retention.store_tables import find_table, yes
from policies.errors import ConfigError, PredicateError, StoreError
from policies.fairness_rules import FILE, Dimension, GroupValue, Outcome
from policies.predicate import Among, Constant, FieldOperand, Predicate, check_types

OTHERS, NOT_KNOWN = "(others)", "(not known)"
"""Rows whose value no group names, and rows without a value; no group of the file can have these names."""
_FIRST = dt.date(1000, 1, 1)  # MariaDB keeps zero dates, which come before all others and are none


@dataclass(frozen=True, slots=True)
class GroupCount:
    """One group of one dimension."""

    dimension: str
    """The dimension's name."""
    group: str
    """The group's name; OTHERS or NOT_KNOWN for rows of none."""
    cases: int
    """Rows whose outcome is known."""
    better: int
    """Rows among them with the better outcome."""
    undecided: int
    """Rows whose outcome is not known."""


def count_outcome(connection: Connection, outcome: Outcome, today: dt.date) -> tuple[int, list[GroupCount]]:
    """The rows that count, and every group of an outcome in the order of the file. Ages are those of a day.

    Raises StoreError for a table that is not as the catalog says, PredicateError or ConfigError for what the file asks
    of a field of another type.
    """
    counting = _Counting(connection, outcome, today)
    heads = [(each.name, group, rows) for each in outcome.by for group, rows in counting.groups(each)]
    columns = [number for _, _, rows in heads for number in counting.numbers(rows)]
    found = connection.execute(sa.select(sa.func.count(), *columns).select_from(counting.table).where(counting.rows))
    total, *numbers = (int(each or 0) for each in found.one())
    parts = (numbers[at : at + 3] for at in range(0, len(numbers), 3))
    return total, [GroupCount(name, group, *part) for (name, group, _), part in zip(heads, parts, strict=True)]


class _Counting:
    """The conditions of one outcome over a derived table that has each dimension's value under a name of its own."""

    def __init__(self, connection: Connection, outcome: Outcome, today: dt.date) -> None:
        self._dialect, self._place, self._today = connection.dialect.name, str(outcome.dataset), today
        base = find_table(connection, outcome.dataset)
        if any(each.partition(":")[0] not in base.c for each in outcome.fields):
            raise StoreError(
                self._place,
                found="a table without fields that fairness.yaml names",
                expected="the table that the catalog describes",
                next_step="scan the store again, and correct the catalog",
            )
        rows = outcome.rows.fields if outcome.rows is not None else frozenset[str]()
        plain = [base.c[name] for name in sorted(outcome.better.fields | rows)]
        self._columns = {each.name: f"gov_value_{number}" for number, each in enumerate(outcome.by)}
        values = [self._value(base, each).label(self._columns[each.name]) for each in outcome.by]
        self._types = {each.name: word_for(each.type) for each in plain}
        self._types |= {each.name: word_for(each.type) for each in values}
        self.table = sa.select(*plain, *values).subquery("counted")
        better = self._condition(outcome.better)
        self._decided = sa.case((better, 1), (sa.not_(sa.type_coerce(better.self_group(), sa.Boolean)), 0))
        self.rows = sa.true() if outcome.rows is None else yes(self._condition(outcome.rows))

    def numbers(self, rows: ColumnElement[bool]) -> Iterator[ColumnElement[Any]]:
        """Cases, better outcomes and undecided rows among some rows."""
        inside = sa.case((rows, self._decided))
        yield sa.func.count(inside)
        yield sa.func.sum(inside)
        yield sa.func.count(sa.case((sa.and_(rows, self._decided.is_(None)), 1)))

    def groups(self, dimension: Dimension) -> Iterator[tuple[str, ColumnElement[bool]]]:
        """Every group of a dimension with its rows; each row is in exactly one."""
        value = self.table.c[self._columns[dimension.name]]
        if dimension.bands:
            yield from self._bands(value, dimension.bands)
        else:
            named = {name: self._among(dimension, values) for name, values in dimension.groups.items()}
            yield from named.items()
            yield OTHERS, sa.and_(value.is_not(None), *(sa.not_(each) for each in named.values()))
        yield NOT_KNOWN, value.is_(None)

    def _among(self, dimension: Dimension, values: Sequence[GroupValue]) -> ColumnElement[bool]:
        among = Among(FieldOperand(self._columns[dimension.name]), tuple(map(Constant, values)))
        return yes(self._condition(Predicate("groups", among)))

    def _bands(self, value: ColumnElement[Any], bands: Sequence[int]) -> Iterator[tuple[str, ColumnElement[bool]]]:
        reached = self._reached(value)
        yield f"<{bands[0]}", sa.and_(value.is_not(None), sa.not_(yes(reached(bands[0]))))
        for low, high in pairwise(bands):
            yield f"{low}-{high - 1}", sa.and_(yes(reached(low)), sa.not_(yes(reached(high))))
        yield f"{bands[-1]}+", yes(reached(bands[-1]))

    def _reached(self, value: ColumnElement[Any]) -> Callable[[int], ColumnElement[bool]]:
        """Whether somebody has reached an age, by a date of birth or an age."""
        if word_for(value.type) == "integer":
            return lambda age: value >= age
        if self._dialect == "sqlite":  # which keeps dates as text
            return lambda age: value <= _birth(self._today, age).isoformat()
        return lambda age: value <= _birth(self._today, age)

    def _condition(self, predicate: Predicate) -> ColumnElement[bool]:
        try:
            check_types(predicate, self._types, self._place)
            return where_condition(predicate, self.table, self._dialect)
        except PredicateError as cause:  # its own place repeats the predicate, which may hold a value of a person
            raise PredicateError(
                self._place, found=cause.found, expected=cause.expected, next_step=f"correct policies/{FILE}"
            ) from None

    def _value(self, table: sa.Table, dimension: Dimension) -> ColumnElement[Any]:
        """What a dimension tells people apart by: a date of birth, an age, or a value to be compared."""
        name, _, path = dimension.field.partition(":$.")
        column = table.c[name]
        if path:
            return self._checked(_MEMBERS[self._dialect](column, path.split(".")), dimension, ())
        if dimension.bands and word_for(column.type) == "date":
            return _DAYS[self._dialect](column)
        return self._checked(column, dimension, ("integer",))

    def _checked(self, value: ColumnElement[Any], dimension: Dimension, counted: tuple[str, ...]) -> ColumnElement[Any]:
        word = word_for(value.type)
        if dimension.bands and word not in counted:
            raise ConfigError(
                f"policies/{FILE}, {self._place}",
                found=f"`bands` on a field of type {word}",
                expected="a field of type date or integer",
                next_step="name the date of birth or the age in years",
            )
        return value


def _birth(today: dt.date, age: int) -> dt.date:
    """The last day of birth of those who have reached an age; whoever was born on 29 February does on 1 March."""
    try:
        return today.replace(year=today.year - age)
    except ValueError:
        return dt.date(today.year - age, 2, 28)


def _text(value: Any) -> ColumnElement[Any]:
    return sa.type_coerce(value, sa.Text())


def _sqlite_member(column: ColumnElement[Any], path: Sequence[str]) -> ColumnElement[Any]:
    text = _text(column)
    member = sa.cast(sa.func.json_extract(text, "$." + ".".join(path)), sa.Text)
    return sa.case((sa.func.json_valid(text) == 1, member))


_MEMBERS: Mapping[str, Callable[[ColumnElement[Any], Sequence[str]], ColumnElement[Any]]] = {
    "sqlite": _sqlite_member,
    "postgresql": lambda column, path: _text(sa.func.jsonb_extract_path_text(sa.cast(column, JSONB), *path)),
    "mysql": lambda column, path: _text(sa.func.json_value(column, "$." + ".".join(path))),
    "mariadb": lambda column, path: _text(sa.func.json_value(column, "$." + ".".join(path))),
}
"""A member of a JSON field as text."""
_DAYS: Mapping[str, Callable[[ColumnElement[Any]], ColumnElement[Any]]] = {
    "sqlite": lambda column: sa.func.date(_text(column), type_=sa.Date()),
    "postgresql": lambda column: column,
    "mysql": lambda column: sa.case((column >= _FIRST, column)),
    "mariadb": lambda column: sa.case((column >= _FIRST, column)),
}
"""A date of birth; NULL for what is none."""
