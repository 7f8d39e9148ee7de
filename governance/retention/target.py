"""The table that a rule is about, as its store has it now: columns, keys, what refers to it, and when rows began."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection
from sqlalchemy.exc import NoSuchTableError, SQLAlchemyError

from connectors.sql.where import where_condition
from policies.errors import ConfigError, StoreError
from policies.retention_rules import RetentionRule

DIALECTS = ("postgresql", "sqlite")
"""The kinds of store that retention was proved on."""


@dataclass(frozen=True, slots=True)
class Referrer:
    """Another table, or the table itself, whose rows refer to its rows."""

    name: str
    """The referring table and fields, as in `order_items(order_id)`."""
    exists: ColumnElement[bool]
    """Whether a row of the table is referred to from there."""
    home: tuple[str | None, str]
    """The schema and name of the referring table."""
    links: tuple[tuple[str, str], ...]
    """Each referring field with the one that it refers to."""


@dataclass(frozen=True, slots=True)
class Target:
    """One table under one rule on one day."""

    rule: RetentionRule
    """The rule."""
    table: sa.Table
    """The table."""
    key: tuple[sa.Column[Any], ...]
    """Its primary key; never empty."""
    subject: tuple[sa.Column[Any], ...]
    """The columns that identify a person; empty when the catalog names none."""
    referrers: tuple[Referrer, ...]
    """What refers to it, by name."""
    cutoff: dt.date
    """The first day, in the configured zone, whose records are not due."""
    expired: ColumnElement[bool]
    """Whether a row began before the cutoff and meets the rule's `where`."""
    month: ColumnElement[str]
    """The month in which a row began, as `2026-01`."""
    raw: bool
    """Whether values are read as the store has them: SQLite keeps texts in fields that are declared as dates."""
    fingerprint: str
    """A digest of columns, types, keys and referrers."""
    beside: Mapping[tuple[str | None, str], Target] = field(default_factory=dict)
    """Targets of the same plan whose rows go before, by their tables' homes."""

    @property
    def home(self) -> tuple[str | None, str]:
        """The schema and name of the table."""
        return self.table.schema, self.table.name

    @property
    def due(self) -> ColumnElement[bool]:
        """Whether a row can be deleted now: expired, and nothing refers to it."""
        return sa.and_(self.expired, *(sa.not_(each.exists) for each in self.referrers))

    @property
    def planned(self) -> ColumnElement[bool]:
        """Whether a row is due now, or is once all others that are due have gone: a tree goes from its leaves up."""
        return sa.and_(self.expired, *(sa.not_(kept) for kept in self.keepers.values()))

    @property
    def keepers(self) -> dict[str, ColumnElement[bool]]:
        """What keeps an expired row, by name: a row of another table that stays, or one of its own tree that does."""
        own = {each.name: self._in_kept_tree() for each in self.referrers if each.home == self.home}
        return {each.name: own.get(each.name, self._kept_by(each)) for each in self.referrers}

    @property
    def is_tree(self) -> bool:
        """Whether rows of the table refer to others of it."""
        return any(each.home == self.home for each in self.referrers)

    @property
    def states(self) -> tuple[ColumnElement[Any], ...]:
        """The values that decide on a row: its start, and the fields of the rule's `where`."""
        names = {self.rule.start, *(self.rule.where.fields if self.rule.where else ())}
        return tuple(
            sa.type_coerce(self.table.c[name], sa.Text) if self.raw else self.table.c[name] for name in sorted(names)
        )

    def _kept_by(self, referrer: Referrer) -> ColumnElement[bool]:
        """Whether a row that stays refers to one from there; those of a target of the same plan go before."""
        child = self.beside.get(referrer.home)
        if child is None:
            return referrer.exists
        match = [child.table.c[one] == self.table.c[to] for one, to in referrer.links]
        query = sa.select(sa.literal(1)).select_from(child.table).where(*match)
        return sa.exists(query.where(sa.case((child.planned, 0), else_=1) == 1).correlate(self.table))

    def _in_kept_tree(self) -> ColumnElement[bool]:
        """Whether a row stays because one that stays refers to it, over any number of others."""
        others = [self._kept_by(each) for each in self.referrers if each.home != self.home]
        free = sa.and_(self.expired, *(sa.not_(each) for each in others))
        links = [each.links for each in self.referrers if each.home == self.home]
        names = list(
            dict.fromkeys([*(column.name for column in self.key), *(one for each in links for one, _ in each)])
        )
        stays = sa.select(*(self.table.c[name] for name in names)).where(sa.case((free, 0), else_=1) == 1)
        kept = stays.cte(recursive=True)
        up = self.table.alias("gov_up")
        match = [sa.and_(*(kept.c[one] == up.c[to] for one, to in each)) for each in links]
        kept = kept.union(sa.select(*(up.c[name] for name in names)).join_from(up, kept, sa.or_(*match)))
        refers = [sa.and_(*(kept.c[one] == self.table.c[to] for one, to in each)) for each in links]
        other = sa.or_(*(kept.c[column.name] != column for column in self.key))
        query = sa.select(sa.literal(1)).select_from(kept).where(sa.or_(*refers), other)
        return sa.exists(query.correlate(self.table))


