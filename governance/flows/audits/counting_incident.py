"""Whom leaked rows are about: distinct people by law and by data category, as SELECTs of counts; no value is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection
from sqlalchemy.dialects import mysql

from connectors.sql.kinds import word_for
from connectors.sql.where import where_condition
from governance.retention.store_tables import yes
from policies.catalog import CatalogDataset
from policies.errors import PredicateError
from policies.nouns import DatasetRef
from policies.predicate import Among, Constant, FieldOperand, Predicate, check_types, parse_predicate
from policies.taxonomy import HARMLESS

_APART = "\x1f"


@dataclass(frozen=True, slots=True)
class Leak:
    """The leaked rows and fields of one table."""

    ref: DatasetRef
    """The dataset."""
    entry: CatalogDataset
    """What the catalog says of it."""
    table: sa.Table
    """The table as it is now."""
    rows: ColumnElement[bool]
    """Whether a row leaked."""
    fields: tuple[str, ...]
    """The leaked fields, as the catalog names them."""


@dataclass(frozen=True, slots=True)
class People:
    """Distinct people in the leaked rows of one store; a subject key stands for the same person in all its tables."""

    total: int
    """How many."""
    laws: dict[str, int]
    """By law, sorted; who stands under two laws counts under both."""
    unknown: int
    """Those whose law no record tells."""
    categories: dict[str, int]
    """By data category of the leaked fields that hold a value, sorted."""


def leaked_rows(connection: Connection, table: sa.Table, text: str | None) -> ColumnElement[bool]:
    """The condition of a predicate on a table; every row without one. Raises PredicateError, which repeats no text."""
    if text is None:
        return sa.true()
    predicate = parse_predicate(text, "rows")
    check_types(predicate, {each.name: word_for(each.type) for each in table.columns}, "rows")
    return yes(_condition(connection, table, predicate, "rows"))


def count_records(connection: Connection, leak: Leak) -> tuple[int, int]:
    """How many rows leaked, and how many of them name no person."""
    key = _key(leak)
    nobody = sa.func.count() if key is None else sa.func.coalesce(sa.func.sum(sa.case((key.is_(None), 1), else_=0)), 0)
    row = connection.execute(sa.select(sa.func.count(), nobody).select_from(leak.table).where(leak.rows)).one()
    return int(row[0]), int(row[1])


def count_people(connection: Connection, leaks: Sequence[Leak]) -> People:
    """Distinct people of one store, by law and category."""
    named = [leak for leak in leaks if leak.entry.subject_key]
    if not named:
        return People(0, {}, 0, {})
    dialect = connection.dialect.name
    every = sa.union_all(*(_select(leak, connection) for leak in named)).subquery("leaked")
    person = _binary(every.c.person, dialect)
    pairs = sa.select(person.label("person"), every.c.law.label("law")).distinct().subquery("pairs")
    laws = {
        row.law: int(row.people)
        for row in connection.execute(
            sa.select(pairs.c.law, sa.func.count().label("people"))
            .where(pairs.c.law.is_not(None))
            .group_by(pairs.c.law)
        )
    }
    lawless = sa.select(person).group_by(person).having(sa.func.max(every.c.law).is_(None)).subquery("lawless")
    return People(
        total=_count(connection, sa.select(person).distinct().subquery("people")),
        laws=dict(sorted(laws.items())),
        unknown=_count(connection, lawless),
        categories=dict(sorted(_by_category(connection, named))),
    )


def _by_category(connection: Connection, leaks: Sequence[Leak]) -> Iterator[tuple[str, int]]:
    held: dict[str, list[sa.Select[Any]]] = {}
    for leak in leaks:
        for category, condition in _conditions(connection, leak).items():
            held.setdefault(category, []).append(_select(leak, connection).where(condition))
    for category, parts in held.items():
        every = sa.union_all(*parts).subquery("leaked")
        person = _binary(every.c.person, connection.dialect.name)
        yield category, _count(connection, sa.select(person).distinct().subquery("people"))


def _conditions(connection: Connection, leak: Leak) -> dict[str, ColumnElement[bool]]:
    """By category, whether a row holds data of it."""
    found: dict[str, list[ColumnElement[bool]]] = {}
    for name in leak.fields:
        column, category = leak.table.c.get(column_of(name)), leak.entry.fields[name].category
        if column is not None and category != HARMLESS:
            found.setdefault(category, []).append(column.is_not(None))
    for category in leak.entry.special:
        found.setdefault(category, []).append(sa.true())
    for category, text in leak.entry.special_rows.items():
        place = f"catalog, {leak.ref}, special_rows"
        condition = _condition(connection, leak.table, parse_predicate(text, place), place)
        found.setdefault(category, []).append(yes(condition))
    return {category: sa.or_(*each) for category, each in found.items()}


def column_of(field: str) -> str:
    """The column that holds a field: a path of JSON lies in the column before the colon."""
    return field.partition(":")[0]


def _select(leak: Leak, connection: Connection) -> sa.Select[Any]:
    key = _key(leak)
    return sa.select(key.label("person"), _law(leak, connection).label("law")).where(leak.rows, key.is_not(None))


def _key(leak: Leak) -> Any:
    """The person of a row as one text; None for a dataset that is about no person."""
    if not leak.entry.subject_key:
        return None
    first, *others = (sa.cast(leak.table.c[name], sa.Text) for name in leak.entry.subject_key)
    joined: ColumnElement[str] = first
    for each in others:
        joined = joined + sa.literal(_APART) + each
    return joined


def _law(leak: Leak, connection: Connection) -> ColumnElement[Any]:
    told = leak.entry.jurisdiction
    if told is None or told.field not in leak.table.c:
        return sa.cast(sa.null(), sa.String(40))
    column, cases = leak.table.c[told.field], list[tuple[ColumnElement[bool], Any]]()
    for law in sorted(set(told.map.values())):
        values = sorted(value for value, own in told.map.items() if own == law)
        if isinstance(column.type, sa.String):
            among = Among(FieldOperand(told.field), tuple(map(Constant, values)))
            met = _condition(connection, leak.table, Predicate("jurisdiction", among), f"catalog, {leak.ref}")
        else:
            met = sa.cast(column, sa.String(255)).in_(values)
        cases.append((met, sa.cast(sa.literal(law), sa.String(40))))
    return sa.case(*cases, else_=sa.cast(sa.null(), sa.String(40)))


def _condition(connection: Connection, table: sa.Table, predicate: Predicate, place: str) -> ColumnElement[bool]:
    """As `where_condition`, whose errors repeat the predicate, which may hold a value of a person."""
    try:
        return where_condition(predicate, table, connection.dialect.name)
    except PredicateError as cause:
        raise PredicateError(place, found=cause.found, expected=cause.expected, next_step=cause.next_step) from None


def _binary(column: ColumnElement[Any], dialect: str) -> ColumnElement[Any]:
    """A text that is equal to itself alone, whatever collation its column has."""
    if dialect in ("mariadb", "mysql"):
        return sa.cast(column, mysql.BINARY())
    return sa.collate(column, "BINARY" if dialect == "sqlite" else "C")


def _count(connection: Connection, rows: sa.Subquery) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(rows)).scalar_one())
