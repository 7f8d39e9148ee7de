"""One table of a store as it is now, with all that taking a person out of it needs: keys, links, personal fields."""

from __future__ import annotations

import datetime as dt
import decimal
import hashlib
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from connectors.sql.kinds import word_for
from governance.guard.mask_text import mask_text
from governance.jobs.work import Key
from governance.protect.existing.target import reflected_table
from governance.protect.masks import MASKS
from policies.catalog import CatalogDataset
from policies.erasure_rules import ErasureEntry
from policies.errors import ConfigError, StoreError
from policies.nouns import DatasetRef, LabelStatus

DIALECTS = ("mariadb", "mysql", "postgresql", "sqlite")
"""The kinds of store in which persons are erased."""
NULL_MASK = "null"
"""What `masks` writes for a field that is emptied."""
GONE = "***"
"""What stands in a text that may not be empty, once its person is gone."""
RANDOM = "gone-"
"""What stands before random letters in a text that may not be empty and must differ."""
MOST_RANDOM, LEAST_RANDOM = 16, 8
"""How many random letters stand there: fewer where the field is short, and below the least it is refused."""

Home = tuple[str | None, str]
"""The schema and name of a table."""


@dataclass(frozen=True, slots=True)
class Link:
    """A foreign key: fields of a table, and the fields to which they refer."""

    child: Home
    """The table that refers."""
    parent: Home
    """The table that is referred to."""
    pairs: tuple[tuple[str, str], ...]
    """Each referring field with the one that it refers to."""