def find_target(
    connection: Connection, rule: RetentionRule, *, subject: tuple[str, ...], today: dt.date, zone: str
) -> Target:
    """The table of a rule, read from its store.

    Raises StoreError when it is not there or has no primary key, ConfigError when `start` cannot begin a period,
    PredicateError when `where` does not fit it.
    """
    dialect = connection.dialect.name
    if dialect not in DIALECTS:
        raise _store_error(rule, f"a store of kind {dialect}, which retention was not proved on")
    try:
        table = _table(connection, rule)
        inspector = sa.inspect(connection)
        referrers = tuple(sorted(_referrers(inspector, table), key=lambda each: each.name))
    except SQLAlchemyError as cause:
        raise _store_error(rule, type(cause).__name__) from None
    if not table.primary_key.columns:
        raise _store_error(rule, "a table without a primary key")
    if rule.start not in table.c:
        raise _start_error(rule, "a field that the table does not have")
    if any(name not in table.c for name in subject):
        raise _store_error(rule, "a table without the subject key that the catalog names")
    cutoff = rule.period.cutoff(today)
    conditions = [_before(table.c[rule.start], cutoff, rule, zone, dialect)]
    if rule.where is not None:
        conditions.append(where_condition(rule.where, table, dialect))
    return Target(
        rule,
        table,
        tuple(table.primary_key.columns),
        tuple(table.c[name] for name in subject),
        referrers,
        cutoff,
        sa.and_(*conditions),
        _month(table.c[rule.start], zone, dialect),
        dialect == "sqlite",
        _fingerprint(table, referrers),
    )


def _table(connection: Connection, rule: RetentionRule) -> sa.Table:
    name = rule.dataset.dataset
    schema, dot, bare = name.partition(".")
    if sa.inspect(connection).has_table(name) or not dot:
        schema, bare = "", name
    try:
        return sa.Table(bare, sa.MetaData(), schema=schema or None, autoload_with=connection, resolve_fks=False)
    except NoSuchTableError:
        raise _store_error(rule, "no such table") from None


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


def _before(
    start: sa.Column[Any], cutoff: dt.date, rule: RetentionRule, zone: str, dialect: str
) -> ColumnElement[bool]:
    """Whether a row began before the cutoff; NULL for one whose start is missing or no date."""
    midnight = dt.datetime.combine(cutoff, dt.time(), ZoneInfo(zone))
    naive = midnight.astimezone(ZoneInfo(rule.start_zone or zone)).replace(tzinfo=None)
    if isinstance(start.type, sa.DateTime | sa.String) and dialect == "sqlite":  # SQLite keeps times as text
        return sa.func.datetime(sa.type_coerce(start, sa.Text)) < f"{naive:%Y-%m-%d %H:%M:%S}"
    if isinstance(start.type, sa.Date) and dialect == "sqlite":
        return sa.func.date(sa.type_coerce(start, sa.Text)) < cutoff.isoformat()
    if isinstance(start.type, sa.DateTime):
        return start < (midnight if start.type.timezone else naive)
    if isinstance(start.type, sa.Date):
        return start < cutoff
    raise _start_error(rule, f"a field of type {type(start.type).__name__}")


def _month(start: sa.Column[Any], zone: str, dialect: str) -> ColumnElement[str]:
    if dialect == "sqlite":
        return sa.func.strftime("%Y-%m", sa.type_coerce(start, sa.Text))
    local = sa.func.timezone(zone, start) if getattr(start.type, "timezone", False) else start
    return sa.func.to_char(local, "YYYY-MM")


def _fingerprint(table: sa.Table, referrers: tuple[Referrer, ...]) -> str:
    said = [f"{column.name} {column.type!r}" for column in table.columns]
    said += ["key", *(column.name for column in table.primary_key.columns)]
    said += ["referrers", *(each.name for each in referrers)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def _store_error(rule: RetentionRule, found: str) -> StoreError:
    return StoreError(
        str(rule.dataset),
        found=found,
        expected="a table with a primary key",
        next_step="check the dataset of the rule in retention.yaml, and that its store answers",
    )


def _start_error(rule: RetentionRule, found: str) -> ConfigError:
    return ConfigError(
        f"retention.yaml, rule `{rule.id}`, start",
        found=found,
        expected="a field with a date or time",
        next_step="name the field from which the period runs",
    )
