"""The ORM's session of one principal and purpose: its engine stays, so one identity map never serves two of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from policies.errors import AccessRefusedError


class GuardedSession(Session):
    """A session whose engine cannot be changed. Raises AccessRefusedError for another one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        super().__init__(engine)

    @property
    def bind(self) -> Engine:
        """The engine."""
        return self._engine

    @bind.setter
    def bind(self, engine: object) -> None:
        self._check(engine)

    def get_bind(self, *_: Any, bind: Any = None, **__: Any) -> Engine | Connection:
        """The engine, whatever is asked about."""
        self._check(bind)
        return self._engine

    def _check(self, other: object) -> None:
        if other is not None and other is not self._engine:
            raise AccessRefusedError(
                "session",
                found="another engine than the one that the session was opened with",
                expected="one session for each principal and purpose",
                next_step="open another session",
                rule_ids=("guard.context",),
            )
