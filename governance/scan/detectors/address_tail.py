"""What may follow a street or a box, read one piece after the other.

A town that no list knows only belongs to an address when something behind it says so: the address ends behind the last
piece that speaks for itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from governance.scan.detectors.address_pieces import Tail
from governance.scan.lexicon_latin import COMMON, NEVER, ORDINARY, PLACE, bare, latin_lexicon
from governance.scan.listed import towns

_QUARTER = re.compile(r" \d{1,2}(?=[,;\n]|\.?$|\. )")
"""The number of a part of a big city: `Dublin 6`."""
_STEPS = 12
_TOWNS_RUNNING = 3
_YEARS = re.compile(r"(?:19|20)\d\d(?!\d)")
WEIGHTS: Mapping[str, int] = {
    "military": 3, "code": 3, "country": 2, "area": 1, "town": 1, "unit": 1, "district": 1, "state": 1,
}  # fmt: skip
"""How much each piece says that an address is one; from 3 on it needs no word for a street."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What follows a street."""

    end: int
    """One behind the last piece that speaks for itself; where the street ended when there is none."""
    kinds: Counter[str]
    """How many pieces of each kind of `WEIGHTS`."""

    @property
    def weight(self) -> int:
        """What all pieces say together."""
        return sum(WEIGHTS[kind] * min(count, 2) for kind, count in self.kinds.items())


def follow(text: str, end: int, tail: Tail, *, strong: bool, small: bool) -> Followed:
    """What follows the street that ends at `end`.

    `strong` says that it is one whatever follows, `small` that the text has no capitals.
    """
    return _Walk(text, end, tail, strong=strong, small=small).walked()


