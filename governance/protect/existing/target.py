"""The column that is to be converted, as its store has it now: type, keys, and what hangs on it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import NoSuchTableError, SQLAlchemyError

from connectors.sql.kinds import word_for
from governance.protect.plaintexts import INNERS
from governance.protect.token_counts import NEW
from governance.protect.tokens import FieldPlace
from policies.catalog import Catalog, CatalogField
from policies.errors import CatalogError, StalePlanError, StoreError
from policies.nouns import DatasetRef, FieldRef

DIALECTS = ("mysql", "postgresql", "sqlite")
"""The kinds of store whose columns can be converted."""


@dataclass(frozen=True, slots=True)
class Target:
    """One column of one table."""

    field: FieldRef
    """The field."""
    place: FieldPlace
    """Its stable ids, which tokens are bound to."""
    table: sa.Table
    """The table; columns come raw, as the driver gives them."""
    primary_key: tuple[str, ...]
    """The primary key, by which rows are found; never empty."""
    record_key: tuple[str, ...]
    """The fields whose values tokens are bound to."""
    subject_key: tuple[str, ...]
    """The fields that identify a person; empty where the catalog names none."""
    word: str
    """The column's type, in the words of `connectors.base.Field.type`."""
    native: str
    """The same in the store's own words."""
    nullable: bool
    """Whether it may be NULL."""
    indexes: tuple[str, ...]
    """Indexes on just this column, which go with it."""
    blockers: tuple[str, ...]
    """What stands in the way, as codes with names: `unique:NAME`, `foreign_key:NAME`."""
    migrating: bool
    """Whether a conversion of it is under way: the new column stands there."""
    index_field: str | None
    """The column of its blind index; None where the catalog declares none."""

    @property
    def new_name(self) -> str:
        """The name of the new column."""
        return f"{NEW}{self.place.field_id}"

    @property
    def fingerprint(self) -> str:
        """A digest of all that a plan rests on, whether or not the conversion has begun."""
        said = [str(self.field), repr(self.place), self.native, str(self.nullable), *self.primary_key, "/"]
        said += [*self.record_key, "/", *self.subject_key, "/", *self.indexes]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]

    def check(self, fingerprint: str) -> None:
        """Return when the column is as a plan with this fingerprint saw it. Raises StalePlanError."""
        if fingerprint != self.fingerprint:
            raise StalePlanError(
                str(self.field),
                found="a table whose schema was changed since",
                expected="all as the plan saw it",
                next_step="make a new plan",
            )

    @property
    def bare(self) -> str:
        """A name for what belongs to the conversion: letters, digits and `_` only."""
        return f"gov_{self.place.store_id}_{self.place.dataset_id}_{self.place.field_id}"


def find_target(connection: Connection, field: FieldRef, catalog: Catalog) -> Target:
    """The column of a field, read from its store.

    Raises CatalogError for a field that the catalog does not describe with a record key, StoreError when its table or
    column is not there or its store is of another kind.
    """
    if connection.dialect.name not in DIALECTS:
        raise _wrong(field, f"a store of kind {connection.dialect.name}", "SQLite, PostgreSQL or MariaDB")
    store, dataset, entry = catalog.stores.get(field.store), catalog.dataset(field.of), catalog.field(field)
    if store is None or dataset is None or entry is None:
        raise _undescribed(field, "no such field", "a reviewed field")
    if not dataset.record_key:
        raise _undescribed(field, "no record_key", "the fields that identify a record: ciphertexts are bound to them")
    try:
        table = reflected_table(connection, field.of)
        inspector = sa.inspect(connection)
        column = next((each for each in table.columns if each.name == field.field), None)
        if column is None or any(name not in table.c for name in dataset.record_key):
            raise _wrong(field, "a table without that field or its record key", "the columns of the catalog")
        if not table.primary_key.columns:
            raise _wrong(field, "a table without a primary key", "a primary key, by which rows are gone through")
        word = word_for(column.type)
        if word == "string" and entry.type == "json":  # MariaDB's JSON is a text to it
            word = "json"
        native = str(column.type.compile(dialect=connection.dialect)) if word != "other" else "other"
        raw = _raw(table)
        place = FieldPlace(store.id, dataset.id, entry.id)
        indexes, blockers = _hangers(inspector, table, column, dataset.record_key + dataset.subject_key)
    except SQLAlchemyError as cause:
        raise _wrong(field, type(cause).__name__, "a table that can be described") from None
    if word not in INNERS:
        raise _wrong(field, f"a column of type {word}", "one of " + ", ".join(INNERS))
    return Target(
        field,
        place,
        raw,
        tuple(each.name for each in table.primary_key.columns),
        dataset.record_key,
        tuple(name for name in dataset.subject_key if name in table.c),
        word,
        native,
        bool(column.nullable),
        indexes,
        blockers,
        f"{NEW}{place.field_id}" in table.c,
        _index_field(field, entry, table),
    )


