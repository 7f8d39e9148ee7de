"""A guarded connection whose principal or purpose came from the context: it works in that context alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from governance.guard.base import UseContext
from governance.guard.connection import GuardedConnection
from governance.guard.plans import Parameters
from governance.guard.shared import Shared

Stay = Callable[[], None]
"""Returns where the context is still the one that the store was opened in. Raises AccessRefusedError, recorded."""


class AmbientConnection(GuardedConnection):
    """Refuses each statement that is run in another context, or in none: a lost context never means somebody."""

    __slots__ = ("__stay",)

    def __init__(self, shared: Shared, context: UseContext, checkout: Any, stay: Stay) -> None:
        super().__init__(shared, context, checkout)
        self.__stay = stay

    def _guarded_run(self, sql: str, parameters: Parameters) -> Any:
        self.__stay()
        return super()._guarded_run(sql, parameters)

    def _guarded_many(self, sql: str, sets: list[Parameters]) -> Any:
        self.__stay()
        return super()._guarded_many(sql, sets)
