"""`governance retention init|templates|plan|run|hold|holds|release|archive`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.output import (
    emit,
    emit_lines,
    examples,
    format_option,
    lang_option,
    output_option,
    remembered_lang_option,
    say,
    say_written,
)
from governance.cli.progress import progress
from governance.cli.project_option import opened
from governance.cli.retention_said import (
    archive_said,
    holds_said,
    plans_said,
    run_said,
    templates_said,
    verdict_said,
)
from policies.vocabulary import Words

if TYPE_CHECKING:
    from datetime import datetime

    from governance.jobs.holds import Scope

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def retention() -> None:
    """Keep records no longer than needed: plan and run what is due, hold what must stay."""


@retention.command(epilog=examples("retention init --template cn-transaction-records --template gdpr-prospects"))
@click.option("--template", "names", multiple=True, metavar="NAME", help="Begin a rule with this template of the pack.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this new file; without it, print.",
)
@lang_option
@click.pass_context
def init(ctx: click.Context, names: tuple[str, ...], output: Path | None, lang: str) -> int:
    """Write a commented first retention.yaml: named templates as rules to finish, all others as comments.

    An existing file is never overwritten. Templates are readings of laws with article and date, and no legal advice.
    """
    import datetime as dt

    from policies.retention_templates import template_text

    del ctx
    if output is not None and output.exists():
        raise click.UsageError(f"{output} exists; name a new file")
    emit(template_text(dt.datetime.now(dt.UTC).date(), names, Words(lang)), output)
    return 0


@retention.command(name="templates", epilog=examples("retention templates", "retention templates --law pipl"))
@click.option("--law", help="Only those of this law.")
@format_option("text", "json")
@lang_option
def templates_(law: str | None, form: str, lang: str) -> int:
    """List the templates of the retention pack: name, kind, period, article, day of its text."""
    import datetime as dt

    from policies.retention_templates import templates

    found = templates(dt.datetime.now(dt.UTC).date(), law)
    if form == "json":
        told = {name: each.model_dump(mode="json") for name, each in found.items()}
        emit(json.dumps({"schema": "governance.retention-templates/1", "templates": told}, indent=2), None)
        return 0
    words = Words(lang)
    emit_lines(templates_said(found, words) if found else [words.say("retention.told_no_templates")], None)
    return 0


@retention.command(
    epilog=examples(
        "retention plan",
        "retention plan tickets-three-years --format json --output plan.json",
        "retention plan orders-six-years order-lines-six-years --together --format json --output plan.json",
    )
)
@click.argument("rules", nargs=-1, metavar="[RULE]...")
@click.option(
    "--together", is_flag=True, help="One plan for the rules, of one store: what refers to a record goes first."
)
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def plan(
    ctx: click.Context, *, rules: tuple[str, ...], together: bool, form: str, lang: str, output: Path | None
) -> int:
    """Count what is due by each RULE of retention.yaml, all limits by default. Nothing is changed.

    Said are months and stages of what is due, what keeps the rest and why, what falls due in the next twelve months,
    and, without RULE, which datasets and fields with personal data no rule speaks of.

    With --format json and one rule, or several with --together, the result is the plan file that `retention run` takes;
    a list of its rows, without their keys, stays in the project's folder.
    """
    if form == "json" and len(rules) != 1 and not (rules and together):
        raise click.UsageError("a plan file holds one rule, or several with --together: name them")
    from governance.flows.audits.reporting import retention_gaps

    with opened(ctx) as gov:
        plans = gov.plan_retention(rules, look=form != "json", together=together)
        gaps = () if rules else retention_gaps(gov).places
    if form == "json":
        emit(plans[0].to_text(), output)
        return 0
    words = Words(lang)
    emit_lines(plans_said(plans, gaps, words) if plans or gaps else [words.say("retention.told_no_rules")], output)
    return 0


@retention.command(epilog=examples("retention why crm.orders 17", "retention why crm.orders 17 --format json"))
@click.argument("dataset")
@click.argument("key", nargs=-1, required=True)
@format_option("text", "json")
@lang_option
@click.pass_context
def why(ctx: click.Context, *, dataset: str, key: tuple[str, ...], form: str, lang: str) -> int:
    """Say what the rules decide on one record of DATASET, by its KEY, and which of them won and lost. Recorded."""
    from governance.flows.retention.keeping import explain_retention
    from policies.nouns import DatasetRef

    store, _, name = dataset.partition(".")
    with opened(ctx) as gov:
        gov.project.store(store)
        found = explain_retention(gov, DatasetRef(store, name), key)
    words = Words(lang)
    if form == "json":
        told = {name: getattr(found, name) for name in type(found).__slots__} if found else {"outcome": None}
        emit(json.dumps({"schema": "governance.verdict/1"} | told, indent=2), None)
    else:
        emit_lines(verdict_said(found, words) if found else [words.say("retention.told_no_record")], None)
    return 0


@retention.command(epilog=examples("retention run --plan plan.json"))
@click.option(
    "--plan",
    "path",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="The reviewed plan file.",
)
@format_option("text", "json")
@lang_option
@click.pass_context
def run(ctx: click.Context, path: Path, form: str, lang: str) -> int:
    """Treat exactly the records that the plan lists and that are as they were, in transactions.

    Start it again after a kill. Its certificate is printed by `governance job certificate`.
    """
    with opened(ctx) as gov, progress("retention") as step:
        found = gov.run_retention(path.read_text(encoding="utf-8"), on_progress=step)
    words = Words(lang)
    emit(json.dumps(found.to_json(), indent=2) if form == "json" else run_said(found, words), None)
    if found.resumes is not None:
        say(words.say("job.paused_until", since=found.resumes.isoformat(timespec="minutes")))
    elif found.state == "paused":
        say(words.say("retention.told_waiting", count=found.left))
    return 0


@retention.command(
    epilog=examples(
        'retention hold crm.orders --reason "expert opinion is pending" --matter "case 4711" --until 2027-06-30',
        'retention hold crm.orders --record 17 --reason "case 4711"',
    )
)
@click.argument("dataset")
@click.option("--record", multiple=True, metavar="KEY", help="Only this record, by its key; once for each key field.")
@click.option("--subject", multiple=True, metavar="KEY", help="Only this person's records, by the subject key.")
@click.option("--reason", required=True, help="Why; kept in the erasable table beside the ledger.")
@click.option("--matter", help="The case or inquiry that it belongs to; kept as the reason is.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Its last day; without it, it stands until released.")
@click.pass_context
def hold(
    ctx: click.Context,
    *,
    dataset: str,
    record: tuple[str, ...],
    subject: tuple[str, ...],
    reason: str,
    matter: str | None,
    until: datetime | None,
) -> int:
    """Keep DATASET, a record of it or a person's records from every job until the hold ends. Prints its id."""
    from governance.flows.retention.keeping import place_hold
    from policies.nouns import DatasetRef

    if record and subject:
        raise click.UsageError("give one of --record and --subject")
    store, _, name = dataset.partition(".")
    scope: Scope = "record" if record else "subject" if subject else "dataset"
    last = until.date() if until else None
    with opened(ctx) as gov:
        gov.project.store(store)
        ref = DatasetRef(store, name)
        emit(place_hold(gov, ref, scope, record or subject, reason=reason, matter=matter, until=last).id, None)
    return 0


