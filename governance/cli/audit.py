"""`governance audit access|consent|retention`."""

from __future__ import annotations

from pathlib import Path

import click

from governance.cli.output import emit_report, examples, format_option, lang_option, output_option
from governance.cli.project_option import opened

FORMATS = ("text", "json", "html", "markdown", "csv")


@click.group()
def audit() -> None:
    """Reports for officers: who saw what, what is due."""


@audit.command(epilog=examples("audit access", "audit access --format html --output access.html --lang zh-Hans"))
@format_option(*FORMATS)
@lang_option
@output_option
@click.pass_context
def access(ctx: click.Context, form: str, lang: str, output: Path | None) -> int:
    """Who used what, for which purpose, under which rule: each number with the ids of its events."""
    with opened(ctx) as gov:
        report = gov.audit_access()
    emit_report(report, form, lang, output)
    return 0


@audit.command(epilog=examples("audit consent", "audit consent --format html --output consent.html --lang zh-Hant"))
@format_option(*FORMATS)
@lang_option
@output_option
@click.pass_context
def consent(ctx: click.Context, form: str, lang: str, output: Path | None) -> int:
    """Which rows have a basis, flags that say otherwise, events on record, and how late withdrawals were taken down."""
    from governance.judging_consent import audit_consent

    with opened(ctx) as gov:
        report = audit_consent(gov)
    emit_report(report, form, lang, output)
    return 0


@audit.command(epilog=examples("audit retention", "audit retention --format html --output retention.html"))
@format_option(*FORMATS)
@lang_option
@output_option
@click.pass_context
def retention(ctx: click.Context, form: str, lang: str, output: Path | None) -> int:
    """What is due by rule and month, what was deleted, and what no rule covers. Plans every rule anew."""
    with opened(ctx) as gov:
        report = gov.audit_retention()
    emit_report(report, form, lang, output)
    return 0
