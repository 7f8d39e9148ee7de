"""Whether the columns by which events are found say what the stored leaves say.

SQLite derives them from the leaf whenever they are read, so it is enough that the table still is the one that
migration 0005 made; those of events that wait to be filed are derived by whoever looks. Elsewhere the database
compares: RFC 8785 gives each key one spelling and place, and no text of an event can hold a quote, so a look for the
bytes suffices, and no forged leaf makes it fail.
"""

from __future__ import annotations

from sqlalchemy import Connection, or_, select, text

from governance.ledger.tables import FOUND_BY, SEARCH_COLUMNS

DERIVED = tuple(
    f"{name} VARCHAR({size}) GENERATED ALWAYS AS ({of}) VIRTUAL"
    for (name, of), size in zip(SEARCH_COLUMNS.items(), (64, 27, 64, 80, 64), strict=True)
)
"""The search columns as SQLite derives them."""
_EVENTS = (
    "CREATE TABLE gov_ledger_event ( period INTEGER NOT NULL, seq BIGINT NOT NULL, "
    f"leaf BLOB NOT NULL, seal VARCHAR(64) NOT NULL, {', '.join(DERIVED)}, "
    "CONSTRAINT pk_gov_ledger_event PRIMARY KEY (period, seq), "
    "CONSTRAINT uq_gov_ledger_event_id UNIQUE (id), CONSTRAINT uq_gov_ledger_event_closes UNIQUE (closes) )"
)
_HOLDS = {"sqlite": "instr(leaf, {}) > 0", "postgresql": "position({} in leaf) > 0"}
_BYTES = {"sqlite": "CAST({} AS BLOB)", "postgresql": "convert_to({}, 'UTF8')"}
_SAID = (
    '\'"id":"\' || id || \'","kind":"\' || kind || \'"\'',
    "'\"principal\":' || coalesce('\"' || principal || '\"', 'null') || ','",
    "'\"time\":\"' || time || '\"'",
)
"""What stands in the leaf of a row whose columns are right."""


def is_derived(connection: Connection) -> bool:
    """Whether the database derives the search columns from the leaf, so that they cannot differ."""
    if connection.dialect.name != "sqlite":
        return False
    made = connection.scalar(text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'gov_ledger_event'"))
    return " ".join((made or "").replace('"', "").split()) == _EVENTS


def misfiled(connection: Connection, period: int) -> list[int]:
    """The places in a period whose search columns do not say what the leaf says, in order.

    So do those of events that never wait to be filed, and yet do: whoever looks for one would not find it.
    """
    found: set[int] = set()
    if not is_derived(connection):
        query = text(f"SELECT seq FROM gov_ledger_event WHERE period = :period AND ({_unlike(connection)})")  # noqa: S608 ours
        found.update(connection.scalars(query.bindparams(period=period)))
    waiting = FOUND_BY[1].c
    no_decision = or_(waiting.kind.is_(None), waiting.kind != "decision")
    found.update(connection.scalars(select(waiting.seq).where(waiting.period == period, no_decision)))
    return sorted(found)


def _unlike(connection: Connection) -> str:
    """What holds of a row whose columns do not say what its leaf says."""
    holds, as_bytes = _HOLDS[connection.dialect.name], _BYTES[connection.dialect.name]
    right = [holds.format(as_bytes.format(said)) for said in _SAID]
    decision = holds.format(as_bytes.format("'\"decision\":\"' || closes || '\"'"))
    right += ["(kind = 'close') = (closes IS NOT NULL)", f"(closes IS NULL OR {decision})"]
    return f"NOT coalesce({' AND '.join(right)}, false)"
