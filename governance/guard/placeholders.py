"""Driver placeholders into numbered ones, and back: the only place that knows how a driver writes a parameter.

Text is walked token by token, so that a mark inside a string, a quoted name or a comment is never taken for one.

    sqlite3    ?  ?12  :name  @name  $name           -> :gov1 :gov2 ...
    psycopg    %s  %(name)s  %%  (with parameters)   -> $1 $2 ...
    pymysql    %s  %(name)s  %%  (with parameters)   -> :gov1 :gov2 ...
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.errors import StatementRefusedError

Slot = int | str
"""Which parameter a number stands for: a place in a sequence, or a name in a mapping."""

_SQLITE = re.compile(
    r"""'(?:[^']|'')*'                 # text
      | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\]
      | --[^\n]* | /\*.*?(?:\*/|\Z)
      | (?P<number>\?[0-9]+) | (?P<next>\?) | [:@$](?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | [A-Za-z_\u0080-\U0010ffff][\w$]* | .""",
    re.VERBOSE | re.DOTALL,
)
_POSTGRES = re.compile(
    r"""[eE]'(?:[^'\\]|''|\\.)*' | '(?:[^']|'')*' | "(?:[^"]|"")*"
      | (?P<dollar>\$(?:[A-Za-z_\u0080-\U0010ffff][\w]*)?\$)
      | --[^\n]* | (?P<comment>/\*)
      | %\((?P<name>[^)]*)\)[sbt] | (?P<next>%[sbt]) | (?P<percent>%%) | (?P<number>\$[0-9]+)
      | [A-Za-z_\u0080-\U0010ffff][\w$]* | (?P<bare>%) | .""",
    re.VERBOSE | re.DOTALL,
)
_MYSQL = re.compile(
    r"""'(?:[^'\\]|''|\\.)*' | "(?:[^"\\]|""|\\.)*" | `(?:[^`]|``)*`
      | (?P<versioned>/\*M?!) | (?P<comment>/\*.*?(?:\*/|\Z)) | (?P<dashes>--(?![\s]|\Z)) | --[^\n]* | \#[^\n]*
      | %\((?P<name>[^)]*)\)s | (?P<next>%s) | (?P<percent>%%) | (?P<colon>:[A-Za-z_]) | :=
      | [A-Za-z_\u0080-\U0010ffff][\w$]* | (?P<bare>%) | .""",
    re.VERBOSE | re.DOTALL,
)
_MARK = re.compile(r"%(?:%|s|b|t|\()")


@dataclass(frozen=True, slots=True)
class Numbered:
    """A statement whose parameters are numbered from 1."""

    sql: str
    """The statement with numbered parameters."""
    slots: tuple[Slot, ...]
    """What each number stands for."""


def number_sqlite(sql: str) -> Numbered:
    """A statement as sqlite3 takes it, with `:gov1` for each parameter."""
    slots: list[Slot] = []
    counted = 0

    def replaced(found: re.Match[str]) -> str:
        nonlocal counted
        if found["next"]:
            counted += 1
            return f":gov{_number(slots, counted - 1)}"
        if found["number"]:
            counted = max(counted, int(found["number"][1:]))
            return f":gov{_number(slots, int(found['number'][1:]) - 1)}"
        return f":gov{_number(slots, found['name'])}" if found["name"] else found[0]

    return Numbered(_SQLITE.sub(replaced, sql), tuple(slots))


def number_postgres(sql: str, *, has_parameters: bool) -> Numbered:
    """A statement as psycopg takes it, with `$1` for each parameter. Raises StatementRefusedError."""
    numbering = _Numbering("${}", marked=has_parameters)
    place = 0
    while place < len(sql):
        found = _POSTGRES.match(sql, place)
        if found is None or found["number"]:
            raise _wrong("a parameter in the server's own form", "the driver's form, %s or %(name)s")
        place = found.end()
        if found["dollar"] or found["comment"]:
            end = _end_of_dollar(sql, found) if found["dollar"] else _end_of_comment(sql, place)
            numbering.add_plain(sql[found.start() : end])
            place = end
        else:
            numbering.add(found)
    return numbering.done()


def number_mysql(sql: str, *, has_parameters: bool) -> Numbered:
    """A statement as pymysql takes it, with `:gov1` for each parameter. Raises StatementRefusedError."""
    numbering = _Numbering(":gov{}", marked=has_parameters)
    for found in _MYSQL.finditer(sql):
        if found["versioned"] or found["colon"] or found["dashes"]:
            raise _wrong(*_ODD[str(found.lastgroup)])
        numbering.add(found)
    return numbering.done()


class _Numbering:
    """A statement whose marks `%s` and `%(name)s` become numbers, token by token."""

    def __init__(self, form: str, *, marked: bool) -> None:
        self._form = form
        self._marked = marked
        self._slots: list[Slot] = []
        self._out: list[str] = []
        self._counted = 0

    def add(self, found: re.Match[str]) -> None:
        """One token. Raises StatementRefusedError for a percent sign that is no mark."""
        if self._marked and found["next"]:
            self._out.append(self._form.format(_number(self._slots, self._counted)))
            self._counted += 1
        elif self._marked and found["name"] is not None:
            self._out.append(self._form.format(_number(self._slots, found["name"])))
        elif self._marked and found["bare"]:
            raise _wrong("a single % in a statement with parameters", "%% for a percent sign")
        else:
            self.add_plain(found[0])

    def add_plain(self, text: str) -> None:
        """Text that holds no parameter."""
        self._out.append(_plain(text, marked=self._marked))

    def done(self) -> Numbered:
        """The whole statement. Raises StatementRefusedError for parameters both by place and by name."""
        if len({type(slot) for slot in self._slots}) > 1:
            raise _wrong("parameters both by place and by name", "one way")
        return Numbered("".join(self._out), tuple(self._slots))


_ODD = {
    "versioned": ("a comment that the server would run", "plain comments, /* ... */"),
    "colon": ("a placeholder of another driver", "the driver's form, %s or %(name)s"),
    "dashes": ("two minus signs without a space behind them", "`-- ` before a comment, or `- -`"),
}


def cut_mysql(sql: str) -> tuple[list[str], list[int]]:
    """A generated statement cut at its numbered parameters: the texts between them, and their numbers from 0."""
    texts, places, start = [], [], 0
    for found in _OWN_MARKS.finditer(sql):
        if found["own"]:
            texts.append(sql[start : found.start()])
            places.append(int(found["own"]) - 1)
            start = found.end()
    return [*texts, sql[start:]], places


_OWN_MARKS = re.compile(r"'(?:[^'\\]|''|\\.)*' | `(?:[^`]|``)*` | :gov(?P<own>[0-9]+)", re.VERBOSE | re.DOTALL)


def pick(slots: Sequence[Slot], parameters: Sequence[Any] | Mapping[str, Any] | None) -> list[Any]:
    """The values that the numbers stand for, in order. Raises StatementRefusedError when one is missing."""
    given = parameters or ()
    kind = str if type(given) is not tuple and isinstance(given, Mapping) else int
    try:
        if not slots or set(map(type, slots)) == {kind}:
            return [given[slot] for slot in slots]  # type: ignore[index]  # just checked
    except (KeyError, IndexError):
        pass
    raise _wrong("parameters that do not fit the statement", "one value for each placeholder")


NUMBERED: Mapping[str, Callable[[str, bool], Numbered]] = {
    "mysql": lambda sql, has_parameters: number_mysql(sql, has_parameters=has_parameters),
    "sqlite": lambda sql, _: number_sqlite(sql),
    "postgresql": lambda sql, has_parameters: number_postgres(sql, has_parameters=has_parameters),
}
"""By kind of store: a statement and whether parameters came with it."""


def _number(slots: list[Slot], slot: Slot) -> int:
    if slot not in slots:
        slots.append(slot)
    return slots.index(slot) + 1


def _plain(text: str, *, marked: bool) -> str:
    """Text that holds no parameter; psycopg looks for marks inside strings and comments too."""
    if not marked or "%" not in text:
        return text
    if any(mark != "%%" for mark in _MARK.findall(text)) or "%" in text.replace("%%", ""):
        raise _wrong("a placeholder inside a string, a name or a comment", "placeholders outside, %% inside")
    return text.replace("%%", "%")


def _end_of_dollar(sql: str, found: re.Match[str]) -> int:
    end = sql.find(found["dollar"], found.end())
    if end < 0:
        raise _wrong("a dollar quote without its end", "a complete statement")
    return end + len(found["dollar"])


def _end_of_comment(sql: str, place: int) -> int:
    depth = 1
    while depth:
        following = min((at for at in (sql.find("/*", place), sql.find("*/", place)) if at >= 0), default=-1)
        if following < 0:
            raise _wrong("a comment without its end", "a complete statement")
        depth += 1 if sql[following] == "/" else -1
        place = following + 2
    return place


def _wrong(found: str, expected: str) -> StatementRefusedError:
    return StatementRefusedError(
        "statement",
        found=found,
        expected=expected,
        next_step="mend the placeholders of the statement",
        rule_ids=("guard.placeholders",),
    )
