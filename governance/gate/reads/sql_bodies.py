"""Reads the bodies of functions, procedures, triggers and DO blocks: statement by statement, as far as they are plain.

Control words are passed over. A piece that is no statement in any dialect leaves the body unread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from sqlglot.tokenizer_core import Token, TokenType

from governance.gate.changes import ChangeKind, Reading, SchemaChange, Source
from governance.gate.reads.names import dataset_name, folded
from governance.gate.reads.place import At
from governance.gate.reads.sql_cutting import BODIES, cut, is_body
from governance.gate.reads.sql_flow import NEW_ROW

ReadText = Callable[[str, At], Reading]
"""Reads one statement from its text."""
_VERBS = frozenset(
    ["ALTER", "CREATE", "DELETE", "DROP", "GRANT", "INSERT", "MERGE", "SELECT", "TRUNCATE", "UPDATE", "WITH"]
)
_STRINGS = (TokenType.HEREDOC_STRING, TokenType.STRING, TokenType.RAW_STRING, TokenType.NATIONAL_STRING)
_CONTROL = frozenset(
    [
        "BEGIN", "CASE", "CLOSE", "CONTINUE", "DECLARE", "ELSE", "ELSEIF", "ELSIF", "END", "EXCEPTION", "EXIT", "FETCH",
        "FOR", "GET", "IF", "ITERATE", "LEAVE", "LOOP", "NULL", "OPEN", "RAISE", "REPEAT", "RETURN", "SET", "SIGNAL",
        "UNTIL", "WHEN", "WHILE",
    ]
)  # fmt: skip
_DYNAMIC = frozenset({"EXECUTE", "PREPARE", "PERFORM", "CALL"})


def read_body(
    tokens: Sequence[Token], source: str, at: At, read: ReadText, tokenize: Callable[[str], list[Token]]
) -> Reading | None:
    """What a function, procedure, trigger or DO block does when it runs; None for another statement."""
    if not is_body(tokens):
        return None
    words = [token.text.upper() for token in tokens]
    kind = next((word for word in words[:8] if word in BODIES), "DO")
    inner, line = _body(tokens, source, words)
    if not inner:
        if kind == "TRIGGER":
            return _runs_function(tokens, words, at)
        return at.unread("body" if kind != "DO" else "statement", kind, grave=kind == "DO")
    reading = _statements(inner, at.further(line), read, tokenize)
    if reading.unread:
        reading = replace(
            reading, unread=at.unread("body" if kind != "DO" else "statement", kind, grave=kind == "DO").unread
        )
    table = _table_of(tokens, words, at) if kind == "TRIGGER" else ""
    name = _function_name(words) if kind in ("FUNCTION", "PROCEDURE") else ""
    changes = tuple(one for each in reading.changes for one in _inside(each, kind, table, name))
    if kind == "TRIGGER" or _gives_no_rows(words):
        changes = tuple(each for each in changes if each.kind is not ChangeKind.SHOW_FIELD)
    return Reading(changes, reading.unread, 1)


def _body(tokens: Sequence[Token], source: str, words: list[str]) -> tuple[str, int]:
    """The text of the body and how many lines below the statement's beginning it begins."""
    strings = [token for token in tokens if token.token_type in _STRINGS and len(token.text) > 5]
    found = next((each for each in strings if each.token_type is TokenType.HEREDOC_STRING), None)
    found = found or (strings[-1] if strings and ("AS" in words or words[0] == "DO") and "BEGIN" not in words else None)
    if found is not None:
        return found.text, found.line - tokens[0].line - found.text.count("\n")
    start = next((place for place, word in enumerate(words) if word == "BEGIN"), None)
    if start is not None:
        return source[tokens[start + 1].start - tokens[0].start : tokens[-1].end + 1 - tokens[0].start], (
            tokens[start + 1].line - tokens[0].line
        )
    start = next((place for place, word in enumerate(words) if place > 4 and word in _VERBS - {"WITH"}), None)
    if start is None or "ROW" not in words[:start]:
        return "", 0
    return source[tokens[start].start - tokens[0].start :], tokens[start].line - tokens[0].line


