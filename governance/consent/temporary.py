"""Consent for a store that must not be written: a temporary set on each connection, filled from the records.

The set and how far it has come are two temporary tables, so a transaction that is taken back takes both back. Whoever
forgets a person takes an epoch for which there is no event: a set that meets such a gap is made anew, because the
sealed key that it would need to drop the person may be gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, runtime_checkable

from governance.consent.projection import ProjectionHead, SubjectRows, head_of
from governance.consent.projection_tables import TARGET, KeyKind, target_code

SET = "gov_consent_here"
"""The temporary table that a query joins instead of `gov_consent`."""
_HEAD = "gov_consent_here_head"
_PLACES = {"sqlite": '"temp".', "postgresql": '"pg_temp".', "mysql": ""}
_KEYS = {KeyKind.INTEGER: "BIGINT", KeyKind.STRING: "VARCHAR(191)", KeyKind.UUID: "VARCHAR(36)"}
_BINARY = " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
_COLUMNS = ("subject_key", TARGET, "state", "ends", "form")
_AT_ONCE = 1_000


@runtime_checkable
class OwnTables(Protocol):
    """What a connection lends: temporary tables of ours on it, and nothing else."""

    kind: str
    """`sqlite`, `postgresql` or `mysql`."""
    mark: str
    """The driver's placeholder."""

    def __call__(self, sql: str) -> Sequence[object] | None:
        """The first row of a constant SELECT."""
        ...

    def make(self, statements: Sequence[str]) -> bool:
        """Run the statements once on this connection; gives False where a transaction stands in the way."""
        ...

    def write(self, sql: str, sets: Sequence[Sequence[Any]]) -> None:
        """Run a constant statement with each set of values."""
        ...

    def settle(self) -> None:
        """Make what was written outlast the transaction, where no other one is under way."""
        ...


class TemporarySet:
    """The set on one connection. Its methods raise what the connection raises."""

    def __init__(self, own: OwnTables, key_kind: KeyKind) -> None:
        self._own = own
        self._kind = key_kind
        self._place = _PLACES[own.kind]

    def make(self) -> bool:
        """Make both tables where the connection has none; gives False where a transaction stands in the way."""
        text = "VARCHAR({})" + (_BINARY if self._own.kind == "mysql" else "")
        key = _KEYS[self._kind]
        if self._kind is not KeyKind.INTEGER:
            key = "UUID" if (self._kind, self._own.kind) == (KeyKind.UUID, "postgresql") else text.format(191)
        types = {"subject_key": key, TARGET: "BIGINT", "ends": text.format(27)}
        columns = [f"{name} {types.get(name, text.format(32))} NOT NULL" for name in _COLUMNS]
        head = f"epoch BIGINT NOT NULL, origin {text.format(64)} NOT NULL, tree {text.format(32)} NOT NULL"
        return self._own.make(
            (
                f"CREATE TEMPORARY TABLE {SET} ({', '.join(columns)}, PRIMARY KEY (subject_key, {TARGET}))",
                f"CREATE TEMPORARY TABLE {_HEAD} ({head})",
                f"INSERT INTO {self._place}{_HEAD} VALUES (0, '', '')",  # noqa: S608 names of ours
            )
        )

    def head(self) -> ProjectionHead | None:
        """How far it has come."""
        row = self._own(f"SELECT epoch, origin, tree FROM {self._place}{_HEAD}")  # noqa: S608 names of ours
        return head_of((*row, str(self._kind))) if row is not None else None

    def move(self, new: ProjectionHead, changes: Iterable[SubjectRows], *, wipe: bool) -> None:
        """Replace what it holds of some people, and its head; with `wipe`, drop the rest first."""
        own, mark = self._own, self._own.mark
        if wipe:
            own.write(f"DELETE FROM {self._place}{SET}", [()])  # noqa: S608 names of ours
        typed = [(key, each.rows) for each in changes if (key := self._kind.typed(each.key)) is not None]
        if not wipe:
            self._in_lots(f"DELETE FROM {self._place}{SET} WHERE subject_key = {mark}", [(key,) for key, _ in typed])  # noqa: S608
        rows = [
            (key, target_code(purpose, channel), state, ends, form)
            for key, some in typed
            for purpose, channel, form, state, ends in some
        ]
        into = f"INSERT INTO {self._place}{SET} ({', '.join(_COLUMNS)}) VALUES ({', '.join([mark] * len(_COLUMNS))})"  # noqa: S608
        self._in_lots(into, rows)
        head = f"UPDATE {self._place}{_HEAD} SET epoch = {mark}, origin = {mark}, tree = {mark}"  # noqa: S608
        own.write(head, [(new.epoch, new.origin, new.tree)])
        own.settle()

    def _in_lots(self, sql: str, sets: Sequence[Sequence[Any]]) -> None:
        for start in range(0, len(sets), _AT_ONCE):
            self._own.write(sql, sets[start : start + _AT_ONCE])
