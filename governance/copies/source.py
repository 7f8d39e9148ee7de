"""The tables that a copy takes, as their store has them now."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from connectors.sql.kinds import word_for
from policies.errors import ConfigError, StoreError


@dataclass(frozen=True, slots=True)
class Link:
    """A foreign key from one copied table to another, or to itself."""

    fields: tuple[str, ...]
    """The referring fields, in key order."""
    parent: str
    """The table referred to."""
    referred: tuple[str, ...]
    """The fields referred to, in key order."""


@dataclass(frozen=True, slots=True)
class SourceTable:
    """One table of the source."""

    name: str
    """Its name."""
    types: Mapping[str, sa.types.TypeEngine[Any]]
    """The type of each field, in the store's order."""
    nullable: frozenset[str]
    """Fields that may be NULL."""
    key: tuple[str, ...]
    """The fields that identify a row; never empty."""
    declared_key: bool
    """Whether the store itself declares that key."""
    links: tuple[Link, ...]
    """Foreign keys to tables that are copied too, and to those that are not."""
    uniques: tuple[tuple[str, ...], ...]
    """Fields that are unique together, besides the key."""
    indexes: tuple[tuple[str, ...], ...]
    """Fields that have an index together."""

    @property
    def table(self) -> sa.TableClause:
        """What statements on the source name."""
        return sa.table(self.name, *(sa.column(name, kind) for name, kind in self.types.items()))

    @property
    def words(self) -> dict[str, str]:
        """By field, the word of its type as in `connectors.base.Field.type`."""
        return {name: word_for(kind) for name, kind in self.types.items()}

    @property
    def fingerprint(self) -> str:
        """A digest of all that a copy rests on."""
        said = [
            self.name,
            *self.key,
            *(f"{name} {kind!r} {name in self.nullable}" for name, kind in self.types.items()),
        ]
        said += [repr(each) for each in (*self.links, *self.uniques, *self.indexes)]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def read_source(
    connection: Connection, store: str, names: Sequence[str], record_keys: Mapping[str, tuple[str, ...]]
) -> dict[str, SourceTable]:
    """The tables of those names. `record_keys` are the catalog's, for a table without a primary key.

    Raises ConfigError for a name that the store does not have, or a table that nothing identifies; StoreError.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of types and indexes that SQLAlchemy does not know; they are judged below
            inspector = sa.inspect(connection)
            known = set(inspector.get_table_names())
            for name in names:
                if name not in known:
                    raise ConfigError(
                        f"masks.yaml, datasets.{name}",
                        found="no table of that name in the source",
                        expected="a table of the default schema",
                        next_step="check the name; views are not copied",
                    )
            return {name: _read(inspector, store, name, record_keys.get(name, ())) for name in sorted(names)}
    except SQLAlchemyError as cause:
        raise StoreError(
            f"store {store}",
            found=f"{type(cause).__name__} from the store",
            expected="a database that answers",
            next_step="run `governance doctor`",
        ) from None


def _read(inspector: sa.Inspector, store: str, name: str, record_key: tuple[str, ...]) -> SourceTable:
    columns = inspector.get_columns(name)
    primary = inspector.get_pk_constraint(name)
    declared = tuple(primary["constrained_columns"])
    key = declared or record_key
    if not key:
        raise ConfigError(
            f"{store}.{name}",
            found="a table that neither a primary key nor the catalog's `record_key` identifies",
            expected="one of the two; a copy goes on after a kill where it stood",
            next_step="add `record_key` to the dataset in the catalog, or leave it out of masks.yaml",
        )
    return SourceTable(
        name=name,
        types={str(each["name"]): each["type"] for each in columns},
        nullable=frozenset(str(each["name"]) for each in columns if each.get("nullable", True)) - set(key),
        key=key,
        declared_key=bool(declared),
        links=_links(inspector, name),
        uniques=_uniques(inspector, name),
        indexes=_indexes(inspector, name),
    )


def _links(inspector: sa.Inspector, name: str) -> tuple[Link, ...]:
    found = []
    for each in inspector.get_foreign_keys(name):
        parent = str(each["referred_table"])
        referred = tuple(each["referred_columns"])
        if not referred:  # SQLite lets them be left out: the primary key is meant
            referred = tuple(inspector.get_pk_constraint(parent)["constrained_columns"])
        schema = each.get("referred_schema")
        shown = f"{schema}.{parent}" if schema and schema != inspector.default_schema_name else parent
        found.append(Link(tuple(each["constrained_columns"]), shown, referred))
    return tuple(sorted(found, key=lambda link: (link.fields, link.parent)))


def _uniques(inspector: sa.Inspector, name: str) -> tuple[tuple[str, ...], ...]:
    found = {tuple(each["column_names"]) for each in inspector.get_unique_constraints(name)}
    found |= {_plain(each) for each in inspector.get_indexes(name) if each["unique"] and not _partial(each)}
    return tuple(sorted(each for each in found if each))


def _indexes(inspector: sa.Inspector, name: str) -> tuple[tuple[str, ...], ...]:
    found = {_plain(each) for each in inspector.get_indexes(name) if not each["unique"]}
    return tuple(sorted(each for each in found if each))


def _plain(index: Any) -> tuple[str, ...]:
    """The fields of an index; empty for one over expressions."""
    names = index["column_names"]
    return tuple(names) if all(names) and not index.get("expressions") else ()


def _partial(index: Any) -> bool:
    """Whether it holds for some rows only, and so cannot be made again as it is."""
    return any(name.endswith("_where") for name in index.get("dialect_options", {}))
