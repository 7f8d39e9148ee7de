"""Chapter: one statement, asked by four people for four purposes."""

from __future__ import annotations

from collections.abc import Iterator

from governance.demo.stage import INDENT, Line, Stage, Style, table
from policies.errors import AccessRefusedError

STATEMENT = "SELECT name, email, phone, city FROM customers WHERE email IS NOT NULL ORDER BY phone DESC, name LIMIT 2"
"""What all of them ask."""
_COUNT = "SELECT count(*) FROM customers"
_PEOPLE = (("alice", "support"), ("mei", "care"), ("tom", "marketing.email"), ("dora", "oversight"))


def query(stage: Stage) -> Iterator[Line]:
    """What each of them gets, and how many customers there are for each; then what nobody in marketing gets."""
    yield from stage.say("query")
    yield Line(f"{INDENT}{STATEMENT}", Style.COMMAND)
    for who, purpose in _PEOPLE:
        ((count,),) = stage.ask(who, purpose, _COUNT)[1]
        yield Line("")
        yield Line(INDENT + stage.word("query_who", who=who, purpose=purpose, count=count), Style.SAY)
        yield from table(stage.ask(who, purpose, STATEMENT)[1])
    yield Line("")
    yield from stage.say("query_special")
    try:
        stage.ask("tom", "marketing.email", "SELECT count(*) FROM clinic_visits")
    except AccessRefusedError as refusal:
        yield from stage.refusal(refusal)
    yield from stage.command(f'governance query crm "{_COUNT}" --as alice --purpose support')
