"""The tables of several rules of one store, in the order in which their rows go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from graphlib import CycleError, TopologicalSorter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.selectable import NamedFromClause

from governance.retention.claims import ClaimSql, decided
from governance.retention.masking import undone_by_masks
from governance.retention.moments import Moments
from governance.retention.starts import StartSql, exists_in
from governance.retention.store_tables import DIALECTS, Home, find_referrers, find_table, fingerprint, no, store_error
from governance.retention.target import TAKES_ROWS, Target
from policies.errors import ConfigError
from policies.nouns import DatasetRef
from policies.retention_rules import RetentionRule
from policies.row_conditions import ExistsIn


@dataclass(frozen=True, slots=True)
class Ruled:
    """A rule with what catalog and policy say of its dataset."""

    rule: RetentionRule
    """The rule, a limit."""
    subject_key: tuple[str, ...] = ()
    """The fields that identify a person; empty when the catalog names none."""
    others: tuple[RetentionRule, ...] = ()
    """All other rules of the dataset: duties, and limits that may decide instead."""
    consent: Mapping[str, tuple[ExistsIn, ...]] = field(default_factory=dict)
    """Purpose to what live consent to it is in the store."""
    encrypted: tuple[str, ...] = ()
    """Fields that a crypto-shredding empties."""
    sharing: tuple[tuple[DatasetRef, str], ...] = ()
    """For crypto-shredding: other datasets of the store with fields under persons' keys, each with its subject key."""

    @property
    def digest(self) -> str:
        """The rule's digest; with others that may decide, the digests of all."""
        return ".".join([self.rule.digest, *sorted(each.digest for each in self.others)])


def find_targets(connection: Connection, ruled: Sequence[Ruled], *, today: dt.date, zone: str) -> list[Target]:
    """The tables of some rules of one store in the order in which their rows go: what refers to others before them.

    Raises StoreError for a table that is not there or has no primary key, ConfigError for a start or mask that does
    not fit or tables that refer to each other in a circle, PredicateError for a predicate that does not fit.
    """
    found: dict[Home, list[Target]] = {}
    for each in sorted(ruled, key=lambda each: (str(each.rule.dataset), each.rule.id)):
        target = find_target(connection, each, today=today, zone=zone)
        same = found.setdefault(target.home, [])
        known = {claim.rule.id for claim in target.claims}
        if any(one.rule.id == each.rule.id or one.rule.id not in known for one in same):
            raise _together_error("two rules on one dataset that do not decide together")
        same.append(target)
    graph = {
        home: {each.home for target in targets for each in target.taken if each.home in found and each.home != home}
        for home, targets in found.items()
    }
    ordered: dict[Home, list[Target]] = {}
    try:
        for home in TopologicalSorter(graph).static_order():
            beside = {each: [one for one in ordered[each] if one.rule.action in TAKES_ROWS] for each in graph[home]}
            ordered[home] = [replace(target, beside=beside) for target in found[home]]
    except CycleError:
        raise _together_error("datasets that refer to each other in a circle") from None
    return [target for targets in ordered.values() for target in targets]


def _together_error(found: str) -> ConfigError:
    return ConfigError(
        "retention.yaml",
        found=found,
        expected="rules whose records can go one dataset after the other",
        next_step="plan them apart, one rule a plan file",
    )


def find_target(connection: Connection, ruled: Ruled, *, today: dt.date, zone: str) -> Target:
    """The table of one rule; raises as `find_targets`."""
    rule, dialect = ruled.rule, connection.dialect.name
    if dialect not in DIALECTS:
        raise store_error(rule.dataset, f"a store of kind {dialect}, which retention was not proved on")
    try:
        find = cache(lambda dataset: find_table(connection, dataset))
        table = find(rule.dataset)
        referrers = find_referrers(connection, table, rule.dataset)
        if not table.primary_key.columns:
            raise store_error(rule.dataset, "a table without a primary key")
        if any(name not in table.c for name in ruled.subject_key):
            raise store_error(rule.dataset, "a table without the subject key that the catalog names")
        make = _Claims(ruled, find, dialect, zone, today)
        claims = make.over(table)
        sharers = _sharers(ruled, table, make)
    except SQLAlchemyError as cause:
        raise store_error(rule.dataset, type(cause).__name__) from None
    return Target(
        rule,
        table,
        tuple(table.primary_key.columns),
        tuple(table.c[name] for name in ruled.subject_key),
        referrers,
        claims[0],
        tuple(claims),
        dialect == "sqlite",
        fingerprint(table, referrers),
        ruled.encrypted,
        sharers,
    )


@dataclass(frozen=True, slots=True)
class _Claims:
    """Makes what the rules of a dataset say of its rows."""

    ruled: Ruled
    find: Callable[[DatasetRef], sa.Table]
    dialect: str
    zone: str
    today: dt.date

    def over(self, table: NamedFromClause[Any]) -> list[ClaimSql]:
        """Of each rule, the acting one first; what does not fit the table is refused."""
        found = [self._claim(each, table) for each in (self.ruled.rule, *self.ruled.others)]
        for each in found:
            _ = each.standing, each.pending
        return found

    def _claim(self, rule: RetentionRule, table: NamedFromClause[Any]) -> ClaimSql:
        place = f"retention.yaml, rule `{rule.id}`, start"
        moments = Moments(self.dialect, self.zone, rule.start_zone or self.zone, place)
        consent = self.ruled.consent.get(rule.keep_while.consent or "", ())
        start = StartSql(rule.start, table, moments, self.find)
        return ClaimSql(rule, start, self.today, self._undone(rule, table), consent)

    def _undone(self, rule: RetentionRule, table: NamedFromClause[Any]) -> ColumnElement[bool] | None:
        if rule.action == "anonymise" and rule.kind == "limit":
            return undone_by_masks(rule, table, self.dialect)
        if rule.action == "crypto_shred":
            return sa.or_(sa.false(), *(table.c[name].isnot(None) for name in self.ruled.encrypted))
        return None


def _sharers(ruled: Ruled, table: sa.Table, make: _Claims) -> tuple[ColumnElement[bool], ...]:
    """Rows of the same person that a destroyed key would make unreadable although they are not due."""
    if ruled.rule.action != "crypto_shred":
        return ()
    (key,), inside = ruled.subject_key, table.alias("gov_same")
    mine = make.over(inside)
    kept = [inside.c[key] == table.c[key], no(decided(mine[0], mine))]
    kept.append(sa.or_(sa.false(), *(inside.c[name].isnot(None) for name in ruled.encrypted)))
    found = [exists_in(inside, kept, table)]
    for dataset, subject in ruled.sharing:
        other = make.find(dataset).alias("gov_sharer")
        found.append(exists_in(other, [other.c[subject] == table.c[key]], table))
    return tuple(found)
