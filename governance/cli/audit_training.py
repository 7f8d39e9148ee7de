"""`governance audit training attest|show`."""

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
)
from governance.cli.project_option import opened
from governance.cli.times import day


@click.group()
def training() -> None:
    """Who attested which training, and when it lapses; purposes may ask for it. See docs/training.md."""


@training.command(
    epilog=examples(
        "audit training attest --as alice --course privacy",
        "audit training attest --as alice --course privacy --day 2026-11-20",
    )
)
@click.option("--as", "principal", required=True, metavar="USER", help="Who took it.")
@click.option("--course", required=True, help="Which course, as `training.courses` names it.")
@click.option("--day", type=day, help="The day on which it was taken, such as 2026-11-20; today unless told otherwise.")
@click.pass_context
def attest(ctx: click.Context, principal: str, course: str, day: dt.date | None) -> int:
    """Record that USER took a course. The attestation is in the ledger and is never changed."""
    from governance.flows.access.asking import check_impersonation

    with opened(ctx) as gov:
        check_impersonation(gov, principal, None, "audit.training")
        found = gov.attest(principal, course, day)
    emit(f"{found.id}  {found.course}  {found.day}", None)
    return 0


@training.command(
    epilog=examples("audit training show", "audit training show --format html --output training.html --lang zh-Hant")
)
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def show(ctx: click.Context, form: str, lang: str, output: Path | None) -> int:
    """Who needs which training, who attested it, when it lapses, and who was refused for want of it."""
    with opened(ctx) as gov:
        report = gov.audit_training()
    emit_report(report, form, lang, output)
    return 0
