"""`governance ledger show|verify|checkpoint`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from governance.cli.output import emit, examples, format_option, output_option
from governance.cli.project_option import opened


@click.group()
def ledger() -> None:
    """Show and verify the record of every decision."""


@ledger.command(
    epilog=examples(
        "ledger show --kind decision",
        "ledger show --format json",
    )
)
@click.option("--kind", help="Only events of this kind, such as `decision` or `consent.withdrawn`.")
@click.option("--principal", help="Only events on behalf of this user.")
@click.option("--id", "ids", multiple=True, help="Only the event of this id; may be repeated.")
@format_option("text", "json")
@output_option
@click.pass_context
def show(
    ctx: click.Context,
    kind: str | None,
    principal: str | None,
    ids: tuple[str, ...],
    form: str,
    output: Path | None,
) -> int:
    """List events, oldest first: one line each, or one JSON object a line exactly as it was hashed."""
    with opened(ctx) as gov:
        ref = gov.ledger.refer("principal", principal) if principal else None
        events = gov.ledger.events(kind, principal=ref, ids=ids or None)
        if form == "json":
            lines: Iterator[str] = (event.leaf().decode() for event in events)
        else:
            lines = (
                f"{event.time}  {event.seq:>6}  {event.id}  {event.kind:<18} {event.outcome or '-':<8} "
                f"{event.purpose or '-':<18} {len(event.objects)} objects"
                + "".join(f", {name} {count}" for name, count in sorted(event.counts.items()))
                for event in events
            )
        emit("\n".join(lines), output)
    return 0


@ledger.command(
    epilog=examples(
        "ledger verify",
        "ledger verify --checkpoint /mnt/elsewhere/checkpoint",
    )
)
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A signed checkpoint that somebody else kept.",
)
@format_option("text", "json")
@click.pass_context
def verify(ctx: click.Context, checkpoint: Path | None, form: str) -> int:
    """Compute the whole log anew and name every changed, removed, inserted or reordered event.

    Without a checkpoint kept outside, the answer can only be `self_consistent`: whoever owns the machine could have
    rewritten everything. Exits 1 when something disagrees.
    """
    outside = checkpoint.read_text(encoding="utf-8") if checkpoint else None
    with opened(ctx) as gov:
        found = gov.ledger.verify(outside)
    problems = [{"place": each.place, "kind": each.kind} for each in found.problems]
    if form == "json":
        document = {"schema": "governance.ledger-verify/1", "status": found.status, "size": found.size}
        emit(json.dumps(document | {"root": found.root, "problems": problems}, indent=2), None)
    else:
        lines = [f"{each['place']}: {each['kind']}" for each in problems]
        emit("\n".join([f"{found.status}: {found.size} events, root {found.root}", *lines]), None)
    return 1 if found.problems else 0


@ledger.command(
    epilog=examples(
        "ledger checkpoint --output /mnt/elsewhere/checkpoint",
    )
)
@output_option
@click.pass_context
def checkpoint(ctx: click.Context, output: Path | None) -> int:
    """Sign the log as it stands. Keep the result where nobody who runs this machine can change it."""
    with opened(ctx) as gov:
        emit(gov.ledger.checkpoint(), output)
    return 0
