"""`governance consent coverage|drift`."""

from __future__ import annotations

from pathlib import Path

import click

from governance.cli.output import (
    REPORT_FORMATS,
    emit_report,
    examples,
    format_option,
    lang_option,
    output_option,
)
from governance.cli.project_option import opened


@click.command(
    epilog=examples("consent coverage", "consent coverage --format html --output coverage.html --lang zh-Hans")
)
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def coverage(ctx: click.Context, form: str, lang: str, output: Path | None) -> int:
    """Count which rows have a basis: by dataset and purpose, with those restricted, objected and of unknown law."""
    from governance.flows.consent.judging_consent import consent_coverage

    with opened(ctx) as gov:
        report = consent_coverage(gov)
    emit_report(report, form, lang, output)
    return 0


@click.command(epilog=examples("consent drift", "consent drift --format csv --output drift.csv"))
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def drift(ctx: click.Context, form: str, lang: str, output: Path | None) -> int:
    """Compare flags kept in the stores with the consent on record, in rows; see `consent_flag` in catalog.yaml."""
    from governance.flows.consent.judging_consent import consent_drift

    with opened(ctx) as gov:
        report = consent_drift(gov)
    emit_report(report, form, lang, output)
    return 0
