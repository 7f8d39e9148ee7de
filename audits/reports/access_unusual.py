"""Unusual use: what a person did in the last 30 days that the 90 days before do not have.

Four plain rules, each stated in the report with what it compares. They say where to look, not that anything is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from audits.evidence import Evidence
from audits.report import Block, Code, Column, Count, Notes, Row, Section, Table, Value, text
from audits.reports.access_tally import Tally, counted, left_out
from audits.reports.access_watch import BASELINE_DAYS, WINDOW_DAYS, Day, Watch

BASELINE_LEAST = 5
"""Days with uses that the 90 days must have before a person's volume, hours and fields are judged by them."""
TIMES = 3
"""How many times the busiest day of the baseline is unusual."""
ROWS_LEAST = 100
"""Rows of one day under which a volume is never unusual."""
REFUSED_LEAST = 5
"""Refused attempts of one day under which they are never many."""
MOST = 100
"""Rows of the table."""


@dataclass(frozen=True, slots=True)
class Unusual:
    """One thing to look at."""

    kind: str
    """`volume` (rows of a day), `hour`, `field` or `denials` (of a day)."""
    person: str
    """Reference of the person."""
    what: str
    """The day, the hour as `HH:00`, or the field."""
    found: Count
    """Rows, uses or refused attempts."""
    before: int
    """The same in the baseline: of the busiest day, or in that hour or field."""


def unusual_of(watch: Watch) -> tuple[Unusual, ...]:
    """Everything unusual, refusals and volumes first, each sorted by person."""
    judged = [person for person in sorted(watch.days) if has_baseline(watch, person)]
    found = [each for person in sorted(watch.days) for each in _denials(watch, person)]
    found += [each for person in judged for each in _volumes(watch, person)]
    found += [each for person in judged for each in _hours(watch, person)]
    return (*found, *_fields(watch, set(judged)))


def has_baseline(watch: Watch, person: str) -> bool:
    """Whether a person used enough in the baseline to be judged by it."""
    return sum(bool(each.uses.seen) for each in _before(watch, person)) >= BASELINE_LEAST


def unusual_data(found: tuple[Unusual, ...]) -> list[dict[str, Any]]:
    """The same as plain data, uncut."""
    return [
        {"kind": each.kind, "principal": each.person, "what": each.what, "before": each.before}
        | {"found": counted(each.found)}
        for each in found
    ]


def unusual_section(evidence: Evidence, watch: Watch, found: tuple[Unusual, ...]) -> Section:
    """The section, with its rules and with whom it could not judge."""
    columns = (
        Column("unusual", text("audit.unusual_kind"), "text"),
        Column("person", text("audit.person"), "text"),
        Column("what", text("audit.unusual_what"), "code"),
        Column("found", text("audit.unusual_found"), "number"),
        Column("before", text("audit.unusual_before"), "number"),
    )
    rows = tuple(Row(_cells(evidence, each)) for each in found[:MOST])
    blocks: list[Block] = [Notes(tuple(_rules(watch)))]
    if rows:
        blocks += [Table(columns, rows, text("audit.unusual")), *left_out(len(found) - len(rows))]
    return Section("unusual", text("audit.unusual"), tuple(blocks), marks=(len(found),))


def _rules(watch: Watch) -> Iterator[Value]:
    yield text("audit.unusual_rules", days=WINDOW_DAYS, baseline=BASELINE_DAYS, first=watch.start, last=watch.window)
    yield text("audit.unusual_least", times=TIMES, rows=ROWS_LEAST, refused=REFUSED_LEAST, least=BASELINE_LEAST)
    without = sum(
        not has_baseline(watch, person)
        for person, days in watch.days.items()
        if any(day >= watch.window for day in days)
    )
    if without:
        yield text("audit.unusual_without", count=without)


def _cells(evidence: Evidence, each: Unusual) -> tuple[Value, ...]:
    kind = text(f"audit.unusual_{each.kind}")
    return kind, evidence.person(each.person), Code(each.what), each.found, each.before


def _before(watch: Watch, person: str) -> list[Day]:
    return [each for day, each in watch.days[person].items() if day < watch.window]


def _volumes(watch: Watch, person: str) -> Iterator[Unusual]:
    most = max(each.rows.value for each in _before(watch, person))
    for day, each in sorted(watch.days[person].items()):
        if day >= watch.window and each.rows.value >= ROWS_LEAST and each.rows.value > TIMES * most:
            yield Unusual("volume", person, day.isoformat(), each.rows.count, most)


def _denials(watch: Watch, person: str) -> Iterator[Unusual]:
    most = max((each.refused.value for each in _before(watch, person)), default=0)
    for day, each in sorted(watch.days[person].items()):
        if day >= watch.window and each.refused.value >= REFUSED_LEAST and each.refused.value > TIMES * most:
            yield Unusual("denials", person, day.isoformat(), each.refused.count, most)


def _hours(watch: Watch, person: str) -> Iterator[Unusual]:
    hours = watch.hours.get(person, {})
    for (looked_at, hour), uses in sorted(hours.items(), key=lambda each: each[0]):
        if looked_at and (False, hour) not in hours:
            yield Unusual("hour", person, f"{hour:02d}:00", uses.count, 0)


def _fields(watch: Watch, judged: set[str]) -> Iterator[Unusual]:
    for (person, ref), (stamp, day) in sorted(watch.fields.items()):
        if person in judged and watch.window <= day <= watch.today:
            first = Tally()
            first.add(1, stamp)
            yield Unusual("field", person, ref, first.count, 0)
