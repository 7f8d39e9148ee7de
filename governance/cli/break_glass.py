"""`governance break-glass open|approve|close|list`: not under `policy`, where nobody looks in a hurry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audits.formats.widths import pad
from governance.cli.output import emit, emit_lines, examples, format_option, lang_option, output_option, say
from governance.cli.project_option import opened
from policies.vocabulary import Words

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.guard.break_glass import Opening

SCHEMA = "governance.break_glass/1"
"""The form of the JSON."""


@click.group(name="break-glass")
def break_glass() -> None:
    """Open a purpose for emergencies, for one person and some minutes; everybody hears of it.

    What it shows is written beforehand in access.csv for the role `break_glass`. See docs/break-glass.md.
    """


def _as_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--as", "principal", required=True, metavar="USER", help="Who. Needs the role `impersonate` for others."
    )(command)


@break_glass.command(
    name="open",
    epilog=examples(
        'break-glass open --as alice --minutes 20 --reason "caller unconscious, address needed by the ambulance"',
    ),
)
@_as_option
@click.option("--minutes", type=int, required=True, help="For how long; purposes.yaml says how many at most.")
@click.option("--reason", required=True, help="What happened. Write no personal data: approver and audit read it.")
@click.option("--purpose", help="The purpose for emergencies, where purposes.yaml has more than one.")
@lang_option
@click.pass_context
def open_(ctx: click.Context, principal: str, minutes: int, reason: str, purpose: str | None, lang: str) -> int:
    """Open a purpose for emergencies for USER. Prints the id of the opening. Recorded; exits 1 when USER may not.

    Where purposes.yaml names approvers, it begins when one of them has run `governance break-glass approve`.
    """
    from governance.flows.access.breaking_glass import break_glass as ask_for

    with opened(ctx) as gov:
        _check(gov, principal, "break_glass.open")
        found = ask_for(gov, principal, reason, minutes, purpose)
        say(
            _stands(
                found, found.state(gov.clock()), Words(lang), key="opened_until" if found.ends else "opened_waiting"
            )
        )
    emit(found.id, None)
    return 0


@break_glass.command(epilog=examples("break-glass approve 5f0c0d6c1b1d4bb8a3c1a8f7f5d3b2a1 --as dora"))
@click.argument("opening", metavar="ID")
@_as_option
@lang_option
@click.pass_context
def approve(ctx: click.Context, opening: str, principal: str, lang: str) -> int:
    """Let the opening ID begin, as a second person: neither the one that it is for nor who asked for it."""
    from governance.flows.access.breaking_glass import approve_break_glass

    with opened(ctx) as gov:
        _check(gov, principal, "break_glass.approve")
        found = approve_break_glass(gov, opening, principal, apart=True)
        emit(_stands(found, "open", Words(lang), key="opened_until"), None)
    return 0


@break_glass.command(epilog=examples("break-glass close 5f0c0d6c1b1d4bb8a3c1a8f7f5d3b2a1 --as alice"))
@click.argument("opening", metavar="ID")
@_as_option
@lang_option
@click.pass_context
def close(ctx: click.Context, opening: str, principal: str, lang: str) -> int:
    """End the opening ID now; it holds from the next statement on, in every process."""
    from governance.flows.access.breaking_glass import close_break_glass

    with opened(ctx) as gov:
        _check(gov, principal, "break_glass.close")
        found = close_break_glass(gov, opening, principal)
        emit(_stands(found, found.state(gov.clock()), Words(lang), key="stands"), None)
    return 0


@break_glass.command(name="list", epilog=examples("break-glass list", "break-glass list --waiting --format json"))
@click.option("--waiting", is_flag=True, help="Only those that wait for a second person.")
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def list_(ctx: click.Context, *, waiting: bool, form: str, lang: str, output: Path | None) -> int:
    """List openings, oldest first: state, purpose, whom for, minutes, and the reason that was given."""
    with opened(ctx) as gov:
        shown = [_shown(gov, each) for each in gov.break_glass_openings()]
    found = [each for each in shown if not waiting or each["state"] == "waiting"]
    if form == "json":
        emit(json.dumps({"schema": SCHEMA, "openings": found}, indent=2, ensure_ascii=False), output)
    else:
        emit_lines(_listed(found, Words(lang)), output)
    return 0


def _stands(found: Opening, state: str, words: Words, *, key: str) -> str:
    told = words.say(f"glass.state_{state}")
    return words.say(f"glass.{key}", purpose=found.purpose, state=told, ends=found.ends)


def _listed(found: Sequence[Mapping[str, Any]], words: Words) -> Iterator[str]:
    for each in found:
        told = {name: each[name] for name in ("id", "purpose", "principal", "minutes", "reason")}
        yield words.say("glass.listed", state=pad(words.say(f"glass.state_{each['state']}"), 7), **told)
    yield words.say("glass.count", count=len(found))


def _shown(gov: Governance, opening: Opening) -> dict[str, Any]:
    refs = (opening.principal, opening.note, opening.asked_by, *([opening.approver] if opening.approver else []))
    names = gov.ledger.resolve_all(refs)
    return {
        "id": opening.id,
        "state": opening.state(gov.clock()).value,
        "purpose": opening.purpose,
        "principal": names.get(opening.principal, opening.principal),
        "minutes": opening.minutes,
        "reason": names.get(opening.note, opening.note),
        "asked_by": names.get(opening.asked_by, opening.asked_by),
        "asked": opening.asked,
        "approver": names.get(opening.approver, opening.approver) if opening.approver else None,
        "begins": opening.begins,
        "ends": opening.ends,
        "closed": opening.closed,
    }


def _check(gov: Governance, principal: str, verb: str) -> None:
    from governance.flows.access.asking import check_impersonation

    check_impersonation(gov, principal, None, verb)
