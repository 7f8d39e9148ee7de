"""`governance protect plan|encrypt|decrypt|rotate|run`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.output import emit, examples, format_option, lang_option, output_option, say
from governance.cli.progress import progress
from governance.cli.project_option import opened

if TYPE_CHECKING:
    from governance.jobs.plan import Plan


@click.command(
    epilog=examples(
        "protect encrypt crm customers national_id",
        "protect encrypt crm customers national_id --format json --output plan.json",
        "protect encrypt crm clinic_visits diagnosis --key subject --format json --output plan.json",
    )
)
@click.argument("store")
@click.argument("dataset")
@click.argument("field")
@click.option(
    "--key",
    "scope",
    type=click.Choice(["dataset", "subject"]),
    default="dataset",
    show_default=True,
    help="Whose key encrypts: one of the dataset, or one of each person, which can be destroyed alone.",
)
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def encrypt(
    ctx: click.Context, store: str, dataset: str, field: str, scope: str, form: str, lang: str, output: Path | None
) -> int:
    """Plan to encrypt the column of FIELD in DATASET of STORE. Each value is tried; nothing is changed.

    With --format json the result is the plan file that `protect run` takes.
    """
    from governance.converting import plan_encryption
    from policies.nouns import FieldRef

    with opened(ctx) as gov:
        made = plan_encryption(
            gov, FieldRef(store, dataset, field), scope="subject" if scope == "subject" else "dataset"
        )
    _show(made, form, lang, output)
    return 0


@click.command(epilog=examples("protect decrypt crm customers national_id --format json --output plan.json"))
@click.argument("store")
@click.argument("dataset")
@click.argument("field")
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def decrypt(ctx: click.Context, store: str, dataset: str, field: str, form: str, lang: str, output: Path | None) -> int:
    """Plan to turn the tokens of FIELD in DATASET of STORE into clear values. Each is opened; nothing is changed."""
    from governance.converting import plan_decryption
    from policies.nouns import FieldRef

    with opened(ctx) as gov:
        made = plan_decryption(gov, FieldRef(store, dataset, field))
    _show(made, form, lang, output)
    return 0


@click.command(epilog=examples("protect rotate crm customers national_id --format json --output plan.json"))
@click.argument("store")
@click.argument("dataset")
@click.argument("field")
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def rotate(ctx: click.Context, store: str, dataset: str, field: str, form: str, lang: str, output: Path | None) -> int:
    """Plan to put the tokens of FIELD under the active key of its dataset, after `governance keys rotate`."""
    from governance.converting import plan_rotation
    from policies.nouns import FieldRef

    with opened(ctx) as gov:
        made = plan_rotation(gov, FieldRef(store, dataset, field))
    _show(made, form, lang, output)
    return 0


@click.command(epilog=examples("protect run --plan plan.json"))
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
    """Carry out a plan of encrypt, decrypt or rotate, batch by batch. Start it again after a kill.

    Others may write meanwhile. The old column is dropped only after every cell of the new one was checked.
    """
    from governance.converting import run_conversion

    with opened(ctx) as gov, progress("converting") as step:
        found = run_conversion(gov, path.read_text(encoding="utf-8"), str(path), on_progress=step)
    if form == "json":
        emit(json.dumps(found.to_json(), indent=2), None)
    else:
        counts = ", ".join(f"{each.name}: {each.done} of {each.planned}" for each in found.steps)
        emit(f"job {found.job} {found.state}: {counts}; decision {found.decision} in the ledger", None)
    if found.resumes is not None:
        say(f"paused outside the time window; start it again from {found.resumes.isoformat(timespec='minutes')} on")
    return 0


def _show(made: Plan, form: str, lang: str, output: Path | None) -> None:
    from policies.vocabulary import Words

    if form == "json":
        emit(made.text(), output)
        return
    words = Words(lang)
    lines = [words.say("convert.plan", kind=made.kind, place=made.place, id=made.id)]
    for line in made.lines:
        lines.append(f"  {words.say(f'convert.{line.reason}', rows=line.rows)}")
        lines += [f"    {words.say(f'convert.{name}', rows=count)}" for name, count in line.blocked.items()]
    lines += [f"  {words.say('convert.index_goes', name=name)}" for name in made.facts.get("indexes", ())]
    emit("\n".join([*lines, words.say("convert.next")]), output)


@click.command(epilog=examples("protect plan", "protect plan crm --format json"))
@click.argument("stores", metavar="[STORE]...", nargs=-1)
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def plan(ctx: click.Context, stores: tuple[str, ...], form: str, lang: str, output: Path | None) -> int:
    """List what is still to be encrypted, or was left half done, with the command that plans it.

    What must be encrypted is said by `protection.encrypt_from` in governance.yaml. Nothing is changed.
    """
    from governance.converting import to_do
    from policies.vocabulary import Words

    with opened(ctx) as gov:
        found = to_do(gov, stores)
    if form == "json":
        rows = [each.to_json() for each in found]
        emit(json.dumps({"schema": "governance.protect-plan/1", "fields": rows}, indent=2, ensure_ascii=False), output)
        return 0
    words = Words(lang)
    lines = []
    for each in found:
        lines += [words.say(f"convert.todo_{each.why}", field=each.field, cells=each.cells), f"    {each.command}"]
    emit("\n".join(lines or [words.say("convert.nothing_to_do")]), output)
    return 0


COMMANDS = (decrypt, encrypt, plan, rotate, run)
"""What is added to the group `protect`."""