@dataclass(frozen=True)
class ErasureTable:
    """One table."""

    dataset: DatasetRef
    """The dataset."""
    table: sa.Table
    """The table."""
    key: tuple[sa.Column[Any], ...]
    """By what a record is named: the catalog's `record_key`, else the primary key."""
    subject: tuple[str, ...]
    """The fields that identify a person; empty where the catalog names none."""
    entry: CatalogDataset
    """What people decided about it."""
    rule: ErasureEntry
    """What becomes of its records."""
    links: tuple[Link, ...]
    """Its own foreign keys."""
    referrers: tuple[Link, ...]
    """Foreign keys of other tables that lead to it."""
    unique: frozenset[str]
    """Fields whose values must differ, alone or with others."""
    foreign: frozenset[str] = frozenset()
    """In a CRM, fields of a record that are not its own: what is nested in it, and the organisation's own people."""

    @property
    def home(self) -> Home:
        """Schema and name."""
        return self.table.schema, self.table.name

    @property
    def encrypted(self) -> tuple[str, ...]:
        """Encrypted fields and the indexes by which they are searched, as far as the table has them."""
        fields = self.entry.fields
        found = [name for name, each in fields.items() if each.encrypted]
        found += [each.blind_index.field for each in fields.values() if each.blind_index is not None]
        return tuple(name for name in found if name in self.table.c)

    @property
    def fixed(self) -> frozenset[str]:
        """Fields that stay as they are when a row stays: keys, and foreign keys that do not name the person."""
        keys = {column.name for column in (*self.table.primary_key.columns, *self.key)}
        linked = {name for link in self.links for name, _ in link.pairs}
        free = {name for name in self.subject if self.table.c[name].nullable}
        return frozenset(keys | (linked - free) | self.foreign)

    @property
    def personal(self) -> tuple[str, ...]:
        """What is taken out of a row that stays: all fields that nobody confirmed as harmless, keys aside."""
        harmless = {
            name
            for name, each in self.entry.fields.items()
            if each.category == "none" and each.status is LabelStatus.CONFIRMED and name not in self.subject
        }
        return tuple(each.name for each in self.table.c if each.name not in harmless | self.fixed)

    @property
    def fingerprint(self) -> str:
        """A digest of columns, types, keys and links."""
        said = [f"{each.name} {each.type!r} {each.nullable}" for each in self.table.c]
        said += ["key", *(each.name for each in self.key)]
        said += [repr(each) for each in (*self.links, *self.referrers)]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]

    def typed(self, key: Key) -> Key:
        """A record key in the types of the table's columns. Raises StoreError for one that does not fit."""
        if len(key) != len(self.key):
            raise _wrong(self.dataset, "a record key of another number of fields")
        return self.typed_as(self.key, key)

    def typed_as(self, columns: Sequence[sa.Column[Any]], key: Key) -> Key:
        """Values in the types of some columns, as many."""
        return tuple(_typed(column, value) for column, value in zip(columns, key, strict=True))

    @property
    def referred(self) -> ColumnElement[bool]:
        """Whether a row of another table refers to a row; not every store looks after its foreign keys."""
        return sa.or_(sa.false(), *(self._referred_by(each) for each in self.referrers))

    def _referred_by(self, link: Link) -> ColumnElement[bool]:
        schema, name = link.child
        child = sa.table(name, *(sa.column(one) for one, _ in link.pairs), schema=schema).alias("gov_referrer")
        match = [child.c[one] == self.table.c[to] for one, to in link.pairs]
        return sa.exists(sa.select(sa.literal(1)).select_from(child).where(*match).correlate(self.table))

    def values(self, names: tuple[str, ...], dialect: str) -> Mapping[str, ColumnElement[Any]]:
        """What fields become when the person is taken out. Raises ConfigError for a mask that does not fit."""
        unknown = set(self.rule.masks) - set(self.personal)
        if unknown:
            raise ConfigError(
                f"erasure.yaml, {self.dataset}, masks",
                found="a field that the table does not have, a key, or one that is harmless",
                expected="personal fields of the dataset",
                next_step="mend `masks`; see docs/erase.md",
            )
        return {name: self._value(name, dialect) for name in names}

    def undone(self, values: Mapping[str, ColumnElement[Any]]) -> ColumnElement[bool]:
        """Whether a field of a row is not yet what it becomes."""
        return sa.or_(sa.false(), *(self._differs(self.table.c[name], value) for name, value in values.items()))

    def _differs(self, field: sa.Column[Any], value: ColumnElement[Any]) -> ColumnElement[bool]:
        if isinstance(value, sa.sql.elements.Null):
            return field.is_not(None)
        if field.name in self.unique and field.name not in self.rule.masks:  # random, so another one after a kill
            return sa.not_(field.startswith(RANDOM))
        return sa.case((sa.or_(field.is_(None), field == value), 0), else_=1) == 1

    def _value(self, name: str, dialect: str) -> ColumnElement[Any]:
        field, mask = self.table.c[name], self.rule.masks.get(name, NULL_MASK)
        if mask != NULL_MASK:
            made = mask_text(mask, dialect, self.table.name, name, word_for(field.type)) if mask in MASKS else None
            if made is None:
                raise ConfigError(
                    f"erasure.yaml, {self.dataset}, masks, {name}",
                    found="a mask that there is not, or that does not keep the field's type",
                    expected=NULL_MASK + " or " + " or ".join(MASKS),
                    next_step="see docs/masks.md",
                )
            masked: ColumnElement[Any] = sa.literal_column(made, field.type)
            if isinstance(field.type, sa.String):  # a mask over a mask would add stars, time and again
                masked = sa.case((sa.func.substr(field, 1, len(GONE)) == GONE, field), else_=masked)
            return masked
        return sa.null() if field.nullable else self._filler(field, dialect)

    def _filler(self, field: sa.Column[Any], dialect: str) -> ColumnElement[Any]:
        """What stands in a field that may not be empty: the same for everybody, or where values must differ, random."""
        if isinstance(field.type, sa.String) and field.name not in self.unique:
            return sa.literal(GONE, field.type)
        if isinstance(field.type, sa.String):
            letters = min((field.type.length or sys.maxsize) - len(RANDOM), MOST_RANDOM)
            if letters >= LEAST_RANDOM:
                return sa.literal(RANDOM, sa.Text) + _random_text(dialect, letters)
        plain: tuple[tuple[type[Any], Any], ...] = (
            (sa.Boolean, False),
            (sa.Integer, 0),
            (sa.Numeric, 0),
            (sa.DateTime, dt.datetime(1970, 1, 1)),  # noqa: DTZ001 the column says whether it has a zone
            (sa.Date, dt.date(1970, 1, 1)),
            (sa.LargeBinary, b""),
        )
        for kind, value in plain:
            if isinstance(field.type, kind) and field.name not in self.unique:
                return sa.literal(value, field.type)
        raise ConfigError(
            f"{self.dataset}.{field.name}",
            found="a personal field that may not be empty, of a type that has no neutral value",
            expected="a nullable field, a text, a number or a date; where values must differ a text of 13 or more",
            next_step="let the field be NULL, or give it a mask in erasure.yaml",
        )


