"""What the guard takes from outside, and who uses it: protocols, so that each part can be tried with hand-made ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from governance.access.permits import DatasetPermit
from governance.ledger.events import Event, EventDraft
from policies.nouns import Action, DatasetRef, FieldRef, Principal
from policies.row_conditions import ExistsIn

RunConstant = Callable[[str], Sequence[object] | None]
"""Runs one constant SELECT of ours, as it stands, in the transaction of the statement to come; gives its first row."""


@dataclass(frozen=True, slots=True)
class UseContext:
    """Who uses a store, on whose behalf, and why. One connection has exactly one, for as long as it lives."""

    principal: Principal
    """Who asks."""
    actor: str
    """The service or OS user that asks for them, by name."""
    purpose: str
    """Why."""
    action: Action = Action.READ
    """`read`, or `export` when the rows leave the application."""

    def __repr__(self) -> str:
        return f"UseContext({self.purpose}, {self.action})"


class Permits(Protocol):
    """The access policy."""

    def permit(self, principal: Principal, purpose: str, action: Action, dataset: DatasetRef) -> DatasetPermit:
        """What a principal may see of a dataset. Raises AccessRefusedError; equal questions give the same object."""
        ...


class RowPredicate(Protocol):
    """A further condition on rows, such as consent. Both methods raise AccessRefusedError when they cannot decide."""

    def prepare(self, store: str, purpose: str, run: RunConstant | None = None) -> None:
        """Called once for each statement, before it runs."""
        ...

    def conditions(self, dataset: DatasetRef, purpose: str) -> tuple[ExistsIn, ...]:
        """What a row must meet, all of it; empty when nothing is asked. Constant while the policy files are."""
        ...


class Recorder(Protocol):
    """The ledger. Each method raises LedgerError when nothing could be recorded, and then nothing is handed out."""

    def refer(self, kind: str, text: str) -> str:
        """The reference by which events name a `principal`."""
        ...

    def statement_hash(self, statement: str) -> str:
        """The keyed hash by which events name a statement."""
        ...

    def decide(self, draft: EventDraft) -> Event:
        """Record a decision; durable when it returns."""
        ...

    def close(self, decision_id: str, outcome: str, counts: Mapping[str, int], *, reason: str | None = None) -> Any:
        """Record how the use that a decision allowed has ended."""
        ...


class Decryptor(Protocol):
    """Opens the tokens of encrypted fields."""

    def decrypt_column(
        self, field: FieldRef, tokens: Sequence[Any], record_keys: Sequence[tuple[Any, ...]]
    ) -> Sequence[Any]:
        """The values of one field's tokens, each with its record's key; NULL stays NULL.

        Raises DecryptionError for a token that was moved or altered, KeyringError for a missing key.
        """
        ...
