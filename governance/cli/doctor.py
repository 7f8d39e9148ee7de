"""`governance doctor`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.output import emit, emit_lines, examples, format_option, lang_option, output_option

if TYPE_CHECKING:
    from governance.flows.opening.checks import Check


@click.command(
    epilog=examples(
        "doctor",
        "doctor --format json",
    )
)
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def doctor(ctx: click.Context, form: str, lang: str, output: Path | None) -> int:
    """Look at every store, key, record, policy file and extra: found or not, and what to do.

    Exits 1 when something needs mending. A part that is optional and absent is no finding, nor is what the vendor of a
    CRM cannot do. A CRM is asked for its token, rights, one page, fields and limits, and only read. Without a
    configuration only the installation is looked at.
    """
    from governance.clock import now
    from governance.flows.opening.checks import State
    from governance.flows.opening.doctor import examine_installation, examine_project
    from governance.project import Project

    config: Path = ctx.find_root().obj
    checks = list(examine_installation())
    if config.exists():
        checks += examine_project(Project.read(config, os.environ), now)
    if form == "json":
        emit(
            json.dumps({"schema": "governance.doctor/1", "checks": [each.to_json() for each in checks]}, indent=2),
            output,
        )
    else:
        emit_lines(_said(checks, lang), output)
    return 1 if any(each.state is State.FINDING for each in checks) else 0


def _said(checks: Sequence[Check], lang: str) -> Iterator[str]:
    from audits.formats.widths import pad
    from audits.speaking import Speaker
    from governance.flows.opening.checks import State

    speaker = Speaker(lang)
    words = speaker.words
    for each in checks:
        state = pad(words.say(f"doctor.state_{each.state}"), 8)
        yield f"{state} {pad(speaker.say(each.what), 28)} {speaker.say(each.found)}"
    yield ""
    findings = [each for each in checks if each.state is State.FINDING]
    yield words.say("doctor.to_mend" if findings else "doctor.nothing")
    for each in findings:
        yield words.say("doctor.step", what=speaker.say(each.what), step=speaker.say(each.next_step))
