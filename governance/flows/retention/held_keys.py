"""Keys that people type for a hold, as the store spells them: a job compares the two, and deletes where they differ."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from governance.flows.opening.offices import store_snapshot
from governance.jobs.holds import Scope
from governance.protect.existing.target import reflected_table
from policies.config import Medium
from policies.errors import BadInputError, StoreError
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance

_AS_LONG = 255
_LARGEST = 2**63
_MANY = 1_000  # rows of one person


def stored_key(gov: Governance, dataset: DatasetRef, scope: Scope, typed: Sequence[Any]) -> Sequence[Any]:
    """The key of a record or person as its store has it; as it was typed where no record has it, or nobody can look.

    So `007` is the number 7, and a text that a column calls equal, by case or by blanks at its end, is that text.
    Raises BadInputError for a dataset that the catalog does not have, or a key of another length.
    """
    entry = gov.catalog.dataset(dataset)
    if entry is None:
        raise BadInputError(
            f"hold on {dataset}",
            found="a dataset that the catalog does not have",
            expected="a dataset of the catalog",
            next_step="see `governance catalog show`",
        )
    if scope == "dataset" or not typed or gov.project.store(dataset.store).medium is not Medium.DATABASE:
        return typed
    try:
        with store_snapshot(gov, dataset.store) as connection:
            table = reflected_table(connection, dataset)
            names = entry.subject_key if scope == "subject" else tuple(each.name for each in table.primary_key.columns)
            columns = [table.c[name] for name in names if name in table.c]
            if len(columns) != len(typed):
                raise BadInputError(
                    f"hold on {dataset}",
                    found=f"{len(typed)} key value(s) for a hold on a {scope}",
                    expected=f"{len(columns)}, one for each field of its key",
                    next_step="give the key fields' values in their order",
                )
            same = [_is(column, value) for column, value in zip(columns, typed, strict=True)]
            found = {tuple(row) for row in connection.execute(sa.select(*columns).where(*same).limit(_MANY))}
    except StoreError:
        return typed
    return next(iter(found)) if len(found) == 1 else typed  # of several spellings the one that was typed


def _is(column: sa.Column[Any], typed: Any) -> sa.ColumnElement[bool]:
    """Whether a column holds what was typed."""
    text = str(typed)
    try:
        if isinstance(column.type, sa.Integer):
            return column == int(text) if abs(int(text)) < _LARGEST else sa.false()
        if isinstance(column.type, sa.Uuid):
            return column == uuid.UUID(text)
    except ValueError:
        return sa.false()
    if isinstance(column.type, sa.String):
        return column == text
    return sa.cast(column, sa.String(_AS_LONG)) == text
