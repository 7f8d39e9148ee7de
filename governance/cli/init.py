"""`governance init`."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

import click

from governance.cli.output import examples, say
from governance.writing import replace_file

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


@click.command(
    epilog=examples(
        "init",
        "init my-project && cd my-project && governance doctor",
    )
)
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path())
def init(directory: Path) -> int:
    """Write a commented set of files for a new project, and create its records and keys.

    A file that exists is left as it is. The passphrase of the keyring comes from GOVERNANCE_PASSPHRASE; without it one
    is made and written to `.governance/passphrase`, which only you can read.
    """
    from governance.project import Project
    from governance.setup import create_state

    templates = resources.files("governance.cli") / "templates"
    (directory / "policies").mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if (directory / name).exists():
            say(f"kept    {directory / name}")
            continue
        replace_file(directory / name, (templates / name).read_text(encoding="utf-8"))
        say(f"wrote   {directory / name}")
    for made in create_state(Project.read(directory / "governance.yaml", os.environ)):
        say(f"created {made}")
    say("Next: name your stores in governance.yaml, then run `governance doctor` and `governance scan`.")
    return 0
