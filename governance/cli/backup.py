"""`governance backup drill record|list`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from governance.cli.output import emit, emit_lines, examples, format_option, lang_option
from governance.cli.project_option import opened
from policies.vocabulary import Words

if TYPE_CHECKING:
    from governance.retention.drills import Drill

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def backup() -> None:
    """Backups: evidence that they can be restored."""


@backup.group()
def drill() -> None:
    """Restore tests: record one that was made, list those that are known."""


@drill.command(
    epilog=examples(
        "backup drill record crm --backup-of 2026-11-20 --minutes 42 --checked rows --checked reapply",
        'backup drill record crm --backup-of 2026-11-20 --failed --note "tape 3 could not be read"',
    )
)
@click.argument("store")
@click.option("--backup-of", type=_DAY, required=True, help="The day of the backup that was restored.")
@click.option("--on", "drilled", type=_DAY, help="The day of the test.  [default: today]")
@click.option("--failed", is_flag=True, help="The backup could not be restored, or not be used.")
@click.option("--minutes", type=click.IntRange(0), help="How long the restore took.")
@click.option(
    "--checked",
    multiple=True,
    type=click.Choice(["rows", "keys", "reapply", "application"]),
    help="What was checked of the restored store; give it once for each.",
)
@click.option("--note", help="Anything to remember; kept in the erasable table beside the ledger.")
@click.pass_context
def record(
    ctx: click.Context,
    *,
    store: str,
    backup_of: datetime,
    drilled: datetime | None,
    failed: bool,
    minutes: int | None,
    checked: tuple[str, ...],
    note: str | None,
) -> int:
    """Keep evidence that a backup of STORE was restored as a test. Recorded; prints its id."""
    from governance.flows.retention.restoring import record_backup_drill
    from governance.retention.drills import DrillDraft

    with opened(ctx) as gov:
        said = DrillDraft(
            store=store,
            backup_day=backup_of.date(),
            drilled=drilled.date() if drilled else gov.clock().date(),
            outcome="failed" if failed else "passed",
            minutes=minutes,
            checked=checked,
        )
        emit(record_backup_drill(gov, said, note=note).id, None)
    return 0


@drill.command(name="list", epilog=examples("backup drill list", "backup drill list --store crm --format json"))
@click.option("--store", help="Only those of this store.")
@format_option("text", "json")
@lang_option
@click.pass_context
def list_(ctx: click.Context, store: str | None, form: str, lang: str) -> int:
    """List restore tests, oldest first: day, store, day of the backup, outcome, minutes, what was checked."""
    from governance.flows.retention.restoring import backup_drills

    with opened(ctx) as gov:
        found = backup_drills(gov, store)
    if form == "json":
        drills = [each.to_json() for each in found]
        emit(json.dumps({"schema": "governance.backup-drills/1", "drills": drills}, indent=2), None)
    else:
        emit_lines(_listed(found, Words(lang)), None)
    return 0


def _listed(found: Sequence[Drill], words: Words) -> Iterator[str]:
    for each in found:
        checked = words.say("report.comma").join(words.say(f"backup.checked_{name}") for name in each.checked)
        yield words.say(
            "backup.listed",
            drilled=each.drilled,
            store=each.store,
            day=each.backup_day,
            outcome=words.say(f"backup.{each.outcome}"),
            minutes="-" if each.minutes is None else each.minutes,
            checked=checked or "-",
        )
    yield words.say("backup.count", count=len(found))
