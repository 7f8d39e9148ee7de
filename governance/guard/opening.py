"""Rows with encrypted columns opened, a batch at a time, and without the keys that travelled behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from governance.guard.base import Decryptor
from governance.guard.rewrite import Rewritten
from governance.protect.encrypted_type import Plain
from policies.errors import KeyringError

BATCH_ROWS = 256
"""Rows that are opened together when they are asked for one by one."""


class OpenedRows:
    """A driver's cursor whose encrypted columns come in clear, each value as `Plain`, which hides itself in repr."""

    def __init__(self, cursor: Any, rewritten: Rewritten, decryptor: Decryptor | None) -> None:
        if decryptor is None:
            raise KeyringError(
                "encrypted field",
                found="no keys",
                expected="a store opened with a keyring",
                next_step="name a keyring in governance.yaml",
            )
        self._cursor = cursor
        self._rewritten = rewritten
        self._decryptor = decryptor
        self._waiting: list[tuple[Any, ...]] = []

    @property
    def description(self) -> Any:
        """The visible columns."""
        return self._cursor.description[: self._rewritten.width]

    @property
    def rowcount(self) -> int:
        """As the driver has it."""
        return int(self._cursor.rowcount)

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, or None."""
        if not self._waiting:
            self._waiting = self._opened(self._cursor.fetchmany(BATCH_ROWS))[::-1]
        return self._waiting.pop() if self._waiting else None

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        """The next rows."""
        return self._take(size, lambda: self._cursor.fetchmany(size - len(self._waiting)))

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""
        return self._take(None, self._cursor.fetchall)

    def close(self) -> None:
        """Let the driver's cursor go."""
        self._cursor.close()

    def _take(self, size: int | None, more: Callable[[], Sequence[Any]]) -> list[tuple[Any, ...]]:
        if size is not None and len(self._waiting) >= size:
            cut = len(self._waiting) - size
            rows, self._waiting = self._waiting[cut:][::-1], self._waiting[:cut]
            return rows
        fresh = more()
        rows, self._waiting = self._waiting[::-1], []
        return rows + self._opened(fresh)

    def _opened(self, rows: Sequence[Any]) -> list[tuple[Any, ...]]:
        columns = [list(each) for each in zip(*rows, strict=True)]
        if not columns:
            return []
        for sealed in self._rewritten.sealed:
            tokens = columns[sealed.place]
            full = [place for place, token in enumerate(tokens) if token is not None]
            keys = [tuple(columns[key][place] for key in sealed.keys) for place in full]
            values = self._decryptor.decrypt_column(sealed.field, [tokens[place] for place in full], keys)
            for place, value in zip(full, values, strict=True):
                tokens[place] = Plain(value)
        return list(zip(*columns[: self._rewritten.width], strict=True))
