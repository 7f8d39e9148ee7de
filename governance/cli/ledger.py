"""`governance ledger show|verify|checkpoint|export|prove|periods|close-period|drop-period|erase`."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.ledger_said import events_said, file_said, periods_said, verification_said
from governance.cli.output import (
    emit,
    emit_lines,
    examples,
    format_option,
    lang_option,
    output_option,
    remembered_lang_option,
    say,
    say_written,
    words,
)
from governance.cli.project_option import opened
from policies.vocabulary import Words

if TYPE_CHECKING:
    from governance.ledger.events import Event

_DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def ledger() -> None:
    """Show and verify the record of every decision."""


@ledger.command(
    epilog=examples(
        "ledger show --kind decision --outcome refused",
        "ledger show --since 2026-11-01 --purpose marketing.email",
        "ledger show --last 20 --format json",
    )
)
@click.option("--kind", help="Only events of this kind, such as `decision` or `consent.withdrawn`.")
@click.option("--principal", help="Only events on behalf of this user.")
@click.option("--id", "ids", multiple=True, help="Only the event of this id; may be repeated.")
@click.option("--since", type=_DAY, help="Only events from this day or time on, UTC.")
@click.option("--until", type=_DAY, help="Only events before this day or time, UTC.")
@click.option("--purpose", help="Only events of this purpose.")
@click.option("--outcome", help="Only events that ended so: allowed, refused, done, failed.")
@click.option("--object", "about", help="Only events about this store, dataset or field.")
@click.option("--last", type=click.IntRange(min=1), help="Only so many, the newest.")
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def show(
    ctx: click.Context,
    *,
    kind: str | None,
    principal: str | None,
    ids: tuple[str, ...],
    since: dt.datetime | None,
    until: dt.datetime | None,
    purpose: str | None,
    outcome: str | None,
    about: str | None,
    last: int | None,
    form: str,
    lang: str,
    output: Path | None,
) -> int:
    """List events, oldest first: one line each, or one JSON object a line exactly as it was hashed."""
    with opened(ctx) as gov:
        ref = (gov.ledger.find("principal", principal) or "p:nobody") if principal else None
        found = gov.ledger.events(kind, principal=ref, ids=ids or None, since=_utc(since), until=_utc(until))
        events: Iterable[Event] = (
            event
            for event in found
            if purpose in (None, event.purpose) and outcome in (None, event.outcome) and _concerns(event, about)
        )
        events = deque(events, maxlen=min(last, sys.maxsize)) if last else events
        as_stored = (event.leaf().decode() for event in events)
        emit_lines(as_stored if form == "json" else events_said(events, Words(lang)), output)
    return 0


@ledger.command(
    epilog=examples(
        "ledger verify",
        "ledger verify --checkpoint /mnt/elsewhere/checkpoint",
        "ledger verify --export ledger.jsonl --checkpoint /mnt/elsewhere/checkpoint",
        "ledger verify --proof proof.json",
    )
)
@click.option("--checkpoint", type=_FILE, help="A signed checkpoint that somebody else kept.")
@click.option("--export", "copy", type=_FILE, help="Verify this copy, without project, database and keyring.")
@click.option("--proof", type=_FILE, help="Verify this proof of `ledger prove` instead.")
@format_option("text", "json")
@lang_option
@click.pass_context
def verify(
    ctx: click.Context, *, checkpoint: Path | None, copy: Path | None, proof: Path | None, form: str, lang: str
) -> int:
    """Compute the whole log anew and name every changed, removed, inserted or reordered event.

    Without a checkpoint kept outside, the answer can only be `self_consistent`: whoever owns the machine could have
    rewritten everything. Exits 1 when something disagrees.
    """
    if copy is not None and proof is not None:
        raise click.UsageError("give one of --export and --proof")
    said = Words(lang)
    outside = checkpoint.read_text(encoding="utf-8") if checkpoint else None
    if proof is not None:
        return _verify_proof(ctx, proof, outside, form, said)
    if copy is not None:
        from governance.ledger.export import verify_export
        from governance.protect.signing import Ed25519Verifier

        with copy.open("rb") as lines:
            found = verify_export(lines, Ed25519Verifier, outside=outside)
    else:
        with opened(ctx) as gov:
            found, places = gov.ledger.verify(outside), gov.ledger.checkpoint_places()
        for each in places:
            if not each.ok:
                say(file_said(each, said))
    if form == "json":
        problems = [{"place": each.place, "kind": each.kind} for each in found.problems]
        document = {"schema": "governance.ledger-verify/1", "status": found.status, "size": found.size}
        document |= {"root": found.root, "problems": problems, "dropped_periods": list(found.dropped)}
        emit(json.dumps(document, indent=2), None)
    else:
        emit_lines(verification_said(found, said), None)
    return 1 if found.problems else 0


def _verify_proof(ctx: click.Context, proof: Path, outside: str | None, form: str, said: Words) -> int:
    """Raises TamperedError, which exits 1, when the proof does not hold."""
    from governance.ledger.proving import read_proof, verify_proof

    with opened(ctx) as gov:
        mark = verify_proof(
            read_proof(proof.read_text(encoding="utf-8")), gov.keyring.signer("ledger"), outside=outside
        )
    document = {"schema": "governance.ledger-verify/1", "status": "proved", "origin": mark.origin, "size": mark.size}
    emit(json.dumps(document, indent=2) if form == "json" else said.say("ledger.proved", size=mark.size), None)
    return 0


@ledger.command(
    epilog=examples(
        "ledger checkpoint --output /mnt/elsewhere/checkpoint",
    )
)
@remembered_lang_option
@output_option
@click.pass_context
def checkpoint(ctx: click.Context, output: Path | None) -> int:
    """Sign the log as it stands. Keep the result where nobody who runs this machine can change it.

    Exits 2 when one of the files of records.checkpoint_file could not be written; the others are.
    """
    with opened(ctx) as gov:
        emit(gov.ledger.checkpoint(), output)
        missed = [each for each in gov.ledger.checkpoint_places() if not each.ok]
    for each in missed:
        say(file_said(each, words()))
    return 2 if missed else 0


@ledger.command(
    epilog=examples(
        "ledger export --output ledger.jsonl",
    )
)
@remembered_lang_option
@output_option
@click.pass_context
def export(ctx: click.Context, output: Path | None) -> int:
    """Write a copy of the whole log, with its signed checkpoints and public key, that anybody can verify offline.

    Names of people are not in it: events hold references. `ledger verify --export FILE` verifies it.
    """
    from governance.writing import replace_file_with

    with opened(ctx) as gov:
        lines = (line.decode() for line in gov.ledger.export())
        if output is None:
            for line in lines:
                click.echo(line, nl=False)
        else:
            replace_file_with(output, lines)
            say_written(output)
    return 0


@ledger.command(
    epilog=examples(
        "ledger prove --id ID --output proof.json",
        "ledger prove --since-checkpoint /mnt/elsewhere/checkpoint",
    )
)
@click.option("--id", "event", help="Prove that this event is in the log.")
@click.option("--since-checkpoint", "older", type=_FILE, help="Prove that the log continues that of this checkpoint.")
@remembered_lang_option
@output_option
@click.pass_context
def prove(ctx: click.Context, event: str | None, older: Path | None, output: Path | None) -> int:
    """Prove one event, or that nothing before an older checkpoint was changed, to somebody who has only a checkpoint.

    The proof is a few hashes and a signed checkpoint; `ledger verify --proof FILE` verifies it. Exits 1 when the log
    does not continue the older one.
    """
    if (event is None) == (older is None):
        raise click.UsageError("give one of --id and --since-checkpoint")
    with opened(ctx) as gov:
        proof = gov.ledger.prove_start(older.read_text(encoding="utf-8")) if older else gov.ledger.prove(event or "")
    emit(json.dumps(proof, indent=2, ensure_ascii=False), output)
    return 0


@ledger.command(
    epilog=examples(
        "ledger periods",
        "ledger periods --format json",
    )
)
@format_option("text", "json")
@lang_option
@click.pass_context
def periods(ctx: click.Context, form: str, lang: str) -> int:
    """List the periods of the log: how many events each has, when it was opened, closed and dropped."""
    with opened(ctx) as gov:
        found = gov.ledger.periods()
    if form == "json":
        document = {"schema": "governance.ledger-periods/1", "periods": [asdict(each) for each in found]}
        emit(json.dumps(document, indent=2), None)
    else:
        emit_lines(periods_said(found, Words(lang)), None)
    return 0


@ledger.command(
    epilog=examples(
        "ledger close-period --output /mnt/elsewhere/checkpoint-of-2026",
    )
)
@remembered_lang_option
@output_option
@click.pass_context
def close_period(ctx: click.Context, output: Path | None) -> int:
    """End the open period of the log, begin the next one, and print the last signed checkpoint of the old one."""
    with opened(ctx) as gov:
        emit(gov.ledger.close_period(actor=gov.actor_ref), output)
    return 0


@ledger.command(
    epilog=examples(
        "ledger drop-period 1",
        "ledger drop-period 1 --yes",
    )
)
@click.argument("number", type=click.IntRange(min=1))
@click.option("--yes", is_flag=True, help="Delete; without it, only say what would go.")
@lang_option
@click.pass_context
def drop_period(ctx: click.Context, number: int, *, yes: bool, lang: str) -> int:
    """Delete the events of a closed period whose retention is over, for good; its last checkpoint stays.

    How long a closed period is kept says records.ledger_keep_days in governance.yaml; without it nothing is dropped.
    The period is verified first, and the log records who dropped it. Export it before if it may still be asked for.
    """
    said = Words(lang)
    with opened(ctx) as gov:
        keep = gov.project.config.records.ledger_keep_days
        if keep is None:
            raise click.UsageError("set records.ledger_keep_days in governance.yaml first")
        if not yes:
            size = gov.ledger.droppable_events(number, keep_days=keep)
            say(said.say("ledger.would_drop", size=size, period=number))
            return 0
        event = gov.ledger.drop_period(number, keep_days=keep, actor=gov.actor_ref)
        say(said.say("ledger.deleted", size=event.counts["events"], period=number, event=event.id))
    return 0


@ledger.command(
    epilog=examples(
        "ledger erase p:4f0c",
        "ledger erase --principal alice",
    )
)
@click.argument("ref", required=False)
@click.option("--principal", help="Erase this user's name instead of that of a reference.")
@lang_option
@click.pass_context
def erase(ctx: click.Context, ref: str | None, principal: str | None, lang: str) -> int:
    """Forget the name or free text behind a reference, for good. The log keeps the reference and still verifies.

    Reports then show the reference alone. That something was erased is recorded. Erasing what is gone changes nothing.
    """
    if (ref is None) == (principal is None):
        raise click.UsageError("give one of REF and --principal")
    with opened(ctx) as gov:
        ref = ref or gov.ledger.find("principal", principal or "")
        erased = ref is not None and gov.ledger.erase(ref, actor=gov.actor_ref if ref != gov.actor_ref else "system")
    say(Words(lang).say("ledger.erased" if erased else "ledger.not_erased"))
    return 0


def _utc(moment: dt.datetime | None) -> dt.datetime | None:
    return moment and moment.replace(tzinfo=dt.UTC)


def _concerns(event: Event, about: str | None) -> bool:
    return about is None or any(each.ref == about or each.ref.startswith(f"{about}.") for each in event.objects)
