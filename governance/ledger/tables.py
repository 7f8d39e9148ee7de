"""The five tables of the ledger. Leaf bytes are the record; every other column is a way to find or to check them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.visitors import InternalTraversal

from governance.records.metadata import metadata

PERIODS = Table(
    "gov_ledger_period",
    metadata,
    Column("period", Integer, primary_key=True, autoincrement=False),
    Column("origin", String(200), nullable=False, unique=True),
    Column("opened", String(27), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("seal", String(64), nullable=False),
    Column("checkpoint_size", BigInteger, nullable=False),
    Column("checkpoint_time", String(27), nullable=False),
    Column("closed", String(27), nullable=True),
    Column("dropped", String(27), nullable=True),
)
"""One row per period: its origin, how many leaves it has, the frontier of its tree, its last checkpoint, and when it
was closed and its events were dropped."""

EVENTS = Table(
    "gov_ledger_event",
    metadata,
    Column("period", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("seal", String(64), nullable=False),
    Column("id", String(64), nullable=True, unique=True),
    Column("time", String(27), nullable=True, index=True),
    Column("kind", String(64), nullable=True, index=True),
    Column("principal", String(80), nullable=True, index=True),
    Column("closes", String(64), nullable=True, unique=True),
)
"""One row per event. `closes` is the decision that a `close` ends, so that none is closed twice.

The columns behind `seal` say again what the leaf says, to find events by. SQLite derives them from the leaf whenever
they are read (migration 0005), so that nothing can be written there; on PostgreSQL a verification compares them.
"""

UNFILED = Table(
    "gov_ledger_unfiled",
    metadata,
    Column("given", String(64), primary_key=True),
    Column("period", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("seal", String(64), nullable=False),
)
"""Events that wait to be filed (`governance.ledger.unfiled`). Always empty on PostgreSQL.

`given` is the id as it was given, so that none is given twice; nothing else is read from it.
"""

LOG = (EVENTS, UNFILED)
"""The tables that are the log, in its order: what is unfiled stands behind what is filed."""

_LEAF = "CAST(leaf AS TEXT)"
_OF_LEAF = {
    **{name: f"json_extract({_LEAF}, '$.{name}')" for name in ("id", "time", "kind", "principal")},
    "closes": f"CASE WHEN json_extract({_LEAF}, '$.kind') = 'close' THEN json_extract({_LEAF}, '$.refs.decision') END",
}
SEARCH_COLUMNS = {name: f"CASE WHEN json_valid({_LEAF}) THEN {of} END" for name, of in _OF_LEAF.items()}
"""The columns by which events are found, as SQLite derives them from the leaf."""


class _Derived(ColumnElement[str]):
    """A search column of an event that is not filed; NULL on PostgreSQL, where every event is."""

    _traverse_internals = [("of", InternalTraversal.dp_string)]  # noqa: RUF012 by it compiled statements are found again
    type = String()

    def __init__(self, name: str) -> None:
        self.of = SEARCH_COLUMNS[name]


@compiles(_Derived)
def _nothing(*_: object, **__: object) -> str:
    return "CAST(NULL AS VARCHAR)"


@compiles(_Derived, "sqlite")
def _derived(element: _Derived, *_: object, **__: object) -> str:
    return element.of


FOUND_BY = (
    EVENTS,
    select(
        UNFILED.c.period, UNFILED.c.seq, UNFILED.c.leaf, *[_Derived(name).label(name) for name in SEARCH_COLUMNS]
    ).subquery(UNFILED.name),
)
"""The same with the columns by which events are found. For those that wait they are derived where somebody looks:
as columns of their table they would be derived for each event that is added."""

CHECKPOINTS = Table(
    "gov_ledger_checkpoint",
    metadata,
    Column("period", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("time", String(27), nullable=False),
    Column("note", Text, nullable=False),
)
"""Every signed checkpoint."""

NAMES = Table(
    "gov_ledger_name",
    metadata,
    Column("ref", String(80), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("text", Text, nullable=False),
    UniqueConstraint("kind", "digest"),
)
"""Names and notes that people entered. Erasable: the ledger holds the reference alone."""


def stored_bytes(value: Any) -> bytes:
    """Stored bytes, whatever an intruder put in their place: SQLite keeps a text or number where bytes belong."""
    if isinstance(value, str | int | float):
        return str(value).encode("utf-8", "surrogateescape")
    return bytes(value or b"")
