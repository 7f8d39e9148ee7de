"""`governance request list` and `governance request show`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import click

from governance.cli.output import emit, examples, format_option, lang_option, output_option
from governance.cli.project_option import opened
from governance.cli.request_said import requests_said, whole_said
from policies.vocabulary import Words

COLUMNS = (
    "id",
    "type",
    "law",
    "state",
    "received",
    "due_day",
    "ack_day",
    "paused",
    "outcome",
    "overdue",
    "unacknowledged",
)
"""What a list says of a request."""


@click.command(
    name="list",
    epilog=examples("request list", "request list --overdue", "request list --all --format csv --output requests.csv"),
)
@click.option("--overdue", is_flag=True, help="Only what is overdue; exits 1 when there is any.")
@click.option("--all", "every", is_flag=True, help="Ended ones too.")
@format_option("text", "json", "csv")
@lang_option
@output_option
@click.pass_context
def list_(ctx: click.Context, *, overdue: bool, every: bool, form: str, lang: str, output: Path | None) -> int:
    """List requests whose person waits, the one due first at the head: id, type, law, state, last day.

    With --overdue only those whose answer or acknowledgement is late; it exits 1 when there are any, for a nightly job.
    """
    if overdue and every:
        raise click.UsageError("give one of --overdue and --all")
    from governance.ledger.events import stamp

    with opened(ctx) as gov:
        late = {each.id for each in gov.requests.overdue()}
        found = [each for each in gov.requests.list(every=every) if not overdue or each.id in late]
        now = stamp(gov.clock())
    rows = [
        each.to_json() | {"overdue": each.id in late, "unacknowledged": each.is_unacknowledged(now)} for each in found
    ]
    shown = [{name: row[name] for name in COLUMNS} for row in rows]
    emit(_FORMS[form](shown, Words(lang)), output)
    return int(overdue and bool(late))


@click.command(epilog=examples("request show ID", "request show ID --format json"))
@click.argument("request_id", metavar="ID")
@format_option("text", "json")
@lang_option
@click.pass_context
def show(ctx: click.Context, request_id: str, form: str, lang: str) -> int:
    """Show request ID with its tasks and history, people by name and texts where they are still kept."""
    with opened(ctx) as gov:
        found = gov.requests.show(request_id)
    if form == "json":
        emit(json.dumps({"schema": "governance.request/1"} | found, indent=2, ensure_ascii=False), None)
        return 0
    emit("\n".join(whole_said(found, Words(lang))), None)
    return 0


def _text(rows: list[dict[str, Any]], words: Words) -> str:
    return "\n".join(requests_said(rows, words))


def _json(rows: list[dict[str, Any]], _: Words) -> str:
    return json.dumps({"schema": "governance.request-list/1", "requests": rows}, indent=2)


def _csv(rows: list[dict[str, Any]], _: Words) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


_FORMS = {"text": _text, "json": _json, "csv": _csv}
