"""The report on access: who used what for which purpose, under which rule, in clear or masked, and who was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

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
from audits.reports.access_glass import glass_sections, glasses
from audits.reports.access_tables import (
    denials_table,
    field_table,
    flat_table,
    open_blocks,
    others_table,
    person_table,
    use_table,
)
from audits.reports.access_uses import Use, conflicts_of, count_of, rows_of, uses_of

MOST_PURPOSES = 10
"""Bars in the chart of purposes."""


def access_report(evidence: Evidence) -> Report:
    """The report on every use that the ledger records."""
    uses = uses_of(evidence.events)
    granted = [each for each in uses if each.granted]
    sections = [
        Section("overview", text("report.overview"), _overview(evidence, uses)),
        *glass_sections(evidence, uses),
        *_troubles(evidence, uses),
        Section("people", text("audit.by_person"), (person_table(evidence, granted),)),
        Section("fields", text("audit.by_field"), (field_table(evidence, granted),)),
        Section("uses", text("audit.all_uses"), (use_table(evidence, uses),), marks=(len(uses),)),
        *_others(evidence),
        Section("not-seen", text("report.not_seen"), (NotSeen(_not_seen(evidence)),)),
    ]
    return Report(
        kind="access",
        title=text("audit.access_title"),
        verdict=_verdict(evidence, uses),
        sections=tuple(sections),
        flat=flat_table(evidence, uses),
        data=access_data(evidence, uses),
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


def _verdict(evidence: Evidence, uses: Sequence[Use]) -> Verdict:
    granted = count_of(each for each in uses if each.granted)
    open_ones = count_of(each for each in uses if each.open)
    denied = count_of(each for each in uses if not each.granted)
    tasks = []
    emergencies = len(glasses(evidence, uses))
    if emergencies:
        what = text("audit.task_glass", count=emergencies)
        tasks.append(Task(what, text("report.now"), text("report.officer"), "break-glass"))
    if open_ones.value:
        what = text("audit.task_open", count=open_ones.value)
        tasks.append(Task(what, text("report.now"), text("report.engineer"), "open"))
    if denied.value:
        what = text("audit.task_denied", count=denied.value)
        tasks.append(Task(what, text("report.next_review"), text("report.officer"), "denials"))
    if not uses:
        return Verdict(Tone.WARN, text("audit.access_none"))
    if open_ones.value:
        return Verdict(Tone.BAD, text("audit.access_open", open=open_ones, uses=granted), tuple(tasks))
    if denied.value:
        return Verdict(Tone.WARN, text("audit.access_denied", uses=granted, denied=denied), tuple(tasks))
    people = len({each.decision["principal"] for each in uses})
    tone = Tone.WARN if emergencies else Tone.GOOD
    return Verdict(tone, text("audit.access_good", uses=granted, people=people), tuple(tasks))


def _overview(evidence: Evidence, uses: Sequence[Use]) -> tuple[Block, ...]:
    granted = [each for each in uses if each.granted]
    denied = [each for each in uses if not each.granted]
    open_ones = [each for each in uses if each.open]
    failed = [each for each in uses if each.failed]
    clear = {ref for each in granted for ref in each.fields_given(clear=True)}
    masked = {ref for each in granted for ref in each.fields_given(clear=False)}
    writes = [each for each in granted if each.writes]
    conflicts = conflicts_of(writes)
    written = (
        Fact(text("audit.rows_changed"), rows_of(writes)),
        Fact(text("audit.conflicts"), conflicts, Tone.WARN if conflicts.value else Tone.GOOD),
    )
    facts = Facts(
        (
            Fact(text("audit.uses"), count_of(granted)),
            Fact(text("audit.people"), len({each.decision["principal"] for each in uses})),
            Fact(text("audit.rows_given"), rows_of(each for each in granted if not each.writes)),
            *(written if writes else ()),
            Fact(text("audit.denials"), count_of(denied), Tone.WARN if denied else Tone.GOOD),
            Fact(text("audit.in_clear"), len(clear)),
            Fact(text("audit.in_mask"), len(masked)),
            Fact(text("audit.open"), count_of(open_ones), Tone.BAD if open_ones else Tone.GOOD),
            Fact(text("audit.failed"), count_of(failed), Tone.WARN if failed else Tone.GOOD),
        )
    )
    if not granted:
        return (facts,)
    return facts, _by_purpose(granted), _by_day(evidence, granted)


def _by_purpose(uses: Sequence[Use]) -> Chart:
    counts = Counter(str(each.decision["purpose"]) for each in uses)
    ranked = sorted(counts, key=lambda purpose: (-counts[purpose], purpose))[:MOST_PURPOSES]
    return Chart(text("audit.by_purpose"), tuple(Bar(purpose, counts[purpose]) for purpose in ranked))


def _by_day(evidence: Evidence, uses: Sequence[Use]) -> Chart:
    counts = Counter(evidence.day(each.decision) for each in uses)
    first, last = min(counts), max(counts)
    days = [first.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]
    return Chart(text("audit.by_day"), tuple(Bar(day, counts[day]) for day in days), "days")


def _troubles(evidence: Evidence, uses: Sequence[Use]) -> list[Section]:
    open_ones = [each for each in uses if each.open]
    denied = [each for each in uses if not each.granted]
    sections = []
    if open_ones:
        blocks = open_blocks(evidence, open_ones)
        sections.append(Section("open", text("audit.all_open"), blocks, marks=(len(open_ones),)))
    if denied:
        blocks = (denials_table(evidence, denied),)
        sections.append(Section("denials", text("audit.all_denials"), blocks, marks=(len(denied),)))
    return sections


def _others(evidence: Evidence) -> list[Section]:
    table = others_table(evidence)
    return [Section("others", text("audit.other_events"), (table,))] if table.rows else []


def _not_seen(evidence: Evidence) -> tuple[Missing, ...]:
    refs = {each[key] for each in evidence.events for key in ("principal", "actor") if each[key] is not None}
    nameless = sorted(refs - set(evidence.names) - {"system"})
    own = [Missing("", text("not_seen.other_ways")), Missing("", text("not_seen.store_now"))]
    if nameless:
        own.append(Missing("", text("not_seen.names_erased", count=len(nameless))))
    return (*evidence.could_not_see, *own)
