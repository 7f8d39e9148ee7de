"""`governance query`."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import io
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from governance.cli.output import emit, examples, format_option, lang_option, output_option, say
from governance.cli.project_option import opened
from policies.vocabulary import Words


@click.command(
    epilog=examples(
        "query crm \"SELECT name, email FROM customers WHERE region = 'EU'\" --as alice --purpose support",
        'query crm "SELECT tier, count(*) FROM customers GROUP BY tier" --as bo --purpose analytics --format csv',
        'query crm "SELECT * FROM customers" --as alice --purpose support --explain',
        "query crm - --as alice --purpose support --format json --output answer.json < question.sql",
    )
)
@click.argument("store")
@click.argument("statement", metavar="SQL")
@click.option(
    "--as", "principal", required=True, metavar="USER", help="Who asks. Needs the role `impersonate` for others."
)
@click.option("--purpose", required=True, help="The purpose, as in purposes.yaml.")
@click.option(
    "--explain", is_flag=True, help="Say too how each field was given, which lines decided, and what was left out why."
)
@format_option("text", "json", "csv", "markdown")
@lang_option
@output_option
@click.pass_context
def query(
    ctx: click.Context,
    *,
    store: str,
    statement: str,
    principal: str,
    purpose: str,
    explain: bool,
    form: str,
    lang: str,
    output: Path | None,
) -> int:
    """Run one SELECT on STORE as USER for a purpose, and show what the policy gives. With `-` it is read from stdin.

    With --output the rows leave the application, and the action is `export` instead of `read`; the file is written when
    all rows are there. Rows go to standard output, what was left out to standard error. Exits 1 when access is refused.
    """
    from governance.flows.access.explaining_use import explain_use
    from policies.nouns import Action

    sql = sys.stdin.read() if statement == "-" else statement
    action = Action.READ if output is None else Action.EXPORT
    with opened(ctx) as gov:
        since = gov.clock()
        found = gov.query(store, sql, principal=principal, purpose=purpose, action=action)
        rows = list(found.rows)
        told = (
            explain_use(gov, sql, principal=principal, purpose=purpose, since=since, omitted=found.omitted, lang=lang)
            if explain
            else None
        )
    words = Words(lang)
    emit(_written(form, found.columns, rows, words), output)
    for line in told.say(words) if told else ():
        say(line)
    if found.omitted and told is None:
        say(words.say("cli.query_left_out", fields=words.say("report.comma").join(map(str, found.omitted))))
    return 0


def _written(form: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], words: Words) -> str:
    if form == "json":
        return json.dumps([_named(columns, row) for row in rows], indent=2, ensure_ascii=False)
    if form == "csv":
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([columns, *([_harmless(each) for each in row] for row in rows)])
        return out.getvalue()
    if form == "markdown":
        return _markdown(columns, rows)
    return _table(columns, rows, words)


def _named(columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """A row by the names of its columns; of those of one name the second is `NAME_2`, so that none is lost."""
    found: dict[str, Any] = {}
    for name, value in zip(columns, row, strict=True):
        number, free = 2, name
        while free in found or (free != name and free in columns):
            free, number = f"{name}_{number}", number + 1
        found[free] = _plain(value)
    return found


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    from audits.formats.markdown import escape

    def line(cells: Sequence[Any]) -> str:
        return "| " + " | ".join("" if each is None else escape(str(_plain(each))) for each in cells) + " |"

    return "\n".join([line(columns), "|" + "---|" * len(columns), *(line(row) for row in rows)])


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


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]], words: Words) -> str:
    from audits.formats.widths import pad, printable, width

    cells = [[*columns], *([("" if each is None else str(_plain(each))) for each in row] for row in rows)]
    shown = [[printable(each) for each in row] for row in cells]
    widths = [max(width(row[place]) for row in shown) for place in range(len(columns))]
    lines = ["  ".join(pad(cell, wide) for cell, wide in zip(row, widths, strict=True)).rstrip() for row in shown]
    number = len(shown) - 1
    count = words.say("cli.rows_one" if number == 1 else "cli.rows", count=number)
    return "\n".join([lines[0], "  ".join("-" * wide for wide in widths), *lines[1:], count])
