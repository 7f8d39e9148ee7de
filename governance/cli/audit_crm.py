"""`governance audit crm`."""

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
from governance.cli.progress import progress
from governance.cli.project_option import opened

RULES = (
    "crm.basis_missing",
    "crm.consent_older_than_purpose",
    "crm.marked_but_readable",
    "crm.personal_not_marked",
    "crm.withheld",
)
"""As `audits.reports.crm.RULES`, which this file does not load for `--help`."""


@click.command(
    "crm",
    epilog=examples(
        "audit crm",
        "audit crm sales --format html --output crm.html --lang zh-Hans",
        "audit crm --fail-on crm.personal_not_marked --fail-on crm.basis_missing",
    ),
)
@click.argument("stores", nargs=-1, metavar="[STORE]...")
@click.option(
    "--fail-on", multiple=True, type=click.Choice(RULES), help="Exit 1 for a finding of this rule; repeatable."
)
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def crm(
    ctx: click.Context, *, stores: tuple[str, ...], fail_on: tuple[str, ...], form: str, lang: str, output: Path | None
) -> int:
    """Compare what CRMs say of privacy with our labels: marks, readable by whom, lawful basis, age of consent.

    Takes every store of governance.yaml that is a CRM unless some are named. Reads only. Exits 2 when a CRM could not
    be looked at.
    """
    with opened(ctx) as gov:
        with progress("comparing") as step:
            report = gov.audit_crm(stores, on_progress=step)
        emit_report(report, form, lang, output)
    if any(each["place"] in report.data["stores"] and each["failed"] for each in report.data["not_seen"]):
        return 2
    return 1 if {each["rule"] for each in report.data["findings"]} & set(fail_on) else 0
