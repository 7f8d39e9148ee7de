"""`governance protect status|encrypt|decrypt|rotate|run`."""

from __future__ import annotations

from pathlib import Path

import click

from governance.cli.output import (
    REPORT_FORMATS,
    emit_report,
    examples,
    format_option,
    lang_option,
    output_option,
    say,
    words,
)
from governance.cli.project_option import opened
from governance.cli.protect_convert import COMMANDS as CONVERTING

_FAILING = {"bad": ("bad",), "warn": ("bad", "warn")}


@click.group()
def protect() -> None:
    """Say which stored fields are encrypted, masked or clear, and encrypt or decrypt columns."""


@protect.command(
    epilog=examples(
        "protect status",
        "protect status crm --format html --output protection.html --lang zh-Hans",
        "protect status --fail-on bad",
    )
)
@click.argument("stores", metavar="[STORE]...", nargs=-1)
@click.option(
    "--fail-on",
    type=click.Choice(tuple(_FAILING)),
    help="Exit 1 when a field is not protected as it must be (`bad`), or a conversion is not finished too (`warn`).",
)
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def status(
    ctx: click.Context, stores: tuple[str, ...], fail_on: str | None, form: str, lang: str, output: Path | None
) -> int:
    """Say of each field of the catalog how it is protected: encrypted, masked or clear, and under which keys.

    The stores count their own cells; no value leaves them. What must be encrypted is said by `protection.encrypt_from`
    in governance.yaml. Exits 2 when a store or dataset could not be looked at.
    """
    with opened(ctx) as gov:
        report = gov.protection_status(stores, on_progress=_tell)
    emit_report(report, form, lang, output)
    unread = [each["place"] for each in report.data["not_seen"] if each["found"]]
    if unread:
        said = words()
        say(said.say("protection.told_unread", places=said.say("report.comma").join(unread)))
        return 2
    return int(fail_on is not None and report.verdict.tone in _FAILING[fail_on])


def _tell(done: int, total: int | None, place: str) -> None:
    if place:
        say(words().say("protection.told_counting", place=place, number=done + 1, total=total))


for _command in CONVERTING:
    protect.add_command(_command)
