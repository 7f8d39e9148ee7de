"""Reads an ALTER TABLE that the parser gives up on as a whole, action by action, as MySQL writes several in one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from governance.gate.changes import ChangeKind, Reading
from governance.gate.reads.place import At
from governance.gate.reads.sql_commands import switched
from governance.gate.reads.sql_statements import read_statement

_NO_COLUMN = frozenset(
    [
        "INDEX",
        "KEY",
        "UNIQUE",
        "PRIMARY",
        "CONSTRAINT",
        "FOREIGN",
        "FULLTEXT",
        "SPATIAL",
        "CHECK",
        "PARTITION",
        "PERIOD",
        "SYSTEM",
        "GENERATED",
    ]
)
_NO_FIELD = frozenset(
    [
        "ENGINE",
        "AUTO_INCREMENT",
        "COMMENT",
        "CONVERT",
        "DEFAULT",
        "CHARACTER",
        "CHARSET",
        "COLLATE",
        "ROW_FORMAT",
        "ENABLE",
        "DISABLE",
        "ORDER",
        "FORCE",
        "ALGORITHM",
        "LOCK",
        "VALIDATE",
        "OWNER",
        "SET",
        "RESET",
        "CLUSTER",
        "ATTACH",
        "DETACH",
        "REPLICA",
        "NO",
        "INHERIT",
    ]
)
_PARSED = frozenset({"DROP", "ALTER"})
_SKIPPED = frozenset({"COLUMN", "IF", "NOT", "EXISTS"})


def read_alter(tokens: Sequence[Token], source: str, at: At) -> Reading:
    """What the actions of an ALTER statement do; an action that is not known is said to be so."""
    words = [token.text.upper() for token in tokens]
    if len(words) < 4 or words[1] not in ("TABLE", "ONLINE", "IGNORE"):
        return _read_other(words, at)
    start = words.index("TABLE") + 1 if "TABLE" in words[:4] else 0
    while start < len(words) and words[start] in ("IF", "EXISTS", "ONLY"):
        start += 1
    end = start + 1
    while end + 1 < len(tokens) and tokens[end].token_type is TokenType.DOT:
        end += 2
    table = source[tokens[start].start : tokens[end - 1].end + 1]
    reading = Reading()
    for action in _actions(tokens[end:]):
        reading += _read_action(action, source, table, at)
    return reading


def _read_other(words: Sequence[str], at: At) -> Reading:
    """ALTER of something that has no columns is harmless; of a view or the unknown it is not."""
    if len(words) > 1 and words[1] in (
        "SEQUENCE", "INDEX", "SCHEMA", "DATABASE", "ROLE", "USER", "TYPE", "DOMAIN", "EXTENSION", "SYSTEM", "DEFAULT",
    ):  # fmt: skip
        return Reading()
    return at.unread("statement", "ALTER")


def _actions(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    depth, action = 0, list[Token]()
    for token in tokens:
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        if token.token_type is TokenType.COMMA and depth == 0:
            yield action
            action = []
        else:
            action.append(token)
    if action:
        yield action


def _read_action(action: list[Token], source: str, table: str, at: At) -> Reading:
    words = [token.text.upper() for token in action]
    unread = at.further(action[0].line - 1).unread("alter_action")
    switch = switched(words, _dataset(table, at), at)
    if switch is not None:
        return switch
    if words[0] in _PARSED:
        return _alone(action, source, table, at)
    if words[0] in _NO_FIELD:
        return Reading()
    if words[0] == "RENAME" and words[1:2] in (["INDEX"], ["KEY"], ["CONSTRAINT"]):
        return Reading()
    if words[0] == "RENAME" or (words[0] == "ADD" and words[1:2] and words[1] in _NO_COLUMN):
        return _alone(action, source, table, at)
    start = 1
    while start < len(words) and words[start] in _SKIPPED and action[start].token_type is not TokenType.IDENTIFIER:
        start += 1
    if words[0] in ("ADD", "MODIFY") and start < len(action):
        made = _defined(action[start:], source, table, at)
        return unread if made is None else made if words[0] == "ADD" else _renamed(made, "")
    if words[0] == "CHANGE" and start + 1 < len(action):
        made = _defined(action[start + 1 :], source, table, at)
        return unread if made is None else _renamed(made, action[start].text)
    return unread


def _alone(action: list[Token], source: str, table: str, at: At) -> Reading:
    """An action that makes no field, read as the only one of its statement; one that is not read adds nothing."""
    text = source[action[0].start : action[-1].end + 1]
    try:
        parsed = Dialect.get_or_raise(at.dialect).parse(f"ALTER TABLE {table} {text}")[0]
    except SqlglotError:
        return Reading() if action[0].text.upper() != "RENAME" else at.unread("alter_action")
    if isinstance(parsed, exp.Alter):
        return read_statement(parsed, at.further(action[0].line - 1))
    return Reading() if action[0].text.upper() != "RENAME" else at.unread("alter_action")


def _dataset(table: str, at: At) -> str:
    return at.table(exp.to_table(table, dialect=at.dialect))


def _defined(tokens: list[Token], source: str, table: str, at: At) -> Reading | None:
    """The columns that a definition, or a list of them in parentheses, makes; None when it cannot be read."""
    tokens = _without_position(tokens)
    text = source[tokens[0].start : tokens[-1].end + 1]
    whole = text if tokens[0].token_type is TokenType.L_PAREN else f"({text})"
    try:
        made = Dialect.get_or_raise(at.dialect).parse(f"CREATE TABLE {table} {whole}")[0]
    except SqlglotError:
        return None
    if not isinstance(made, exp.Create):
        return None
    reading = read_statement(made, at.further(tokens[0].line - 1))
    return reading if reading.changes and not reading.unread else None


def _without_position(tokens: list[Token]) -> list[Token]:
    """A definition without MySQL's `FIRST` or `AFTER other` at its end."""
    if tokens[-1].text.upper() == "FIRST":
        return tokens[:-1]
    return tokens[:-2] if len(tokens) > 2 and tokens[-2].text.upper() == "AFTER" else tokens


def _renamed(made: Reading, former: str) -> Reading:
    """A redefined column: another type, and a renaming when its name is new."""
    first, *rest = made.changes
    changes = [replace(first, kind=ChangeKind.RETYPE_FIELD), *rest]
    if former and first.field != former:
        changes.insert(0, replace(first, kind=ChangeKind.RENAME_FIELD, former=former))
    return Reading(tuple(changes))
