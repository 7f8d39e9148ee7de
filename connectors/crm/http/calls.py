"""What a connector asks a vendor and is answered; how an answer is judged; the error of a call that failed."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote

from policies.errors import StoreError

_TECHNICAL = re.compile(r"[A-Z][A-Z0-9_]{1,59}|-?[0-9]{1,9}")


def path_of(*segments: str) -> str:
    """The path of some segments, each of them escaped, so that none can leave its place."""
    return "".join("/" + quote(each, safe="") for each in segments)


class Content(enum.StrEnum):
    """What a call expects in its answer."""

    JSON = "json"
    BYTES = "bytes"
    """A file, given as it is."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, without its token."""

    method: str
    path: str = field(repr=False)
    """From the host on, made by `path_of`, since a record's id may stand in it."""
    place: str
    """What an error names: store and dataset, never a record."""
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The query."""
    body: Any = field(default=None, repr=False)
    """Sent as JSON; None for no body."""
    form: Mapping[str, str] | None = field(default=None, repr=False)
    """Sent as a form in place of `body`."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    repeatable: bool = False
    """Whether the vendor may get it twice with the effect of once; only such a call is sent again after a connection
    that broke or a fault of the server."""
    cost: int = 1
    """Calls or credits that the vendor counts for it."""
    content: Content = Content.JSON
    signed: bool = True
    """Whether it carries a token; a call for a token does not."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of a call that was judged fine."""

    status: int
    body: Any = field(default=None, repr=False)
    """The decoded JSON, or bytes; None of an empty answer."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """By lower-case name."""


class Verdict(enum.StrEnum):
    """What an answer means for the call."""

    FINE = "fine"
    TOKEN = "token"  # noqa: S105 a word, not a secret
    """The token was refused: the call was not done, and is sent again with another one, once."""
    BUSY = "busy"
    """Too many calls: this one was not done, and is sent again after a wait."""
    AGAIN = "again"
    """A passing fault: whether it was done is not known."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with the vendor's code."""

    verdict: Verdict
    code: str = ""
    """Cut to nothing by the error unless it has the form of a code."""


Judge: TypeAlias = Callable[[int, Any], Judged]
"""Gives the verdict on a status and a decoded body (None when it is empty or no JSON)."""


def by_status(status: int, code: str = "") -> Judged:
    """The verdict that HTTP itself gives (RFC 9110, RFC 6585)."""
    if 200 <= status < 300:
        return Judged(Verdict.FINE, code)
    if status == 401:
        return Judged(Verdict.TOKEN, code)
    if status == 429:
        return Judged(Verdict.BUSY, code)
    if status == 408 or status >= 500:
        return Judged(Verdict.AGAIN, code)
    return Judged(Verdict.REFUSED, code)


class CallError(StoreError):
    """A call that failed, with what a connector needs to go on; nothing of the request or the answer's text."""

    def __init__(self, place: str, *, found: str, next_step: str, status: int = 0, code: str = "") -> None:
        self.status = status
        """The HTTP status; 0 when there was no answer."""
        self.code = code if _TECHNICAL.fullmatch(code) else ""
        """The vendor's code, when it has the form of one."""
        shown = ", ".join(each for each in (f"HTTP {status}" if status else "", self.code) if each)
        super().__init__(
            place,
            found=f"{found} ({shown})" if shown else found,
            expected="a vendor that answers the call",
            next_step=next_step,
        )
