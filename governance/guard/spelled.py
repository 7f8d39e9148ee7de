"""Column names as SQLite and MariaDB give them: the text of an expression without alias, as the user spelled it."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from governance.guard.nodes import name
from governance.guard.parsing import dialect_of

_OPENS = (TokenType.L_PAREN, TokenType.CASE)
_CLOSES = (TokenType.R_PAREN, TokenType.END)
_ENDS = frozenset({"from", "where", "group", "having", "window", "order", "limit", "union", "intersect", "except", ";"})
_OWN = ":gov"


_LONGEST = 250
"""Characters of a name in MariaDB."""


def keep_spelling(tree: exp.Query, sql: str, kind: str) -> None:
    """Give each column of the result that has no name of its own the text that it was written as."""
    select: exp.Expr = tree
    while isinstance(select, exp.SetOperation | exp.Subquery):
        select = select.this
    if not isinstance(select, exp.Select) or isinstance(tree, exp.Subquery):
        return
    texts = _texts(sql, kind)
    if len(texts) != len(select.expressions):
        return
    for projection, text in zip(list(select.expressions), texts, strict=True):
        if kind == "mysql" and isinstance(projection, exp.Column) and not projection.is_star:
            _as_written(projection, text)
        if not isinstance(projection, exp.Alias | exp.Column | exp.Star) and text and _OWN not in text:
            own = projection.name if kind == "mysql" and projection.is_string else text
            if not own.strip():
                continue
            named = exp.Alias(alias=name(own if kind == "sqlite" else own.strip()[:_LONGEST].strip()))
            projection.replace(named)
            named.set("this", projection)


def _as_written(column: exp.Column, text: str) -> None:
    """MariaDB calls a field of the result as the statement does, and not as the table does."""
    written = text.rpartition(".")[2].strip("` \n\t")
    if written != column.name and written.lower() == column.name.lower():
        named = exp.Alias(alias=name(written))
        column.replace(named)
        named.set("this", column)


def _texts(sql: str, kind: str) -> list[str]:
    """The parts of the first SELECT list outside parentheses."""
    tokens = dialect_of(kind).tokenize(sql)
    depth, parts, start = 0, [], -1
    for number, token in enumerate(tokens):
        depth += (token.token_type in _OPENS) - (token.token_type in _CLOSES)
        if start < 0:
            if depth == 0 and token.text.lower() == "select":
                start = number + 1
                if start < len(tokens) and tokens[start].text.lower() in ("distinct", "all"):
                    start += 1
        elif depth == 0 and (token.token_type is TokenType.COMMA or token.text.lower() in _ENDS):
            parts.append(_slice(sql, tokens[start:number]))
            start = number + 1
            if token.token_type is not TokenType.COMMA:
                return parts
    return [*parts, _slice(sql, tokens[start:])] if start >= 0 else parts


def _slice(sql: str, tokens: list[Token]) -> str:
    return sql[tokens[0].start : tokens[-1].end + 1] if tokens else ""
