"""`governance audit dpia open|sign|close|show`."""

from __future__ import annotations

from pathlib import Path

import click

from governance.cli.output import (
    REPORT_FORMATS,
    emit,
    emit_report,
    examples,
    format_option,
    lang_option,
    output_option,
    say,
)
from governance.cli.project_option import opened
from policies.vocabulary import Words


@click.group()
def dpia() -> None:
    """Impact assessments: what asks for one and why, who signed it, and what changed since. See docs/dpia.md."""


@dpia.command(
    name="open", epilog=examples("audit dpia open care --answers care.yaml --lang zh-Hans", "audit dpia open marketing")
)
@click.argument("purpose")
@click.option(
    "--answers",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Begin the file of answers here: what the registers say, above the questions. It must not be there yet.",
)
@lang_option
@click.pass_context
def open_(ctx: click.Context, purpose: str, answers: Path | None, lang: str) -> int:
    """Open an assessment of PURPOSE on what there is now, and print its id. Looks at the stores; counts people."""
    from governance.flows.audits.assessment_skeleton import skeleton

    if answers is not None and answers.exists():
        raise click.UsageError("the file of --answers is there already; name another one")
    with opened(ctx) as gov:
        found = gov.open_assessment(purpose)
        text = skeleton(gov.audit_dpia(), found.id, purpose, lang) if answers is not None else ""
    if answers is not None:
        emit(text, answers)
        say(Words(lang).say("acts.assessment_next", id=found.id))
    emit(found.id, None)
    return 0


@dpia.command(epilog=examples("audit dpia sign 5f0c0d6c --as dora --answers care.yaml"))
@click.argument("assessment")
@click.option("--as", "principal", required=True, metavar="USER", help="Who signs.")
@click.option(
    "--answers",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    metavar="FILE",
    help="The finished answers.",
)
@lang_option
@click.pass_context
def sign(ctx: click.Context, assessment: str, principal: str, answers: Path, lang: str) -> int:
    """Sign ASSESSMENT as a person, with all answers. Refused when what it looked at is otherwise by now."""
    from governance.flows.access.asking import check_impersonation
    from policies.assessment_answers import parse_answers

    with opened(ctx) as gov:
        check_impersonation(gov, principal, None, "audit.dpia")
        said = parse_answers(answers.read_text(encoding="utf-8"), "answers")
        gov.sign_assessment(assessment, said, principal=principal)
    emit(Words(lang).say("acts.assessment_signed"), None)
    return 0


@dpia.command(epilog=examples('audit dpia close 5f0c0d6c --reason "the purpose was given up"'))
@click.argument("assessment")
@click.option("--reason", required=True, help="Why it stands for nothing any more. Write no personal data.")
@lang_option
@click.pass_context
def close(ctx: click.Context, assessment: str, reason: str, lang: str) -> int:
    """End ASSESSMENT; what was signed stays in the register."""
    with opened(ctx) as gov:
        gov.close_assessment(assessment, reason=reason)
    emit(Words(lang).say("acts.closed"), None)
    return 0


@dpia.command(
    epilog=examples("audit dpia show", "audit dpia show --format html --output dpia.html --lang zh-Hant"),
)
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def show(ctx: click.Context, form: str, lang: str, output: Path | None) -> int:
    """Every purpose with the triggers it meets, every assessment with its risks, what changed since it was signed."""
    with opened(ctx) as gov:
        report = gov.audit_dpia()
    emit_report(report, form, lang, output)
    return 0
