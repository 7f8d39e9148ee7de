"""Whether the columns by which events are found say what the stored leaves say.

SQLite derives them from the leaf whenever they are read, so it is enough that the tables still are those that
migrations 0005 and 0019 made. Elsewhere the database compares: RFC 8785 gives each key one spelling and place, and no
text of an event can hold a quote, so a look for the bytes suffices, and no forged leaf makes it fail.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from governance.ledger.tables import LOG, UNFILED

COLUMNS = ("id", "time", "kind", "principal", "closes")
"""The search columns."""

_LEAF = "CAST(leaf AS TEXT)"
_OF_LEAF = {
    **{name: f"json_extract({_LEAF}, '$.{name}')" for name in ("id", "time", "kind", "principal")},
    "closes": f"CASE WHEN json_extract({_LEAF}, '$.kind') = 'close' THEN json_extract({_LEAF}, '$.refs.decision') END",
}
DERIVED = tuple(
    f"{name} VARCHAR({size}) GENERATED ALWAYS AS (CASE WHEN json_valid({_LEAF}) THEN {_OF_LEAF[name]} END) VIRTUAL"
    for name, size in zip(COLUMNS, (64, 27, 64, 80, 64), strict=True)
)
"""The search columns as SQLite derives them."""
_TABLES = {
    "gov_ledger_event": "CREATE TABLE gov_ledger_event ( period INTEGER NOT NULL, seq BIGINT NOT NULL, "
    f"leaf BLOB NOT NULL, seal VARCHAR(64) NOT NULL, {', '.join(DERIVED)}, "
    "CONSTRAINT pk_gov_ledger_event PRIMARY KEY (period, seq), "
    "CONSTRAINT uq_gov_ledger_event_id UNIQUE (id), CONSTRAINT uq_gov_ledger_event_closes UNIQUE (closes) )",
    "gov_ledger_unfiled": "CREATE TABLE gov_ledger_unfiled ( period INTEGER NOT NULL, seq BIGINT NOT NULL, "
    "leaf BLOB NOT NULL, seal VARCHAR(64) NOT NULL, given VARCHAR(64) NOT NULL, "
    f"{', '.join(DERIVED)}, CONSTRAINT pk_gov_ledger_unfiled PRIMARY KEY (given) ) WITHOUT ROWID",
}
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
    made = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
    found = {name: " ".join((sql or "").replace('"', "").split()) for name, sql in made if name in _TABLES}
    return found == _TABLES


def misfiled(connection: Connection, period: int) -> list[int]:
    """The places in a period whose search columns do not say what the leaf says, in order.

    So do those of events that never wait to be filed, and yet do: whoever looks for one would not find it.
    """
    wrong = [] if is_derived(connection) else [(table.name, _unlike(connection)) for table in LOG]
    wrong.append((UNFILED.name, "kind IS NULL OR kind <> 'decision'"))
    found: set[int] = set()
    for name, condition in wrong:
        query = text(f"SELECT seq FROM {name} WHERE period = :period AND ({condition})")  # noqa: S608 ours
        found.update(connection.scalars(query.bindparams(period=period)))
    return sorted(found)


def _unlike(connection: Connection) -> str:
    """What holds of a row whose columns do not say what its leaf says."""
    holds, as_bytes = _HOLDS[connection.dialect.name], _BYTES[connection.dialect.name]
    right = [holds.format(as_bytes.format(said)) for said in _SAID]
    decision = holds.format(as_bytes.format("'\"decision\":\"' || closes || '\"'"))
    right += ["(kind = 'close') = (closes IS NOT NULL)", f"(closes IS NULL OR {decision})"]
    return f"NOT coalesce({' AND '.join(right)}, false)"
