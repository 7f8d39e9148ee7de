"""Tables of a store as they are now: columns, keys, and what refers to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection
from sqlalchemy.exc import NoSuchTableError

from policies.errors import StoreError
from policies.nouns import DatasetRef

DIALECTS = ("mariadb", "mysql", "postgresql", "sqlite")
"""The kinds of store that retention was proved on."""

Home = tuple[str | None, str]
"""The schema and name of a table."""


@dataclass(frozen=True, slots=True)
class Referrer:
    """Another table, or the table itself, whose rows refer to its rows."""

    name: str
    """The referring table and fields, as in `order_items(order_id)`."""
    exists: ColumnElement[bool]
    """Whether a row of the table is referred to from there."""
    home: Home
    """The schema and name of the referring table."""
    links: tuple[tuple[str, str], ...]
    """Each referring field with the one that it refers to."""


def yes(condition: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a condition is TRUE; never unknown."""
    return sa.case((condition, 1), else_=0) == 1


def no(condition: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a condition is FALSE or unknown; never unknown itself."""
    return sa.case((condition, 1), else_=0) == 0


def find_table(connection: Connection, dataset: DatasetRef) -> sa.Table:
    """A table, read from its store. Raises StoreError when it is not there."""
    name = dataset.dataset
    schema, dot, bare = name.partition(".")
    if sa.inspect(connection).has_table(name) or not dot:
        schema, bare = "", name
    try:
        return sa.Table(bare, sa.MetaData(), schema=schema or None, autoload_with=connection, resolve_fks=False)
    except NoSuchTableError:
        raise store_error(dataset, "no such table") from None


def find_referrers(connection: Connection, table: sa.Table, dataset: DatasetRef) -> tuple[Referrer, ...]:
    """What refers to a table, by name. Raises StoreError for a key from where it cannot be followed."""
    inspector = sa.inspect(connection)
    if connection.dialect.name in {"mariadb", "mysql"} and _referred_from_outside(connection, table):
        raise store_error(dataset, "a foreign key that comes from another database")
    return tuple(sorted(_referrers(inspector, table), key=lambda each: each.name))


def fingerprint(table: sa.Table, referrers: Sequence[Referrer]) -> str:
    """A digest of columns, types, keys and referrers."""
    said = [f"{column.name} {column.type!r}" for column in table.columns]
    said += ["key", *(column.name for column in table.primary_key.columns)]
    said += ["referrers", *(each.name for each in referrers)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def store_error(dataset: DatasetRef, found: str) -> StoreError:
    """The error of a table that cannot be worked on."""
    return StoreError(
        str(dataset),
        found=found,
        expected="a table with a primary key",
        next_step="check the dataset of the rule in retention.yaml, and that its store answers",
    )


def _referred_from_outside(connection: Connection, table: sa.Table) -> bool:
    """Whether a foreign key of another database of the same server refers to the table."""
    names = ("table_schema", "referenced_table_schema", "referenced_table_name")
    home, other, name = (sa.column(each, sa.Text) for each in names)
    usage = sa.table("KEY_COLUMN_USAGE", home, other, name, schema="information_schema")
    mine = table.schema or sa.inspect(connection).default_schema_name
    query = sa.select(sa.literal(1)).select_from(usage).where(other == mine, name == table.name, home != mine)
    return connection.execute(query.limit(1)).first() is not None


def _referrers(inspector: sa.Inspector, table: sa.Table) -> Iterator[Referrer]:
    for schema in _schemas(inspector):
        for (_, name), keys in inspector.get_multi_foreign_keys(schema=schema).items():
            for key in keys:
                home = key["referred_schema"] or inspector.default_schema_name
                if key["referred_table"] == table.name and home == (table.schema or inspector.default_schema_name):
                    yield _referrer(table, schema, name, key["constrained_columns"], key["referred_columns"])


def _schemas(inspector: sa.Inspector) -> list[str | None]:
    if inspector.dialect.name != "postgresql":
        return [None]
    own = [name for name in inspector.get_schema_names() if name != "information_schema" and name[:3] != "pg_"]
    return [None if name == inspector.default_schema_name else name for name in own]


def _referrer(table: sa.Table, schema: str | None, name: str, fields: list[str], referred: list[str]) -> Referrer:
    referred = referred or [column.name for column in table.primary_key.columns]
    child = sa.table(name, *(sa.column(each) for each in {*fields, *table.primary_key.columns.keys()}), schema=schema)
    other = child.alias("gov_referrer")
    match = [other.c[one] == table.c[to] for one, to in zip(fields, referred, strict=True)]
    if name == table.name and schema == table.schema:  # a row that refers to itself does not keep itself
        match.append(sa.or_(*(other.c[column.name] != column for column in table.primary_key.columns)))
    shown = f"{schema}.{name}" if schema else name
    exists = sa.exists(sa.select(sa.literal(1)).select_from(other).where(*match).correlate(table))
    links = tuple(zip(fields, referred, strict=True))
    return Referrer(f"{shown}({', '.join(fields)})", exists, (schema, name), links)
