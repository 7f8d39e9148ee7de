"""`governance audit access|requests|retention`, and the group that the other reports join."""

from __future__ import annotations

from pathlib import Path

import click

from governance.cli.audit_all import audit_all
from governance.cli.audit_automated import automated
from governance.cli.audit_crm import crm
from governance.cli.audit_dpia import dpia
from governance.cli.audit_evidence import evidence, verify
from governance.cli.audit_fairness import fairness
from governance.cli.audit_incident import incident
from governance.cli.audit_review import review
from governance.cli.audit_ropa import ropa
from governance.cli.audit_training import training
from governance.cli.output import (
    REPORT_FORMATS,
    emit_report,
    examples,
    format_option,
    lang_option,
    output_option,
)
from governance.cli.project_option import opened


@click.group()
def audit() -> None:
    """Reports for officers: who saw what, what is due, who may do what."""


audit.add_command(automated)
audit.add_command(crm)
audit.add_command(dpia)
audit.add_command(fairness)
audit.add_command(incident)
audit.add_command(review)
audit.add_command(ropa)
audit.add_command(training)


@audit.command(epilog=examples("audit access", "audit access --format html --output access.html --lang zh-Hans"))
@format_option(*REPORT_FORMATS)
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
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def consent(ctx: click.Context, form: str, lang: str, output: Path | None) -> int:
    """Which rows have a basis, flags that say otherwise, events on record, and how late withdrawals were taken down."""
    from governance.flows.consent.judging_consent import audit_consent

    with opened(ctx) as gov:
        report = audit_consent(gov)
    emit_report(report, form, lang, output)
    return 0


@audit.command(epilog=examples("audit retention", "audit retention --format html --output retention.html"))
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def retention(ctx: click.Context, form: str, lang: str, output: Path | None) -> int:
    """What is due by rule and month, what was deleted, and what no rule covers. Plans every rule anew."""
    with opened(ctx) as gov:
        report = gov.audit_retention()
    emit_report(report, form, lang, output)
    return 0


@audit.command(
    epilog=examples(
        "audit requests",
        "audit requests --format html --output requests.html --lang zh-Hans",
        "audit requests --year 2026 --format csv",
    )
)
@click.option("--year", type=click.IntRange(2000, 2999), help="Of the CCPA's metrics; the last one by default.")
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def requests(ctx: click.Context, year: int | None, form: str, lang: str, output: Path | None) -> int:
    """What people asked for: overdue, due this week and who, shares on time by type, law, store, cause and tier."""
    with opened(ctx) as gov:
        report = gov.audit_requests(year)
    emit_report(report, form, lang, output)
    return 0


audit.add_command(audit_all)
audit.add_command(evidence)
audit.add_command(verify)
