"""Whether a connection that waited in the pool still lives: asked of the server only where there is a doubt.

A server that ends a connection, or is stopped, says so on it: then there is something to read where nothing was asked.
That costs no round trip, and a round trip is a third of a query by key.
"""

from __future__ import annotations

import datetime as dt
import select
from collections.abc import Callable, Mapping
from typing import Any

DOUBT_SECONDS = 30
"""A connection that waited longer is asked, since a firewall may have forgotten it without a word."""


class Liveness:
    """Listens to the check-outs of one pool of psycopg's connections."""

    def __init__(self, clock: Callable[[], dt.datetime], is_answered: Callable[[Any], bool]) -> None:
        self._clock = clock
        self._is_answered = is_answered
        self._most = dt.timedelta(seconds=DOUBT_SECONDS)

    def seen(self, info: dict[Any, Any]) -> None:
        """The server answered on a connection just now; `info` is kept with it."""
        info["gov_seen"] = self._clock()

    def lives(self, raw: Any, info: Mapping[Any, Any]) -> bool:
        """Whether a connection can be used."""
        if self._clock() - info["gov_seen"] < self._most and not _has_word(raw):
            return True
        return self._is_answered(raw)


def _has_word(raw: Any) -> bool:
    if not hasattr(select, "poll"):  # Windows
        return True
    poll = select.poll()
    poll.register(raw.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))
