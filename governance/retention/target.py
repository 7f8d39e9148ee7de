"""The table that a rule is about, as its store has it now, and which of its rows the rule takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from governance.retention.claims import ClaimSql, decided, stage_of
from governance.retention.store_tables import Home, Referrer, no
from policies.retention_rules import RetentionRule

TAKES_ROWS = ("delete", "archive")
"""Actions after which a row is gone, so that what refers to it matters."""


@dataclass(frozen=True)
class Target:
    """One table under one rule on one day."""

    rule: RetentionRule
    """The rule, a limit."""
    table: sa.Table
    """The table."""
    key: tuple[sa.Column[Any], ...]
    """Its primary key; never empty."""
    subject: tuple[sa.Column[Any], ...]
    """The columns that identify a person; empty when the catalog names none."""
    referrers: tuple[Referrer, ...]
    """What refers to it, by name."""
    mine: ClaimSql
    """What the rule says of its rows."""
    claims: tuple[ClaimSql, ...]
    """What all rules of the dataset say of them, the rule included."""
    raw: bool
    """Whether values are read as the store has them: SQLite keeps texts in fields that are declared as dates."""
    fingerprint: str
    """A digest of columns, types, keys and referrers."""
    encrypted: tuple[str, ...] = ()
    """Fields that a crypto-shredding empties: encrypted ones, and the indexes by which they are searched."""
    sharers: tuple[ColumnElement[bool], ...] = ()
    """For crypto-shredding: whether other rows of the row's person, which are not due, are under the same key."""
    beside: Mapping[Home, Sequence[Target]] = field(default_factory=dict)
    """Targets of the same plan whose rows go before, by their tables' homes."""

    @property
    def home(self) -> Home:
        """The schema and name of the table."""
        return self.table.schema, self.table.name

    @property
    def cutoff(self) -> dt.date:
        """The first day, in the configured zone, whose records are not due."""
        return self.mine.cutoff

    @property
    def month(self) -> ColumnElement[str]:
        """The month in which a row began, as `2026-01`."""
        return self.mine.start.month

    @property
    def stage(self) -> ColumnElement[str] | None:
        """The stage of a row; None for a table without stages."""
        if self.rule.lifecycle is None:
            return None
        return stage_of(self.rule, self.table, self.mine.today, self.mine.start.moments.dialect)

    @cached_property
    def expired(self) -> ColumnElement[bool]:
        """Whether the rule's period is over for a row and no other rule decides on it."""
        return sa.and_(decided(self.mine, self.claims), *(sa.not_(each) for each in self.sharers))

    @property
    def taken(self) -> tuple[Referrer, ...]:
        """What must not refer to a row: nothing for an action that leaves the row where it is."""
        return self.referrers if self.rule.action in TAKES_ROWS else ()

    @property
    def due(self) -> ColumnElement[bool]:
        """Whether a row can be worked on now: expired, and nothing refers to it."""
        return sa.and_(self.expired, *(sa.not_(each.exists) for each in self.taken))

    @property
    def planned(self) -> ColumnElement[bool]:
        """Whether a row is due now, or is once all others that are due have gone: a tree goes from its leaves up."""
        return sa.and_(self.expired, *(sa.not_(kept) for kept in self.keepers.values()))

    @property
    def keepers(self) -> dict[str, ColumnElement[bool]]:
        """What keeps an expired row, by name: a row of another table that stays, or one of its own tree that does."""
        own = {each.name: self._in_kept_tree() for each in self.taken if each.home == self.home}
        return {each.name: own.get(each.name, self._kept_by(each)) for each in self.taken}

    @property
    def is_tree(self) -> bool:
        """Whether rows of the table that are taken refer to others of it."""
        return any(each.home == self.home for each in self.taken)

    @property
    def states(self) -> tuple[ColumnElement[Any], ...]:
        """The values of a row on which it is decided, by every rule of the dataset."""
        return tuple(
            sa.type_coerce(self.table.c[name], sa.Text) if self.raw else self.table.c[name] for name in self.state_names
        )

    @property
    def state_names(self) -> tuple[str, ...]:
        """The fields of `states`."""
        names = frozenset[str]().union(*(each.rule.fields for each in self.claims))
        return tuple(sorted(name for name in names if name in self.table.c))

    def _kept_by(self, referrer: Referrer) -> ColumnElement[bool]:
        """Whether a row that stays refers to one from there; those of targets of the same plan go before."""
        children = self.beside.get(referrer.home)
        if not children:
            return referrer.exists
        child = children[0].table
        match = [child.c[one] == self.table.c[to] for one, to in referrer.links]
        query = sa.select(sa.literal(1)).select_from(child).where(*match)
        return sa.exists(query.where(*(no(each.planned) for each in children)).correlate(self.table))

    def _in_kept_tree(self) -> ColumnElement[bool]:
        """Whether a row stays because one that stays refers to it, over any number of others."""
        others = [self._kept_by(each) for each in self.referrers if each.home != self.home]
        free = sa.and_(self.expired, *(sa.not_(each) for each in others))
        links = [each.links for each in self.referrers if each.home == self.home]
        names = list(
            dict.fromkeys([*(column.name for column in self.key), *(one for each in links for one, _ in each)])
        )
        stays = sa.select(*(self.table.c[name] for name in names)).where(no(free))
        kept = stays.cte(recursive=True)
        up = self.table.alias("gov_up")
        match = [sa.and_(*(kept.c[one] == up.c[to] for one, to in each)) for each in links]
        kept = kept.union(sa.select(*(up.c[name] for name in names)).join_from(up, kept, sa.or_(*match)))
        refers = [sa.and_(*(kept.c[one] == self.table.c[to] for one, to in each)) for each in links]
        other = sa.or_(*(kept.c[column.name] != column for column in self.key))
        query = sa.select(sa.literal(1)).select_from(kept).where(sa.or_(*refers), other)
        return sa.exists(query.correlate(self.table))
