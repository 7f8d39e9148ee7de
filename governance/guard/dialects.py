"""SQLAlchemy's dialect and compiled statements of each principal and purpose: nobody's listener hears another's."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.util import LRUCache

from governance.guard.base import UseContext
from governance.guard.kept import Kept
from governance.protect.encrypted_type import ENCRYPTS

CONTEXTS_KEPT = 256
"""Principals and purposes whose compiled statements stay in memory."""
STATEMENTS_KEPT = 300
"""Compiled statements of one of them."""
_PLAIN = (str, int, float, bool, tuple, type(None))

Compiled = LRUCache[Any, Any]


class Dialects:
    """Gives each context objects of its own. May be shared by threads."""

    def __init__(self, raw: Dialect, knows: Callable[[str | None, str], bool]) -> None:
        self._raw = raw
        self._knows = knows
        self._kept: Kept[Hashable, tuple[Dialect, Compiled]] = Kept(CONTEXTS_KEPT)

    def of(self, context: UseContext) -> tuple[Dialect, Compiled]:
        """The dialect and the compiled statements of a context; an equal one gets the same."""
        who = context.principal
        attributes = tuple(sorted((name, repr(value)) for name, value in who.attributes.items()))
        key = (
            who.name,
            frozenset(who.roles),
            attributes,
            context.actor,
            context.purpose,
            context.action,
            context.writes,
        )
        found = self._kept.get(key)
        if found is None:
            found = (_own(self._raw, self._knows), LRUCache(STATEMENTS_KEPT))
            self._kept.put(key, found)
        return found


def _own(raw: Dialect, knows: Callable[[str | None, str], bool]) -> Dialect:
    """A new dialect that knows what the raw one learned of the server, and shares no object with it.

    Whether a table exists it answers by the catalog: pandas and others ask before they write.
    """

    def has_table(_: object, __: object, table_name: str, schema: str | None = None, **___: object) -> bool:
        return knows(schema, table_name)

    kind = type(type(raw).__name__, (type(raw),), {"has_table": has_table, "supports_statement_cache": True})
    made: Dialect = kind(dbapi=raw.loaded_dbapi)
    learned = {name: value for name, value in vars(raw).items() if isinstance(value, _PLAIN)}
    vars(made).update(learned, **{ENCRYPTS: True})
    if raw.name in ("mysql", "mariadb"):
        vars(made)["_sscursor"] = None  # a kind of cursor that the guarded connection does not have
    return made
