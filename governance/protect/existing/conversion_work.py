"""The job that converts a column: begin, fill, verify every row, switch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from governance.jobs.key_order import pages
from governance.jobs.work import Batch, Intended, Key
from governance.protect.existing.conversion import Conversion, Fill, check_rows, fill, fill_step, payload
from governance.protect.existing.statements import run_all
from policies.errors import StalePlanError
from policies.nouns import DatasetRef

PURPOSE = "governance.protect"
"""The purpose under which columns are converted."""
_PAGE = 2_000


class Begin:
    """Adds the new column and the trigger, each where it is missing: not every store does both or neither."""

    action = "write"

    def __init__(self, conversion: Conversion) -> None:
        self._conversion = conversion
        self.name = f"begin {conversion.target.field}"
        self.dataset: DatasetRef = conversion.target.field.of

    def batch(self, connection: Connection, after: Key | None, limit: int) -> Batch | None:
        """One batch until it is done."""
        del after, limit
        return None if self._is_done(connection) else Batch()

    def apply(self, connection: Connection, batch: Batch) -> int:
        """Begin. The trigger comes last: what was filled without it could be stale."""
        del batch
        statements, words = self._conversion.statements(connection)
        if not self._conversion.has_column(connection):
            run_all(connection, statements.add(words, self._conversion.type_))
        run_all(connection, statements.watch(words))
        return 0

    def applied(self, connection: Connection, intended: Intended) -> bool:
        """Whether column and trigger stand."""
        del intended
        return self._is_done(connection)

    def _is_done(self, connection: Connection) -> bool:
        return self._conversion.has_column(connection) and self._conversion.is_watched(connection)


class Verify:
    """Compares every cell of the new column with the old one, page by page; nothing is locked or changed."""

    action = "read"

    def __init__(self, conversion: Conversion) -> None:
        self._conversion = conversion
        self._done = False
        self.name = f"verify {conversion.target.field}"
        self.dataset: DatasetRef = conversion.target.field.of

    def batch(self, connection: Connection, after: Key | None, limit: int) -> Batch | None:
        """One batch until it is done in this run."""
        del connection, after, limit
        return None if self._done else Batch()

    def apply(self, connection: Connection, batch: Batch) -> int:
        """Verify. Raises StoreError for the first wrong cell; the clear column stays as it is."""
        del batch
        conversion, table = self._conversion, self._conversion.table
        keys = [table.c[name] for name in conversion.target.primary_key]
        filled = table.c[conversion.target.new_name]
        for rows in pages(connection, keys, [filled, *payload(conversion, table)], filled.is_not(None), _PAGE):
            check_rows(conversion, rows)
        self._done = True
        return 0

    def applied(self, connection: Connection, intended: Intended) -> bool:
        """No: what a killed run verified is verified again."""
        del connection, intended
        return False


class Switch:
    """Fills what is still empty, drops the old column and gives the new one its name, with writers kept out."""

    action = "write"

    def __init__(self, conversion: Conversion) -> None:
        self._conversion = conversion
        self.name = f"switch {conversion.target.field}"
        self.dataset: DatasetRef = conversion.target.field.of

    def batch(self, connection: Connection, after: Key | None, limit: int) -> Batch | None:
        """One batch until it is done."""
        del after, limit
        return Batch() if self._conversion.has_column(connection) else None

    def apply(self, connection: Connection, batch: Batch) -> int:
        """Switch.

        Where a kill took the trigger away before the old column, writers may have passed unseen: all is filled anew.
        """
        del batch
        conversion = self._conversion
        statements, words = conversion.statements(connection)
        run_all(connection, statements.lock(words))
        try:
            if not conversion.is_watched(connection):
                connection.execute(sa.update(conversion.table).values({conversion.target.new_name: None}))
            self._catch_up(connection)
            run_all(connection, statements.switch(words, conversion.type_))
        finally:
            run_all(connection, statements.unlock)
        return 0

    def applied(self, connection: Connection, intended: Intended) -> bool:
        """Whether the new column has the old one's name; it was there when the step began."""
        del intended
        return not self._conversion.has_column(connection)

    def _catch_up(self, connection: Connection) -> None:
        step = fill_step(self._conversion)
        batch = step.batch(connection, None, _PAGE)
        while batch is not None:
            fill(connection, self._conversion, batch)
            batch = step.batch(connection, batch.keys[-1], _PAGE)


@dataclass(frozen=True, slots=True)
class ConvertWork:
    """The whole job."""

    conversion: Conversion
    """The column and what it is to become."""
    over: bool
    """Whether the new column has the old one's name already."""
    held: bool = False
    """Whether rows of the dataset are held: they stay as they are, and so the old column stays."""

    @property
    def kind(self) -> str:
        """The kind of plan and job."""
        return self.conversion.kind

    @property
    def purpose(self) -> str:
        """The purpose."""
        return PURPOSE

    @property
    def rules(self) -> tuple[str, ...]:
        """The rule that it carries out."""
        return (self.conversion.kind.replace(".", ":"),)

    @property
    def steps(self) -> tuple[Begin, Fill, Verify, Switch]:
        """Begin, fill, verify, switch."""
        made = self.conversion
        return (Begin(made), fill_step(made), Verify(made), Switch(made))

    def check(self, connection: Connection) -> None:
        """Return when the table is as the plan saw it, whether or not the conversion has begun or is over."""
        del connection
        made = self.conversion
        if self.over:
            return
        if self.held:
            raise StalePlanError(
                str(made.target.field),
                found="rows of the dataset that a hold keeps as they are",
                expected="a dataset without holds: its old column is dropped at the end",
                next_step="see `governance retention holds`; release them, or wait",
            )
        made.target.check(made.fingerprint)

    def findings(self, connection: Connection) -> Mapping[str, Any]:
        """Cells of each form, and where old values may be left."""
        made = self.conversion
        statements, _ = made.statements(connection)
        column = sa.Column(made.target.field.field, sa.types.NullType())
        table = sa.Table(made.target.table.name, sa.MetaData(), column, schema=made.target.table.schema)
        query = sa.select(sa.func.count(column), sa.func.count()).select_from(table)
        filled, rows = connection.execute(query).one()
        return {
            "rows": int(rows),
            "cells": int(filled),
            "null": int(rows) - int(filled),
            "not_null_kept": made.target.nullable or statements.not_null,
            "indexes_dropped": list(made.target.indexes),
            "old_values_may_remain_in": ["free_pages", "write_ahead_log", "replicas", "backups"],
            "run_to_remove_from_free_pages": statements.residue,
        }
