"""The report on access: who used what for which purpose, under which rule, in clear or masked, and who was refused."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter

from audits.evidence import Evidence
from audits.report import (
    Bar,
    Block,
    Chart,
    Fact,
    Facts,
    Missing,
    NotSeen,
    Option,
    Report,
    Section,
    Task,
    Tone,
    Verdict,
    text,
)
from audits.reports.access_form import access_data
from audits.reports.access_found import Found
from audits.reports.access_gathering import Gathering
from audits.reports.access_glass import glass_sections
from audits.reports.access_groups import field_table, others_table, person_table, refused_table
from audits.reports.access_sums import Sums
from audits.reports.access_tables import denials_table, flat_table, open_blocks, use_table
from audits.reports.access_tally import left_out
from audits.reports.access_unusual import Unusual, unusual_data, unusual_of, unusual_section
from audits.reports.access_uses import CLEAR

MOST_PURPOSES = 10
"""Bars in the chart of purposes."""
MOST_DAYS = 400
"""Days in the chart of days, the newest."""


def gathered(evidence: Evidence) -> Found:
    """What the events that the evidence holds say of uses."""
    found = Gathering(evidence.as_of, evidence.zone)
    encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
    found.take(encode(dict(each)).encode() for each in evidence.events)
    return found.found()


def access_report(evidence: Evidence, found: Found | None = None) -> Report:
    """The report on every use that the ledger records; `found` stands for events that the evidence does not hold."""
    found = gathered(evidence) if found is None else found
    sums, unusual = found.sums, unusual_of(found.sums.watch)
    people = {key: each.people for key, each in sums.fields.items()}
    persons, fields = person_table(evidence, sums.persons), field_table(evidence, sums.fields, people)
    sections = [
        Section("overview", text("report.overview"), _overview(sums)),
        *glass_sections(evidence, found.openings),
        *_troubles(evidence, found),
        unusual_section(evidence, sums.watch, unusual),
        Section("people", text("audit.by_person"), (persons, *left_out(len(sums.persons) - len(persons.rows)))),
        Section("fields", text("audit.by_field"), (fields, *left_out(len(sums.fields) - len(fields.rows)))),
        _uses(evidence, found),
        *_others(sums),
        Section("not-seen", text("report.not_seen"), (NotSeen(_not_seen(evidence, found)),)),
    ]
    return Report(
        kind="access",
        title=text("audit.access_title"),
        verdict=_verdict(found, unusual),
        sections=tuple(sections),
        flat=flat_table(evidence, found.listed),
        data=access_data(evidence, found, unusual_data(unusual)),
        as_of=evidence.as_of,
        zone=evidence.zone,
        made_from=evidence.made_from,
        filter=(
            Option("clear", text("audit.clear"), Tone.WARN),
            Option("masked", text("audit.masked"), Tone.GOOD),
            Option("refused", text("audit.refused"), Tone.RESTRICTED),
            Option("open", text("audit.outcome_unknown"), Tone.BAD),
        ),
        filter_title=text("audit.treatment"),
    )


def _verdict(found: Found, unusual: tuple[Unusual, ...]) -> Verdict:
    sums = found.sums
    granted, open_ones, denied = sums.granted.uses.count, sums.open.count, sums.refused.count
    tasks = []
    emergencies = len(found.openings)
    if emergencies:
        what = text("audit.task_glass", count=emergencies)
        tasks.append(Task(what, text("report.now"), text("report.officer"), "break-glass"))
    if open_ones.value:
        what = text("audit.task_open", count=open_ones.value)
        tasks.append(Task(what, text("report.now"), text("report.engineer"), "open"))
    if denied.value:
        what = text("audit.task_denied", count=denied.value)
        tasks.append(Task(what, text("report.next_review"), text("report.officer"), "denials"))
    if unusual:
        what = text("audit.task_unusual", count=len(unusual))
        tasks.append(Task(what, text("report.next_review"), text("report.officer"), "unusual"))
    if not sums.decisions:
        return Verdict(Tone.WARN, text("audit.access_none"))
    if open_ones.value:
        return Verdict(Tone.BAD, text("audit.access_open", open=open_ones, uses=granted), tuple(tasks))
    if denied.value:
        return Verdict(Tone.WARN, text("audit.access_denied", uses=granted, denied=denied), tuple(tasks))
    tone = Tone.WARN if emergencies or unusual else Tone.GOOD
    return Verdict(tone, text("audit.access_good", uses=granted, people=len(sums.users)), tuple(tasks))


def _overview(sums: Sums) -> tuple[Block, ...]:
    conflicts, denied, open_ones = sums.writes.conflicts.count, sums.refused.count, sums.open.count
    failed = sums.granted.failed.count
    written = (
        Fact(text("audit.rows_changed"), sums.writes.rows.count),
        Fact(text("audit.conflicts"), conflicts, Tone.WARN if conflicts.value else Tone.GOOD),
    )
    facts = Facts(
        (
            Fact(text("audit.uses"), sums.granted.uses.count),
            Fact(text("audit.people"), len(sums.users)),
            Fact(text("audit.rows_given"), sums.handed.rows.count),
            *(written if sums.writes.uses.seen else ()),
            Fact(text("audit.denials"), denied, Tone.WARN if denied.value else Tone.GOOD),
            Fact(text("audit.in_clear"), len({ref for ref, how, _ in sums.fields if how == CLEAR})),
            Fact(text("audit.in_mask"), len({ref for ref, how, _ in sums.fields if how != CLEAR})),
            Fact(text("audit.open"), open_ones, Tone.BAD if open_ones.value else Tone.GOOD),
            Fact(text("audit.failed"), failed, Tone.WARN if failed.value else Tone.GOOD),
            *((Fact(text("audit.stray"), sums.stray.count, Tone.WARN),) if sums.stray.seen else ()),
        )
    )
    return (facts, _by_purpose(sums), *_by_day(sums)) if sums.granted.uses.seen else (facts,)


def _by_purpose(sums: Sums) -> Chart:
    counts = Counter[str]()
    for (_, purpose, _), group in sums.persons.items():
        counts[purpose] += group.uses.value
    ranked = sorted(counts, key=lambda purpose: (-counts[purpose], purpose))[:MOST_PURPOSES]
    return Chart(text("audit.by_purpose"), tuple(Bar(purpose, counts[purpose]) for purpose in ranked))


def _by_day(sums: Sums) -> tuple[Block, ...]:
    first, last = min(sums.days), max(sums.days)
    start = max(first, last - dt.timedelta(days=MOST_DAYS - 1))
    days = [start.fromordinal(number) for number in range(start.toordinal(), last.toordinal() + 1)]
    counts = {day: sums.days[day].uses.value if day in sums.days else 0 for day in days}
    chart = Chart(text("audit.by_day"), tuple(Bar(day, counts[day]) for day in days), "days")
    return (chart, *left_out(sum(day < start for day in sums.days)))


def _troubles(evidence: Evidence, found: Found) -> list[Section]:
    sections = []
    if found.open.of:
        blocks = open_blocks(evidence, found.open.uses)
        marks = (found.open.of,)
        sections.append(Section("open", text("audit.all_open"), (*blocks, *left_out(found.open.more)), marks=marks))
    if found.refused.of:
        by_person = refused_table(evidence, found.sums.denials)
        blocks = (
            by_person,
            *left_out(len(found.sums.denials) - len(by_person.rows)),
            denials_table(evidence, found.refused.uses),
            *left_out(found.refused.more),
        )
        sections.append(Section("denials", text("audit.all_denials"), blocks, marks=(found.refused.of,)))
    return sections


def _uses(evidence: Evidence, found: Found) -> Section:
    blocks = (use_table(evidence, found.newest.uses), *left_out(found.newest.more))
    return Section("uses", text("audit.all_uses"), blocks, marks=(found.newest.of,))


def _others(sums: Sums) -> list[Section]:
    if not sums.others:
        return []
    return [Section("others", text("audit.other_events"), (others_table(sums.others),))]


def _not_seen(evidence: Evidence, found: Found) -> tuple[Missing, ...]:
    nameless = sorted(found.people - set(evidence.names) - {"system"})
    own = [Missing("", text("not_seen.other_ways")), Missing("", text("not_seen.store_now"))]
    if nameless:
        own.append(Missing("", text("not_seen.names_erased", count=len(nameless))))
    return (*evidence.could_not_see, *own)
