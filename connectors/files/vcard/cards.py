"""A vCard file as cards of logical lines: unfolding, soft breaks of quoted-printable, nested and broken cards.

Lines are bytes written as Latin-1 text, because each property may name an encoding of its own, and because a fold may
lie inside a character.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from policies.errors import StoreError

_HEAD = re.compile(r'(?:[\w-]+\.)?([\w-]+)((?:;(?:[^":;]++|"[^"]*+")*+)*+):(.*)', re.ASCII | re.DOTALL)
_PARAMETER = re.compile(r';([^=;"]+)(?:=((?:"[^"]*"|[^";])*))?')
_ENCODED = re.compile(r"[A-Za-z0-9+/]+=*")
_INLINE = ("B", "BASE64")
_MOST_CARD_BYTES = 67_108_864
SOFT = "QUOTED-PRINTABLE"
"""The encoding in which a line that ends in `=` goes on."""


@dataclass(slots=True)
class Property:
    """One logical line of a card."""

    name: str
    """In capitals, without its group."""
    parameters: dict[str, str] = field(repr=False)
    """By name in capitals; a bare word of 2.1 has the empty value."""
    value: str = field(repr=False)
    """As it stands in the file, bytes as Latin-1."""
    encoding: str = ""
    """`QUOTED-PRINTABLE`, `BASE64`, `B`, or empty."""
    inline: bool = False
    """Whether it holds binary data, of which only the beginning is kept."""


@dataclass(slots=True)
class Card:
    """A card as it was read."""

    number: int
    """From 1 on, in the order of the file."""
    properties: list[Property] = field(default_factory=list, repr=False)
    """In order; those of a card inside it have names that begin with `AGENT.`."""
    version: str = ""
    """`2.1`, `3.0` or `4.0` as it says itself."""
    broken: bool = False
    """Whether it does not end, or has lines that are no property."""


class CardReader:
    """Cards of an open file, one at a time; `strays` counts lines outside of cards once it has ended."""

    def __init__(self, file: io.BufferedReader, place: str) -> None:
        self._text = io.TextIOWrapper(file, encoding="latin-1", newline=None)
        self._place = place
        self._line = 0
        self.strays = 0
        self.first_stray = 0

    def __iter__(self) -> Iterator[Card]:
        number = 0
        while (line := self._next()) is not None:
            begun = _marks(line, "BEGIN")
            if not begun and line.strip(" \t"):
                self.strays += 1
                self.first_stray = self.first_stray or self._line
            while begun:
                number += 1
                card, begun = self._card(number)
                yield card

    def _next(self) -> str | None:
        line = self._text.readline(_MOST_CARD_BYTES)
        self._line += 1
        if len(line) == _MOST_CARD_BYTES:
            raise self._too_long()
        return line.removesuffix("\n") if line else None

    def _card(self, number: int) -> tuple[Card, bool]:
        """The card behind a line that begins one, and whether the next one begins where this one should end."""
        gathered = _Gathered()
        depth = 0
        while (line := self._next()) is not None:
            if _marks(line, "END"):
                if not depth:
                    return gathered.card(number, ended=True), False
                depth -= 1
            elif _marks(line, "BEGIN"):
                if not gathered.awaits_card():
                    return gathered.card(number, ended=False), True
                depth += 1
            else:
                gathered.add(line, depth)
                if gathered.size_bytes > _MOST_CARD_BYTES:
                    raise self._too_long()
        return gathered.card(number, ended=False), False

    def _too_long(self) -> StoreError:
        return StoreError(
            self._place,
            found=f"a card or line longer than 64 MiB at line {self._line}",
            expected="cards between BEGIN:VCARD and END:VCARD",
            next_step="look for a card that does not end; export the file again",
        )


def _marks(line: str, word: str) -> bool:
    """Whether the line begins or ends a card."""
    if line[-1:] not in "dD \t":
        return False
    head, _, value = line.partition(":")
    return value.strip().upper() == "VCARD" and head.strip().rpartition(".")[2].upper() == word


@dataclass(slots=True)
class _Gathered:
    """The lines of a card while its version is not known: 2.1 unfolds otherwise than 3.0."""

    lines: list[tuple[int, Property, list[str]]] = field(default_factory=list)
    size_bytes: int = 0
    broken: bool = False
    soft: bool = False

    def awaits_card(self) -> bool:
        return bool(self.lines) and self.lines[-1][1].name == "AGENT" and not self.lines[-1][1].value.strip()

    def add(self, line: str, depth: int) -> None:
        last = self.lines[-1] if self.lines else None
        if last is not None and (self.soft or line.startswith((" ", "\t")) or _goes_on(last[1], line)):
            self._continue(last, line)
        elif found := _HEAD.fullmatch(line.lstrip(" \t")):
            name, written, value = found.groups()
            parameters = _parameters(written) if written else {}
            made = Property(name.upper(), parameters, value, _encoding(parameters) if written else "")
            made.inline = made.encoding in _INLINE or value[:5].lower() == "data:"
            made.value = value[:5] if made.inline else value
            self.soft = made.encoding == SOFT and value.endswith("=")
            self.lines.append((depth, made, []))
            self.size_bytes += len(made.value)
        elif line.strip(" \t"):
            self.broken = True

    def _continue(self, last: tuple[int, Property, list[str]], line: str) -> None:
        _, begun, more = last
        if begun.inline:
            return
        more.append(line)
        self.size_bytes += len(line)
        self.soft = begun.encoding == SOFT and line.endswith("=")

    def card(self, number: int, *, ended: bool) -> Card:
        version = next(
            (each.value.strip() for depth, each, _ in self.lines if each.name == "VERSION" and not depth), ""
        )
        card = Card(number, version=version, broken=self.broken or not ended)
        for depth, each, more in self.lines:
            each.value = _unfolded(each, more, keeps_space=version == "2.1")
            each.name = "AGENT." * depth + each.name
            card.properties.append(each)
        return card


def _goes_on(last: Property, line: str) -> bool:
    """Whether a line without indent is more of binary data, as some programs write it."""
    return last.inline and bool(line) and _ENCODED.fullmatch(line) is not None


def _unfolded(each: Property, more: list[str], *, keeps_space: bool) -> str:
    """RFC 6350 3.2: a fold is a line end and one space or tab; in 2.1 the space is of the text."""
    if not more:
        return each.value
    parts = [each.value]
    for line in more:
        if each.encoding == SOFT and parts[-1].endswith("="):
            parts[-1] = parts[-1][:-1]
            parts.append(line)
        else:
            parts.append(line if keeps_space else line[1:])
    return "".join(parts)


def _encoding(parameters: dict[str, str]) -> str:
    stated = parameters.get("ENCODING", "").upper()
    return stated or next((each for each in (SOFT, *_INLINE) if each in parameters), "")


def _parameters(text: str) -> dict[str, str]:
    """Parameters by name in capitals; those of one name that stands twice are joined as a list is."""
    found: dict[str, str] = {}
    for name, value in _PARAMETER.findall(text):
        key = name.strip().upper()
        plain = value.replace('"', "")
        found[key] = f"{found[key]},{plain}" if found.get(key) else plain
    return found
