"""`governance audit automated declare|end|ask|decide|show`."""

from __future__ import annotations

import datetime as dt
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
from governance.cli.times import moment, time
from policies.automated_laws import EFFECTS, GROUNDS
from policies.vocabulary import Words

_reason = click.option("--reason", required=True, help="Why. Write no personal data.")


def ground(text: str) -> tuple[str, str]:
    """A law and what a decision rests on under it, as an option's type. Raises BadParameter, which shows no text."""
    law, _, found = text.partition("=")
    if not law or found not in GROUNDS:
        raise click.BadParameter("expected a law and one of " + ", ".join(GROUNDS) + ", such as gdpr=contract")
    return law, found


@click.group()
def automated() -> None:
    """Decisions that machines make about people, and requests to have one reviewed by a person.

    See docs/automated-decisions.md.
    """


@automated.command(
    epilog=examples(
        "audit automated declare credit-limit --purpose support --reads crm.customers --effect significant "
        '--logic "the limit follows from income and late payments" --ground gdpr=contract --ground pipl=consent '
        "--reviewer support --notice 2026-11 --assessment DPIA-2026-4"
    )
)
@click.argument("name")
@click.option("--purpose", required=True, help="The purpose that it serves, as purposes.yaml has it.")
@click.option("--reads", multiple=True, required=True, metavar="PLACE", help="A dataset or field. May be repeated.")
@click.option("--logic", required=True, metavar="TEXT", help="How it decides, in words that people understand.")
@click.option("--effect", type=click.Choice(EFFECTS), required=True, help="What a decision does to a person.")
@click.option(
    "--ground", "grounds", type=ground, metavar="LAW=GROUND", multiple=True, help="What it rests on. May be repeated."
)
@click.option("--reviewer", metavar="USER|ROLE", help="Who reviews a decision when a person asks for it.")
@click.option("--notice", metavar="EDITION", help="The edition of the notice that tells people of it.")
@click.option("--opt-out", is_flag=True, help="People can refuse to be decided about by it.")
@click.option("--assessment", metavar="CODE", help="Where its impact assessment lies.")
@click.pass_context
def declare(
    ctx: click.Context,
    *,
    name: str,
    purpose: str,
    reads: tuple[str, ...],
    logic: str,
    effect: str,
    grounds: tuple[tuple[str, str], ...],
    reviewer: str | None,
    notice: str | None,
    opt_out: bool,
    assessment: str | None,
) -> int:
    """Put the procedure NAME into the register; declaring it again takes the place of what was declared before."""
    from governance.flows.audits.declaring_automated import Declared

    declared = Declared(
        purpose,
        reads,
        logic,
        effect,
        grounds=dict(grounds),
        reviewer=reviewer,
        notice=notice,
        opt_out=opt_out,
        assessment=assessment,
    )
    with opened(ctx) as gov:
        found = gov.declare_automated(name, declared)
    emit(found.id, None)
    return 0


@automated.command(epilog=examples('audit automated end credit-limit --reason "limits are set by hand again"'))
@click.argument("name")
@_reason
@lang_option
@click.pass_context
def end(ctx: click.Context, name: str, reason: str, lang: str) -> int:
    """Record that the procedure NAME decides no more."""
    with opened(ctx) as gov:
        gov.end_automated(name, reason=reason)
    emit(Words(lang).say("acts.procedure_ended"), None)
    return 0


@automated.command(
    epilog=examples(
        'audit automated ask credit-limit --law gdpr --reason "says that the income was wrong"',
        'audit automated ask credit-limit --request 5f0c0d6c --received 2026-11-20 --reason "contests the limit"',
    )
)
@click.argument("name")
@click.option("--received", type=time, help="When it came, such as 2026-11-20; now unless told otherwise.")
@click.option("--law", help="The law that it is made under; the strictest in force unless told otherwise.")
@click.option("--request", metavar="ID", help="Its id in `governance request list`, where who asks is kept.")
@_reason
@lang_option
@click.pass_context
def ask(
    ctx: click.Context,
    name: str,
    received: dt.datetime | None,
    law: str | None,
    request: str | None,
    reason: str,
    lang: str,
) -> int:
    """Take down that a person asks for a human review of a decision of the procedure NAME. Prints its id."""
    with opened(ctx) as gov:
        found = gov.ask_review(name, reason=reason, received=moment(gov, received), law=law, request=request)
    say(Words(lang).say("acts.review_due", day=found.due))
    emit(found.id, None)
    return 0


@automated.command(
    epilog=examples('audit automated decide 5f0c0d6c changed --as alice --reason "income was entered wrongly"')
)
@click.argument("review")
@click.argument("outcome", type=click.Choice(["upheld", "changed", "withdrawn"]))
@click.option("--as", "principal", required=True, metavar="USER", help="Who reviewed the decision.")
@_reason
@lang_option
@click.pass_context
def decide(ctx: click.Context, review: str, outcome: str, principal: str, reason: str, lang: str) -> int:
    """Record how the REVIEW of a decision ended; it stands from then on."""
    from governance.flows.access.asking import check_impersonation

    with opened(ctx) as gov:
        check_impersonation(gov, principal, None, "audit.automated")
        gov.decide_review(review, outcome, principal=principal, reason=reason)
    emit(Words(lang).say(f"acts.review_{outcome}"), None)
    return 0


@automated.command(
    epilog=examples("audit automated show", "audit automated show --format html --output a.html --lang zh-Hant")
)
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def show(ctx: click.Context, form: str, lang: str, output: Path | None) -> int:
    """Every procedure with what the laws ask of it and nobody declared, and every request for human review."""
    with opened(ctx) as gov:
        report = gov.audit_automated()
    emit_report(report, form, lang, output)
    return 0
