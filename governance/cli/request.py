"""`governance request open|list|show|acknowledge|verify|task|pause|resume|extend|step|answer|refuse|close`."""

from __future__ import annotations

import datetime as dt

import click

from governance.cli.output import emit, examples, lang_option
from governance.cli.project_option import opened
from governance.cli.request_ends import answer, close, refuse, step
from governance.cli.request_looks import list_, show
from governance.cli.request_options import LEVELS, at_option, note_option, say_request
from governance.cli.times import moment, time
from policies.clocks import TYPES, Level, PauseCause


@click.group()
def request() -> None:
    """Register what people ask for and complain about, and answer in time."""


@request.command(
    name="open",
    epilog=examples(
        "request open access --law gdpr --subject customer-17 --channel email",
        "request open erasure --law ccpa --subject customer-18 --received 2026-11-20 --tier gold",
        "request open complaint --law uk-gdpr --subject customer-19 --cause billing",
    ),
)
@click.argument("kind", metavar="TYPE", type=click.Choice(TYPES))
@click.option(
    "--law", required=True, help="Under which law: gdpr, uk-gdpr, ccpa, pipl, tw-pdpa and others of the pack."
)
@click.option("--subject", required=True, help="The internal subject key; never an e-mail address or number.")
@click.option("--received", type=time, help="When it reached you at all; now by default. `2026-11-20` is its start.")
@click.option("--channel", default="other", show_default=True, help="How it came, such as `email`, `phone` or `gpc`.")
@click.option("--requester", default="self", show_default=True, help="`self`, `agent`, `guardian` or `relative`.")
@click.option("--contact", help="How to reach the person; kept in the erasable table beside the ledger.")
@click.option("--cause", default="", help="What gave occasion to it, as a code such as `billing`.")
@click.option("--tier", default="", help="The person's tier as a customer, as a code.")
@note_option
@lang_option
@click.pass_context
def open_(
    ctx: click.Context,
    *,
    kind: str,
    law: str,
    subject: str,
    received: dt.datetime | None,
    channel: str,
    requester: str,
    contact: str | None,
    cause: str,
    tier: str,
    note: str | None,
    lang: str,
) -> int:
    """Take down a request of TYPE. Prints its id, and the last day for the answer."""
    with opened(ctx) as gov:
        made = gov.requests.open(
            kind,
            law=law,
            subject=subject,
            received=moment(gov, received),
            channel=channel,
            requester=requester,
            contact=contact,
            cause=cause,
            tier=tier,
            note=note,
        )
        say_request(made, lang)
    return 0


@request.command(epilog=examples("request acknowledge ID"))
@click.argument("request_id", metavar="ID")
@at_option
@note_option
@lang_option
@click.pass_context
def acknowledge(ctx: click.Context, *, request_id: str, at: dt.datetime | None, note: str | None, lang: str) -> int:
    """Record that the person was told that request ID came."""
    with opened(ctx) as gov:
        say_request(gov.requests.acknowledge(request_id, at=moment(gov, at), note=note), lang)
    return 0


@request.command(epilog=examples("request verify ID --ask", "request verify ID --level reasonable"))
@click.argument("request_id", metavar="ID")
@click.option("--ask", is_flag=True, help="The person was asked who they are.")
@click.option("--level", type=click.Choice(LEVELS), help="How sure you are of the person now, as in 11 CCR 7060.")
@at_option
@note_option
@lang_option
@click.pass_context
def verify(
    ctx: click.Context,
    *,
    request_id: str,
    ask: bool,
    level: Level | None,
    at: dt.datetime | None,
    note: str | None,
    lang: str,
) -> int:
    """Record that the person of request ID was asked who they are, or has shown it.

    A clock that stood for it runs again. Exits 2 where the law forbids to ask.
    """
    if ask == (level is not None):
        raise click.UsageError("give one of --ask and --level")
    with opened(ctx) as gov:
        when = moment(gov, at)
        if level is None:
            say_request(gov.requests.ask(request_id, at=when, note=note), lang)
        else:
            say_request(gov.requests.verify(request_id, level, at=when, note=note), lang)
    return 0


@request.command(epilog=examples("request extend ID --reason complex"))
@click.argument("request_id", metavar="ID")
@click.option(
    "--reason", required=True, help="Why, as a code such as `complex` or `many_requests`; told to the person."
)
@note_option
@lang_option
@click.pass_context
def extend(ctx: click.Context, *, request_id: str, reason: str, note: str | None, lang: str) -> int:
    """Record that the person of request ID was told, now, that it takes longer. Once, and in the first period only."""
    with opened(ctx) as gov:
        say_request(gov.requests.extend(request_id, reason, note=note), lang)
    return 0


@request.command(epilog=examples("request pause ID --cause clarification"))
@click.argument("request_id", metavar="ID")
@click.option(
    "--cause", type=click.Choice(["identity", "clarification"]), required=True, help="What the person was asked for."
)
@at_option
@note_option
@lang_option
@click.pass_context
def pause(
    ctx: click.Context, *, request_id: str, cause: PauseCause, at: dt.datetime | None, note: str | None, lang: str
) -> int:
    """Record that the clock of request ID stands until the person has answered. Exits 2 where the law has no pause."""
    with opened(ctx) as gov:
        say_request(gov.requests.pause(request_id, cause, at=moment(gov, at), note=note), lang)
    return 0


@request.command(epilog=examples("request resume ID", "request resume ID --at 2026-11-20"))
@click.argument("request_id", metavar="ID")
@at_option
@note_option
@lang_option
@click.pass_context
def resume(ctx: click.Context, *, request_id: str, at: dt.datetime | None, note: str | None, lang: str) -> int:
    """Record that the person has answered, and the clock of request ID runs again."""
    with opened(ctx) as gov:
        say_request(gov.requests.resume(request_id, at=moment(gov, at), note=note), lang)
    return 0


@request.command(epilog=examples("request task ID crm.customers --owner alice", "request task ID --done TASK"))
@click.argument("request_id", metavar="ID")
@click.argument("place", metavar="[PLACE]", required=False)
@click.option("--owner", help="Who sees to it, by name.")
@click.option("--done", metavar="TASK", help="The id of a task that is done.")
@note_option
@lang_option
@click.pass_context
def task(
    ctx: click.Context,
    *,
    request_id: str,
    place: str | None,
    owner: str | None,
    done: str | None,
    note: str | None,
    lang: str,
) -> int:
    """Give somebody the work of request ID in PLACE, a store or dataset, or record that it is done."""
    from policies.vocabulary import Words

    given = place is not None and owner is not None
    if given == (done is not None):
        raise click.UsageError("give PLACE and --owner, or --done")
    with opened(ctx) as gov:
        if done is not None:
            found = gov.requests.done(request_id, done, note=note)
        elif place is not None and owner is not None:
            found = gov.requests.task(request_id, place, owner, note=note)
        emit(f"{found.id}  {found.place}  {Words(lang).say(f'requests.task_{found.state}')}", None)
    return 0


for _command in (list_, show, step, answer, refuse, close):
    request.add_command(_command)
