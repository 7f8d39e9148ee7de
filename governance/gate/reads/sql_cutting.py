"""Cuts tokens into statements: at semicolons, but not at those inside the body of a routine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sqlglot.tokenizer_core import Token, TokenType

BODIES = ("FUNCTION", "PROCEDURE", "TRIGGER", "EVENT")
"""What has a body that runs later."""
_WITHOUT = frozenset({"TABLE", "VIEW", "INDEX", "TYPE", "SCHEMA", "SEQUENCE", "DATABASE", "ROLE", "USER", "EXTENSION"})
_OPENING = frozenset({"BEGIN", "CASE"})
_CONTROL = frozenset({"IF", "LOOP", "WHILE", "REPEAT", "FOR"})


def cut(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The statements, empty ones left out."""
    statement: list[Token] = []
    depth = 0
    for place, token in enumerate(tokens):
        if token.token_type is TokenType.SEMICOLON and depth <= 0:
            if statement:
                yield statement
            statement, depth = [], 0
            continue
        statement.append(token)
        if is_body(statement) and statement[0].text.upper() == "CREATE":
            following = tokens[place + 1].text.upper() if place + 1 < len(tokens) else ""
            depth += _step(token.text.upper(), following)
    if statement:
        yield statement


def is_body(statement: Sequence[Token]) -> bool:
    """Whether a statement is a DO block or makes something that has a body."""
    first = statement[0].text.upper()
    if first == "DO":
        return True
    if first != "CREATE":
        return False
    kinds = (token.text.upper() for token in statement[1:10])
    return next((each for each in kinds if each in BODIES or each in _WITHOUT), "") in BODIES


def _step(word: str, following: str) -> int:
    if word in _OPENING:
        return 1
    return -1 if word == "END" and following not in _CONTROL else 0


def spelled_out(tokens: list[Token], source: str, tokenize: Callable[[str], list[Token]]) -> list[Token]:
    """The tokens of a statement such as `DO`, of which the tokenizer gives all but the first word as one."""
    first = tokens[0]
    if len(tokens) != 2 or tokens[1].token_type is not TokenType.STRING or not first.text.isalpha():
        return tokens
    if source[tokens[1].end : tokens[1].end + 1] in "'\"":
        return tokens
    begin = first.end + 1
    return [first, *tokenize("x" * begin + source[begin:])[1:]]
