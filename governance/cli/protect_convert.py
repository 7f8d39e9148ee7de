"""`governance protect plan|encrypt|decrypt|rotate|run`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.job_said import step_said
from governance.cli.output import emit, examples, format_option, lang_option, output_option, say
from governance.cli.progress import progress
from governance.cli.project_option import opened
from policies.vocabulary import Words

if TYPE_CHECKING:
    from governance.jobs.outcome import JobOutcome
    from governance.jobs.plan import Plan


@dataclass(frozen=True, slots=True)
class _Planning:
    """A command that plans something for one column."""

    name: str
    """What it is called."""
    plan: str
    """The function of `governance.flows.protect.converting` that it is the command of."""
    help: str
    """What it says of itself."""
    examples: tuple[str, ...]
    """How it is used."""
    options: tuple[click.Option, ...] = ()
    """Its own options, by the names of the function's."""


_KEY = click.Option(
    ["--key", "scope"],
    type=click.Choice(["dataset", "subject"]),
    help="Whose key encrypts: one of the dataset, or one of each person, which can be destroyed alone."
    "  [default: as the catalog says]",
)
_COLUMN = "crm customers national_id"
_PLANNING = (
    _Planning(
        "decrypt",
        "plan_decryption",
        "Plan to turn the tokens of FIELD in DATASET of STORE into clear values. Each is opened; nothing is changed.",
        (f"protect decrypt {_COLUMN} --format json --output plan.json",),
    ),
    _Planning(
        "encrypt",
        "plan_encryption",
        "Plan to encrypt the column of FIELD in DATASET of STORE. Each value is tried; nothing is changed.\n\n"
        "With --format json the result is the plan file that `protect run` takes.",
        (
            f"protect encrypt {_COLUMN}",
            f"protect encrypt {_COLUMN} --format json --output plan.json",
            "protect encrypt crm clinic_visits diagnosis --key subject --format json --output plan.json",
        ),
        (_KEY,),
    ),
    _Planning(
        "rotate",
        "plan_rotation",
        "Plan to put the tokens and index cells of FIELD under the keys that are active now, after `keys rotate`.\n\n"
        "Tokens of a field that is `encrypted: subject` come under the keys of their persons.",
        (f"protect rotate {_COLUMN} --format json --output plan.json",),
    ),
)


def _planner(of: _Planning) -> click.Command:
    @format_option("text", "json")
    @lang_option
    @output_option
    @click.pass_context
    def planner(
        ctx: click.Context,
        /,
        *,
        store: str,
        dataset: str,
        field: str,
        form: str,
        lang: str,
        output: Path | None,
        **options: str | None,
    ) -> int:
        from governance.flows.protect import converting
        from policies.nouns import FieldRef

        with opened(ctx) as gov:
            made = getattr(converting, of.plan)(gov, FieldRef(store, dataset, field), **options)
        _show(made, form, lang, output)
        return 0

    command = click.command(of.name, help=of.help, epilog=examples(*of.examples))(planner)
    command.params[:0] = [*(click.Argument([name]) for name in ("store", "dataset", "field")), *of.options]
    return command


@click.command(epilog=examples("protect run --plan plan.json"))
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
    """Carry out a plan of encrypt, decrypt or rotate, batch by batch. Start it again after a kill.

    Others may write meanwhile. The old column is dropped only after every cell of the new one was checked.
    """
    from governance.flows.protect.converting import run_conversion

    with opened(ctx) as gov, progress("converting") as step:
        found = run_conversion(gov, path.read_text(encoding="utf-8"), str(path), on_progress=step)
    words = Words(lang)
    emit(json.dumps(found.to_json(), indent=2) if form == "json" else _ran(found, words), None)
    if found.resumes is not None:
        say(words.say("job.paused_until", since=found.resumes.isoformat(timespec="minutes")))
    return 0


def _ran(found: JobOutcome, words: Words) -> str:
    counts = (
        words.say("convert.ran_step", name=step_said(each.name, words), done=each.done, planned=each.planned)
        for each in found.steps
    )
    told = {"job": found.job, "state": words.say(f"job.state_{found.state}"), "decision": found.decision}
    return words.say("convert.ran", counts=words.say("report.comma").join(counts), **told)


def _show(made: Plan, form: str, lang: str, output: Path | None) -> None:
    if form == "json":
        emit(made.text(), output)
        return
    words = Words(lang)
    lines = [words.say("convert.plan", kind=words.say(f"job.listed_{made.kind}"), place=made.place, id=made.id)]
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
    from governance.flows.protect.converting import to_do

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


COMMANDS = (*map(_planner, _PLANNING), plan, run)
"""What is added to the group `protect`."""
