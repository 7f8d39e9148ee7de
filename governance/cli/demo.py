"""`governance demo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from governance.cli.output import examples, lang_option, say
from governance.cli.project_option import actor

CUSTOMERS = 20_000
"""Customers of the demo's shop, unless told otherwise."""
SEED = 7
"""From which everything in it is drawn."""
_COLOURS: dict[str, dict[str, Any]] = {
    "title": {"bold": True},
    "chapter": {"fg": "cyan", "bold": True},
    "good": {"fg": "green"},
    "refused": {"fg": "red"},
    "command": {"dim": True},
}


@click.command(
    epilog=examples(
        "demo demo",
        "demo demo --walk",
        "demo small --customers 1000 --walk --lang zh-Hant",
    )
)
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--walk", "walking", is_flag=True, help="Walk through the chain on it, and leave reports.")
@click.option(
    "--customers",
    type=click.IntRange(min=100),
    default=CUSTOMERS,
    show_default=True,
    help="How many customers the shop has.",
)
@lang_option
def demo(directory: Path, *, walking: bool, customers: int, lang: str) -> int:
    """Make a demo project in DIRECTORY: a shop with a clinic line, its policies, and weeks of recorded life.

    A demo that is there already is kept. Everybody in it is invented, and the same on every machine.
    """
    from governance.demo.project import ensure_demo
    from governance.demo.walk import walk
    from policies.vocabulary import Words

    words = Words(lang)
    made = ensure_demo(
        directory,
        customers=customers,
        seed=SEED,
        owner=actor(),
        env=os.environ,
        say=lambda key: say(words.say(f"demo.{key}")),
    )
    say(words.say("demo.made" if made else "demo.kept", folder=directory))
    if not walking:
        say(words.say("demo.next", folder=directory))
        return 0
    for line in walk(directory, lang=lang, env=os.environ):
        click.echo(click.style(line.text, **_COLOURS.get(line.style, {})))
    return 0
