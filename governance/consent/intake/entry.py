"""What one line of a file says, and what is wrong with a line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from governance.consent.events import EVERY, Circumstances
from policies.errors import BadInputError, ConfigError
from policies.purposes import FORMS

_UNSTATED = Circumstances()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Entry:
    """One event as a file tells it, unchecked, so it does not show itself. One of `key` and `ref` is set."""

    key: str = field(default="", repr=False)
    """The internal subject key; with `store`, that store's own key."""
    ref: str = ""
    """The keyed reference of the person, from an export of records under the same key."""
    store: str = ""
    """The store whose key `key` is; empty for the internal one."""
    purpose: str
    """As the file names it."""
    channel: str = EVERY
    """The channel, or `*`."""
    kind: str
    """A word of ConsentKind."""
    form: str = FORMS[0]
    """A word of EVENT_FORMS."""
    how: Circumstances = _UNSTATED
    """How it came about."""
    time: dt.datetime | None = None
    """The moment that the file tells, where it does not stand in `how`."""
    id: str = ""
    """The event's id; empty where the file gives none."""
    snapshot: str = ""
    """Digest of the purpose when it was first recorded; empty where the file gives none."""
    store_keys: Mapping[str, str | int] = field(default_factory=dict, repr=False)
    """Store name to that store's key of the person."""

    @property
    def moment(self) -> dt.datetime | None:
        """The moment that the file tells; None where it tells none."""
        return self.time if self.time is not None else self.how.valid_time


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line; never a value of it."""

    line: int
    """Its number, from 1."""
    place: str
    """The field."""
    found: str
    """What stands there, as a kind or shape."""
    expected: str
    """What would have been right."""

    @classmethod
    def of(cls, line: int, error: BadInputError) -> Fault:
        """The fault that an error of a check tells of."""
        return cls(line, error.place, error.found, error.expected)

    def __str__(self) -> str:
        return f"line {self.line}, {self.place}: found {self.found}; expected {self.expected}"


def refuse(place: str, found: str, expected: str) -> NoReturn:
    """Refuse a line. Raises ConfigError, which becomes a Fault with the line's number."""
    raise ConfigError(place, found=found, expected=expected, next_step="mend this line")
