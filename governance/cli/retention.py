"""`governance retention init|templates|plan|run|hold|holds|release|archive`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.output import emit, examples, format_option, output_option, say
from governance.cli.progress import progress
from governance.cli.project_option import opened

if TYPE_CHECKING:
    from datetime import datetime

    from governance.jobs.holds import Scope
    from governance.retention.plan import RetentionPlan


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
@click.pass_context
def init(ctx: click.Context, names: tuple[str, ...], output: Path | None) -> int:
    """Write a commented first retention.yaml: named templates as rules to finish, all others as comments.

    An existing file is never overwritten. Templates are readings of laws with article and date, and no legal advice.
    """
    import datetime as dt

    from policies.retention_templates import template_text

    del ctx
    if output is not None and output.exists():
        raise click.UsageError(f"{output} exists; name a new file")
    emit(template_text(dt.datetime.now(dt.UTC).date(), names), output)
    return 0


@retention.command(name="templates", epilog=examples("retention templates", "retention templates --law pipl"))
@click.option("--law", help="Only those of this law.")
@format_option("text", "json")
def templates_(law: str | None, form: str) -> int:
    """List the templates of the retention pack: name, kind, period, article, day of its text."""
    import datetime as dt

    from policies.retention_templates import templates

    found = templates(dt.datetime.now(dt.UTC).date(), law)
    if form == "json":
        told = {name: each.model_dump(mode="json") for name, each in found.items()}
        emit(json.dumps({"schema": "governance.retention-templates/1", "templates": told}, indent=2), None)
        return 0
    lines = [
        f"{name:<24} {each.kind:<6} {each.period:<5} {each.source} ({each.as_of}, {each.confidence})\n    {each.about}"
        for name, each in found.items()
    ]
    emit("\n".join(lines) or "no templates", None)
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
@output_option
@click.pass_context
def plan(ctx: click.Context, *, rules: tuple[str, ...], together: bool, form: str, output: Path | None) -> int:
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
        gaps = [] if rules else [f"no rule: {place}" for place in retention_gaps(gov).places]
    if form == "json":
        emit(plans[0].to_text(), output)
        return 0
    emit("\n".join([*(_spoken(each) for each in plans), *gaps]) or "no rules", output)
    return 0


def _spoken(plan: RetentionPlan) -> str:
    """A plan in numbers."""
    done = "" if plan.action == "delete" else f" for {plan.action}"
    lines = [f"{plan.rule}  {plan.dataset}: {plan.due} due{done}, begun before {plan.cutoff} ({plan.zone})"]
    lines += [f"    {month}  {count}" for month, count in plan.by_month.items()]
    lines += [f"    in stage {stage or '-'}: {count}" for stage, count in plan.by_stage.items()]
    lines += [f"    kept: {count} {_why(name)}" for name, count in plan.blocked.items()]
    lines += ["    READ ONLY: cannot be run until governance.yaml says `write: true`"] if plan.read_only else []
    lines += [f"    kept: {plan.held} of the due ones by a hold"] if plan.held else []
    lines += [f"    never due: {plan.undated} without a start"] if plan.undated else []
    lines += ["    matches nothing: no record that this rule speaks of"] if not plan.matched else []
    lines += [f"    {plan.holds} holds stand on this dataset"] if plan.holds else []
    coming = {month: count for month, count in plan.forecast.items() if count}
    lines += ["    falls due: " + ", ".join(f"{month} {count}" for month, count in coming.items())] if coming else []
    return "\n".join(lines)


def _why(blocked: str) -> str:
    if blocked.startswith("duty:"):
        return f"by the duty {blocked.removeprefix('duty:')}"
    waits = {"request": "by an open request", "consent": "by live consent", "contract": "by a live contract"}
    return waits.get(blocked, f"that {blocked} refers to")


@retention.command(epilog=examples("retention why crm.orders 17", "retention why crm.orders 17 --format json"))
@click.argument("dataset")
@click.argument("key", nargs=-1, required=True)
@format_option("text", "json")
@click.pass_context
def why(ctx: click.Context, *, dataset: str, key: tuple[str, ...], form: str) -> int:
    """Say what the rules decide on one record of DATASET, by its KEY, and which of them won and lost. Recorded."""
    from governance.flows.retention.keeping import explain_retention
    from policies.nouns import DatasetRef

    store, _, name = dataset.partition(".")
    with opened(ctx) as gov:
        gov.project.store(store)
        found = explain_retention(gov, DatasetRef(store, name), key)
    if found is None:
        emit('{"schema": "governance.verdict/1", "outcome": null}' if form == "json" else "no such record", None)
        return 0
    if form == "json":
        told = {name: getattr(found, name) for name in type(found).__slots__}
        emit(json.dumps({"schema": "governance.verdict/1"} | told, indent=2), None)
        return 0
    action = f", {found.action}" if found.action else ""
    won, lost = (", ".join(names) or "-" for names in (found.won, found.lost))
    emit(f"{found.outcome}{action}: {found.why}\n    won: {won}\n    lost: {lost}", None)
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
@click.pass_context
def run(ctx: click.Context, path: Path, form: str) -> int:
    """Treat exactly the records that the plan lists and that are as they were, in transactions.

    Start it again after a kill. Its certificate is printed by `governance job certificate`.
    """
    from governance.retention.run import COUNTS

    with opened(ctx) as gov, progress("retention") as step:
        found = gov.run_retention(path.read_text(encoding="utf-8"), on_progress=step)
    document = found.to_json()
    if form == "json":
        emit(json.dumps(document, indent=2), None)
    else:
        numbers = ", ".join(
            f"{document[key]} {key}" for key in ("planned", *COUNTS) if document[key] or key != "masked"
        )
        emit(f"job {found.job}: {numbers}; decision {found.decision} in the ledger", None)
    if found.resumes is not None:
        say(f"paused outside the time window; start it again from {found.resumes.isoformat(timespec='minutes')} on")
    elif found.state == "paused":
        say(f"{found.left} records wait: their CRM locks or refuses them; start it again with the same plan")
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
@click.pass_context
def holds(ctx: click.Context, form: str) -> int:
    """List the holds that stand: id, when, what, until when, by whom, and the matter, where names are still kept."""
    from governance.flows.retention.keeping import holds_json

    with opened(ctx) as gov:
        found = holds_json(gov)
    if form == "json":
        emit(json.dumps({"schema": "governance.holds/1", "holds": found}, indent=2, ensure_ascii=False), None)
        return 0
    lines = [
        f"{each['id']}  {each['placed']}  {each['place']}  {each['scope']}"
        f"  until {each['until'] or 'released'}  by {each['placed_by']}  {each['matter'] or ''}".rstrip()
        for each in found
    ]
    emit("\n".join([*lines, f"{len(lines)} holds"]), None)
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
@click.pass_context
def restore_check(ctx: click.Context, path: Path, form: str) -> int:
    """Read and decrypt every byte of FILE, and say whether its rows would still fit their table. Recorded.

    Nothing of it is shown. Exits 1 when a byte is not as it was written.
    """
    from governance.flows.retention.archiving import check_archive

    with opened(ctx) as gov:
        found = check_archive(gov, path)
    if form == "json":
        emit(json.dumps(found, indent=2), None)
        return 0
    missing = ", ".join(found["missing_fields"]) or "none"
    emit(f"{found['dataset']}: {found['rows']} rows are whole; fields that the table has no more: {missing}", None)
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
    say(f"wrote {output}")
    return 0
