"""The datasets of a database, by reflection."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.reflection import ObjectKind, ObjectScope

from connectors.base import Dataset, DatasetKind, Field, ForeignKey, NotSeen
from connectors.sql.engines.base import Backend, Table
from connectors.sql.faults import code_of
from connectors.sql.kinds import native_word, word_for

NAME_CLASH = "not_seen.name_clash"
"""Of two tables, `"a.b"` and `a.b`, that have one name in policies, the second is not seen."""
_Key = tuple[str | None, str]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a database holds."""

    tables: dict[str, Table] = field(default_factory=dict)
    """By the name that policies write."""
    not_seen: list[NotSeen] = field(default_factory=list)
    """Tables and views that could not be described."""


def take_inventory(store: str, backend: Backend) -> Inventory:
    """Every table and view that is the user's. Opens one connection and closes it."""
    with backend.engine.connect() as connection, warnings.catch_warnings():
        # A type that SQLAlchemy does not know is no fault: the field is listed as `other`.
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        return _Describing(store, backend, connection.execution_options(isolation_level="AUTOCOMMIT")).inventory()


def is_ours(name: str) -> bool:
    """Whether a table, or a schema, belongs to this distribution and not to the user."""
    return name.startswith("gov_") or name == "alembic_version"


class _Describing:
    """One walk over the schemas of a database."""

    def __init__(self, store: str, backend: Backend, connection: sa.Connection) -> None:
        self._store = store
        self._backend = backend
        self._connection = connection
        self._inspector = sa.inspect(connection)
        self._words = backend.words(connection)
        self._left_out = backend.left_out(connection)
        self._found = Inventory()

    def inventory(self) -> Inventory:
        for schema in self._backend.schemas(self._inspector):
            if schema is not None and is_ours(schema):
                continue
            self._describe_kind(schema, ObjectKind.TABLE, DatasetKind.TABLE)
            self._describe_kind(schema, ObjectKind.ANY_VIEW, DatasetKind.VIEW)
        return self._found

    def _describe_kind(self, schema: str | None, kind: ObjectKind, word: DatasetKind) -> None:
        columns = self._many(self._inspector.get_multi_columns, schema, kind)
        keys = self._many(self._inspector.get_multi_pk_constraint, schema, kind)
        references = self._many(self._inspector.get_multi_foreign_keys, schema, kind)
        comments = self._many(self._inspector.get_multi_table_comment, schema, kind)
        for name in self._names(schema, kind):
            if (schema, name) not in columns and not is_ours(name):
                self._say_unseen(schema, name, "")
        for key in sorted(columns, key=lambda key: key[1]):
            if is_ours(key[1]) or key in self._left_out:
                continue
            dataset = Dataset(
                name=_dataset_name(schema, key[1]),
                kind=word,
                fields=tuple(self._field(key[1], column) for column in columns[key]),
                primary_key=tuple((keys.get(key) or {}).get("constrained_columns") or ()),
                foreign_keys=_foreign_keys(references.get(key) or ()),
                comment=(comments.get(key) or {}).get("text") or "",
            )
            self._add(Table(dataset, schema, key[1]))

    def _add(self, table: Table) -> None:
        name = table.dataset.name
        if name in self._found.tables:
            self._found.not_seen.append(NotSeen(f"{self._store}.{name}", NAME_CLASH))
        else:
            self._found.tables[name] = table

    def _field(self, table: str, column: Mapping[str, Any]) -> Field:
        name, kind = str(column["name"]), column["type"]
        return Field(
            name=name,
            type=self._words.get((table, name)) or word_for(kind),
            native_type=native_word(kind, self._connection.dialect),
            nullable=bool(column.get("nullable", True)),
            comment=column.get("comment") or "",
        )

    def _many(self, ask: Callable[..., Any], schema: str | None, kind: ObjectKind) -> dict[_Key, Any]:
        """What one question finds for all tables of a kind; table by table where one of them spoils the whole."""
        try:
            return dict(ask(schema=schema, kind=kind, scope=ObjectScope.DEFAULT))
        except NotImplementedError:
            return {}
        except sa.exc.DBAPIError:
            return self._one_by_one(ask, schema, kind)
        except sa.exc.NoSuchTableError:
            return self._one_by_one(ask, schema, kind)

    def _one_by_one(self, ask: Callable[..., Any], schema: str | None, kind: ObjectKind) -> dict[_Key, Any]:
        answers: dict[_Key, Any] = {}
        for name in self._names(schema, kind):
            try:
                answers |= ask(schema=schema, kind=kind, scope=ObjectScope.DEFAULT, filter_names=[name])
            except (sa.exc.DBAPIError, sa.exc.NoSuchTableError) as error:
                self._say_unseen(schema, name, code_of(getattr(error, "orig", None) or error))
        return answers

    def _say_unseen(self, schema: str | None, name: str, code: str) -> None:
        place = f"{self._store}.{_dataset_name(schema, name)}"
        if not any(unseen.place == place for unseen in self._found.not_seen):
            self._found.not_seen.append(NotSeen(place, "not_seen.not_described", code))

    def _names(self, schema: str | None, kind: ObjectKind) -> list[str]:
        if kind is ObjectKind.TABLE:
            return self._inspector.get_table_names(schema)
        return self._inspector.get_view_names(schema)


def _dataset_name(schema: str | None, table: str) -> str:
    return table if schema is None else f"{schema}.{table}"


def _foreign_keys(references: Iterable[Mapping[str, Any]]) -> tuple[ForeignKey, ...]:
    return tuple(
        ForeignKey(
            fields=tuple(reference["constrained_columns"]),
            dataset=_dataset_name(reference.get("referred_schema"), reference["referred_table"]),
            referred=tuple(reference["referred_columns"]),
        )
        for reference in references
    )
