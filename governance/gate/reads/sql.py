"""Reads SQL migrations: statement by statement, each in the dialects that it may be written in.

A statement that no dialect understands is said to be so; the others are read all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from governance.gate.changes import Reading, Unread
from governance.gate.reads.alter_actions import read_alter
from governance.gate.reads.names import table_name
from governance.gate.reads.place import At
from governance.gate.reads.sql_bodies import read_body
from governance.gate.reads.sql_commands import read_command, with_column
from governance.gate.reads.sql_cutting import cut, spelled_out
from governance.gate.reads.sql_statements import read_statement

DIALECTS = ("postgres", "mysql", "sqlite")
"""Dialects that are read, by the parser's names, in the order in which they are tried."""
BROKEN = (SqlglotError, RecursionError, TypeError, AttributeError, ValueError, IndexError)
"""What the compiled parser raises on broken text: its own errors, and those of trees that it left half-built."""
_VERBS = frozenset(
    ["ALTER", "CREATE", "DO", "DELIMITER", "BEGIN", "IF", "EXEC", "EXECUTE", "INSERT", "UPDATE", "DELETE", "END"]
)
_PARSER_LOG = logging.getLogger("sqlglot")


def read_sql(text: str, file: str, dialects: Sequence[str] = DIALECTS, first_line: int = 1) -> Reading:
    """What a SQL text does to the schema; `first_line` is where the text begins in its file."""
    statements = _statements(text, dialects)
    if statements is None:
        return Reading(unread=(Unread(file, first_line, "cut"),), statements=1)
    reading = Reading()
    for tokens in statements:
        reading += _read(tokens, text, dialects, file, first_line)
    return _with_comments(reading, text, dialects)


def _statements(text: str, dialects: Sequence[str]) -> list[list[Token]] | None:
    for name in dialects:
        try:
            return list(cut(Dialect.get_or_raise(name).tokenize(text)))
        except BROKEN:
            continue
    return None


def _read(tokens: list[Token], text: str, dialects: Sequence[str], file: str, first_line: int) -> Reading:
    line = first_line + tokens[0].line - 1
    source = text[tokens[0].start : tokens[-1].end + 1]
    readings = []
    for dialect in dialects:
        found = _in_dialect(source, At(dialect, file, line))
        if not found.unread:
            return found
        readings.append(found)
    return min(readings, key=lambda each: sum(unread.grave for unread in each.unread))


def _in_dialect(source: str, at: At) -> Reading:
    """What one statement does, read in one dialect."""
    try:
        with _quiet():
            return _parsed(source, at)
    except BROKEN:
        return replace(at.unread("statement", _verb_of(source)), statements=1)


def _parsed(source: str, at: At) -> Reading:
    spoken = Dialect.get_or_raise(at.dialect)
    tokens = spoken.tokenize(source)
    if not tokens:
        return Reading()
    tokens = spelled_out(tokens, source, spoken.tokenize)
    known = read_body(tokens, source, at, _in_dialect, spoken.tokenize) or read_command(tokens, at)
    if known is not None:
        return replace(known, statements=1)
    spelled = with_column(tokens, source)
    if spelled != source:
        source, tokens = spelled, spoken.tokenize(spelled)
    parsed = [each for each in spoken.parser().parse(tokens, source) if each is not None]
    reading = Reading(statements=len(parsed))
    for each in parsed:
        if isinstance(each, exp.Command) and str(each.this).upper() == "ALTER":
            reading += read_alter(tokens, source, at)
        else:
            reading += read_statement(each, at)
    return reading


def _verb_of(source: str) -> str:
    """The key word that a statement begins with, if it is one that we know; nothing else of it is repeated."""
    word = source.split(None, 1)[0].upper() if source.split() else ""
    return word if word in _VERBS else "?"


def _with_comments(reading: Reading, text: str, dialects: Sequence[str]) -> Reading:
    """The reading with what `COMMENT ON COLUMN` of the same file says of its fields."""
    if "comment" not in text.lower():
        return reading
    said = dict(_comments(text, dialects[0]))
    changes = tuple(
        replace(each, comment=said[(each.dataset, each.field)]) if (each.dataset, each.field) in said else each
        for each in reading.changes
    )
    return replace(reading, changes=changes)


def _comments(text: str, dialect: str) -> Iterator[tuple[tuple[str, str], str]]:
    for tokens in _statements(text, (dialect,)) or []:
        if tokens[0].token_type is not TokenType.COMMENT:
            continue
        source = text[tokens[0].start : tokens[-1].end + 1]
        try:
            with _quiet():
                parsed = Dialect.get_or_raise(dialect).parse(source)[0]
        except BROKEN:
            continue
        if isinstance(parsed, exp.Comment) and isinstance(parsed.this, exp.Column):
            column = parsed.this
            table = exp.Table(this=column.args.get("table"), db=column.args.get("db"))
            yield (table_name(table, dialect), column.name), parsed.expression.name


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the parser from logging statements that it falls back on: they can hold values of people."""
    before = _PARSER_LOG.disabled
    _PARSER_LOG.disabled = True
    try:
        yield
    finally:
        _PARSER_LOG.disabled = before
