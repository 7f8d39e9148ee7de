"""`governance query`."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from governance.cli.output import emit, examples, format_option, output_option, say
from governance.cli.project_option import opened


@click.command(
    epilog=examples(
        "query crm \"SELECT name, email FROM customers WHERE region = 'EU'\" --as alice --purpose support",
        'query crm "SELECT tier, count(*) FROM customers GROUP BY tier" --as bo --purpose analytics --format csv',
    )
)
@click.argument("store")
@click.argument("statement", metavar="SQL")
@click.option(
    "--as", "principal", required=True, metavar="USER", help="Who asks. Needs the role `impersonate` for others."
)
@click.option("--purpose", required=True, help="The purpose, as in purposes.yaml.")
@format_option("text", "json", "csv")
@output_option
@click.pass_context
def query(
    ctx: click.Context, *, store: str, statement: str, principal: str, purpose: str, form: str, output: Path | None
) -> int:
    """Run one SELECT on STORE as USER for a purpose, and show what the policy gives.

    With --output the rows leave the application, and the action is `export` instead of `read`. Exits 1 when access is
    refused.
    """
    from policies.nouns import Action

    action = Action.READ if output is None else Action.EXPORT
    with opened(ctx) as gov:
        found = gov.query(store, statement, principal=principal, purpose=purpose, action=action)
        rows = list(found.rows)
    emit(_written(form, found.columns, rows), output)
    if found.omitted:
        say(f"left out by the policy: {', '.join(map(str, found.omitted))}")
    return 0


def _written(form: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    if form == "json":
        document = [dict(zip(columns, (_plain(each) for each in row), strict=True)) for row in rows]
        return json.dumps(document, indent=2, ensure_ascii=False)
    if form == "csv":
        out = io.StringIO()
        csv.writer(out).writerows([columns, *([_harmless(each) for each in row] for row in rows)])
        return out.getvalue()
    return _table(columns, rows)


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    return value.hex() if isinstance(value, bytes) else value


def _harmless(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe."""
    plain = _plain(value)
    return f"'{plain}" if isinstance(plain, str) and plain[:1] in ("=", "+", "-", "@", "\t", "\r") else plain


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    from rich.cells import cell_len

    shown = [[*columns], *([("" if each is None else str(_plain(each))) for each in row] for row in rows)]
    widths = [max(cell_len(row[place]) for row in shown) for place in range(len(columns))]
    lines = [
        "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:], f"{len(shown) - 1} rows"])
