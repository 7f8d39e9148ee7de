"""`governance retention plan|run|hold|holds|release`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.output import emit, examples, format_option, output_option, say
from governance.cli.progress import progress
from governance.cli.project_option import opened

if TYPE_CHECKING:
    from governance.jobs.holds import Scope


@click.group()
def retention() -> None:
    """Plan and run deletions."""


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
    """Count what is due by each RULE of retention.yaml, all of them by default. Nothing is changed.

    With --format json and one rule, or several with --together, the result is the plan file that `retention run` takes;
    a list of its rows, without their keys, stays in the project's folder.
    """
    if form == "json" and len(rules) != 1 and not (rules and together):
        raise click.UsageError("a plan file holds one rule, or several with --together: name them")
    with opened(ctx) as gov:
        plans = gov.plan_retention(rules, look=form != "json", together=together)
    if form == "json":
        emit(plans[0].to_text(), output)
        return 0
    lines = []
    for each in plans:
        lines.append(f"{each.rule}  {each.dataset}: {each.due} due, begun before {each.cutoff} ({each.zone})")
        lines += [f"    {month}  {count}" for month, count in each.by_month.items()]
        lines += [f"    kept: {count} that {referrer} refers to" for referrer, count in each.blocked.items()]
        lines += [f"    never due: {each.undated} without a start"] if each.undated else []
        lines += [f"    {each.holds} holds stand on this dataset"] if each.holds else []
    emit("\n".join(lines) or "no rules", output)
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
    """Delete exactly the records that the plan lists and that are as they were, in transactions.

    Start it again after a kill. Its certificate is printed by `governance job certificate`.
    """
    with opened(ctx) as gov, progress("deleting") as step:
        found = gov.run_retention(path.read_text(encoding="utf-8"), on_progress=step)
    document = found.to_json()
    if form == "json":
        emit(json.dumps(document, indent=2), None)
    else:
        numbers = ", ".join(
            f"{document[key]} {key}" for key in ("planned", "deleted", "held", "changed", "gone", "left")
        )
        emit(f"job {found.job}: {numbers}; decision {found.decision} in the ledger", None)
    if found.resumes is not None:
        say(f"paused outside the time window; start it again from {found.resumes.isoformat(timespec='minutes')} on")
    return 0


@retention.command(
    epilog=examples(
        'retention hold crm.orders --reason "case 4711"', 'retention hold crm.orders --record 17 --reason "case 4711"'
    )
)
@click.argument("dataset")
@click.option("--record", multiple=True, metavar="KEY", help="Only this record, by its key; once for each key field.")
@click.option("--subject", multiple=True, metavar="KEY", help="Only this person's records, by the subject key.")
@click.option("--reason", required=True, help="Matter and reason; kept in the erasable table beside the ledger.")
@click.pass_context
def hold(ctx: click.Context, *, dataset: str, record: tuple[str, ...], subject: tuple[str, ...], reason: str) -> int:
    """Keep DATASET, a record of it or a person's records from every job until the hold is released. Prints its id."""
    from governance.keeping import place_hold
    from policies.nouns import DatasetRef

    if record and subject:
        raise click.UsageError("give one of --record and --subject")
    store, _, name = dataset.partition(".")
    with opened(ctx) as gov:
        gov.project.store(store)
        scope: Scope = "record" if record else "subject" if subject else "dataset"
        emit(place_hold(gov, DatasetRef(store, name), scope, record or subject, reason=reason).id, None)
    return 0


@retention.command(epilog=examples("retention holds"))
@click.pass_context
def holds(ctx: click.Context) -> int:
    """List the holds that stand: id, when, what."""
    from governance.keeping import standing_holds

    with opened(ctx) as gov:
        lines = [f"{each.id}  {each.placed}  {each.place}  {each.scope}" for each in standing_holds(gov)]
    emit("\n".join([*lines, f"{len(lines)} holds"]), None)
    return 0


@retention.command(epilog=examples("retention release 5f0c0d6c1b1d4bb8a3c1a8f7f5d3b2a1"))
@click.argument("hold_id", metavar="ID")
@click.pass_context
def release(ctx: click.Context, *, hold_id: str) -> int:
    """End the hold of this ID."""
    from governance.keeping import release_hold

    with opened(ctx) as gov:
        release_hold(gov, hold_id)
    return 0
