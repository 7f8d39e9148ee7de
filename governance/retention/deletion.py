"""The one step of a retention job: delete what is due, from the leaves of a tree up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from governance.jobs.key_order import among
from governance.jobs.table_step import TableStep
from governance.jobs.work import Batch, Key
from governance.retention.target import Target


@dataclass(frozen=True, kw_only=True)
class Deletion(TableStep):
    """Deletes the rows of one rule."""

    planned: ColumnElement[bool]
    """Whether a row is a matter of the plan: due itself, or due once others of the plan are gone."""

    def apply(self, connection: Connection, batch: Batch) -> int | None:
        """Delete just these rows; None when one is not due any more, or was referred to at this moment."""
        statement = sa.delete(self.table).where(among(self.key, batch.keys), self.needs)
        return len(batch.keys) if connection.execute(statement).rowcount == len(batch.keys) else None

    def reviewed(self, connection: Connection) -> Iterator[tuple[Key, Key]]:
        """Key and state of every row that the plan is about."""
        return self.states_of(connection, self.planned)


def deletion_of(target: Target) -> Deletion:
    """The step of a rule's target."""
    rule = target.rule
    return Deletion(
        name=f"delete {rule.dataset}",
        dataset=rule.dataset,
        action="delete",
        table=target.table,
        key=target.key,
        needs=target.due,
        planned=target.planned,
        subject=target.subject,
        states=target.states,
        layered=target.is_tree,
    )
