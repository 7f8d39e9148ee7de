"""The steps of a rotation: tokens under the keys that are active now, and the cells of a blind index likewise.

A token under a retired key opens as long as that key is not destroyed, so readers see what was reached and what was
not. A cell is changed only while it is the one that was read: who writes meanwhile wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from governance.jobs.table_step import TableStep
from governance.jobs.work import Batch
from governance.protect.existing.target import Target
from governance.protect.plaintexts import natural_inner
from governance.protect.protector import Protector
from governance.protect.reading import Reading


@dataclass(frozen=True, kw_only=True)
class _Renewing(TableStep):
    """What both steps share. A batch's payload is token, cell where there is one, record key, subject key."""

    target: Target
    """The column of tokens."""
    protector: Protector
    """Opens and seals."""

    def _record_keys(self, batch: Batch) -> list[tuple[Any, ...]]:
        size = len(self.target.record_key)
        return [tuple(row[-size:]) for row in batch.payload]

    def _replace(
        self, connection: Connection, batch: Batch, column: ColumnElement[Any], cells: Sequence[Any]
    ) -> int | None:
        """Write new cells where the token is still the one that was read; None when it is another by now."""
        token = self.table.c[self.target.field.field]
        same = [token == sa.bindparam("gov_was")]
        same += [each == sa.bindparam(f"gov_{number}") for number, each in enumerate(self.key)]
        change = sa.update(self.table).where(*same).values({column: sa.bindparam("gov_now")})
        rows = [
            {"gov_was": bytes(row[0]), "gov_now": now} | {f"gov_{number}": value for number, value in enumerate(key)}
            for key, row, now in zip(batch.keys, batch.payload, cells, strict=True)
        ]
        done = connection.execute(change, rows).rowcount
        return done if done == len(rows) else None


@dataclass(frozen=True, kw_only=True)
class Renew(_Renewing):
    """Opens tokens that stand under another key and seals them under the one that is active."""

    def apply(self, connection: Connection, batch: Batch) -> int | None:
        """Renew tokens that are still those that were read; None when somebody changed one. Raises DecryptionError."""
        field = self.target.field
        renewed = self.protector.renew_column(
            field,
            [bytes(row[0]) for row in batch.payload],
            self._record_keys(batch),
            subjects=batch.subjects if self.protector.is_of_subjects(field) else None,
        )
        return self._replace(connection, batch, self.table.c[field.field], renewed)


@dataclass(frozen=True, kw_only=True)
class Reindex(_Renewing):
    """Makes the cells of a blind index anew that another index key made, or that are missing.

    The cell of somebody whose key was destroyed is emptied: no value is left that it could be of.
    """

    cell: str
    """The column of the index."""

    def apply(self, connection: Connection, batch: Batch) -> int | None:
        """Write cells for tokens that are still those that were read. Raises DecryptionError."""
        field, tokens = self.target.field, [bytes(row[0]) for row in batch.payload]
        values = Reading(self.protector).decrypt_column(field, tokens, self._record_keys(batch))
        cells = self.protector.index_cells(field, values, natural_inner(values))
        return self._replace(connection, batch, self.table.c[self.cell], cells)
