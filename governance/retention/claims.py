"""What each rule of a table says of its rows, as SQL that is equal to `policies.verdicts`.

`standing` is a number a row and rule for the counts of a plan; `decided` is the one condition by which rows are taken.
A differential test holds both equal to `policies.verdicts.decide`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from connectors.sql.where import where_condition
from governance.retention.starts import StartSql, exists_in, linked
from governance.retention.store_tables import no, yes
from policies.predicate import Predicate
from policies.retention_rules import RetentionRule
from policies.retention_starts import Elsewhere
from policies.row_conditions import ExistsIn
from policies.verdicts import Claim, Standing


@dataclass(frozen=True)
class ClaimSql:
    """One rule over one table on one day."""

    rule: RetentionRule
    """The rule."""
    start: StartSql
    """When rows began."""
    today: dt.date
    """The day, in the configured zone."""
    undone: ColumnElement[bool] | None = None
    """Whether what the rule asks for has still to be done to a row; None where a row is gone once it is done."""
    consent: Sequence[ExistsIn] = ()
    """What live consent is in the store, for a rule that waits for it."""

    @property
    def cutoff(self) -> dt.date:
        """The first day whose records are not over."""
        return self.rule.period.cutoff(self.today)

    @cached_property
    def over(self) -> ColumnElement[bool]:
        """Whether a row's period is over."""
        return self.start.over(self.cutoff)

    @cached_property
    def speaks(self) -> ColumnElement[bool]:
        """Whether the rule speaks of a row."""
        rule, parts = self.rule, [self._test(self.rule.where)] if self.rule.where else []
        if rule.stages and rule.lifecycle is not None:
            label = stage_of(rule, self.start.table, self.today, self._dialect)
            parts.append(label.in_(rule.stages))
        parts += [no(self._test(each)) for each in rule.exceptions]
        return sa.and_(sa.true(), *parts)

    @cached_property
    def waits(self) -> Mapping[Standing, ColumnElement[bool]]:
        """What keeps a row although its period is over."""
        waiting, found = self.rule.keep_while, {}
        if waiting.request is not None:
            found[Standing.REQUEST] = self._exists(waiting.request)
        if waiting.consent is not None:
            found[Standing.CONSENT] = self._consented()
        if waiting.contract is not None:
            found[Standing.CONTRACT] = self._exists(waiting.contract)
        return found

    @cached_property
    def pending(self) -> ColumnElement[bool]:
        """Whether the rule, a limit, would take a row by itself."""
        undone = [] if self.undone is None else [self.undone]
        return sa.and_(self.over, self.speaks, *undone, *(sa.not_(each) for each in self.waits.values()))

    @cached_property
    def stands(self) -> ColumnElement[bool]:
        """Whether the rule, a duty, keeps a row."""
        return sa.and_(yes(self.speaks), no(self.over))

    @cached_property
    def standing(self) -> ColumnElement[int]:
        """The number of `Standing`."""
        done = [] if self.undone is None else [(no(self.undone), int(Standing.DONE))]
        waits = [(condition, int(each)) for each, condition in self.waits.items()]
        begun = sa.case((self.start.month.is_(None), int(Standing.UNDATED)), else_=int(Standing.RUNNING))
        return sa.case(
            (no(self.speaks), int(Standing.NONE)),
            (no(self.over), begun),
            *done,
            *waits,
            else_=int(Standing.OVER),
        )

    def claim(self, standing: Standing) -> Claim:
        """What the rule says of a row to which it stands so."""
        return Claim(self.rule.rule_id, self.rule.kind, self.rule.action, self.cutoff, standing)

    @property
    def _dialect(self) -> str:
        return self.start.moments.dialect

    def _test(self, predicate: Predicate) -> ColumnElement[bool]:
        return where_condition(predicate, self.start.table, self._dialect)

    def _exists(self, elsewhere: Elsewhere) -> ColumnElement[bool]:
        other, match = linked(elsewhere, self.start.table, self.start.find, self._dialect)
        return exists_in(other, match, self.start.table)

    def _consented(self) -> ColumnElement[bool]:
        """Whether the person of a row consents, on every channel; FALSE without any condition to ask."""
        return (
            sa.and_(*(_met(each, self.start.table, self.today) for each in self.consent))
            if self.consent
            else sa.false()
        )


def decided(mine: ClaimSql, all_claims: Sequence[ClaimSql]) -> ColumnElement[bool]:
    """Whether a row is due by just this rule, holds and foreign keys aside."""
    duties = [no(each.stands) for each in all_claims if each.rule.kind == "duty"]
    rank = mine.claim(Standing.OVER).rank
    before = [
        no(each.pending)
        for each in all_claims
        if each.rule.kind == "limit" and each is not mine and each.claim(Standing.OVER).rank < rank
    ]
    return sa.and_(mine.pending, *duties, *before)


def stage_of(rule: RetentionRule, table: sa.FromClause, today: dt.date, dialect: str) -> ColumnElement[str]:
    """The stage of a row; NULL for none."""
    tests = rule.lifecycle.tests(today) if rule.lifecycle else ()
    whens = [(where_condition(test, table, dialect), name) for name, test in tests]
    return sa.case(*whens, else_=None) if whens else sa.cast(sa.null(), sa.Text)


def _met(condition: ExistsIn, table: sa.FromClause, today: dt.date) -> ColumnElement[bool]:
    ours = sa.table(condition.table, *map(sa.column, sorted(set(condition.columns))))
    match: list[ColumnElement[bool]] = [ours.c[one] == table.c[field] for one, field in condition.match.items()]
    match += [ours.c[one].in_(texts) for one, texts in condition.among.items()]
    if condition.ends is not None:
        match.append(sa.or_(ours.c[condition.ends] == "", ours.c[condition.ends] >= today.isoformat()))
    return exists_in(ours, match, table)