def find_erasure_table(
    connection: Connection,
    dataset: DatasetRef,
    entry: CatalogDataset,
    rule: ErasureEntry,
    *,
    foreign: frozenset[str] = frozenset(),
) -> ErasureTable:
    """The table of a dataset, or a CRM's mirror of it.

    Raises StoreError when it is not there, has no key, or its store is of another kind.
    """
    if connection.dialect.name not in DIALECTS:
        raise _wrong(dataset, f"a store of kind {connection.dialect.name}")
    table = reflected_table(connection, dataset)
    key = entry.record_key or tuple(each.name for each in table.primary_key.columns)
    if not key or any(name not in table.c for name in (*key, *entry.subject_key)):
        raise _wrong(dataset, "a table without the key fields that the catalog names, or without any key")
    home, links = (table.schema, table.name), list(links_of(connection))
    return ErasureTable(
        dataset,
        table,
        tuple(table.c[name] for name in key),
        entry.subject_key,
        entry,
        rule,
        tuple(each for each in links if each.child == home),
        tuple(each for each in links if each.parent == home and each.child != home),
        frozenset(_unique(connection, table)),
        foreign,
    )


def _unique(connection: Connection, table: sa.Table) -> Iterator[str]:
    groups = [each.columns for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
    groups += [each.columns for each in table.indexes if each.unique]
    for group in groups:
        yield from (column.name for column in group)
    if connection.dialect.name == "sqlite":  # an unnamed UNIQUE of a column is not always reflected
        quoted = connection.dialect.identifier_preparer.quote
        for index in connection.exec_driver_sql(f"PRAGMA index_list({quoted(table.name)})").mappings().all():
            if index["unique"]:
                found = connection.exec_driver_sql(f"PRAGMA index_info({quoted(index['name'])})")
                yield from (str(each["name"]) for each in found.mappings().all())


def links_of(connection: Connection) -> Iterator[Link]:
    """Every foreign key of the store, in the order of its tables."""
    inspector = sa.inspect(connection)
    default = inspector.default_schema_name
    schemas: list[str | None] = [None]
    if connection.dialect.name == "postgresql":
        own = [name for name in inspector.get_schema_names() if name != "information_schema" and name[:3] != "pg_"]
        schemas = [None if name == default else name for name in own]
    for schema in schemas:
        for (_, name), keys in sorted(inspector.get_multi_foreign_keys(schema=schema).items(), key=str):
            for each in keys:
                home = each["referred_schema"]
                parent = (None if home == default else home, each["referred_table"])
                referred = each["referred_columns"] or inspector.get_pk_constraint(parent[1])["constrained_columns"]
                yield Link((schema, name), parent, tuple(zip(each["constrained_columns"], referred, strict=True)))


def _random_text(dialect: str, letters: int) -> ColumnElement[str]:
    """At most sixteen letters, others in each row."""
    made: ColumnElement[Any]
    if dialect == "sqlite":
        made = sa.func.lower(sa.func.hex(sa.func.randomblob(8)))
    elif dialect == "postgresql":
        made = sa.func.md5(sa.cast(sa.func.gen_random_uuid(), sa.Text))
    else:
        made = sa.func.sha2(sa.func.uuid(), 256)
    return sa.type_coerce(sa.func.substr(made, 1, letters), sa.Text)


def _typed(column: sa.Column[Any], value: Any) -> Any:
    if not isinstance(value, str):
        return value
    readers: tuple[tuple[type[Any], Any], ...] = (
        (sa.Uuid, uuid.UUID),
        (sa.DateTime, dt.datetime.fromisoformat),
        (sa.Date, dt.date.fromisoformat),
        (sa.Integer, int),
        (sa.Numeric, decimal.Decimal),
    )
    for kind, read in readers:
        if isinstance(column.type, kind):
            try:
                return read(value)
            except (ValueError, ArithmeticError):
                return value
    return value


def _wrong(dataset: DatasetRef, found: str) -> StoreError:
    return StoreError(
        str(dataset),
        found=found,
        expected="a table of SQLite, PostgreSQL or MariaDB with the keys of the catalog",
        next_step="check the dataset in catalog.yaml, and that its store answers",
    )