def _index_field(field: FieldRef, entry: CatalogField, table: sa.Table) -> str | None:
    name = entry.blind_index.field if entry.blind_index is not None else None
    if name is not None and name not in table.c:
        raise _wrong(field, "no column for the blind index that the catalog declares", f"a binary column `{name}`")
    return name


def reflected_table(connection: Connection, ref: DatasetRef) -> sa.Table:
    """The table of a dataset as its store has it. Raises StoreError when it is not there."""
    schema, dot, bare = ref.dataset.partition(".")
    if sa.inspect(connection).has_table(ref.dataset) or not dot:
        schema, bare = "", ref.dataset
    try:
        return sa.Table(bare, sa.MetaData(), schema=schema or None, autoload_with=connection, resolve_fks=False)
    except NoSuchTableError:
        raise _wrong(ref, "no such table", "the table of the dataset") from None


def _raw(table: sa.Table) -> sa.Table:
    """The same table with columns whose values come as the driver gives them."""
    columns = [sa.Column(each.name, sa.types.NullType(), primary_key=each.primary_key) for each in table.columns]
    return sa.Table(table.name, sa.MetaData(), *columns, schema=table.schema)


def _hangers(
    inspector: sa.Inspector, table: sa.Table, column: sa.Column[Any], keys: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Indexes on just the column, and what stands in its way."""
    indexes, blockers = [], list(_constraints(inspector, table, column, keys))
    for index in inspector.get_indexes(table.name, schema=table.schema):
        if column.name not in index["column_names"]:
            continue
        if index.get("unique"):
            blockers.append(f"unique:{index['name']}")
        elif len(index["column_names"]) > 1:
            blockers.append(f"index:{index['name']}")
        else:
            indexes.append(str(index["name"]))
    return tuple(sorted(indexes)), tuple(dict.fromkeys(sorted(blockers)))


def _constraints(
    inspector: sa.Inspector, table: sa.Table, column: sa.Column[Any], keys: tuple[str, ...]
) -> Iterator[str]:
    name, schema = table.name, table.schema
    if column.primary_key or column.name in keys:
        yield f"key:{column.name}"
    if column.computed is not None or column.identity is not None:
        yield f"generated:{column.name}"
    for unique in inspector.get_unique_constraints(name, schema=schema):
        if column.name in unique["column_names"]:
            yield f"unique:{unique['name'] or column.name}"
    for own in inspector.get_foreign_keys(name, schema=schema):
        if column.name in own["constrained_columns"]:
            yield f"foreign_key:{own['name'] or column.name}"
    for check in inspector.get_check_constraints(name, schema=schema):
        if column.name in check["sqltext"]:
            yield f"check:{check['name'] or column.name}"
    for (_, other), found in inspector.get_multi_foreign_keys(schema=schema).items():
        for each in found:
            if each["referred_table"] == name and column.name in each["referred_columns"]:
                yield f"foreign_key:{other}"
    for view in inspector.get_view_names(schema=schema):
        definition = inspector.get_view_definition(view, schema=schema)
        if definition and column.name in definition and name in definition:
            yield f"view:{view}"


def _wrong(place: FieldRef | DatasetRef, found: str, expected: str) -> StoreError:
    return StoreError(str(place), found=found, expected=expected, next_step="see docs/encrypt.md")


def _undescribed(field: FieldRef, found: str, expected: str) -> CatalogError:
    return CatalogError(
        f"catalog, {field}", found=found, expected=expected, next_step="add it with `governance catalog review`"
    )
