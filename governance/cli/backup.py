"""`governance backup drill record|list`."""

from __future__ import annotations

import json
from datetime import datetime

import click

from governance.cli.output import emit, examples, format_option
from governance.cli.project_option import opened

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
@click.pass_context
def list_(ctx: click.Context, store: str | None, form: str) -> int:
    """List restore tests, oldest first: day, store, day of the backup, outcome, minutes, what was checked."""
    from governance.flows.retention.restoring import backup_drills

    with opened(ctx) as gov:
        found = backup_drills(gov, store)
    if form == "json":
        emit(
            json.dumps(
                {"schema": "governance.backup-drills/1", "drills": [each.to_json() for each in found]}, indent=2
            ),
            None,
        )
        return 0
    lines = [
        f"{each.drilled}  {each.store}  backup of {each.backup_day}  {each.outcome}"
        f"  {'-' if each.minutes is None else each.minutes} min  {', '.join(each.checked) or '-'}"
        for each in found
    ]
    emit("\n".join([*lines, f"{len(lines)} restore tests"]), None)
    return 0
