"""No log of httpx or httpcore while a call of ours runs: they log addresses with their query, and answers' headers.

The application's own use of httpx keeps its logs: only records made inside one of our calls are dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LOGGERS = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
)
"""A filter of a parent logger does not hold for its children, so each is named."""

_inside: ContextVar[bool] = ContextVar("crm_call", default=False)


def _outside(_record: logging.LogRecord) -> bool:
    return not _inside.get()


@contextmanager
def quiet() -> Iterator[None]:
    """A block whose calls are not logged by the HTTP library."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_outside)  # adding one again does nothing
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)