def _statements(body: str, at: At, read: ReadText, tokenize: Callable[[str], list[Token]]) -> Reading:
    reading = Reading()
    declaring = False
    for piece in cut(tokenize(body)):
        words = [token.text.upper() for token in piece]
        declaring = (declaring or "DECLARE" in words[:2]) and "BEGIN" not in words
        if any(word in _DYNAMIC for word in words[:4]):
            reading += at.unread("body")
        start = _verb(piece, words)
        if start is None:
            plain = declaring or words[0] in _CONTROL or "=" in words or ":=" in words
            reading += _assigned(piece, body, at, read) if plain else at.unread("body")
            continue
        text = body[piece[start].start : piece[-1].end + 1]
        reading += read(text, at.further(piece[start].line - 1))
    return reading


def _verb(piece: Sequence[Token], words: list[str]) -> int | None:
    """Where the statement of a piece begins, behind `BEGIN`, `IF ... THEN`, `RETURN QUERY`; None without one."""
    depth = 0
    for place, token in enumerate(piece):
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        fresh = place == 0 or words[place - 1] in (
            "BEGIN", "THEN", "ELSE", "LOOP", "QUERY", "DO", "IN", "AS", "DECLARE", "RETURN", "END",
        )  # fmt: skip
        if depth == 0 and words[place] in _VERBS and fresh:
            return place
    return None


def _assigned(piece: Sequence[Token], body: str, at: At, read: ReadText) -> Reading:
    """An expression that a function returns or assigns is read as if it were selected: it may take values."""
    words = [token.text.upper() for token in piece]
    for mark in ("RETURN", ":="):
        if mark in words and words.index(mark) + 1 < len(words):
            rest = piece[words.index(mark) + 1 :]
            if [each.text.upper() for each in rest] in (["NEW"], ["OLD"], ["NULL"], ["TRUE"], ["FALSE"]):
                return Reading()
            return read("SELECT " + body[rest[0].start : rest[-1].end + 1], at.further(rest[0].line - 1))
    return Reading()


def _table_of(tokens: Sequence[Token], words: list[str], at: At) -> str:
    """The table of a trigger: what stands behind its ON."""
    place = words.index("ON") + 1 if "ON" in words[:30] else 0
    parts = [tokens[place]]
    while len(tokens) > place + 2 and tokens[place + 1].token_type is TokenType.DOT:
        place += 2
        parts.append(tokens[place])
    names = [
        folded(each.text, quoted=each.token_type is TokenType.IDENTIFIER, dialect=at.dialect) for each in parts[-2:]
    ]
    return dataset_name(names[0] if len(names) > 1 else "", names[-1], at.dialect)


def _runs_function(tokens: Sequence[Token], words: list[str], at: At) -> Reading:
    """A trigger without a body of its own: it runs a function."""
    place = next((place for place, word in enumerate(words) if word == "EXECUTE"), None)
    if place is None or "(" not in words[place:]:
        return at.unread("body", "TRIGGER", grave=False)
    name = tokens[words.index("(", place) - 1].text.lower()
    return at.said(ChangeKind.ADD_TRIGGER, _table_of(tokens, words, at), name=name)


def _gives_no_rows(words: list[str]) -> bool:
    """Whether a function is one for triggers, whose result nobody sees."""
    return "RETURNS" in words and words[words.index("RETURNS") + 1 :][:1] == ["TRIGGER"]


def _function_name(words: list[str]) -> str:
    place = next((at for at, word in enumerate(words) if word in ("FUNCTION", "PROCEDURE")), 0)
    stop = words.index("(") if "(" in words else place + 2
    return words[stop - 1].lower() if stop > place else ""


def _inside(change: SchemaChange, kind: str, table: str, name: str) -> Iterator[SchemaChange]:
    """A change as it stands in a body: it happens later or perhaps never, and NEW is the row of the trigger's table."""
    if kind == "DO":
        if change.kind is not ChangeKind.SHOW_FIELD:
            yield replace(change, certain=False)
        return
    sources = tuple(
        replace(each, dataset=table) if each.dataset == NEW_ROW and table else each for each in change.sources
    )
    target = table if change.target == NEW_ROW and table else change.target
    if change.through == "select_into":  # in a body it fills a variable, which may be given out
        taken = sources or ((Source(target, "*"),) if target else ())
        change = replace(change, kind=ChangeKind.SHOW_FIELD, dataset="", field="", target="")
        sources, target = taken, ""
    moved = change.kind in (ChangeKind.FILL_FIELD, ChangeKind.COPY_ROWS, ChangeKind.SHOW_FIELD)
    through = ("trigger" if kind == "TRIGGER" else "function") if moved else change.through
    named = change.name or name
    yield replace(change, certain=False, sources=sources, target=target, name=named, through=through)
