"""`governance consent record|withdraw|show`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from governance.cli.consent_coverage import coverage, drift
from governance.cli.output import emit, examples, format_option, output_option
from governance.cli.project_option import opened

CHANNELS = ("*", "email", "sms", "phone", "post", "app", "social")


@click.group()
def consent() -> None:
    """Record, withdraw and show consent."""


consent.add_command(coverage)
consent.add_command(drift)


def _about(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say whose consent, for what and on which channel."""
    for option in (
        click.option("--channel", type=click.Choice(CHANNELS), default="*", show_default=True, help="`*` is each."),
        click.option("--purpose", required=True, help="The purpose, as in purposes.yaml."),
        click.option("--subject", required=True, help="The internal subject key; never an e-mail address or number."),
    ):
        command = option(command)
    return command


def _circumstances(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how it came about."""
    for option in (
        click.option("--store-key", multiple=True, metavar="STORE=KEY", help="How a store knows them; repeatable."),
        click.option("--method", default="", help="How the person said so, such as `phone` or `web_form`."),
        click.option("--notice", default="", help="Version of the privacy notice that was shown."),
        click.option("--language", default="", help="Language of that notice, as a BCP 47 tag."),
        click.option("--proof", default="", help="Where the proof lies: an id, never the proof itself."),
    ):
        command = option(command)
    return command


@consent.command(
    epilog=examples(
        "consent record --subject 4711 --store-key crm=4711 --purpose marketing.email --channel email",
    )
)
@_about
@_circumstances
@click.option(
    "--form",
    "strength",
    type=click.Choice(["given", "explicit", "separate", "written"]),
    default="given",
    show_default=True,
    help="In which form; a law may ask for a stronger one.",
)
@click.pass_context
def record(ctx: click.Context, /, strength: str, **about: Any) -> int:
    """Record that a person agreed. Prints the id of the event; it is durable then."""
    with opened(ctx) as gov:
        subject, how = _read(about)
        event = gov.consent.given(subject, about["purpose"], about["channel"], form=strength, how=how)
        emit(event.id, None)
    return 0


@consent.command(
    epilog=examples(
        "consent withdraw --subject 4711 --purpose marketing.email --channel email --method phone",
    )
)
@_about
@_circumstances
@click.pass_context
def withdraw(ctx: click.Context, /, **about: Any) -> int:
    """Record that a person took consent back. It holds from the next statement on, in every process."""
    with opened(ctx) as gov:
        subject, how = _read(about)
        emit(gov.consent.withdrawn(subject, about["purpose"], about["channel"], how=how).id, None)
    return 0


@consent.command(
    epilog=examples(
        "consent show --subject 4711 --purpose marketing.email",
    )
)
@_about
@format_option("text", "json")
@output_option
@click.pass_context
def show(ctx: click.Context, subject: str, purpose: str, channel: str, form: str, output: Path | None) -> int:
    """Show what holds for a person now, and the events that made it so."""
    with opened(ctx) as gov:
        book = gov.consent
        now = book.state(subject, purpose, channel)
        events = [each for each in book.history(subject) if each.purpose in gov.policy_files.purposes.ancestry(purpose)]
    if form == "json":
        rows = [
            {"id": each.id, "kind": each.kind, "purpose": each.purpose, "channel": each.channel, "form": each.form}
            | {"valid_time": each.valid_time, "recorded_time": each.recorded_time, "method": each.method}
            for each in events
        ]
        document = {"schema": "governance.consent/1", "state": now.state, "form": now.form, "events": rows}
        emit(json.dumps(document, indent=2), output)
    else:
        lines = [f"{each.valid_time}  {each.id}  {each.kind:<10} {each.purpose} {each.channel}" for each in events]
        emit("\n".join([f"{purpose} {channel}: {now.state}", *lines]), output)
    return 0


def _read(about: dict[str, Any]) -> tuple[Any, Any]:
    """The subject and the circumstances that the options state."""
    from governance.consent.events import Circumstances, Subject

    pairs = [each.partition("=") for each in about["store_key"]]
    if any(not sign or not key for _, sign, key in pairs):
        raise click.BadParameter("write STORE=KEY", param_hint="--store-key")
    keys = {store: int(key) if key.isdecimal() and key.isascii() else key for store, _, key in pairs}
    how = Circumstances(
        method=about["method"], notice_version=about["notice"], language=about["language"], proof_ref=about["proof"]
    )
    return Subject(about["subject"], keys), how
