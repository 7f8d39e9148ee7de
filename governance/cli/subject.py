"""`governance subject`: find, export, rectify, restrict, erase, notices, reapply."""

from __future__ import annotations

import json
from pathlib import Path

import click

from governance.cli.output import emit, examples, format_option, lang_option, output_option, say
from governance.cli.progress import progress
from governance.cli.project_option import opened
from governance.cli.subject_erase import erase, reapply_persons
from governance.cli.subject_export import export
from governance.cli.subject_find import find, show_map
from governance.cli.subject_rectify import notices, rectify
from governance.cli.subject_restrict import restrict, unrestrict
from policies.vocabulary import Words


@click.group()
def subject() -> None:
    """What concerns persons over all stores: find, give out, correct, restrict, erase, after a restore erase again."""


for _command in (show_map, find, export, erase, rectify, notices, restrict, unrestrict):
    subject.add_command(_command)


@subject.command(
    epilog=examples(
        "subject reapply crm",
        "subject reapply crm --format json --output reapply.json",
        "subject reapply crm --plan reapply.json",
        "subject reapply crm --persons --format json --output again.json",
        "subject reapply crm --persons --plan again.json",
    )
)
@click.argument("store")
@click.option(
    "--plan",
    "path",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Carry out this reviewed plan file.",
)
@click.option("--persons", is_flag=True, help="Look for erased persons instead, by their tombstones.")
@click.option("--undecided", is_flag=True, help="With --persons: erase records too that nobody can date.")
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def reapply(
    ctx: click.Context,
    *,
    store: str,
    path: Path | None,
    persons: bool,
    undecided: bool,
    form: str,
    lang: str,
    output: Path | None,
) -> int:
    """Find what retention had deleted from STORE and a restored backup has brought back; delete it again with --plan.

    Without --plan nothing is changed: rows are counted, and with --format json the result is the plan file. Rows are
    known by the lists of the jobs that deleted them, until `certificate_days` are over. A row with the key of a deleted
    one that is not as it was may be a new one: it stays and is counted. With --persons it is the persons whom `subject
    erase` has erased: a record of theirs goes again when it is older than the tombstone.
    """
    if undecided and not persons:
        raise click.UsageError("--undecided with --persons")
    if persons:
        return reapply_persons(ctx, store, path, form, lang, output, undecided=undecided)
    from governance.flows.retention.restoring import plan_subject_reapply, run_subject_reapply

    words = Words(lang)
    with opened(ctx) as gov, progress("reapply") as step:
        if path is not None:
            found = run_subject_reapply(gov, path.read_text(encoding="utf-8"), on_progress=step)
            document = found.to_json()
            told = {"job": found.job, "done": found.total("done"), "held": found.total("held")}
            text = words.say("person.deleted_again", **told)
        else:
            plan = plan_subject_reapply(gov, store)
            if plan is None:
                say(words.say("person.no_job"))
                return 0
            document = plan.to_json()
            lines = [words.say("person.back", dataset=each.dataset, count=each.rows) for each in plan.lines]
            lines += [
                words.say("person.back_changed", dataset=each.dataset, count=count)
                for each in plan.lines
                for count in each.blocked.values()
            ]
            text = "\n".join(lines)
            if form == "json":
                emit(plan.text(), output)
                return 0
    emit(json.dumps(document, indent=2) if form == "json" else text, output)
    return 0
