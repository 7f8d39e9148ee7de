"""Build the demo store: invented people of a shop with a clinic line, the same for the same seed."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from random import Random
from types import MappingProxyType
from typing import Any

from sqlalchemy import Engine, create_engine, insert, text
from sqlalchemy.exc import SQLAlchemyError

from governance.demo import rows_customers, rows_sales, rows_service, schema
from governance.demo.tally import Tally
from policies.errors import BadInputError, StoreError

DEFAULT_AS_OF = dt.date(2026, 11, 1)
"""The day on which the demo's life ends, unless told otherwise."""
MIN_CUSTOMERS = 100
"""A smaller store might lack patients or one of the countries."""
_BATCH = 5000


@dataclass(frozen=True, slots=True)
class BuiltStore:
    """What was built, and what was planted in it."""

    rows: Mapping[str, int]
    """Rows by table."""
    hidden: Mapping[tuple[str, str], Mapping[str, int]]
    """By dataset and field, the number of cells that hide each entity."""
    faults: Mapping[str, int]
    """Planted faults by kind."""
    faulty: Mapping[str, frozenset[int]]
    """By kind, the ids of the rows that have the fault."""
    people: Mapping[str, tuple[int, ...]]
    """By dataset, for each of its rows in order the number of the person that it is really about."""
    needle: tuple[str, str, int]
    """Dataset, field and row id of the only resident id among the notes."""
    digest: str
    """SHA-256 over every row in order: equal for equal arguments, whatever the database."""


def build_store(url: str, *, customers: int = 20_000, seed: int = 7, as_of: dt.date = DEFAULT_AS_OF) -> BuiltStore:
    """Create the demo's tables in the database and fill them.

    Moments are naive UTC; only planted faults lie after the day `as_of`.

    Raises BadInputError for fewer customers than `MIN_CUSTOMERS`, StoreError when the database cannot be written or
    already has one of the tables.
    """
    if customers < MIN_CUSTOMERS:
        raise BadInputError(
            "the demo store",
            found=f"{customers} customers asked for",
            expected=f"at least {MIN_CUSTOMERS}, so that every kind of person occurs",
            next_step="ask for more customers",
        )
    tally = Tally()
    tables = draw_tables(customers, seed, as_of, tally)
    try:
        _write(url, tables)
    except SQLAlchemyError as cause:
        raise StoreError(
            "the demo store",
            found=type(cause).__name__,
            expected="an empty database that can be written",
            next_step="give the URL of an empty database",
        ) from None
    return _summary(tables, tally)


def draw_tables(customers: int, seed: int, as_of: dt.date, tally: Tally) -> dict[str, list[dict[str, Any]]]:
    """All rows by table, in an order that foreign keys accept. Each table has its own random source."""

    def source(table: str) -> Random:
        return Random(f"{seed}:{table}")

    staff = rows_service.draw_staff(source("staff"), max(customers // 160, 12), as_of, tally)
    logins = [row["login"] for row in staff]
    people, rows = rows_customers.draw_customers(source("customers"), customers, as_of, logins, tally)
    households = rows_customers.draw_households(source("households"), people, rows, customers * 3 // 10, as_of, tally)
    patients = [row["id"] for row in rows if row["clinic"]]
    products = rows_sales.draw_products(source("products"), 240, as_of)
    return {
        "staff": staff,
        "products": products,
        "households": households,
        "customers": rows,
        "orders": rows_sales.draw_orders(source("orders"), people, len(products), customers * 2, as_of, tally),
        "clinic_visits": rows_service.draw_visits(
            source("clinic_visits"), people, patients, customers * 4 // 10, as_of, tally
        ),
        "tickets": rows_service.draw_tickets(source("tickets"), people, len(staff), customers, as_of, tally),
        "marketing_contacts": rows_sales.draw_marketing(
            source("marketing_contacts"), people, customers * 6 // 10, as_of, tally
        ),
        "devices": rows_service.draw_devices(source("devices"), len(people), customers * 3 // 4, as_of),
        "audit_log": rows_service.draw_audit_log(source("audit_log"), people, logins, customers, as_of, tally),
    }


def _write(url: str, tables: Mapping[str, Sequence[dict[str, Any]]]) -> None:
    engine = create_engine(url, hide_parameters=True, json_serializer=partial(json.dumps, ensure_ascii=False))
    with _closing(engine), engine.begin() as connection:
        schema.metadata.create_all(connection, checkfirst=False)
        for name, rows in tables.items():
            statement = insert(schema.metadata.tables[name])
            for batch in _batches(rows):
                connection.execute(statement, batch)
        connection.execute(text(schema.VIEW_SQL))


@contextmanager
def _closing(engine: Engine) -> Iterator[None]:
    try:
        yield
    finally:
        engine.dispose()


def _batches(rows: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rows), _BATCH):
        yield list(rows[start : start + _BATCH])


def _summary(tables: Mapping[str, Sequence[dict[str, Any]]], tally: Tally) -> BuiltStore:
    hidden: dict[tuple[str, str], dict[str, int]] = {}
    for (dataset, column, entity), count in sorted(tally.hidden.items()):
        hidden.setdefault((dataset, column), {})[entity] = count
    return BuiltStore(
        MappingProxyType({name: len(rows) for name, rows in sorted(tables.items())}),
        MappingProxyType({place: MappingProxyType(counts) for place, counts in hidden.items()}),
        MappingProxyType({kind: len(rows) for kind, rows in sorted(tally.faulty.items())}),
        MappingProxyType({kind: frozenset(rows) for kind, rows in sorted(tally.faulty.items())}),
        MappingProxyType({name: tuple(people) for name, people in sorted(tally.people.items())}),
        tally.needle,
        _digest(tables),
    )


def _digest(tables: Mapping[str, Sequence[dict[str, Any]]]) -> str:
    digest = hashlib.sha256()
    for name, rows in sorted(tables.items()):
        digest.update(name.encode())
        for row in rows:
            digest.update(json.dumps(row, default=str, ensure_ascii=False, sort_keys=True).encode())
    return digest.hexdigest()
