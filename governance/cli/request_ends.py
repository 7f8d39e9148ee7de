"""`governance request step|answer|refuse|close`: how a request or complaint comes to its end."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import click

from governance.cli.output import examples, lang_option
from governance.cli.project_option import opened
from governance.cli.request_options import REASONS, at_option, note_option, route_option, say_request
from governance.cli.times import moment


@click.command(epilog=examples("request step ID investigated", "request step ID resolved"))
@click.argument("request_id", metavar="ID")
@click.argument("step", type=click.Choice(["investigated", "resolved"]))
@at_option
@note_option
@lang_option
@click.pass_context
def step(
    ctx: click.Context,
    *,
    request_id: str,
    step: Literal["investigated", "resolved"],
    at: dt.datetime | None,
    note: str | None,
    lang: str,
) -> int:
    """Take complaint ID to its next step: received, investigated, resolved, answered."""
    with opened(ctx) as gov:
        say_request(gov.requests.step(request_id, step, at=moment(gov, at), note=note), lang)
    return 0


@click.command(
    epilog=examples("request answer ID", "request answer ID --partly exempt --route authority --route court")
)
@click.argument("request_id", metavar="ID")
@click.option("--partly", metavar="GROUND", help=f"The ground on which a part was refused: {', '.join(REASONS)}.")
@route_option
@at_option
@note_option
@lang_option
@click.pass_context
def answer(
    ctx: click.Context,
    *,
    request_id: str,
    partly: str | None,
    routes: tuple[str, ...],
    at: dt.datetime | None,
    note: str | None,
    lang: str,
) -> int:
    """Record that the answer to request ID went out."""
    with opened(ctx) as gov:
        say_request(gov.requests.answer(request_id, partly=partly, routes=routes, at=moment(gov, at), note=note), lang)
    return 0


@click.command(
    epilog=examples("request refuse ID --reason manifestly_unfounded --route authority --route court"),
)
@click.argument("request_id", metavar="ID")
@click.option("--reason", required=True, help=f"The ground, one that the law has: {', '.join(REASONS)}.")
@route_option
@at_option
@note_option
@lang_option
@click.pass_context
def refuse(
    ctx: click.Context,
    *,
    request_id: str,
    reason: str,
    routes: tuple[str, ...],
    at: dt.datetime | None,
    note: str | None,
    lang: str,
) -> int:
    """Record that the person of request ID was told why not, and where to go with it: each --route that was named."""
    with opened(ctx) as gov:
        say_request(gov.requests.refuse(request_id, reason, routes=routes, at=moment(gov, at), note=note), lang)
    return 0


@click.command(epilog=examples("request close ID", "request close ID --why withdrawn"))
@click.argument("request_id", metavar="ID")
@click.option(
    "--why", type=click.Choice(["withdrawn", "duplicate"]), help="Close an open request that needs no answer."
)
@note_option
@lang_option
@click.pass_context
def close(ctx: click.Context, *, request_id: str, why: str | None, note: str | None, lang: str) -> int:
    """Record that nothing is left to be done with request ID."""
    with opened(ctx) as gov:
        say_request(gov.requests.close(request_id, why=why, note=note), lang)
    return 0
