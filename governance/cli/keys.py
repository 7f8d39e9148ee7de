"""`governance keys create|list|rotate|destroy|backup|restore-check|restore`."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import click

from governance.cli.keys_backup import COMMANDS as BACKING_UP
from governance.cli.keys_said import destroyed_said, keys_said
from governance.cli.output import emit, emit_lines, examples, format_option, lang_option, say
from governance.cli.project_option import opened
from policies.vocabulary import Words

if TYPE_CHECKING:
    from governance.protect.keyring.base import KeyInfo


@click.group()
def keys() -> None:
    """List, rotate, destroy and back up keys. No command shows a key."""


@keys.command(epilog=examples("keys create crm.customers"))
@click.argument("dataset")
@click.pass_context
def create(ctx: click.Context, dataset: str) -> int:
    """Make the key of DATASET now, instead of at its first use. Prints its id; an existing one is left as it is."""
    from governance.flows.protect.keeping_keys import create_key
    from policies.nouns import DatasetRef

    store, _, name = dataset.partition(".")
    with opened(ctx) as gov:
        emit(create_key(gov, DatasetRef(store, name)).id, None)
    return 0


@keys.command("list", epilog=examples("keys list", "keys list --format json"))
@format_option("text", "json")
@lang_option
@click.pass_context
def list_(ctx: click.Context, form: str, lang: str) -> int:
    """List keys: id, use, what each serves, state, age in days, reserved uses; and how many persons have one.

    Uses are reserved in batches before they are made, so the number is never too low.
    """
    from governance.flows.protect.keeping_keys import list_keys

    with opened(ctx) as gov:
        found, today = list_keys(gov), gov.clock()
    rows = [_row(info, today) for info in found.keys]
    if form == "json":
        document = {"schema": "governance.keys/1", "opened_by": found.providers, "subjects": dict(found.subjects)}
        emit(json.dumps(document | {"keys": rows}, indent=2), None)
    else:
        emit_lines(keys_said(rows, found.subjects, found.providers, Words(lang)), None)
    return 0


@keys.command(
    epilog=examples(
        "keys rotate crm.customers",
        "keys rotate crm.customers --use blind-index",
        "keys rotate --kek",
        "keys rotate --drop-old-kek",
    )
)
@click.argument("dataset", required=False)
@click.option(
    "--kek", is_flag=True, help="Put all keys under a new key encryption key and passphrase; data is untouched."
)
@click.option("--drop-old-kek", is_flag=True, help="Let the passphrase of before open the keyring no more.")
@click.option(
    "--use",
    type=click.Choice(["data", "blind-index", "deterministic", "format"]),
    default="data",
    show_default=True,
    help="Which key of DATASET: that of tokens, of blind indexes, of `cipher: siv`, of format-preserving numbers.",
)
@lang_option
@click.pass_context
def rotate(ctx: click.Context, *, dataset: str | None, kek: bool, drop_old_kek: bool, use: str, lang: str) -> int:
    """Give DATASET a new key. What the old one encrypted stays readable; new values are written under the new one.

    A search finds rows under the old blind-index key too, until that key is destroyed (`keys destroy --key`).

    With --kek a passphrase file gets a new passphrase, from GOVERNANCE_NEW_PASSPHRASE or made. A passphrase in a
    variable changes to GOVERNANCE_NEW_PASSPHRASE; both open the keyring until --drop-old-kek, so that services can be
    started anew one by one.
    """
    from governance.flows.protect.keeping_keys import drop_old_keks, rotate_kek, rotate_key
    from governance.protect.keyring.base import KeyUse
    from policies.nouns import DatasetRef

    if (dataset is not None) + kek + drop_old_kek != 1 or (dataset is None and use != "data"):
        raise click.UsageError("give one of DATASET, --kek and --drop-old-kek; --use with DATASET only")
    words = Words(lang)
    with opened(ctx) as gov:
        if drop_old_kek:
            emit(words.say("keys.dropped", count=drop_old_keks(gov)), None)
        elif dataset is None:
            both = rotate_kek(gov)
            emit(words.say("keys.new_kek"), None)
            if both:
                say(words.say("keys.both_open"))
                say(words.say("keys.drop_old"))
        else:
            store, _, name = dataset.partition(".")
            emit(rotate_key(gov, DatasetRef(store, name), KeyUse(use)).id, None)
    return 0


@keys.command(
    epilog=examples(
        "keys destroy --subject 4711 --store crm --yes",
        "keys destroy --key 0f1e2d3c4b5a6978 --yes",
    )
)
@click.option(
    "--subject",
    "subjects",
    multiple=True,
    metavar="KEY",
    help="A person, by the store's own subject key; one of several fields as a JSON list.",
)
@click.option("--store", help="The store that knows the person.")
@click.option("--key", "key_id", metavar="ID", help="The key of a dataset, by id.")
@click.option("--basis", default="erasure", show_default=True, help="Why a tombstone is kept: a code.")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="How long the tombstone stands.  [default: backups' end]"
)
@click.option("--yes", is_flag=True, help="Do it. Without this nothing is destroyed.")
@format_option("text", "json")
@lang_option
@click.pass_context
def destroy(
    ctx: click.Context,
    *,
    subjects: tuple[str, ...],
    store: str | None,
    key_id: str | None,
    basis: str,
    until: dt.datetime | None,
    yes: bool,
    form: str,
    lang: str,
) -> int:
    """Destroy keys for good: what they encrypted is unreadable in every copy once no backup holds the key.

    A person's key is deleted, every process forgets it, all other persons' keys get a new key encryption key, and a
    tombstone stops a restored backup from bringing the person back. Blind-index cells of the person's rows are emptied
    and the pseudonyms of their values forgotten. Says when the last backup dies (`backup_days`).
    """
    from governance.flows.protect.keeping_keys import destroy_key, destroy_subjects

    if bool(subjects) == (key_id is not None) or bool(subjects) != (store is not None):
        raise click.UsageError("give --subject with --store, or --key")
    words = Words(lang)
    if not yes:
        say(words.say("keys.would_destroy", count=len(subjects) or 1))
        return 0
    with opened(ctx) as gov:
        if subjects and store:
            people = [_person(each) for each in subjects]
            done = destroy_subjects(gov, store, people, basis=basis, until=until.date() if until else None)
        else:
            done = [destroy_key(gov, str(key_id))]
    rows = [
        {
            "key": e.key,
            "tombstone": e.tombstone,
            "backups_end": e.backups_end.isoformat(),
            "event": e.event,
            "index_cells": e.index_cells,
            "pairs": e.pairs,
        }
        for e in done
    ]
    if form == "json":
        emit(json.dumps({"schema": "governance.keys-destroyed/1", "destroyed": rows}, indent=2), None)
    else:
        emit_lines(destroyed_said(rows, words), None)
    return 0


def _person(text: str) -> tuple[str, ...]:
    """A subject key as it was typed: one value, or a JSON list of the values of several fields."""
    if not text.startswith("["):
        return (text,)
    try:
        parts = json.loads(text)
    except ValueError:
        parts = []
    if not parts or not all(isinstance(each, str | int) for each in parts):
        raise click.UsageError("--subject: a JSON list of texts and whole numbers, one for each field of the key")
    return tuple(map(str, parts))


def _row(info: KeyInfo, now: dt.datetime) -> dict[str, Any]:
    age = (now - dt.datetime.fromisoformat(info.created)).days if info.created else None
    row: dict[str, Any] = {"id": info.id, "use": str(info.use), "of": info.of, "state": str(info.state)}
    return row | {"created": info.created or None, "age_days": age, "uses": info.uses}


for _command in BACKING_UP:
    keys.add_command(_command)
