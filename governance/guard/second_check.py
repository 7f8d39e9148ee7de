"""SQLite's own authorizer as a second check: whatever the rewriting let through by mistake, the database asks again.

It runs when a statement is prepared. Between statements it refuses everything. SQLite prepares a statement anew when
it finds another schema than the one it prepared it on, so one that ran without a question met the schema it met before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import AbstractContextManager

from governance.guard.functions import is_known
from governance.guard.schema import ascii_lower
from governance.guard.scopes import CTE

_SEEN = 256
"""Statements whose schema is remembered; the driver keeps 128 of them prepared."""
_OWN_FUNCTIONS = frozenset({"instr", "length", "replace", "substr", "typeof", "like", "glob", "regexp", "->", "->>"})


class SecondCheck:
    """What one raw connection may read right now."""

    def __init__(self) -> None:
        self._reads: Mapping[str, frozenset[str]] | None = None
        self._writes: Mapping[str, frozenset[str]] = {}
        self._ours = False
        self._asked = 0
        self._seen: dict[str, object] = {}
        self.ours: AbstractContextManager[None] = _LettingOurs(self)
        """Lets a constant statement of our own run: transactions, the schema's version, consent's epoch."""

    def __call__(self, action: int, first: str | None, second: str | None, _: str | None, view: str | None) -> int:
        """Answer the database's question."""
        self._asked += 1
        return sqlite3.SQLITE_OK if self._allows(action, first or "", second or "", view or "") else sqlite3.SQLITE_DENY

    def statement(
        self, sql: str, reads: Mapping[str, frozenset[str]], writes: Mapping[str, frozenset[str]] | None = None
    ) -> AbstractContextManager[None]:
        """Let one statement of the guard's making read some columns of some tables, and write to some."""
        return _Letting(self, sql, reads, writes or {})

    def is_seen(self, sql: str, version: object) -> bool:
        """Whether the statement that has just run met the schema of this version, as far as SQLite says so itself."""
        return sql in self._seen and self._seen[sql] == version

    def see(self, sql: str, version: object) -> None:
        """The statement that has just run met the schema of this version; its read is still open."""
        if len(self._seen) >= _SEEN:
            self._seen.clear()
        self._seen[sql] = version

    def _allows(self, action: int, first: str, second: str, view: str) -> bool:
        if self._ours:
            return True
        if action == sqlite3.SQLITE_TRANSACTION and first == "ROLLBACK":
            return True  # the pool gives up what a connection left open
        if self._reads is None:
            return False
        match action:
            case sqlite3.SQLITE_SELECT | sqlite3.SQLITE_RECURSIVE:
                return True
            case sqlite3.SQLITE_FUNCTION:
                name = ascii_lower(second)
                return is_known("sqlite", name) or name in _OWN_FUNCTIONS
            case sqlite3.SQLITE_READ:
                if view and ascii_lower(view) in self._reads:
                    return True
                if not second and first.startswith(CTE):
                    return True  # the rows of a CTE counted
                columns = self._reads.get(ascii_lower(first))
                return columns is not None and (not second or ascii_lower(second) in columns or second == "ROWID")
            case sqlite3.SQLITE_INSERT:
                return "insert" in self._writes.get(ascii_lower(first), ())
            case sqlite3.SQLITE_DELETE:
                return "delete" in self._writes.get(ascii_lower(first), ())
            case sqlite3.SQLITE_UPDATE:
                return f"update {ascii_lower(second)}" in self._writes.get(ascii_lower(first), ())
            case _:
                return False


class _Letting:
    """While it is entered, a statement may read and write what it names.

    A statement that was prepared anew meanwhile is forgotten at once, however it ended: the driver keeps what it
    prepared, so the next run would not be asked about.
    """

    __slots__ = ("_asked", "_check", "_reads", "_sql", "_writes")

    def __init__(
        self, check: SecondCheck, sql: str, reads: Mapping[str, frozenset[str]], writes: Mapping[str, frozenset[str]]
    ) -> None:
        self._check, self._sql, self._reads, self._writes = check, sql, reads, writes
        self._asked = check._asked  # noqa: SLF001 one unit

    def __enter__(self) -> None:
        check = self._check
        check._reads, check._writes = self._reads, self._writes  # noqa: SLF001 one unit

    def __exit__(self, *_: object) -> None:
        check = self._check
        check._reads, check._writes = None, {}  # noqa: SLF001 one unit
        if check._asked != self._asked:  # noqa: SLF001 one unit
            check._seen.pop(self._sql, None)  # noqa: SLF001 one unit


class _LettingOurs:
    """While it is entered, everything may run."""

    __slots__ = ("_check",)

    def __init__(self, check: SecondCheck) -> None:
        self._check = check

    def __enter__(self) -> None:
        self._check._ours = True  # noqa: SLF001 one unit

    def __exit__(self, *_: object) -> None:
        self._check._ours = False  # noqa: SLF001 one unit
