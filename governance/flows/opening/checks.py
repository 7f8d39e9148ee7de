"""One thing that `governance doctor` looked at, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from audits.report import Text
from audits.speaking import Speaker


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    ABSENT = "absent"
    FINDING = "finding"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    what: Text | str
    """Its name."""
    state: State
    """`ok`; `absent` for an optional part that is not installed; `finding` for what needs mending; `limit`
    for what the vendor of a store cannot do."""
    found: Text | str
    """What was found, without personal values or credentials."""
    next_step: Text | str = ""
    """What to do about it; empty when nothing is."""

    def to_json(self) -> dict[str, str]:
        """As plain data, in English."""
        what, found, step = map(_english().say, (self.what, self.found, self.next_step))
        return {"what": what, "state": self.state, "found": found, "next_step": step}


@cache
def _english() -> Speaker:
    return Speaker("en")
