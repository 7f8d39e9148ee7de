"""SQLAlchemy's dialect and compiled statements of each principal and purpose: nobody's listener hears another's."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.util import LRUCache

from governance.guard.base import UseContext
from governance.guard.kept import Kept

CONTEXTS_KEPT = 256
"""Principals and purposes whose compiled statements stay in memory."""
STATEMENTS_KEPT = 300
"""Compiled statements of one of them."""
_PLAIN = (str, int, float, bool, tuple, type(None))

Compiled = LRUCache[Any, Any]


class Dialects:
    """Gives each context objects of its own. May be shared by threads."""

    def __init__(self, raw: Dialect) -> None:
        self._raw = raw
        self._kept: Kept[Hashable, tuple[Dialect, Compiled]] = Kept(CONTEXTS_KEPT)

    def of(self, context: UseContext) -> tuple[Dialect, Compiled]:
        """The dialect and the compiled statements of a context; an equal one gets the same."""
        who = context.principal
        attributes = tuple(sorted((name, repr(value)) for name, value in who.attributes.items()))
        key = (who.name, frozenset(who.roles), attributes, context.actor, context.purpose, context.action)
        found = self._kept.get(key)
        if found is None:
            found = (_own(self._raw), LRUCache(STATEMENTS_KEPT))
            self._kept.put(key, found)
        return found


def _own(raw: Dialect) -> Dialect:
    """A new dialect that knows what the raw one learned of the server, and shares no object with it."""
    made = type(raw)(dbapi=raw.loaded_dbapi)  # type: ignore[call-arg]  # the constructor of every dialect of ours
    learned = {name: value for name, value in vars(raw).items() if isinstance(value, _PLAIN)}
    vars(made).update(learned)
    return made
