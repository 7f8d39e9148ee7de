"""Reads statements that the parser keeps as text, token by token: rights, row-level security, labels, renaming."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot.tokenizer_core import Token, TokenType

from governance.gate.changes import ChangeKind, Reading, SchemaChange
from governance.gate.reads.names import dataset_name, folded
from governance.gate.reads.place import At

_NOT_OF_TABLES = frozenset(
    [
        "DATABASE", "DOMAIN", "FUNCTION", "FUNCTIONS", "LANGUAGE", "PARAMETER", "PROCEDURE", "PROCEDURES", "ROUTINE",
        "ROUTINES", "SCHEMA", "SCHEMAS", "SEQUENCE", "SEQUENCES", "TABLESPACE", "TYPE", "TYPES", "FOREIGN", "LARGE",
    ]
)  # fmt: skip


_RENAMED = frozenset({"AS", "COLUMN", "CONSTRAINT", "INDEX", "KEY", "TO"})


def read_command(tokens: Sequence[Token], at: At) -> Reading | None:
    """What such a statement does; None for one that is not read here."""
    words = [token.text.upper() for token in tokens]
    if words[0] == "GRANT":
        return Reading(tuple(_grants(tokens, words, at)))
    if words[:3] == ["ALTER", "DEFAULT", "PRIVILEGES"] and "GRANT" in words:
        start = words.index("GRANT")
        return Reading(tuple(_grants(tokens[start:], words[start:], at, every=True)))
    if words[:2] == ["DROP", "POLICY"] and "ON" in words:
        return Reading((at.change(ChangeKind.DROP_FILTER, _name(tokens[words.index("ON") + 1 :], at)[0]),))
    if words[:2] == ["SECURITY", "LABEL"]:
        return _label(tokens, words, at)
    if words[0] in ("DEALLOCATE", "PREPARE"):
        return Reading()  # MySQL's PREPARE takes any text; what counts is the EXECUTE, which is not read
    if words[:2] == ["RENAME", "TABLE"]:
        return Reading(tuple(_renamed(tokens[2:], at)))
    return None


def with_column(tokens: Sequence[Token], source: str) -> str:
    """The statement with the word COLUMN that may be left out of `ALTER TABLE t RENAME a TO b`."""
    words = [token.text.upper() for token in tokens]
    if words[:2] != ["ALTER", "TABLE"]:
        return source
    for place in range(len(words) - 3, 1, -1):
        column = words[place] == "RENAME" and words[place + 2] == "TO" and words[place + 1] not in _RENAMED
        if column:
            begin = tokens[place + 1].start
            source = f"{source[:begin]}COLUMN {source[begin:]}"
    return source


def switched(action: Sequence[str], dataset: str, at: At) -> Reading | None:
    """What an action of ALTER TABLE means that switches row-level security or triggers; None for another action."""
    if action[-3:] == ["ROW", "LEVEL", "SECURITY"]:
        off = action[0] in ("DISABLE", "NO")
        return at.said(ChangeKind.DROP_FILTER, dataset) if off else Reading()
    if action[:1] == ["DISABLE"] and "TRIGGER" in action:
        return at.said(ChangeKind.SILENCE, dataset)
    return None


def _grants(tokens: Sequence[Token], words: list[str], at: At, *, every: bool = False) -> Iterator[SchemaChange]:
    depth = 0
    ons: list[int] = []
    for place, token in enumerate(tokens):
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        if depth == 0 and words[place] == "ON":
            ons.append(place)
    to = len(words) - 1 - words[::-1].index("TO") if "TO" in words else len(words)
    public = any(word == "PUBLIC" for word in words[to:])
    if not ons:
        if public:
            yield at.change(ChangeKind.GRANT, "*", public=True)
        return
    first = ons[0] + 1
    if (
        words[first] in _NOT_OF_TABLES
        or words[first : first + 2] == ["ALL", "SEQUENCES"]
        or (words[first] == "ALL" and words[first + 1 : first + 2] and words[first + 1] in _NOT_OF_TABLES)
    ):
        return
    if every or words[first] == "ALL":
        yield at.change(ChangeKind.GRANT, "*", public=public)
        return
    for name in _listed(tokens[first + (words[first] == "TABLE") : to], at):
        yield at.change(ChangeKind.GRANT, name, public=public)


def _listed(tokens: Sequence[Token], at: At) -> Iterator[str]:
    while tokens:
        name, used = _name(tokens, at)
        yield name
        tokens = tokens[used + 1 :]


def _name(tokens: Sequence[Token], at: At) -> tuple[str, int]:
    """The name of a table that some tokens begin with, `*` for all of a schema, and how many tokens it takes."""
    used = 1
    while used + 1 < len(tokens) and tokens[used].token_type is TokenType.DOT:
        used += 2
    parts = [
        folded(each.text, quoted=each.token_type is TokenType.IDENTIFIER, dialect=at.dialect)
        for each in tokens[:used:2]
    ]
    if not parts or parts[-1] == "*":
        return "*", used
    return dataset_name(parts[-2] if len(parts) > 1 else "", parts[-1], at.dialect), used


def _label(tokens: Sequence[Token], words: list[str], at: At) -> Reading:
    """A label of PostgreSQL, which holds the mask of a column: only its removal matters."""
    if words[-2:] != ["IS", "NULL"] or "ON" not in words:
        return Reading()
    start = words.index("ON") + 1
    if words[start] not in ("COLUMN", "TABLE"):
        return Reading()
    parts = [each.text for each in tokens[start + 1 : -2] if each.token_type is not TokenType.DOT]
    field = parts.pop() if words[start] == "COLUMN" and parts else ""
    schema = parts[-2] if len(parts) > 1 else ""
    return at.said(ChangeKind.DROP_FILTER, dataset_name(schema, parts[-1] if parts else "*", at.dialect), field)


def _renamed(tokens: Sequence[Token], at: At) -> Iterator[SchemaChange]:
    while tokens:
        former, used = _name(tokens, at)
        new, more = _name(tokens[used + 1 :], at) if len(tokens) > used + 1 else ("", 0)
        if new:
            yield at.change(ChangeKind.RENAME_DATASET, new, former=former)
        tokens = tokens[used + 2 + more :]
