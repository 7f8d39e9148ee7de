"""`governance consent record|withdraw|show|notices`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from governance.cli.consent_coverage import coverage, drift
from governance.cli.consent_files import do_not_contact, export, import_, receipt
from governance.cli.consent_notices import notices
from governance.cli.output import emit, examples, format_option, lang_option, output_option
from governance.cli.project_option import opened
from governance.cli.times import moment, time

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.consent.events import Circumstances, Subject

CHANNELS = ("*", "email", "sms", "phone", "post", "app", "social", "survey")
KINDS = ("requested", "given", "refused", "withdrawn", "expired", "renewed", "invalidated", "objected")
FORMS = ("given", "explicit", "separate", "written", "guardian")


@click.group()
def consent() -> None:
    """Record, withdraw and show consent, and check the notices that it is given under."""


consent.add_command(notices)


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
        click.option("--law", default="", help="The law that holds for the person, such as `gdpr`."),
        click.option("--category", multiple=True, help="Data category that it is about; repeatable, default all."),
        click.option("--guardian", default="", help="Keyed reference of the proof that a guardian acted."),
        click.option("--said", type=time, help="When the person said so; default now."),
    ):
        command = option(command)
    return command


@consent.command(
    epilog=examples(
        "consent record --subject 4711 --store-key crm=4711 --purpose marketing.email --channel email",
        "consent record --subject 4711 --purpose marketing --form separate --duration P12M --law pipl",
        "consent record --kind objected --subject 4711 --purpose analytics --method phone",
    )
)
@_about
@_circumstances
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="given",
    show_default=True,
    help="What the person said, or what happened.",
)
@click.option(
    "--form",
    "strength",
    type=click.Choice(FORMS),
    default="given",
    show_default=True,
    help="In which form; a law may ask for a stronger one. `guardian` needs --guardian.",
)
@click.option("--duration", default="", help="How long it lasts, an ISO 8601 period such as P12M; default without end.")
@click.pass_context
def record(ctx: click.Context, /, strength: str, kind: str, duration: str, **about: Any) -> int:
    """Record that a person agreed, or another event of --kind. Prints the id of the event; it is durable then."""
    with opened(ctx) as gov:
        subject, how = _read(gov, about, duration)
        event = gov.consent.record(kind, subject, about["purpose"], about["channel"], form=strength, how=how)
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
        subject, how = _read(gov, about)
        emit(gov.consent.withdrawn(subject, about["purpose"], about["channel"], how=how).id, None)
    return 0


@consent.command(
    epilog=examples(
        "consent show --subject 4711 --purpose marketing.email --channel email",
        "consent show --subject 4711 --purpose marketing.email --law gdpr --age 15 --country DE --format json",
    )
)
@_about
@click.option("--law", default="", help="Only this law; default each law in force.")
@click.option("--age", type=click.IntRange(0, 150), help="The person's age, for the rules about children.")
@click.option("--country", default="", help="The person's country, ISO 3166, for ages that differ by country.")
@click.option("--category", multiple=True, help="Data category in use; repeatable, default what the purpose needs.")
@format_option("text", "json", "csv")
@lang_option
@output_option
@click.pass_context
def show(
    ctx: click.Context,
    *,
    subject: str,
    purpose: str,
    channel: str,
    law: str,
    age: int | None,
    country: str,
    category: tuple[str, ...],
    form: str,
    lang: str,
    output: Path | None,
) -> int:
    """Show what holds for a person now, what each law says of it and why, and the events that made it so."""
    from governance.cli.consent_shown import WRITERS, Shown
    from governance.flows.consent.contacting import Facts, judge_each
    from policies.vocabulary import Words

    known = Facts(law=law, age=age, country=country, categories=category)
    with opened(ctx) as gov:
        now = gov.consent.state(subject, purpose, channel)
        judged = judge_each(gov, subject, purpose, channel, known)
        line = gov.policy_files.purposes.ancestry(purpose)
        events = tuple(each for each in gov.consent.history(subject) if each.purpose in line)
    emit(WRITERS[form](Shown(now, judged, events), Words(lang)), output)
    return 0


def _read(gov: Governance, about: dict[str, Any], duration: str = "") -> tuple[Subject, Circumstances]:
    """The subject and the circumstances that the options state."""
    from governance.consent.events import Circumstances, Subject

    pairs = [each.partition("=") for each in about["store_key"]]
    if any(not sign or not key for _, sign, key in pairs):
        raise click.BadParameter("write STORE=KEY", param_hint="--store-key")
    keys = {store: int(key) if key.isdecimal() and key.isascii() else key for store, _, key in pairs}
    how = Circumstances(
        method=about["method"],
        notice_version=about["notice"],
        language=about["language"],
        proof_ref=about["proof"],
        jurisdiction=about["law"],
        categories=about["category"],
        guardian_ref=about["guardian"],
        valid_time=moment(gov, about["said"]),
        duration=duration,
    )
    return Subject(about["subject"], keys), how


for _command in (import_, do_not_contact, export, receipt):
    consent.add_command(_command)
