"""The one step of a rule in a retention job: what is done, in one transaction, to a batch of rows that are due."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from connectors.sql.kinds import word_for
from governance.jobs.crm_step import CrmStep
from governance.jobs.key_order import among, pages
from governance.jobs.table_step import TableStep
from governance.jobs.work import Batch, Intended, Key
from governance.retention.archive import ArchiveWriter
from governance.retention.masking import masked_values
from governance.retention.target import Target
from policies.errors import ConfigError

_PAGE = 5_000
"""Rows that are read at once."""

Shred = Callable[[Sequence[Any]], None]
"""Destroys the keys of persons, by their subject keys in the store; those who have none are passed over.

Raises AccessRefusedError, with no key destroyed, when a hold keeps a record of one of them in any dataset."""
Act = Callable[["Deletion | Setting"], CrmStep]
"""Makes a step act on another store than the one that it decides in."""
OpenArchive = Callable[[Target], ArchiveWriter]
"""Opens the archive of a target, as far as it was written."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What actions need beside the store."""

    shred: Shred | None = None
    """For `crypto_shred`."""
    archive: OpenArchive | None = None
    """For `archive`."""
    act: Act | None = None
    """Makes a step over a mirror act on the CRM that it mirrors; None for a database."""


@dataclass(frozen=True, kw_only=True)
class Deletion(TableStep):
    """Deletes the rows of one rule."""

    def apply(self, connection: Connection, batch: Batch) -> int | None:
        """Delete just these rows; None when one is not due any more, or was referred to at this moment."""
        statement = sa.delete(self.table).where(among(self.key, batch.keys), self.needs)
        return len(batch.keys) if connection.execute(statement).rowcount == len(batch.keys) else None


@dataclass(frozen=True, kw_only=True)
class Archiving(Deletion):
    """Writes the rows of one rule to an encrypted file, reads them back, then deletes them."""

    writer: ArchiveWriter
    """The file."""

    def apply(self, connection: Connection, batch: Batch) -> int | None:
        """Delete just these rows; before the transaction ends, they are in the file and were read from it again."""
        done = super().apply(connection, batch)
        if done is not None:
            self.writer.append(batch.payload)
        return done

    def applied(self, connection: Connection, intended: Intended) -> bool:
        """Whether the batch was committed; the part of the file that belongs to one that was not is cut off."""
        found = super().applied(connection, intended)
        if not found:
            self.writer.take_back(intended)
        return found


@dataclass(frozen=True, kw_only=True)
class Setting(TableStep):
    """Gives fields of the rows of one rule other values, such as their masks."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """Field to its value, or to the SQL of it."""
    shred: Shred | None = None
    """Destroys persons' keys, once their rows are changed and before that is committed."""

    def apply(self, connection: Connection, batch: Batch) -> int | None:
        """Change just these rows; None, with no key destroyed, when one is not due any more."""
        statement = sa.update(self.table).where(among(self.key, batch.keys), self.needs).values(**self.values)
        if connection.execute(statement).rowcount != len(batch.keys):
            return None
        if self.shred is not None:
            self.shred([subject[0] for subject in batch.subjects or ()])
        return len(batch.keys)


def step_name(target: Target) -> str:
    """The name of a target's step, which stands in plan, journal and certificate."""
    name = f"{target.rule.action} {target.rule.dataset}"
    return name if target.rule.action == "delete" else f"{name} by {target.rule.id}"


def ledger_action(target: Target) -> str:
    """What the ledger calls what is done."""
    return "delete" if target.rule.action in {"delete", "archive"} else "write"


def reviewed_rows(connection: Connection, target: Target) -> Iterator[tuple[Key, Key]]:
    """Key and state of every row that a plan is about: due itself, or due once others of the plan are gone."""
    split = len(target.key)
    for page in pages(connection, target.key, (*target.key, *target.states), target.planned, _PAGE):
        for row in page:
            yield row[:split], row[split:]


def _as_kept(target: Target) -> tuple[ColumnElement[Any], ...]:
    """The fields of a row as an archive keeps them: as SQLite has them, and types that nothing else knows as text."""
    if target.raw:
        return tuple(sa.type_coerce(each, sa.types.NullType()) for each in target.table.c)
    return tuple(
        sa.cast(each, sa.Text) if isinstance(each.type, sa.Uuid) or word_for(each.type) == "other" else each
        for each in target.table.c
    )


def step_of(target: Target, dialect: str, tools: Tools | None = None) -> Deletion | Setting:
    """The step of a rule's target; without tools, one that can only tell which rows it is about.

    Raises ConfigError for a rule whose rows are for people to look at.
    """
    common: dict[str, Any] = {
        "name": step_name(target),
        "dataset": target.rule.dataset,
        "action": ledger_action(target),
        "table": target.table,
        "key": target.key,
        "needs": target.due,
        "subject": target.subject,
        "states": target.states,
    }
    action = target.rule.action
    if action == "anonymise":
        return Setting(**common, values=masked_values(target.rule, target.table, dialect))
    if action == "crypto_shred":
        empty = dict.fromkeys(target.encrypted, sa.null())
        return Setting(**common, values=empty, shred=tools.shred if tools else None)
    common |= {"layered": target.is_tree}
    if action == "archive" and tools is not None and tools.archive is not None:
        return Archiving(**common, columns=_as_kept(target), writer=tools.archive(target))
    if action == "review":
        raise ConfigError(
            f"retention.yaml, rule `{target.rule.id}`",
            found="`action: review`: its records are for people to look at",
            expected="a rule that says what is to be done",
            next_step="look at them, then give the rule another action; `retention plan` counts them",
        )
    return Deletion(**common)
