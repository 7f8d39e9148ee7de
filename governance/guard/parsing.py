"""One statement as a tree whose every node is allowed, and a tree as text again.

Function names are hidden from the parser behind a prefix, so that it cannot translate a function that it knows into
another one: what was called is what will be called.
"""

from __future__ import annotations

import itertools
import logging

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from governance.guard.allowed import check_nodes, check_operands
from governance.guard.functions import SPECIAL_FORMS, is_known
from policies.errors import StatementRefusedError

# Its warnings repeat the statement, constants included.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

STATEMENT_CHARACTERS = 200_000
"""A longer statement is refused."""
NODES = 20_000
"""A statement of more parts is refused."""

NESTING = 150
"""A statement with more levels of parentheses is refused."""

_DIALECTS = {"mysql": "mysql", "postgresql": "postgres", "sqlite": "sqlite"}
_HIDDEN = "gov_f_"
_FIRST = frozenset({"select", "with", "values", "("})
_WRITES = frozenset({"insert", "update", "delete"})
_SEPARATELY = ("INSERT, UPDATE and DELETE, each by itself", "guard.kind")
_UPSERT = "UPDATE the row first, and INSERT it when no row was changed"
_INSTEAD = {
    "replace": (*_SEPARATELY, _UPSERT),
    "merge": (*_SEPARATELY, _UPSERT),
    "truncate": ("DELETE", "guard.kind", "DELETE without WHERE: it reaches the rows that this use may delete"),
}
"""First words that people expect: what is expected, the rule, and what to write instead."""
_OPENS_ALIAS = frozenset({"as", "with", "recursive", "into"})

Write = exp.Insert | exp.Update | exp.Delete
"""A statement that writes."""


def dialect_of(kind: str) -> Dialect:
    """The grammar of a kind of store. Raises StatementRefusedError for one that the guard does not speak."""
    if kind not in _DIALECTS:
        raise refused("a store whose SQL the guard does not read", "SQLite, PostgreSQL or MariaDB", "guard.dialect")
    return Dialect.get_or_raise(_DIALECTS[kind])


def parse_statement(sql: str, kind: str) -> exp.Query | Write:
    """The one SELECT, INSERT, UPDATE or DELETE that a text holds, each node checked. Raises StatementRefusedError."""
    dialect = dialect_of(kind)
    _check_text(sql)
    writes = False
    try:
        tokens = dialect.tokenize(sql)
        writes = _check_first(tokens)
        _check_nesting(tokens)
        _check_numbers(tokens, sql, kind)
        trees = dialect.parse(_with_hidden_names(sql, tokens, kind), error_level=ErrorLevel.RAISE)
    except (SqlglotError, RecursionError):
        trees = []
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):  # the parser's own faults on odd input
        trees = []
    tree = trees[0] if len(trees) == 1 else None
    wanted = isinstance(tree, Write) if writes else isinstance(tree, exp.Query) and not isinstance(tree, exp.Table)
    if tree is None or not wanted:
        raise refused(
            "text that is not exactly one statement",
            "one SELECT, INSERT, UPDATE or DELETE that can be read in full",
            "guard.parse",
        )
    _check_size(tree)
    _restore_names(tree, kind)
    check_operands(tree, kind)
    if kind == "mysql":
        _write_out_patterns(tree)
    check_nodes(tree, kind)
    return tree  # type: ignore[return-value]  # one of the two, as just checked


def render(tree: exp.Expr, kind: str) -> str:
    """The text of a tree, all names quoted; reading it again gives the same text. Raises StatementRefusedError."""
    dialect = dialect_of(kind)
    try:
        text = dialect.generate(
            tree, comments=False, identify=True, normalize_functions=False, unsupported_level=ErrorLevel.RAISE
        )
        again = dialect.parse(_with_hidden_names(text, dialect.tokenize(text), kind), error_level=ErrorLevel.RAISE)
        if len(again) != 1 or again[0] is None:
            raise _unsteady()
        _restore_names(again[0], kind)
        check_nodes(again[0], kind)
        same = dialect.generate(again[0], comments=False, identify=True, normalize_functions=False)
    except (SqlglotError, RecursionError):
        raise _unsteady() from None
    if same != text:
        raise _unsteady()
    return text


def refused(found: str, expected: str, rule: str, next_step: str = "write the query in another form") -> Exception:
    """The error of a statement that is not run."""
    return StatementRefusedError("statement", found=found, expected=expected, next_step=next_step, rule_ids=(rule,))


