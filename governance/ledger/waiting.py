"""Decisions that wait for their end, in a private temporary file: for reports on ledgers where many never end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator


class WaitingFile:
    """A table in a file that SQLite makes in the system's folder for such, and that nobody else can open.

    It holds leaves of the ledger as they are, which have no personal value, and is gone with this object.
    """

    def __init__(self) -> None:
        self._base = sqlite3.connect("")  # an empty name: private, in memory while small, deleted when closed
        self._base.execute("PRAGMA cache_size = -20000")  # 20 MB
        self._base.execute(
            "CREATE TABLE waiting (id TEXT PRIMARY KEY, place INT, opening INT, leaf BLOB) WITHOUT ROWID"
        )

    def put(self, waiting: Iterable[tuple[str, int, int, bytes]]) -> None:
        """Keep decisions: id, place in the order of reading, opening for emergencies, leaf."""
        with self._base:
            self._base.executemany("INSERT OR REPLACE INTO waiting VALUES (?, ?, ?, ?)", waiting)

    def pop(self, decision: str) -> tuple[int, int, bytes] | None:
        """Take one out; None when it does not wait here."""
        found = self._base.execute("SELECT place, opening, leaf FROM waiting WHERE id = ?", (decision,)).fetchone()
        if found is None:
            return None
        self._base.execute("DELETE FROM waiting WHERE id = ?", (decision,))
        return int(found[0]), int(found[1]), bytes(found[2])

    def rest(self) -> Iterator[tuple[str, int, int, bytes]]:
        """All that still wait, in the order of their places."""
        yield from self._base.execute("SELECT id, place, opening, leaf FROM waiting ORDER BY place")

    def close(self) -> None:
        """Delete the file."""
        self._base.close()
