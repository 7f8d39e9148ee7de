"""`governance quality`."""

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
    say_written,
)
from governance.cli.progress import progress
from governance.cli.project_option import opened


@click.command(
    epilog=examples(
        "quality",
        "quality crm --format html --output quality.html --lang zh-Hant",
        "quality crm --rule validity --fail-on validity.checksum",
        "quality crm --rule uniqueness --work-list duplicates.csv --as alice --purpose support",
    )
)
@click.argument("stores", nargs=-1, metavar="[STORE]...")
@click.option(
    "--rule", "rules", multiple=True, metavar="RULE", help="Only this rule or dimension; may be given several times."
)
@click.option(
    "--fail-on",
    "gates",
    multiple=True,
    metavar="RULE",
    help="Exit 1 when anything breaks this rule or dimension; `score` when one is below what the rules ask for.",
)
@click.option(
    "--work-list",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the single rows to this CSV file, as far as USER may export them.",
)
@click.option("--as", "principal", metavar="USER", help="Who asks for the work list. Others need `impersonate`.")
@click.option("--purpose", help="The purpose of the work list, as in purposes.yaml.")
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def quality(
    ctx: click.Context,
    *,
    stores: tuple[str, ...],
    rules: tuple[str, ...],
    gates: tuple[str, ...],
    work_list: Path | None,
    principal: str | None,
    purpose: str | None,
    form: str,
    lang: str,
    output: Path | None,
) -> int:
    """Measure how good the data of STOREs is, of all stores by default: complete, valid, fresh, once, consistent.

    Stores are read as purpose `governance.quality`, and recorded. The report holds numbers alone; single rows go to
    the file of --work-list and nowhere else. Rules stand in policies/quality.yaml; none is needed.
    """
    from governance.flows.quality.listing_faults import WorkList
    from governance.flows.quality.measuring_quality import below, measure_quality, quality_report
    from policies.quality_rules import rule_or_dimension

    try:
        for each in (*rules, *(gate for gate in gates if gate != "score")):
            rule_or_dimension(each)
    except ValueError as cause:
        raise click.UsageError(f"--rule and --fail-on take {cause}") from None
    if work_list is not None and (principal is None or purpose is None):
        raise click.UsageError("--work-list needs --as USER and --purpose: rows are exported for somebody")
    wanted = WorkList(work_list, principal, purpose) if work_list and principal and purpose else None
    with opened(ctx) as gov, progress("measuring") as step:
        found = measure_quality(gov, stores, rules=rules, work_list=wanted, on_progress=step)
        report = quality_report(gov, found)
        failed_gate = any(below(gov, found) if gate == "score" else found.broken(gate) for gate in gates)
    emit_report(report, form, lang, output)
    if wanted is not None:
        say_written(wanted.path)
    return 2 if found.failed else int(failed_gate)
