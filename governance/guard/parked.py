"""Check-outs of SQLite connections that wait to be used again: through SQLAlchemy's pool each costs half a query."""

from __future__ import annotations

import os
import threading
from collections import deque

from sqlalchemy import Engine, PoolProxiedConnection


class Parked:
    """Check-outs beside a pool, which counts them as given out. May be shared by threads; a forked process has none.

    Who finds none asks the pool, and is counted while it does: then nothing stays here that the pool could give.
    """

    def __init__(self, engine: Engine, most: int) -> None:
        self._engine = engine
        self._most = most
        self._waiting: deque[PoolProxiedConnection] = deque()
        self._process = os.getpid()
        self._open = True
        self._lock = threading.Lock()
        self._asking = 0

    def take(self) -> PoolProxiedConnection:
        """A check-out; the pool's own where none waits."""
        if self._waiting and self._process == os.getpid():
            try:
                return self._waiting.pop()
            except IndexError:
                pass
        return self._asked()

    def give(self, checkout: PoolProxiedConnection) -> None:
        """Let a check-out wait, without a transaction that it left open, or give it to the pool."""
        raw = checkout.dbapi_connection
        if raw is None or not self._open or len(self._waiting) >= self._most or self._process != os.getpid():
            checkout.close()
            return
        if raw.in_transaction:
            raw.rollback()
        self._waiting.append(checkout)
        if self._asking or not self._open:
            self._empty()

    def close(self) -> None:
        """Give the pool all that wait, and what comes later."""
        self._open = False
        self._empty()

    def _waiting_one(self) -> PoolProxiedConnection | None:
        try:
            return self._waiting.pop() if self._process == os.getpid() else None
        except IndexError:
            return None

    def _asked(self) -> PoolProxiedConnection:
        self._count(1)
        try:
            return self._waiting_one() or self._engine.raw_connection()
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        with self._lock:
            self._asking += more

    def _empty(self) -> None:
        while (checkout := self._waiting_one()) is not None:
            checkout.close()
