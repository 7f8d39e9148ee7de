"""`governance init`."""

from __future__ import annotations

import os
import re
from importlib import resources
from pathlib import Path

import click

from governance.cli.output import examples, lang_option, say
from governance.writing import replace_file
from policies.errors import ConfigError
from policies.vocabulary import Words

FILES = (
    "governance.yaml",
    "policies/access.csv",
    "policies/access_tests.yaml",
    "policies/catalog.yaml",
    "policies/organisation.yaml",
    "policies/principals.yaml",
    "policies/purposes.yaml",
    "policies/retention.yaml",
)
"""What a new project starts with, each a template beside this file."""
_COMMENT = re.compile(r"^(?P<head>.*)\[\[(?P<key>[a-z_]+)\]\]", re.MULTILINE)
"""A text of a template, by its key of the words of `templates`."""


@click.command(
    epilog=examples(
        "init",
        "init my-project && cd my-project && governance doctor",
        "init --consent-in crm",
    )
)
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option(
    "--consent-in",
    "stores",
    multiple=True,
    metavar="STORE",
    help="Make the two tables of consent in this store, which queries join; may be given several times.",
)
@lang_option
def init(directory: Path, stores: tuple[str, ...], lang: str) -> int:
    """Write a commented set of files for a new project, and create its records and keys.

    A file that exists is left as it is. The passphrase of the keyring comes from GOVERNANCE_PASSPHRASE; without it one
    is made and written to `.governance/passphrase`, which only you can read.
    """
    from governance.flows.opening.setup import create_state
    from governance.project import Project

    words = Words(lang)
    templates = resources.files("governance.cli") / "templates"
    (directory / "policies").mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if (directory / name).exists():
            say(words.say("init.kept", path=directory / name))
            continue
        replace_file(directory / name, _filled((templates / name).read_text(encoding="utf-8"), words))
        say(words.say("init.wrote", path=directory / name))
    for made in create_state(Project.read(directory / "governance.yaml", os.environ)):
        say(words.say("init.created", path=made))
    _make_projections(directory, stores, words)
    say(words.say("init.next"))
    return 0


def _filled(template: str, words: Words) -> str:
    """A template with its comments in a language; the lines of a longer one each begin as the first does."""

    def said(place: re.Match[str]) -> str:
        lines = words.say(f"templates.{place['key']}").split("\n")
        return "\n".join(place["head"] + line for line in lines)

    return _COMMENT.sub(said, template)


def _make_projections(directory: Path, stores: tuple[str, ...], words: Words) -> None:
    """Write to the named stores, and to no other."""
    if not stores:
        return
    from governance.app import Governance
    from governance.cli.project_option import actor

    with Governance.open(directory / "governance.yaml", actor=actor()) as gov:
        for store in stores:
            gov.project.database_url(store)
            gov.catalog.reviewed(store)
            if store not in gov.consent_conditions.projections or not gov.consent_conditions.create_projection(store):
                raise ConfigError(
                    f"store {store}",
                    found="no database with a dataset that names one `subject_key`",
                    expected="one in catalog.yaml, by which rows are tied to people",
                    next_step="state `subject_key` for a dataset of this store, or leave the store out",
                )
            say(words.say("init.made", store=store))
