"""`governance audit ropa`."""

from __future__ import annotations

from pathlib import Path

import click

from governance.cli.output import REPORT_FORMATS, emit_report, examples, format_option, lang_option, output_option
from governance.cli.project_option import opened


@click.command(
    epilog=examples(
        "audit ropa",
        "audit ropa --form gdpr --format html --output ropa.html --lang zh-Hant",
        "audit ropa --form pipl --format csv",
    )
)
@click.option(
    "--form",
    "law",
    metavar="LAW",
    help="The form of one law in force: gdpr, pipl, tw-pdpa; of all unless told otherwise.",
)
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def ropa(ctx: click.Context, law: str | None, form: str, lang: str, output: Path | None) -> int:
    """The record of processing: one activity a purpose, by the forms of GDPR, PIPL and Taiwan, with every gap.

    Asks the stores for their schemas and reads no row; what exists there and is in no activity is a finding.
    """
    with opened(ctx) as gov:
        report = gov.audit_ropa(law)
    emit_report(report, form, lang, output)
    return 0
