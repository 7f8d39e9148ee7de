"""`governance audit all`."""

from __future__ import annotations

from pathlib import Path

import click

from governance.cli.output import examples, lang_option, say, say_written
from governance.cli.project_option import opened
from policies.vocabulary import Words

_STATES = ("fail", "unknown", "pass", "not_applicable")
"""How a control can stand, in the order in which they are counted."""


@click.command(
    name="all",
    epilog=examples(
        "audit all --output audit", "audit all --output audit --lang zh-Hant", "audit all --output audit --without scan"
    ),
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="FOLDER",
    help="Write the site to this folder; begin with its index.html.",
)
@click.option(
    "--without",
    type=click.Choice(["quality", "scan"]),
    multiple=True,
    help="Do not read the stores for this report; its controls are then unknown. May be repeated.",
)
@lang_option
@click.pass_context
def audit_all(ctx: click.Context, *, output: Path, without: tuple[str, ...], lang: str) -> int:
    """Write every report and an overview of all controls as a site that opens no network connection.

    An earlier audit in the folder is compared with and replaced. Exits 2 when a report could not be made; the others
    are there, and its controls are unknown.
    """
    from governance.flows.audits.auditing_all import audit_all as write
    from governance.flows.audits.making_reports import MEASURED

    with opened(ctx) as gov:
        overview = write(gov, output, measured=[each for each in MEASURED if each not in without], lang=lang)
    states = [each["state"] for each in overview.data["controls"].values()]
    words = Words(lang)
    counts = (words.say(f"acts.control_{each}", count=states.count(each)) for each in _STATES)
    click.echo(words.say("acts.controls", told=words.say("report.comma").join(counts)))
    for each in overview.data["not_made"]:
        say(words.say("acts.not_made", **{name: each[name] for name in ("report", "place", "found")}))
    say_written(output / "index.html")
    return 2 if overview.data["not_made"] else 0