@retention.command(epilog=examples("retention holds", "retention holds --format json"))
@format_option("text", "json")
@lang_option
@click.pass_context
def holds(ctx: click.Context, form: str, lang: str) -> int:
    """List the holds that stand: id, when, what, until when, by whom, and the matter, where names are still kept."""
    from governance.flows.retention.keeping import holds_json

    with opened(ctx) as gov:
        found = holds_json(gov)
    if form == "json":
        emit(json.dumps({"schema": "governance.holds/1", "holds": found}, indent=2, ensure_ascii=False), None)
    else:
        emit_lines(holds_said(found, Words(lang)), None)
    return 0


@retention.command(epilog=examples("retention release 5f0c0d6c1b1d4bb8a3c1a8f7f5d3b2a1"))
@click.argument("hold_id", metavar="ID")
@click.pass_context
def release(ctx: click.Context, hold_id: str) -> int:
    """End the hold of this ID."""
    from governance.flows.retention.keeping import release_hold

    with opened(ctx) as gov:
        release_hold(gov, hold_id)
    return 0


@retention.group()
def archive() -> None:
    """Look into archives: encrypted files of records that left the store by `action: archive`."""


@archive.command(
    name="restore-check", epilog=examples("retention archive restore-check .governance/archives/ID.RULE.archive")
)
@click.argument("path", metavar="FILE", type=_FILE)
@format_option("text", "json")
@lang_option
@click.pass_context
def restore_check(ctx: click.Context, path: Path, form: str, lang: str) -> int:
    """Read and decrypt every byte of FILE, and say whether its rows would still fit their table. Recorded.

    Nothing of it is shown. Exits 1 when a byte is not as it was written.
    """
    from governance.flows.retention.archiving import check_archive

    with opened(ctx) as gov:
        found = check_archive(gov, path)
    emit(json.dumps(found, indent=2) if form == "json" else archive_said(found, Words(lang)), None)
    return 0


@archive.command(
    epilog=examples(
        "retention archive show .governance/archives/ID.RULE.archive --as alice --purpose support --output rows.jsonl"
    )
)
@click.argument("path", metavar="FILE", type=_FILE)
@click.option("--as", "principal", required=True, metavar="USER", help="Who asks. Others need the role `impersonate`.")
@click.option("--purpose", required=True, help="The purpose, as in purposes.yaml.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file for the rows, one JSON object a line. It holds personal data.",
)
@remembered_lang_option
@click.pass_context
def show(ctx: click.Context, path: Path, *, principal: str, purpose: str, output: Path) -> int:
    """Write the rows of FILE that USER may export, treated by the policy, to a file that you name, as JSON lines.

    Recorded like any export.
    """
    from governance.flows.retention.archiving import read_archive
    from governance.writing import replace_file_with

    with opened(ctx) as gov:
        rows = read_archive(gov, path, principal, purpose)
        replace_file_with(output, (json.dumps(row, default=str, ensure_ascii=False) + "\n" for row in rows))
    say_written(output)
    return 0
