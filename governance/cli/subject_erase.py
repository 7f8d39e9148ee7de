"""`governance subject erase`, and what `subject reapply --persons` adds to reapply."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.output import emit, examples, format_option, lang_option, output_option, say
from governance.cli.progress import progress
from governance.cli.project_option import opened
from governance.cli.subject_said import outcome_said, plan_said
from policies.vocabulary import Words

if TYPE_CHECKING:
    from governance.flows.subjects.running_erasure import ErasureOutcome

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
@lang_option
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
    lang: str,
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
            return shown(found, form, lang, output)
        named = as_identifiers(gov, identifiers, kind)
        trace = trace_subject(gov, named, follow=not no_follow)
        plan = plan_erasure(gov, trace, named, recipients=recipients or None, confirmed=confirmed)
    emit(plan.text() if form == "json" else "\n".join(plan_said(plan, Words(lang))), output)
    return 0


def shown(found: ErasureOutcome, form: str, lang: str, output: Path | None) -> int:
    """Print what became of an erasure; 1 when the person was found where nothing keeps them."""
    words = Words(lang)
    text = json.dumps(found.to_json(), indent=2) if form == "json" else "\n".join(outcome_said(found, words))
    emit(text, output)
    if found.failed:
        say(words.say("person.failed"))
    return 1 if found.failed else 0


def reapply_persons(
    ctx: click.Context, store: str, path: Path | None, form: str, lang: str, output: Path | None, *, undecided: bool
) -> int:
    """Plan, or with a plan file carry out, the erasure of persons whom a restore has brought back."""
    words = Words(lang)
    with opened(ctx) as gov, progress("reapply") as step:
        if path is not None:
            from governance.flows.subjects.running_erasure import run_erasure

            return shown(run_erasure(gov, path.read_text(encoding="utf-8"), on_progress=step), form, lang, output)
        from governance.flows.subjects.reapplying_erasure import plan_erasure_again

        found = plan_erasure_again(gov, store, undecided=undecided)
    if found.newer:
        say(words.say("person.newer", count=found.newer))
    if found.undecided and not undecided:
        say(words.say("person.undecided", count=found.undecided))
    if found.plan is None:
        say(words.say("person.nobody_back"))
        count = words.say("person.persons", count=found.persons)
        emit(json.dumps(found.to_json(), indent=2) if form == "json" else count, output)
        return 0
    emit(found.plan.text() if form == "json" else "\n".join(plan_said(found.plan, words)), output)
    return 0
