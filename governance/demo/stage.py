"""What a chapter of the walk works with: the project, the words of a language, and lines for a terminal."""

from __future__ import annotations

import enum
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from audits.formats.widths import cut, pad, printable, width
from audits.speaking import Speaker
from governance.app import Governance

WIDTH = 96
"""Cells that a line of the walk takes at most."""
INDENT = "    "
"""What stands before data."""
MOST_CELLS = 52
"""A cell of a table is cut at this width."""


class Style(enum.StrEnum):
    """How a line is meant; the command gives it a colour where the terminal has one."""

    TITLE = "title"
    """The name of the walk."""
    CHAPTER = "chapter"
    """The head of a chapter."""
    SAY = "say"
    """A sentence."""
    DATA = "data"
    """What the library gave."""
    GOOD = "good"
    """Data that shows that all is well."""
    REFUSED = "refused"
    """A refusal."""
    COMMAND = "command"
    """A command to try."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the walk."""

    text: str
    """What stands on it, without a line end."""
    style: Style = Style.DATA
    """How it is meant."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A project with a language to tell about it in."""

    gov: Governance
    """The project."""
    store: str
    """The name of its store."""
    speaker: Speaker
    """Says words and numbers in the reader's language."""

    @property
    def folder(self) -> Path:
        """Where the project lies."""
        return self.gov.project.folder

    def word(self, key: str, **values: object) -> str:
        """A text of `policies/words/demo.yaml`; whole numbers are written as the language does."""
        said = {name: self.number(each) if type(each) is int else each for name, each in values.items()}
        return self.speaker.words.say(f"demo.{key}", **said)

    def number(self, value: float) -> str:
        """A number with the digit groups of the language."""
        return self.speaker.number(value)

    def chapter(self, number: int, key: str) -> Iterator[Line]:
        """The head of a chapter."""
        head = f"{number}  {self.word(key)} "
        yield Line("")
        yield Line(head + "─" * max(WIDTH - width(head), 0), Style.CHAPTER)

    def say(self, key: str, **values: object) -> Iterator[Line]:
        """A sentence, on as many lines as it needs."""
        for line in wrapped(self.word(key, **values), WIDTH):
            yield Line(line, Style.SAY)

    def command(self, line: str) -> Iterator[Line]:
        """A command that shows the same."""
        yield Line(f"{INDENT}$ {line}", Style.COMMAND)

    def ask(self, principal: str, purpose: str, statement: str) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Columns and rows of a statement through the guard. Raises AccessRefusedError."""
        with self.gov.session(self.store, principal=principal, purpose=purpose) as db:
            result = db.execute(text(statement))
            return tuple(result.keys()), [tuple(row) for row in result]

    def refusal(self, error: Exception | str) -> Iterator[Line]:
        """What a refusal says, as whoever asked reads it."""
        for line in wrapped(printable(str(error)), WIDTH - len(INDENT)):
            yield Line(INDENT + line, Style.REFUSED)


def table(rows: Sequence[Sequence[object]], *, style: Style = Style.DATA) -> Iterator[Line]:
    """Rows in straight columns, Chinese included; numbers at the right, NULL as a dot."""
    texts = [[_cell(each) for each in row] for row in rows]
    widths = [max(width(row[place]) for row in texts) for place in range(len(texts[0]))] if texts else []
    right = [all(isinstance(row[place], int) for row in rows) for place in range(len(widths))]
    for row in texts:
        cells = (pad(cell, widths[place], right=right[place]) for place, cell in enumerate(row))
        yield Line(cut(f"{INDENT}{'  '.join(cells)}".rstrip(), WIDTH), style)


def lines(texts: Iterable[str], *, style: Style = Style.DATA) -> Iterator[Line]:
    """Texts as indented data."""
    for each in texts:
        yield Line((INDENT + printable(each)).rstrip(), style)


def wrapped(sentence: str, cells: int) -> list[str]:
    """A sentence cut into lines: at blanks, and in Chinese between characters."""
    if width(sentence) == len(sentence):
        return textwrap.wrap(sentence, cells, break_long_words=False, break_on_hyphens=False)
    found, line = [], ""
    for letter in sentence:
        if width(line + letter) > cells and letter not in "，。、；：）」”":
            found.append(line.rstrip())
            line = ""
        line += letter
    return [*found, line]


def _cell(value: object) -> str:
    return cut(printable("·" if value is None else str(value)), MOST_CELLS)
