"""Chapter: one statement by four people under three purposes, side by side; then an emergency."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audits.formats.widths import cut, printable
from governance.demo.stage import INDENT, Line, Stage, Style, table
from policies.errors import AccessRefusedError

STATEMENT = "SELECT name, email, phone, city FROM customers WHERE email IS NOT NULL ORDER BY phone DESC, name LIMIT 1"
"""What all of them ask."""
EMERGENCY = "SELECT name, phone, city FROM customers WHERE region = 'CN' AND phone IS NOT NULL ORDER BY id LIMIT 1"
"""What somebody in support must know for once, of a customer that support in the EU does not see."""
_COUNT = "SELECT count(*) FROM customers"
_PEOPLE = (("alice", "support"), ("chen", "support"), ("mei", "care"), ("tom", "marketing.email"))
_CELLS = 18
_MINUTES = 20


def query(stage: Stage) -> Iterator[Line]:
    """What each of them gets in one table, what nobody in marketing gets, and what an emergency opens and closes."""
    yield from stage.say("query")
    yield Line(f"{INDENT}{STATEMENT}", Style.COMMAND)
    yield from table(list(zip(_labels(stage), *(_column(stage, *each) for each in _PEOPLE), strict=True)))
    yield Line("")
    yield from stage.say("query_special")
    try:
        stage.ask("tom", "marketing.email", "SELECT count(*) FROM clinic_visits")
    except AccessRefusedError as refusal:
        yield from stage.refusal(refusal)
    yield from stage.command(f'governance query crm "{_COUNT}" --as alice --purpose support')
    yield from _emergency(stage)


def _labels(stage: Stage) -> list[str]:
    return ["", "", stage.word("query_count"), "name", "email", "phone", "city"]


def _column(stage: Stage, who: str, purpose: str) -> list[Any]:
    ((count,),) = stage.ask(who, purpose, _COUNT)[1]
    rows = stage.ask(who, purpose, STATEMENT)[1]
    shown = rows[0] if rows else (None,) * 4
    return [who, purpose, stage.number(count), *(None if each is None else _short(each) for each in shown)]


def _short(value: object) -> str:
    return cut(printable(str(value)), _CELLS)


def _emergency(stage: Stage) -> Iterator[Line]:
    gov = stage.gov
    yield Line("")
    yield from stage.say("glass", minutes=_MINUTES)
    opening = gov.break_glass("alice", "caller unconscious, the ambulance needs the address", _MINUTES)
    gov.approve_break_glass(opening.id, "dora")
    yield from table([("alice", "emergency", *row) for row in stage.ask("alice", "emergency", EMERGENCY)[1]])
    gov.close_break_glass(opening.id, "alice")
    yield from stage.say("glass_closed")
    try:
        stage.ask("alice", "emergency", EMERGENCY)
    except AccessRefusedError as refusal:
        yield from stage.refusal(refusal)
    yield from stage.command("governance break-glass list")
