"""What each kind of store must be told to convert a column: begin, mark what changes meanwhile, switch.

While a conversion runs, the old column is the truth and a new one beside it is filled. A trigger empties a cell of the
new column whenever somebody changes the old one, so that it is filled again. The switch happens under a lock that no
writer passes: what is still empty is filled, the old column is dropped, and the new one takes its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from governance.protect.existing.target import Target


@dataclass(frozen=True, slots=True)
class Words:
    """Quoted names of one conversion."""

    table: str
    """The table, with its schema."""
    schema: str
    """The schema with a dot behind it; empty for the default one."""
    old: str
    """The column that holds the truth."""
    new: str
    """The column that is filled."""
    trigger: str
    """The trigger, and PostgreSQL's function."""
    trigger_name: str
    """The same without quotes."""
    keys: tuple[str, ...]
    """The columns of the record key."""
    primary_key: tuple[str, ...]
    """The columns of the primary key."""
    indexes: tuple[str, ...]
    """Indexes that go with the old column."""
    null: bool
    """Whether the old column may be NULL."""


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements of one kind of store, in their order."""

    binary: str
    """The type of a column of tokens."""
    clear: Mapping[str, str]
    """By word of a type, the column type that clear values get when a field is decrypted."""
    add: Callable[[Words, str], list[str]]
    """Add the new column, of a type."""
    watch: Callable[[Words], list[str]]
    """Make the trigger."""
    watched: str
    """Counts triggers of a name, which is bound as `name`."""
    lock: Callable[[Words], list[str]]
    """Keep writers out until the end of the transaction, or until `unlock`."""
    switch: Callable[[Words, str], list[str]]
    """Drop trigger and old column, and give the new one, of a type, its name."""
    unlock: tuple[str, ...] = ()
    """Let writers in again, where the transaction's end does not."""
    not_null: bool = True
    """Whether NOT NULL can be kept."""
    residue: str = ""
    """What removes the old values from the store's own files."""


def words_of(connection: Connection, target: Target) -> Words:
    """The quoted names of a conversion."""
    quote = connection.dialect.identifier_preparer.quote
    schema = f"{quote(target.table.schema)}." if target.table.schema else ""
    return Words(
        table=f"{schema}{quote(target.table.name)}",
        schema=schema,
        old=quote(target.field.field),
        new=quote(target.new_name),
        trigger=quote(f"{target.bare}_redo"),
        trigger_name=f"{target.bare}_redo",
        keys=tuple(quote(name) for name in target.record_key),
        primary_key=tuple(quote(name) for name in target.primary_key),
        indexes=tuple(quote(name) for name in target.indexes),
        null=target.nullable,
    )


def is_watched(connection: Connection, statements: Statements, words: Words) -> bool:
    """Whether the trigger stands."""
    return bool(connection.execute(sa.text(statements.watched), {"name": words.trigger_name}).scalar_one())


def run_all(connection: Connection, statements: list[str] | tuple[str, ...]) -> None:
    """Run statements of ours, whose only variable parts are quoted names."""
    for each in statements:
        connection.execute(sa.text(each.replace(":", r"\:")))


def _add(words: Words, type_: str) -> list[str]:
    return [f"ALTER TABLE {words.table} ADD COLUMN {words.new} {type_}"]


def _sqlite_watch(words: Words) -> list[str]:
    changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name} COLLATE BINARY" for name in (words.old, *words.keys))
    same = " AND ".join(f"{name} = NEW.{name}" for name in words.primary_key)
    redo = f"UPDATE {words.table} SET {words.new} = NULL WHERE {same}"  # noqa: S608 quoted names only
    head = f"CREATE TRIGGER {words.trigger} AFTER UPDATE ON {words.table}"
    return [
        f"{head} WHEN NEW.{words.new} IS NOT NULL AND ({changed}) BEGIN {redo}; END",
    ]


def _sqlite_switch(words: Words, type_: str) -> list[str]:
    del type_
    return [
        f"DROP TRIGGER {words.trigger}",
        *(f"DROP INDEX {name}" for name in words.indexes),
        f"ALTER TABLE {words.table} DROP COLUMN {words.old}",
        f"ALTER TABLE {words.table} RENAME COLUMN {words.new} TO {words.old}",
    ]


