"""`governance subject erase`, and what `subject reapply --persons` adds to reapply."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from governance.cli.output import emit, examples, format_option, output_option, say
from governance.cli.progress import progress
from governance.cli.project_option import opened

if TYPE_CHECKING:
    from governance.flows.subjects.running_erasure import ErasureOutcome
    from governance.jobs.plan import Plan

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(
    epilog=examples(
        "subject erase ann@example.com",
        "subject erase ann@example.com --format json --output erase.json",
        "subject erase --plan erase.json",
        "subject erase crm:42 --kind key --recipient mailhouse --format json --output erase.json",
    )
)
@click.argument("identifiers", nargs=-1, metavar="[IDENTIFIER]...")
@click.option("--kind", help="Kind of every IDENTIFIER, as `subject find` takes it.  [default: told from its look]")
@click.option(
    "--recipient", "recipients", multiple=True, help="Who must be told.  [default: as organisation.yaml says]"
)
@click.option("--confirmed", is_flag=True, help="A human has looked at several subject keys: they are one person's.")
@click.option("--no-follow", is_flag=True, help="Do not follow identifiers that found records hold.")
@click.option("--plan", "path", type=_FILE, help="Carry out this reviewed plan file.")
@format_option("text", "json")
@output_option
@click.pass_context
def erase(
    ctx: click.Context,
    *,
    identifiers: tuple[str, ...],
    kind: str | None,
    recipients: tuple[str, ...],
    confirmed: bool,
    no_follow: bool,
    path: Path | None,
    form: str,
    output: Path | None,
) -> int:
    """Erase the one person who has these IDENTIFIERs from every store: plan first, then carry out with --plan.

    Without --plan nothing is changed: each record's fate is counted, with what keeps it and until when; with --format
    json the result is the plan file. With --plan rows are deleted or emptied, keys, pseudonyms and consent links go, a
    tombstone is placed, and the person is looked for again everywhere. Exits 1 when anything is found that no rule
    keeps. Start it again after a kill.
    """
    if bool(identifiers) == (path is not None):
        raise click.UsageError("give IDENTIFIERs to plan, or --plan FILE to carry out")
    from governance.flows.subjects.erasing import plan_erasure
    from governance.flows.subjects.tracing_subjects import as_identifiers, trace_subject

    with opened(ctx) as gov, progress("erase") as step:
        if path is not None:
            from governance.flows.subjects.running_erasure import run_erasure

            found = run_erasure(gov, path.read_text(encoding="utf-8"), str(path.name), on_progress=step)
            return shown(found, form, output)
        named = as_identifiers(gov, identifiers, kind)
        trace = trace_subject(gov, named, follow=not no_follow)
        plan = plan_erasure(gov, trace, named, recipients=recipients or None, confirmed=confirmed)
    emit(plan.text() if form == "json" else "\n".join(plan_lines(plan)), output)
    return 0


def shown(found: ErasureOutcome, form: str, output: Path | None) -> int:
    """Print what became of an erasure; 1 when the person was found where nothing keeps them."""
    emit(json.dumps(found.to_json(), indent=2) if form == "json" else "\n".join(_outcome_lines(found)), output)
    if found.failed:
        say("FAILED: records of the person are left that no rule keeps; make a new plan")
    return 1 if found.failed else 0


def plan_lines(plan: Plan) -> Iterator[str]:
    """A plan for a reader: counts and reasons, never a value."""
    for each in plan.facts["inventory"]:
        until = f" until {each['until']}" if each["until"] else ""
        why = f", kept by {each['rule'] or each['reason']}{until}" if each["action"] == "keep" else ""
        why += f", {each['referred']} because rows that stay refer to them" if each["referred"] else ""
        yield f"{each['dataset']}: {each['rows']} {each['action']}{why}"
    yield from _by_hand(plan.facts["by_hand"])
    for name in plan.facts.get("read_only", ()):
        yield f"READ ONLY {name}: this plan cannot be run until governance.yaml says `write: true` for it"
    for each in plan.facts["unreached"]:
        yield f"NOT REACHED {each['place']}: {each['reason']}"
    yield f"plan {plan.id}: {plan.rows} rows; nothing was changed"


def _outcome_lines(found: ErasureOutcome) -> Iterator[str]:
    yield f"job {found.of.job}: {found.of.state}, {found.of.total('done')} rows done, {found.of.total('held')} held"
    if left := found.of.total("left"):
        yield f"WAITING {left} rows not done yet, locked or refused rows among them; start it again with the same plan"
    if not found.findings:
        return
    checked = found.findings["verification"]
    yield f"looked again: {checked['status']}"
    for name, count in sorted(checked["residue"].items()):
        yield f"LEFT {name}: {count}"
    for name, count in sorted(checked["kept"].items()):
        yield f"kept {name}: {count}"
    yield from _by_hand(found.findings["by_hand"])
    for name in found.findings["recipients_to_tell"]:
        yield f"tell {name}"
    yield f"the last backup that can hold the person dies on {found.findings['backups_end']}"
    yield f"certificate {found.of.certificate}"


def _by_hand(said: dict[str, dict[str, Any]]) -> Iterator[str]:
    for name, count in sorted(said["files"].items()):
        yield f"BY HAND {name}: {count} rows of a file"
    for name, count in sorted(said["mentions"].items()):
        yield f"BY HAND {name}: {count} texts that mention the person"
    for name, kinds in sorted(said.get("linked", {}).items()):
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        yield f"BY HAND {name}: {told} on rows that stay"
    for name, count in sorted(said.get("unwritten", {}).items()):
        yield f"BY HAND {name}: {count} records whose field the CRM has kept"


def reapply_persons(
    ctx: click.Context, store: str, path: Path | None, form: str, output: Path | None, *, undecided: bool
) -> int:
    """Plan, or with a plan file carry out, the erasure of persons whom a restore has brought back."""
    with opened(ctx) as gov, progress("reapply") as step:
        if path is not None:
            from governance.flows.subjects.running_erasure import run_erasure

            return shown(run_erasure(gov, path.read_text(encoding="utf-8"), on_progress=step), form, output)
        from governance.flows.subjects.reapplying_erasure import plan_erasure_again

        found = plan_erasure_again(gov, store, undecided=undecided)
    if found.newer:
        say(f"{found.newer} records are newer than the tombstone of their key: they stay")
    if found.undecided and not undecided:
        say(f"{found.undecided} records that nobody can date stay; give --undecided to erase them too")
    if found.plan is None:
        say("no record of an erased person is there again that can be told to be old")
        emit(json.dumps(found.to_json(), indent=2) if form == "json" else f"{found.persons} persons", output)
        return 0
    emit(found.plan.text() if form == "json" else "\n".join(plan_lines(found.plan)), output)
    return 0
