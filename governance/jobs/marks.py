"""Marks: how plans, journal and certificate name a row without its key, until the day on which they say nothing more.

A mark is 16 bytes of SHA-256(salt || keyed hash of the key). The salt belongs to one plan and lies in the records
database. Once it is emptied, nobody can tie the marks of that plan to a row, not even with the keys of the project.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from governance.jobs.keys import key_digest
from governance.jobs.work import Key
from governance.ledger.base import KeyedHash
from policies.nouns import DatasetRef

MARK_BYTES = 16
"""Bytes of a mark."""


@dataclass(frozen=True, slots=True)
class Marker:
    """Makes the marks of one dataset under the salt of one plan."""

    keyed_hash: KeyedHash
    """Names rows."""
    salt: bytes
    """Of the plan; 32 bytes."""
    dataset: DatasetRef
    """The dataset."""

    def mark(self, key: Key) -> str:
        """The mark of a row, as 32 hex digits."""
        return self._salted(b"record", key_digest(self.keyed_hash, "record", self.dataset, key))

    def state(self, values: Key) -> str:
        """The mark of what a decision on a row rested on, as 32 hex digits."""
        return self._salted(b"state", key_digest(self.keyed_hash, "state", self.dataset, values))

    def _salted(self, what: bytes, digest: str) -> str:
        return hashlib.sha256(self.salt + what + digest.encode()).hexdigest()[: 2 * MARK_BYTES]


def proof_of(marks: Iterable[str]) -> str:
    """One hash over the marks of a batch, in their order; 64 hex digits."""
    return hashlib.sha256("".join(marks).encode()).hexdigest()
