"""`governance policy compile`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli import completion
from governance.cli.output import emit, examples, format_option, lang_option, output_option, say
from governance.cli.project_option import opened

if TYPE_CHECKING:
    from governance.guard.compile_check import Departure
    from governance.guard.compiled import CompiledPolicy
    from policies.vocabulary import Words

SCHEMA = "governance.policy-compile/1"
"""The form of the JSON of `--check`."""


@click.command(
    name="compile",
    epilog=examples(
        "policy compile crm --target postgres --output views.sql",
        "policy compile crm --target postgres --action export --login-prefix bi_ --output views.sql",
        "policy compile crm --target postgres --check --format json",
        "policy compile crm --target postgres --remove --output remove.sql",
    ),
)
@click.argument("store", shell_complete=completion.stores)
@click.option("--target", type=click.Choice(["postgres"]), required=True, help="The kind of database.")
@click.option(
    "--action",
    type=click.Choice(["read", "export"]),
    default="read",
    show_default=True,
    help="What the rows are used for: `export` when they leave the application.",
)
@click.option(
    "--login-prefix",
    default="",
    metavar="TEXT",
    help="What stands before a user's name in the name of the database role.",
)
@click.option("--check", is_flag=True, help="Compare with what stands in the store; exit 1 when it departs.")
@click.option("--remove", is_flag=True, help="Write the script that takes everything away again.")
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def compile_(
    ctx: click.Context,
    store: str,
    target: str,
    action: str,
    login_prefix: str,
    check: bool,  # noqa: FBT001 Click passes a flag by name
    remove: bool,  # noqa: FBT001 as above
    form: str,
    lang: str,
    output: Path | None,
) -> int:
    """Write the policy of STORE as SQL: views with masks and row conditions, roles and grants.

    Other programs, such as psql or a BI tool, then meet the same policy. The store's schema is read and nothing is
    changed: an administrator runs the script. With --check the store is compared with the policy as it stands;
    --format is for --check.
    """
    from governance.flows.access.compiling_policy import check_compiled, compile_policy
    from governance.guard.compile_script import removal_of, script_of
    from policies.nouns import Action
    from policies.vocabulary import Words

    del target
    if check and remove:
        raise click.UsageError("--check compares and --remove writes; name one of them")
    words = Words(lang)
    with opened(ctx) as gov:
        if check:
            return _told(
                check_compiled(gov, store, action=Action(action), login_prefix=login_prefix), form, words, output
            )
        compiled = compile_policy(gov, store, action=Action(action), login_prefix=login_prefix)
    emit(removal_of(compiled) if remove else script_of(compiled), output)
    if not remove:
        _say(compiled, words)
    return 0


def _say(compiled: CompiledPolicy, words: Words) -> None:
    for each in compiled.left_out:
        subjects = ", ".join(each.subjects)
        say(words.say("compile.left_out", place=each.place, purpose=each.purpose, subjects=subjects, why=each.why))
    views = sum(len(use.views) for use in compiled.uses)
    say(words.say("compile.made", views=views, uses=len(compiled.uses), logins=len(compiled.logins)))


def _told(found: list[Departure], form: str, words: Words, output: Path | None) -> int:
    said = [words.say(f"compile.{each.kind}", place=each.place, who=each.who) for each in found]
    if form == "json":
        rows = [
            {"kind": each.kind, "place": each.place, "who": each.who, "text": text}
            for each, text in zip(found, said, strict=True)
        ]
        emit(json.dumps({"schema": SCHEMA, "departures": rows}, indent=2, ensure_ascii=False), output)
    else:
        end = words.say("compile.departures", count=len(found)) if found else words.say("compile.as_policy")
        emit("\n".join([*said, end]), output)
    if any(each.kind == "unreadable" for each in found):
        return 2
    return 1 if found else 0
