"""One event of restriction: whose use of data is to stop or may go on, and why. References and codes only."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import asdict, dataclass

import rfc8785


class RestrictionKind(enum.StrEnum):
    """What happened to a restriction."""

    RESTRICTED = "restricted"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictionEvent:
    """One event as the records hold it."""

    epoch: int
    """Its place among all changes of consent and restriction, in the order in which they became durable."""
    id: str
    """Given once."""
    subject_ref: str
    """Keyed reference of the person, 64 hex digits."""
    kind: str
    """A RestrictionKind."""
    reason: str
    """A code of the pack `restriction`; empty for a lifting."""
    basis: str
    """Law and article that ask for it, such as `gdpr:18(1)(a)`; empty when nobody said."""
    since: str
    """From when it holds, in UTC as `2026-11-22T08:00:00.000000Z`."""
    told: bool
    """Whether the person was told before it was lifted; false for a restriction."""
    recorded_by: str
    """Who took it down: a reference that `Ledger.refer` gave, or `system`."""

    @property
    def digest(self) -> str:
        """SHA-256 over all that was recorded, for the ledger."""
        return hashlib.sha256(rfc8785.dumps(asdict(self))).hexdigest()
