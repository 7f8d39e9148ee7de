"""The numbers of a plan, counted by SQL in the store: what is due, what keeps rows, what falls due, who wins."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from governance.jobs.holds import Stop
from governance.jobs.key_order import pages
from governance.retention.claims import ClaimSql, decided
from governance.retention.target import Target
from policies.periods import month_ends
from policies.verdicts import Standing, Verdict, decide

MONTHS_AHEAD = 13
"""The months of a forecast: the rest of this one, and twelve more."""
_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Figures:
    """What a plan says of one rule besides its rows."""

    by_month: Mapping[str, int]
    """Due rows by the month in which they began."""
    by_stage: Mapping[str, int]
    """Due rows by stage; empty for a table without stages."""
    held: int
    """Due rows that a hold keeps: they are in the plan, and are left alone while it stands."""
    kept: Mapping[str, int]
    """Rows whose limit is over and that something else than a hold keeps: `duty:RULE`, `request`, `consent`,
    `contract`, or a referring table and its fields."""
    conflicts: tuple[Mapping[str, Any], ...]
    """Which rules won over which, on how many rows: of all verdicts in which this rule won or lost."""
    undated: int
    """Rows without a start."""
    matched: int
    """Rows of which the rule speaks."""
    forecast: Mapping[str, int]
    """Rows that fall due by month, of this one's rest and the next twelve, as all rules stand."""

    @property
    def due(self) -> int:
        """How many rows are due."""
        return sum(self.by_month.values())


Verdicts = Mapping[tuple[Standing, ...], int]
"""How many rows of a table have each list of standings, rule by rule."""


def count_verdicts(connection: Connection, target: Target) -> Verdicts:
    """All rows of a target's table by how each of its rules stands to them; one pass over the table."""
    parts = [each.standing.label(f"s{number}") for number, each in enumerate(target.claims)]
    inner = sa.select(*parts).select_from(target.table).subquery("gov_standing")
    query = sa.select(*inner.c, sa.func.count()).group_by(*inner.c)
    return {tuple(map(Standing, row[:-1])): int(row[-1]) for row in connection.execute(query)}


def figures(connection: Connection, target: Target, verdicts: Verdicts, stop: Stop, *, ahead: bool = True) -> Figures:
    """The numbers of a rule; the months ahead cost a pass over the table."""
    months, stages = _due(connection, target)
    kept, conflicts = _conflicts(target, verdicts)
    mine = [(standings[target.claims.index(target.mine)], count) for standings, count in verdicts.items()]
    return Figures(
        by_month=dict(sorted(months.items())),
        by_stage=dict(sorted(stages.items())),
        held=_held(connection, target, stop, months.total()),
        kept=kept | _referred(connection, target),
        conflicts=conflicts,
        undated=sum(count for standing, count in mine if standing is Standing.UNDATED),
        matched=sum(count for standing, count in mine if standing is not Standing.NONE),
        forecast=_forecast(connection, target) if ahead else {},
    )


def _due(connection: Connection, target: Target) -> tuple[Counter[str], Counter[str]]:
    """Due rows by month and by stage."""
    months: Counter[str] = Counter()
    stages: Counter[str] = Counter()
    what = [target.month, *([] if target.stage is None else [target.stage])]
    inner = sa.select(*(each.label(f"w{number}") for number, each in enumerate(what)))
    found = inner.select_from(target.table).where(target.planned).subquery("gov_due")
    for row in connection.execute(sa.select(*found.c, sa.func.count()).group_by(*found.c)):
        months[str(row[0])] += int(row[-1])
        if target.stage is not None:
            stages[row[1] or ""] += int(row[-1])
    return months, stages


def _held(connection: Connection, target: Target, stop: Stop, due: int) -> int:
    """How many due rows a hold keeps; rows are looked at one by one only where single ones are held."""
    if stop.everything or not stop.digests:
        return due if stop.everything else 0
    split, held = len(target.key), 0
    for page in pages(connection, target.key, (*target.key, *target.subject), target.planned, _PAGE):
        held += sum(stop.holds(row[:split], row[split:]) for row in page)
    return held


def _conflicts(target: Target, verdicts: Verdicts) -> tuple[dict[str, int], tuple[Mapping[str, Any], ...]]:
    mine, kept, conflicts = target.rule.rule_id, Counter[str](), Counter[Verdict]()
    for standings, count in verdicts.items():
        claims = zip(target.claims, standings, strict=True)
        verdict = decide([each.claim(standing) for each, standing in claims])
        if verdict.outcome == "kept" and mine in verdict.lost:
            kept[f"duty:{verdict.won[0]}" if verdict.won else verdict.why] += count
        if verdict.lost and mine in (*verdict.won, *verdict.lost):
            conflicts[verdict] += count
    told = [
        {"outcome": each.outcome, "why": each.why, "won": list(each.won), "lost": list(each.lost), "rows": count}
        for each, count in sorted(conflicts.items(), key=lambda one: (one[0].won, one[0].lost, one[0].why))
    ]
    return dict(sorted(kept.items())), tuple(told)


def _referred(connection: Connection, target: Target) -> dict[str, int]:
    found = {}
    for name, kept in target.keepers.items():
        query = sa.select(sa.func.count()).select_from(target.table).where(target.expired, kept)
        found[name] = int(connection.execute(query).scalar_one())
    return {name: count for name, count in found.items() if count}


def _forecast(connection: Connection, target: Target) -> dict[str, int]:
    """Rows that are not due today, by the first month on whose last day the rules say that they are."""
    days = month_ends(target.mine.today, MONTHS_AHEAD)
    expired = {day: _expired_on(target, day) for day in days}
    month = sa.case(*((each, f"{day:%Y-%m}") for day, each in expired.items()), else_=None).label("month")
    last = replace(target.mine, today=days[-1])
    falls = sa.select(month).select_from(target.table).where(last.over, sa.case((target.expired, 0), else_=1) == 1)
    inner = falls.subquery("gov_ahead")
    query = sa.select(inner.c.month, sa.func.count()).where(inner.c.month.isnot(None)).group_by(inner.c.month)
    found = {str(name): int(count) for name, count in connection.execute(query)}
    return {f"{day:%Y-%m}": found.get(f"{day:%Y-%m}", 0) for day in days}


def _expired_on(target: Target, day: dt.date) -> sa.ColumnElement[bool]:
    claims: list[ClaimSql] = [replace(each, today=day) for each in target.claims]
    return decided(claims[target.claims.index(target.mine)], claims)