def _check_text(sql: str) -> None:
    if len(sql) > STATEMENT_CHARACTERS:
        raise refused("a statement that is too long", f"at most {STATEMENT_CHARACTERS} characters", "guard.size")
    if any(
        (each < " " and each not in "\t\n\r") or each in "\x7f\ufeff" or "\ud800" <= each <= "\udfff" for each in sql
    ):
        raise refused("a control character", "plain text", "guard.parse")


def _check_first(tokens: list[Token]) -> bool:
    """Whether a statement writes. Raises StatementRefusedError for one that neither reads nor writes rows."""
    first = tokens[0].text.lower() if tokens else ""
    if first in _INSTEAD:
        raise refused(f"a statement that begins with {first.upper()}", *_INSTEAD[first])
    if first not in _FIRST and first not in _WRITES:
        raise refused("a statement of another kind", "one SELECT, INSERT, UPDATE or DELETE", "guard.kind")
    return first in _WRITES


def _check_nesting(tokens: list[Token]) -> None:
    """The parser recurses in compiled code, where too deep a nesting ends the process."""
    depth = 0
    for token in tokens:
        if token.token_type in (TokenType.L_PAREN, TokenType.CASE, TokenType.L_BRACKET):
            depth += 1
        elif token.token_type in (TokenType.R_PAREN, TokenType.END, TokenType.R_BRACKET):
            depth -= 1
        if depth > NESTING:
            raise refused("a statement that is nested too deep", f"at most {NESTING} levels", "guard.size")


def _check_numbers(tokens: list[Token], sql: str, kind: str) -> None:
    """Refuse `0x1F` where it would be written back as `x'1F'`, which is no number there."""
    for token in tokens:
        if kind != "sqlite" and token.token_type is TokenType.HEX_STRING and sql[token.start] == "0":
            raise refused(
                "a number in hexadecimal digits",
                "decimal digits",
                "guard.form",
                "write a number in decimal digits, and bytes as x'...'",
            )


def _check_size(tree: exp.Expr) -> None:
    for count, _ in enumerate(tree.walk()):
        if count > NODES:
            raise refused("a statement of too many parts", f"at most {NODES} parts", "guard.size")


def _with_hidden_names(sql: str, tokens: list[Token], kind: str) -> str:
    parts: list[str] = []
    place = 0
    for number, (token, following) in enumerate(itertools.pairwise(tokens)):
        if following.token_type is not TokenType.L_PAREN or token.token_type in (
            TokenType.STRING,
            TokenType.IDENTIFIER,
        ):
            continue
        name = token.text.lower()
        before = tokens[number - 1].text.lower() if number else ""
        if name in SPECIAL_FORMS[kind] or not is_known(kind, name) or before in _OPENS_ALIAS:
            continue
        parts += [sql[place : token.start], _HIDDEN, name]
        place = token.end + 1
    return "".join([*parts, sql[place:]])


def _restore_names(tree: exp.Expr, kind: str) -> None:
    for node in tree.find_all(exp.Anonymous):
        name = node.this if isinstance(node.this, str) else ""
        bare = name.lower().removeprefix(_HIDDEN)
        if not name.lower().startswith(_HIDDEN):
            raise refused(
                "a function that is not on the guard's list",
                "functions of docs/guard.md",
                "guard.function",
                "use another function, or compute it after reading",
            )
        if not is_known(kind, bare):
            raise refused("a function that is not on the guard's list", "functions of docs/guard.md", "guard.function")
        node.set("this", bare)
        if kind == "postgresql":
            _part_distinct(node)


def _part_distinct(call: exp.Anonymous) -> None:
    """`f(DISTINCT a, b)` with each argument by itself: the generator would write a row of both."""
    if not call.expressions:
        return
    first = call.expressions[0]
    order = first if isinstance(first, exp.Order) else None
    distinct = order.this if order is not None else first
    if not isinstance(distinct, exp.Distinct) or len(distinct.expressions) < 2:
        return
    head, *middle, last = distinct.expressions
    distinct.set("expressions", [head])
    if order is not None:
        order.set("this", last)
        last = order
    call.set("expressions", [distinct, *middle, last, *call.expressions[1:]])


def _write_out_patterns(tree: exp.Expr) -> None:
    """`a REGEXP b` by a function that MariaDB has; the generator would write one that only MySQL has."""
    for node in list(tree.find_all(exp.RegexpLike)):
        place = exp.Anonymous(this="regexp_instr", expressions=[node.this, node.expression])
        node.replace(exp.Paren(this=exp.GT(this=place, expression=exp.Literal.number(0))))


def _unsteady() -> Exception:
    return refused("a form that cannot be written back faithfully", "a simpler form", "guard.parse")
