"""`governance keys backup|restore-check|restore`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from governance.cli.keys_said import check_said
from governance.cli.output import (
    emit,
    emit_lines,
    examples,
    format_option,
    lang_option,
    remembered_lang_option,
    say_written,
    words,
)
from governance.cli.project_option import opened
from policies.vocabulary import Words

if TYPE_CHECKING:
    from governance.flows.protect.restoring_keys import KeyCheck

BACKUP_PASSPHRASE = "GOVERNANCE_BACKUP_PASSPHRASE"  # noqa: S105 a variable's name
"""The variable that holds a backup's own passphrase."""
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(epilog=examples("keys backup /mnt/safe/keys.backup"))
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@remembered_lang_option
@click.pass_context
def backup(ctx: click.Context, path: Path) -> int:
    """Copy all keys to FILE, under a passphrase of its own from GOVERNANCE_BACKUP_PASSPHRASE or asked for.

    Keep it where the backups of the data are not, and delete it after `backup_days`: a destroyed key dies with it.
    """
    from governance.flows.protect.restoring_keys import backup_keys

    with opened(ctx) as gov:
        backup_keys(gov, path, _passphrase(confirm=True))
    say_written(path)
    return 0


@click.command("restore-check", epilog=examples("keys restore-check /mnt/safe/keys.backup", "keys restore-check"))
@click.argument("path", metavar="[FILE]", type=_FILE, required=False)
@format_option("text", "json")
@lang_option
@click.pass_context
def restore_check(ctx: click.Context, path: Path | None, form: str, lang: str) -> int:
    """Say what a backup FILE holds, which keys it lacks, and which were destroyed since. Exits 1 if any.

    Without FILE: compare the keys as they are, perhaps just restored, with tombstones and ledger, and destroy again
    what has returned.
    """
    from governance.flows.protect.restoring_keys import check_backup, check_keys

    with opened(ctx) as gov:
        found = check_backup(gov, path, _passphrase()) if path else check_keys(gov)
    return _tell(found, form, Words(lang))


@click.command(epilog=examples("keys restore /mnt/safe/keys.backup"))
@click.argument("path", metavar="FILE", type=_FILE)
@format_option("text", "json")
@lang_option
@click.pass_context
def restore(ctx: click.Context, path: Path, form: str, lang: str) -> int:
    """Put the keys of a backup FILE where the project has none, then do what restore-check does without FILE.

    Move an existing keyring and store of persons' keys away first. Data keys come back retired. Exits as restore-check.
    """
    from governance.flows.protect.restoring_keys import restore_keys

    with opened(ctx) as gov:
        found = restore_keys(gov, path, _passphrase())
    return _tell(found, form, Words(lang))


def _tell(found: KeyCheck, form: str, words: Words) -> int:
    if form == "json":
        document: dict[str, Any] = {"schema": "governance.keys-check/1", "keys": found.keys, "subjects": found.subjects}
        problems = [each.to_json() for each in found.problems]
        emit(json.dumps(document | {"destroyed_again": found.destroyed, "problems": problems}, indent=2), None)
    else:
        emit_lines(check_said(found, words), None)
    return 1 if found.problems else 0


def _passphrase(*, confirm: bool = False) -> str:
    given = os.environ.get(BACKUP_PASSPHRASE)
    return given or str(
        click.prompt(words().say("keys.ask_passphrase"), hide_input=True, confirmation_prompt=confirm, err=True)
    )


COMMANDS = (backup, restore_check, restore)
"""What is added to the group `keys`."""
