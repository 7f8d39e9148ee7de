"""What consent takes from outside: who seals a store's own key of a person, and who keeps the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection

from governance.ledger.events import EventDraft


class Sealer(Protocol):
    """Authenticated encryption under a key of its own; `protect` provides it."""

    def seal(self, data: bytes, context: bytes) -> bytes:
        """A token that `open` gives the data back from, under the same context only."""
        ...

    def seal_all(self, data: Sequence[bytes], contexts: Sequence[bytes]) -> list[bytes]:
        """The tokens of many data, each under its own context, in order."""
        ...

    def open(self, token: bytes, context: bytes) -> bytes:
        """The data of a token. Raises DecryptionError when the token was moved or altered."""
        ...


class Recorder(Protocol):
    """The ledger, inside a transaction of ours on the records database."""

    def append_in(self, connection: Connection, draft: EventDraft) -> object:
        """Append an event that is durable when, and only when, the caller's transaction commits. Raises LedgerError."""
        ...
