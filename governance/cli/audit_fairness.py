"""`governance audit fairness`."""

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


@click.command(epilog=examples("audit fairness", "audit fairness --format html --output fairness.html --lang zh-Hant"))
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def fairness(ctx: click.Context, form: str, lang: str, output: Path | None) -> int:
    """Outcomes by tier, age, gender, region and language, as policies/fairness.yaml declares them.

    Reads the stores as a recorded use and takes nothing but counts. Says where a group's share is lower than the best
    group's beyond its interval, where that is not shown, and where there are too few cases. See docs/fairness.md.
    """
    with opened(ctx) as gov:
        report = gov.audit_fairness()
    emit_report(report, form, lang, output)
    return 0