def _postgresql_watch(words: Words) -> list[str]:
    changed = " OR ".join(
        f'NEW.{name}::text COLLATE "C" IS DISTINCT FROM OLD.{name}::text COLLATE "C"'
        for name in (words.old, *words.keys)
    )
    function = f"{words.schema}{words.trigger}"
    body = f"BEGIN IF {changed} THEN NEW.{words.new} := NULL; END IF; RETURN NEW; END"
    return [
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $gov$ {body} $gov$",
        f"CREATE TRIGGER {words.trigger} BEFORE UPDATE ON {words.table} FOR EACH ROW EXECUTE FUNCTION {function}()",
    ]


def _postgresql_switch(words: Words, type_: str) -> list[str]:
    del type_
    keep = [] if words.null else [f"ALTER TABLE {words.table} ALTER COLUMN {words.old} SET NOT NULL"]
    return [
        f"DROP TRIGGER {words.trigger} ON {words.table}",
        f"DROP FUNCTION {words.schema}{words.trigger}()",
        f"ALTER TABLE {words.table} DROP COLUMN {words.old}",
        f"ALTER TABLE {words.table} RENAME COLUMN {words.new} TO {words.old}",
        *keep,
    ]


def _mysql_watch(words: Words) -> list[str]:
    changed = " OR ".join(
        f"NOT (CAST(NEW.{name} AS BINARY) <=> CAST(OLD.{name} AS BINARY))" for name in (words.old, *words.keys)
    )
    head = f"CREATE TRIGGER {words.schema}{words.trigger} BEFORE UPDATE ON {words.table} FOR EACH ROW"
    return [
        f"{head} IF {changed} THEN SET NEW.{words.new} = NULL; END IF",
    ]


def _mysql_switch(words: Words, type_: str) -> list[str]:
    null = "NULL" if words.null else "NOT NULL"
    return [
        f"DROP TRIGGER IF EXISTS {words.schema}{words.trigger}",
        f"ALTER TABLE {words.table} DROP COLUMN {words.old}, CHANGE COLUMN {words.new} {words.old} {type_} {null}",
    ]


STATEMENTS: Mapping[str, Statements] = {
    "sqlite": Statements(
        "BLOB",
        {
            "binary": "BLOB",
            "boolean": "BOOLEAN",
            "date": "DATE",
            "datetime": "DATETIME",
            "decimal": "NUMERIC",
            "float": "FLOAT",
            "integer": "INTEGER",
            "json": "JSON",
            "string": "TEXT",
            "time": "TIME",
        },
        _add,
        _sqlite_watch,
        "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name = :name",
        lambda _: [],
        _sqlite_switch,
        not_null=False,
        residue="VACUUM",
    ),
    "postgresql": Statements(
        "BYTEA",
        {
            "binary": "BYTEA",
            "boolean": "BOOLEAN",
            "date": "DATE",
            "datetime": "TIMESTAMP",
            "decimal": "NUMERIC",
            "float": "DOUBLE PRECISION",
            "integer": "BIGINT",
            "json": "JSONB",
            "string": "TEXT",
            "time": "TIME",
        },
        _add,
        _postgresql_watch,
        "SELECT count(*) FROM pg_catalog.pg_trigger WHERE tgname = :name",
        lambda words: [f"LOCK TABLE {words.table} IN ACCESS EXCLUSIVE MODE"],
        _postgresql_switch,
        residue="VACUUM FULL",
    ),
    "mysql": Statements(
        "LONGBLOB",
        {
            "binary": "LONGBLOB",
            "boolean": "BOOLEAN",
            "date": "DATE",
            "datetime": "DATETIME(6)",
            "decimal": "DECIMAL(65,30)",
            "float": "DOUBLE",
            "integer": "BIGINT",
            "json": "JSON",
            "string": "LONGTEXT",
            "time": "TIME(6)",
        },
        lambda words, type_: [f"ALTER TABLE {words.table} ADD COLUMN {words.new} {type_} NULL"],
        _mysql_watch,
        "SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND trigger_name = :name",
        lambda words: [f"LOCK TABLES {words.table} WRITE"],
        _mysql_switch,
        unlock=("UNLOCK TABLES",),
        residue="OPTIMIZE TABLE",
    ),
}
"""By SQLAlchemy's name of the dialect."""
