"""Set up logging once: one line per event on standard error, with nothing in it that could be a person's value."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO, cast

import structlog

_REFERENCE = re.compile(r"[A-Za-z_][A-Za-z0-9_:.#/-]{0,119}")
"""What an event may hold as text: an identifier, a reference, a rule id. Anything else is shown as its length."""


class _StandardError:
    """Whatever standard error is at the moment of writing: an embedding program may have put another in its place."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def set_up_logging(level: str) -> None:
    """Send every event of at least this level to standard error."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            mask_values,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _StandardError())),
        cache_logger_on_first_use=False,
    )


def mask_values(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace everything in an event that is no number, truth value, time or reference by its kind and length."""
    del logger, method
    return {key: value if key == "timestamp" else _masked(value) for key, value in event.items()}


def _masked(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    if _REFERENCE.fullmatch(text) and not re.search(r"\d{6}", text):
        return text
    return f"<{type(value).__name__} of {len(text)}>"
