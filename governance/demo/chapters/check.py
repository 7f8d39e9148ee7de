"""Chapter: a migration that would add personal data which nobody declared does not pass."""

from __future__ import annotations

from collections.abc import Iterator

from governance.demo.stage import Line, Stage, lines
from governance.gate.check import check as run_check
from governance.gate.project import open_project


def check(stage: Stage) -> Iterator[Line]:
    """What the check says of the project's migrations: who would see what, and the lines to paste."""
    gov = stage.gov
    project = open_project(stage.folder / "governance.yaml", gov.clock().date())
    result = run_check([stage.folder / "migrations"], project)
    yield from stage.say("check", files=result.files, findings=len(result.findings))
    for finding in result.findings:
        yield from stage.refusal(f"{finding.place}  {finding.rule}  {finding.message(stage.speaker.lang)}")
        yield from lines(finding.notes(stage.speaker.lang))
        yield from lines(finding.stanza.splitlines())
    yield from stage.say("check_verdict", verdict=stage.speaker.words.say(f"gate.verdict_{result.verdict}"))
    yield from stage.command("governance check migrations/")
