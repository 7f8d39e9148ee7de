"""Chapter: one customer asks what the shop holds: found everywhere, and given a package."""

from __future__ import annotations

from collections.abc import Iterator

from governance.app import Governance
from governance.demo.stage import Line, Stage, Style, lines, table
from governance.flows.subjects.exporting_subjects import Wanted, export_subject
from governance.flows.subjects.tracing_subjects import trace_subject
from governance.requests.traced import Identifier, Reach

KEY = "crm.customers:12"
"""Who asks: a customer, by the internal key, since values are not shown here."""
OFFICER = "dora"
"""Who answers: the privacy officer."""
PURPOSE = "answer_requests"
"""Why the officer may export the records."""


def subject(stage: Stage) -> Iterator[Line]:
    """How many records each table has and how they were reached; then the package, and what it left out."""
    yield from stage.say("subject")
    asked = [Identifier("key", KEY)]
    trace = trace_subject(stage.gov, asked)
    ways = {(str(each.dataset), each.reach) for each in trace.records}
    yield from table(
        [
            (name, count, ", ".join(stage.word(f"subject_{way.value}") for way in Reach if (name, way) in ways))
            for name, count in trace.counts().items()
        ]
    )
    yield from stage.command(f"governance subject find {KEY} --kind key")
    place = stage.folder / "reports" / "subject.zip"
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    wanted = Wanted(place, OFFICER, PURPOSE, stage.speaker.lang, models="off")
    yield Line("")
    gov = stage.gov
    with Governance(gov.project, actor=OFFICER, clock=gov.clock, new_id=gov.new_id) as officer:
        done = export_subject(officer, trace, asked, wanted)
    yield from stage.say("subject_package", records=sum(done.records.values()), redacted=done.redacted)
    yield from lines([str(place)], style=Style.GOOD)
    refused = [place for place, reason in done.left_out if reason == "refused"]
    if refused:
        yield from stage.say("subject_left_out")
        yield from lines(refused)
