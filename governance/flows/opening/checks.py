"""One thing that `governance doctor` looked at, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    ABSENT = "absent"
    FINDING = "finding"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    what: str
    """Its name."""
    state: State
    """`ok`; `absent` for an optional part that is not installed; `finding` for what needs mending; `limit`
    for what the vendor of a store cannot do."""
    found: str
    """What was found, without personal values or credentials."""
    next_step: str = ""
    """What to do about it; empty when nothing is."""

    def to_json(self) -> dict[str, str]:
        """As plain data."""
        return {"what": self.what, "state": self.state, "found": self.found, "next_step": self.next_step}
