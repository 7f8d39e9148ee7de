"""The two tables of the projection in a store, typed by the kind of the store's subject keys."""

from __future__ import annotations

import enum
import hashlib
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Uuid, text
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeEngine

TARGET = "target"
"""The column that tells purpose and channel in one number: joining compares a million of them."""
TABLE = "gov_consent"
"""The table that a guarded query joins."""
ENDS = "ends"
"""Its column of the moments at which rows stop to count, in UTC as events write them; empty for never."""
EPOCH_TABLE = "gov_consent_epoch"
"""The table that says how far it has come."""


class KeyKind(enum.StrEnum):
    """The type of a store's subject keys, so that the join compares like with like and finds the index."""

    INTEGER = "integer"
    STRING = "string"
    UUID = "uuid"

    @classmethod
    def of(cls, declared: TypeEngine[Any]) -> KeyKind:
        """The kind of a declared type; all that is neither a whole number nor a UUID counts as text."""
        if isinstance(declared, Integer):
            return cls.INTEGER
        return cls.UUID if isinstance(declared, Uuid) else cls.STRING

    def typed(self, key: str | int) -> str | int | None:
        """A subject key as this type, or None for one that cannot be of it, and so cannot be anybody's here."""
        if self is not KeyKind.INTEGER:
            return str(key)
        text = str(key)
        return int(text) if text.lstrip("-").isdecimal() and str(int(text)) == text else None


def target_code(purpose: str, channel: str) -> int:
    """The number of a purpose and channel, the same wherever it is computed: the first 63 bits of a digest."""
    digest = hashlib.sha256(f"{purpose}\0{channel}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def tables_of(kind: KeyKind) -> tuple[Table, Table]:
    """The projection and its head, for one kind of key."""
    keys: dict[KeyKind, TypeEngine[Any]] = {
        KeyKind.INTEGER: BigInteger(),
        KeyKind.STRING: _text(191),
        KeyKind.UUID: _text(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql"),
    }
    metadata = MetaData()
    table = Table(
        TABLE,
        metadata,
        Column("subject_key", keys[kind], primary_key=True, autoincrement=False),
        Column(TARGET, BigInteger, primary_key=True, autoincrement=False),
        Column("state", _text(32), nullable=False),
        Column(ENDS, _text(27), nullable=False),
        Column("form", _text(32), nullable=False),
        Column("epoch", BigInteger, nullable=False),
        Column("purpose", _text(100), nullable=False),  # these two tell a reader what the number is
        Column("channel", _text(32), nullable=False),
        mysql_engine="InnoDB",
        sqlite_with_rowid=False,  # a query finds all columns where it finds the key
    )
    _index_for_postgresql(table)
    epochs = Table(
        EPOCH_TABLE,
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("epoch", BigInteger, nullable=False),
        Column("origin", _text(64), nullable=False),
        Column("tree", _text(32), nullable=False),
        Column("key_kind", _text(16), nullable=False),
        mysql_engine="InnoDB",
    )
    return table, epochs


def _index_for_postgresql(table: Table) -> None:
    """What lets PostgreSQL walk one purpose of all people in the order of their keys without touching the table."""
    given, other = text("state = 'given'"), text("state <> 'given'")
    key = (table.c[TARGET], table.c.subject_key)
    Index(f"ix_{TABLE}_given", *key, postgresql_include=[ENDS, "form"], postgresql_where=given).ddl_if("postgresql")
    Index(f"ix_{TABLE}_not_given", *key, postgresql_include=["state"], postgresql_where=other).ddl_if("postgresql")


def _text(length: int) -> TypeEngine[str]:
    """Text that compares by its bytes in every dialect."""
    return String(length).with_variant(
        mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
    )
