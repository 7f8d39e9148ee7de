"""A database of its own for one run: on disk once it outgrows its cache, without a name there, and gone when closed."""

from __future__ import annotations

import sqlite3
from types import TracebackType
from typing import Self

CACHE_KIB = 8_192
"""What it keeps in memory at most."""


class Scratch:
    """A private SQLite database for what must be sorted and does not fit in memory. Used with `with`."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect("", isolation_level=None)  # an empty name: a private file, unlinked at once
        for setting in (f"cache_size=-{CACHE_KIB}", "temp_store=FILE", "journal_mode=OFF", "synchronous=OFF"):
            self.connection.execute(f"PRAGMA {setting}")

    def __repr__(self) -> str:
        return "Scratch()"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()
