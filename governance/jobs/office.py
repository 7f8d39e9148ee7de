"""What every job takes from outside: records, ledger, keys, the clock, and who acts."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from governance.jobs.holds import Holds
from governance.jobs.journal import Recorder
from governance.jobs.work import Key
from governance.ledger.base import KeyedHash, Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What planning, approving and running take from outside."""

    records: Engine
    """The records database, where plans, jobs, holds and tombstones are."""
    ledger: Recorder
    """Where every step is recorded."""
    keyed_hash: KeyedHash
    """Seals plans and names rows."""
    signer: Signer
    """Signs certificates; the ledger's own."""
    clock: Callable[[], dt.datetime]
    """Gives aware times."""
    new_id: Callable[[], str]
    """Gives ids."""
    zone: str
    """The IANA zone in which days begin and time windows lie."""
    digest: str
    """Of policy files and catalog; a plan holds only while it is the same."""
    actor: str = "system"
    """The ledger's reference of who acts."""
    folder: Path | None = None
    """Where row lists lie; None where no job destroys."""
    grave: Callable[[str, Key], str | None] | None = None
    """The reference that a tombstone has of a person, by store and subject key; None where nobody has keys."""
    two_persons: bool = False
    """Whether a plan runs only after somebody approved it who neither made nor runs it."""
    certificate_days: int = 365
    """After how many days a row's marks can no longer be tied to the row."""
    new_salt: Callable[[], bytes] = lambda: secrets.token_bytes(32)
    """Gives 32 fresh bytes that nobody can guess."""

    @property
    def holds(self) -> Holds:
        """The holds that stand in the records."""
        return Holds(self.records, self.keyed_hash, clock=self.clock, new_id=self.new_id)

    def local(self) -> dt.datetime:
        """The present in the office's zone."""
        return self.clock().astimezone(ZoneInfo(self.zone))
