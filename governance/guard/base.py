"""What the guard takes from outside, and who uses it: protocols, so that each part can be tried with hand-made ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from governance.access.permits import DatasetPermit
from governance.ledger.closes import Decided
from governance.ledger.events import EventDraft
from policies.errors import AccessRefusedError
from policies.nouns import Action, DatasetRef, FieldRef, Principal
from policies.row_conditions import ExistsIn

RunConstant = Callable[[str], Sequence[object] | None]
"""Runs one constant SELECT of ours, as it stands, in the transaction of the statement to come; gives its first row."""

_READING = (Action.READ, Action.EXPORT)


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
    """`read`, or `export` when the rows leave the application: by what SELECT and RETURNING are decided."""
    writes: bool = False
    """Whether it may also write: INSERT and UPDATE are decided as `write`, DELETE as `delete`, each by itself."""

    def __post_init__(self) -> None:
        if self.action not in _READING or (self.writes and self.action is not Action.READ):
            raise AccessRefusedError(
                "context",
                found=f"the action `{self.action}`" + (" together with writing" if self.writes else ""),
                expected="read or export; with writing, read",
                next_step="open the store for reading, and with `writes=True` when it is to write as well",
                rule_ids=("guard.context",),
            )

    def __repr__(self) -> str:
        return f"UseContext({self.purpose}, {self.action}{', writes' if self.writes else ''})"


class Permits(Protocol):
    """The access policy."""

    def permit(self, principal: Principal, purpose: str, action: Action, dataset: DatasetRef) -> DatasetPermit:
        """What a principal may see of a dataset. Raises AccessRefusedError; equal questions give the same object."""
        ...

    def versions(self) -> Mapping[str, str]:
        """Digests of what it rests on, `policy` and `catalog`, for the ledger."""
        ...


class RowPredicate(Protocol):
    """A further condition on rows, such as consent. Both methods raise AccessRefusedError when they cannot decide."""

    def prepare(self, store: str, purpose: str, run: RunConstant | None = None) -> None:
        """Called once for each statement, before it runs."""
        ...

    def conditions(self, dataset: DatasetRef, purpose: str) -> tuple[ExistsIn, ...]:
        """What a row must meet, all of it; empty when nothing is asked. Constant while the policy files are."""
        ...


class NoConditions:
    """The row predicate of a store that asks for none."""

    def prepare(self, store: str, purpose: str, run: object = None) -> None:
        """Nothing to prepare."""

    def conditions(self, dataset: DatasetRef, purpose: str) -> tuple[ExistsIn, ...]:  # noqa: ARG002 the protocol's form
        """None."""
        return ()


class Recorder(Protocol):
    """The ledger. Each method raises LedgerError when nothing could be recorded, and then nothing is handed out."""

    def refer(self, kind: str, text: str) -> str:
        """The reference by which events name a `principal`."""
        ...

    def statement_hash(self, statement: str) -> str:
        """The keyed hash by which events name a statement."""
        ...

    def decide(self, draft: EventDraft) -> Decided:
        """Record a decision; durable when it returns."""
        ...

    def close(self, decision_id: str, outcome: str, counts: Mapping[str, int], *, reason: str | None = None) -> Any:
        """Record how the use that a decision allowed has ended; durable when it returns."""
        ...

    def close_soon(self, decision: Decided, outcome: str, counts: Mapping[str, int]) -> None:
        """Record the same within a second; returns at once."""
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


class Encryptor(Protocol):
    """Makes what is stored of encrypted fields."""

    def seal_columns(
        self,
        dataset: DatasetRef,
        columns: Mapping[str, Sequence[Any]],
        record_keys: Sequence[tuple[Any, ...]],
        inners: Mapping[str, str] | None = None,
        *,
        subjects: Sequence[tuple[Any, ...]] | None = None,
    ) -> Mapping[str, Sequence[bytes | None]]:
        """By field the tokens of its values, each with its record's key, and by index field their blind-index cells.

        With `subjects`, each value is encrypted under its person's key. None stays None. Raises BadInputError for a
        value or key of a wrong type, KeyringError, CatalogError.
        """
        ...
