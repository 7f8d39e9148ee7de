"""What keeps a person's record although the person asks to be erased: duties of retention.yaml, and legal holds.

The same verdict decides as in retention: the wish is a limit that is over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection

from governance.flows.retention.keeping import retention_rules
from governance.jobs.key_order import among, labelled
from governance.jobs.office import Office
from governance.jobs.work import Key
from governance.requests.erasure_fate import Kept
from governance.requests.erasure_table import ErasureTable
from governance.retention.claims import ClaimSql
from governance.retention.targets import Ruled, find_target
from policies.verdicts import Claim, Standing, decide

if TYPE_CHECKING:
    from governance.app import Governance

WISH = "erasure:wish"
"""The rule that the person's wish is, among the others."""


def kept_records(
    gov: Governance, office: Office, connection: Connection, table: ErasureTable, keys: Sequence[Key]
) -> Mapping[Key, Kept]:
    """Which records of a table stay as they are today, and why. Raises StoreError, ConfigError, PredicateError."""
    rules = [each for each in retention_rules(gov).values() if each.dataset == table.dataset and each.kind == "duty"]
    today, duties = office.local().date(), list[ClaimSql]()
    if rules:
        ruled = Ruled(rules[0], table.subject, tuple(rules[1:]))
        target = find_target(connection, ruled, today=today, zone=office.zone)
        duties, source = list(target.claims), target.table
    else:
        source = table.table
    key = [source.c[each.name] for each in table.key]
    subject = [source.c[name] for name in table.subject]
    standings = [each.standing for each in duties]
    begun = [_start(each) for each in duties]
    query = sa.select(*labelled((*key, *subject, *standings, *begun))).where(among(key, list(keys)))
    stop, found = office.holds.stop(table.dataset), dict[Key, Kept]()
    for row in connection.execute(query):
        parts = _cut(tuple(row), (len(key), len(subject), len(duties), len(duties)))
        numbers, starts = [Standing(each) for each in parts[2]], parts[3]
        claims = [each.claim(one) for each, one in zip(duties, numbers, strict=True)]
        verdict = decide([Claim(WISH, "limit", "delete", today, Standing.OVER), *claims], held=stop.holds(*parts[:2]))
        if verdict.outcome == "kept":
            at = next((n for n, each in enumerate(duties) if verdict.won[:1] == (each.rule.rule_id,)), None)
            until = _until(duties[at], starts[at], office.zone) if at is not None else ""
            found[parts[0]] = Kept("hold" if verdict.why == "hold" else "duty", verdict.won, until)
    return found


def _start(claim: ClaimSql) -> sa.ColumnElement[Any]:
    """When a row began, as text; NULL where more than one field of the row decides."""
    sources = claim.start.start.sources
    if len(sources) != 1 or sources[0].elsewhere is not None:
        return sa.cast(sa.null(), sa.Text)
    field = claim.start.table.c[sources[0].field]
    if claim.start.moments.dialect == "sqlite":  # SQLite keeps days and times as text
        return sa.type_coerce(field, sa.Text)
    return sa.cast(field, sa.String(40))


def _until(claim: ClaimSql, start: str | None, zone: str) -> str:
    """The last day of a duty for a row that began so; empty where the day cannot be read."""
    try:
        moment = dt.datetime.fromisoformat(str(start))
    except ValueError:
        return ""
    if len(str(start)) > len("2026-01-01"):
        moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(claim.start.moments.own_zone))
        moment = moment.astimezone(ZoneInfo(zone))
    return claim.rule.period.after(moment.date()).isoformat()


def _cut(row: tuple[Any, ...], sizes: Sequence[int]) -> list[tuple[Any, ...]]:
    found, at = [], 0
    for size in sizes:
        found.append(row[at : at + size])
        at += size
    return found