class _Walk:
    """One walk over the pieces behind a street."""

    __slots__ = ("_dotted", "_kinds", "_last", "_running", "_small", "_strong", "_tail", "_text", "end", "place")

    def __init__(self, text: str, end: int, tail: Tail, *, strong: bool, small: bool) -> None:
        self._text, self._tail, self._strong, self._small = text, tail, strong, small
        self.end = self.place = end
        self._kinds: Counter[str] = Counter()
        self._running = 0
        self._last = "street"
        self._dotted = False

    def walked(self) -> Followed:
        step = self._tail.small if self._small else self._tail.step
        for _ in range(_STEPS):
            piece = step.match(self._text, self.place)
            if piece is None or not self._take(piece):
                break
        return Followed(self.end, self._kinds)

    def _take(self, piece: re.Match[str]) -> bool:
        """Go over one piece; False where the address cannot go on."""
        kind = str(piece.lastgroup)
        start, end = piece.span(kind)
        between = self._text[piece.start() : start]
        parted = not between.strip(".").isspace() or "\n" in between
        if between[0] == "." and "," not in between:
            self._dotted = True
        if kind == "first" and self._code_alone(piece):
            kind, end = "code", piece.end("zip")
        if kind in ("town", "first", "short"):
            return self._town(kind, start, end, parted=parted)
        if kind == "state":
            return self._state(start, end, parted=parted)
        if kind == "three":
            return self._last in ("area", "district") and self._confirm("code", end)
        if kind in ("code", "after"):
            return self._code(kind, start, end, parted=parted)
        if kind == "paren":
            return self._last in ("town", "area", "code") and self._confirm("state", end)
        return self._confirm(kind, end)

    def _code_alone(self, piece: re.Match[str]) -> bool:
        """Whether the town behind a postcode is none: the town stood before it."""
        if self._last in ("country", "state"):
            return True
        between = self._text[piece.end("zip") : piece.end("zip") + 2]
        return self._last in ("area", "town") and ("," in between or "\n" in between)

    def _confirm(self, kind: str, end: int) -> bool:
        if self._dotted and kind not in ("code", "unit", "military"):
            return self._try(kind, end)
        self._dotted = False
        self._kinds[kind] += 1
        self.end = self.place = end
        self._last, self._running = kind, 0
        return True

    def _try(self, kind: str, end: int) -> bool:
        """Go on behind a piece that may belong to the address."""
        self.place, self._last = end, kind
        self._running += 1
        return self._running <= _TOWNS_RUNNING

    def _code(self, kind: str, start: int, end: int, *, parted: bool) -> bool:
        text = self._text[start:end]
        if kind == "after":
            state = text[: 3 if text[2:3].isalpha() else 2]
            short = not text[-5:-4].isdigit() and text[-4:].isdigit()
            fits = state in self._tail.states_short if short else self._strong or state in self._tail.states
            return (fits or self._last in ("town", "area")) and self._confirm("code", end)
        short = text.isdigit() and len(text) == 4
        if short and (
            self._last not in ("town", "area", "state", "district", "country")
            or (_YEARS.match(text) and not self._strong)
        ):
            return False
        if self._last == "code" or (self._last == "street" and not parted and not self._strong):
            return False
        return self._confirm("code", end)

    def _state(self, start: int, end: int, *, parted: bool) -> bool:
        name = self._text[start:end]
        if name.strip(".").lower() in self._tail.countries:
            return self._confirm("country", end)
        plain = name.replace(".", "").upper()
        if (
            plain in self._tail.states_too
            and self._text[end : end + 1] == " "
            and self._text[end + 1 : end + 2].islower()
        ):
            return False
        if plain in self._tail.states and not (self._last == "street" and not parted):
            return self._confirm("state", end)
        parted = parted or end == len(self._text) or self._text[end] == "\n"
        if (self._last == "town" and parted) or (plain == "NAN" and self._last != "street"):
            return self._confirm("state", end)
        return (
            self._try("state", end) if self._last in ("town", "area") else self._town("town", start, end, parted=parted)
        )

    def _town(self, kind: str, start: int, end: int, *, parted: bool) -> bool:
        text = self._text
        if text.startswith((":", "@", "/"), end):
            return False
        if kind == "first":
            year = _YEARS.match(text, start) and (not self._strong or text[start + 4] == ",")
            return not year and self._last != "code" and self._confirm("code", self._cut(start, end))
        if kind == "short":
            known = self._known(start + 4, end)
            return self._try("short", end) if known is None else self._confirm("code", known[1])
        found = self._known(start, end)
        if found is not None:
            told, behind, whole = found
            if told == "area" and (quarter := _QUARTER.match(text, behind)):
                behind = quarter.end()
            if not whole and told == "town" and not self._strong:
                return False
            return self._confirm(told, behind)
        if not parted and self._last == "street" and self._small:
            return False
        if self._alone(start, end, parted=parted):
            return self._confirm("town", end)
        return self._try("town", end)

    def _cut(self, start: int, end: int) -> int:
        """The end of a town behind a postcode: in a text without capitals only that of a known one."""
        if not self._small:
            return end
        low = next((place for place in range(start, end) if self._text[place].isalpha()), end)
        known = self._known(low, end)
        return known[1] if known else len(self._text[:low].rstrip(" ,\n-–"))

    def _known(self, start: int, end: int) -> tuple[str, int, bool] | None:
        """The kind and the end of a name of the lists in a piece, and whether it reaches to the end of the piece."""
        words = [(word.start() + start, word.end() + start) for word in re.finditer(r"[^\s]+", self._text[start:end])]
        small = self._small
        for low in range(len(words)):
            kind = self._kind(words[low][0], end, small=small)
            if kind:
                return kind, end, True
        for high in range(len(words) - 1, 0, -1):
            for low in range(high):
                kind = self._kind(words[low][0], words[high - 1][1], small=small)
                if kind in ("country", "area"):
                    return kind, words[high - 1][1], False
        return None

    def _kind(self, start: int, end: int, *, small: bool) -> str:
        name = bare_name(self._text[start:end])
        if name in self._tail.countries:
            return "country"
        if name in self._tail.areas:
            return "area"
        words = name.split(" ")
        if len(words) > 1 and (words[-1] in self._tail.districts or words[0] in self._tail.divisions):
            return "district"
        if small or latin_lexicon().flags.get(name, 0) & (ORDINARY | COMMON):
            return ""
        return "town" if self._strong and name in towns()[0] else ""

    def _alone(self, start: int, end: int, *, parted: bool) -> bool:
        """Whether a town that no list knows ends an address: behind a unit, or from a comma to the sentence's end."""
        text, flags = self._text, latin_lexicon().flags
        if not self._strong or self._running or self._small:
            return False
        words = [flags.get(bare(word), 0) for word in text[start:end].split()]
        if self._last == "unit" and "\n" not in text[self.place : start]:
            return not words[0] & ORDINARY
        if any(word & (ORDINARY | NEVER | COMMON) and not word & PLACE for word in words):
            return False
        ended = end == len(text) or text[end] in ".;\n,)" or text[end : end + 2] in ("  ", " (")
        return ended and parted and "\n" not in text[self.place : start]


def bare_name(name: str) -> str:
    """A name as the lists have it: bare words parted by one blank."""
    return " ".join(bare(name.replace("-", " ")).split())
