"""Names as far as they tell people apart: Chinese in either script, in pinyin in either order, Latin in any order.

A name in characters and one in another romanisation than pinyin cannot be told apart or together; such a pair is
`unknown` and speaks neither way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from rapidfuzz.fuzz import ratio

from governance.scan.lexicon_zh import names_zh
from governance.scan.normalise import fold

SAME, CLOSE, DIFFERS, UNKNOWN = "same", "close", "differs", "unknown"
"""How two names stand to each other."""
CLOSE_RATIO = 88
"""From this likeness on, of 100, two Latin names are close: one letter in eight may differ."""
KEPT_NAMES = 20_000
"""So many forms of names are kept: names repeat."""
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_GERMAN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "æ": "ae", "ł": "l", "ı": "i", "đ": "d"}
)
_JOINED = re.compile(r"['’`´\-·]")
_NOT_LATIN = re.compile(r"[^a-z]+")


@dataclass(frozen=True, slots=True, repr=False)
class NameForm:
    """A name as it is compared."""

    han: str
    """Its Chinese characters, simplified; empty without any."""
    surname: str
    """The pinyin of the Chinese surname, without tones."""
    given: str
    """The pinyin of the given name."""
    latin: tuple[str, ...]
    """Its Latin words in lower case without accents, titles and lone initials."""

    def __repr__(self) -> str:
        return "NameForm()"

    @property
    def key(self) -> str:
        """Equal for equal names whatever their order, script and spacing: their letters, sorted."""
        letters = self.surname + self.given if self.han else "".join(self.latin)
        return "".join(sorted(letters))

    @property
    def initials(self) -> str:
        """The first letters of its words, sorted: the same in either order, and after most slips of the pen."""
        words = (self.surname, self.given) if self.han else self.latin
        return "".join(sorted(word[:1] for word in words if word))[:3]


class NameReader:
    """Makes forms of names; keeps the tables that it needs."""

    def __init__(self, titles: Collection[str], titles_zh: Collection[str], readings: str) -> None:
        self._titles = frozenset(titles)
        self._behind = (
            re.compile(f"(?:{'|'.join(sorted(titles_zh, key=lambda each: -len(each)))})$") if titles_zh else None
        )
        self._readings = dict(re.findall(r"([^\sa-z]+)([a-z]+)", readings))
        self._kept: dict[str, NameForm] = {}

    def form(self, text: str) -> NameForm:
        """The form of a name as it is written; the forms of the last names asked for are kept."""
        form = self._kept.get(text)
        if form is None:
            if len(self._kept) >= KEPT_NAMES:
                self._kept.clear()
            form = self._kept[text] = self._made(text)
        return form

    def _made(self, text: str) -> NameForm:
        plain = fold(text).casefold()
        han = "".join(_HAN.findall(plain))
        if not han:
            return NameForm("", "", "", self._latin(plain))
        han = han.translate(names_zh().simplified)
        if self._behind is not None and len(han) > 2:
            han = self._behind.sub("", han) or han
        surname, given = self._pinyin(han)
        return NameForm(han, surname, given, self._latin(_HAN.sub(" ", plain)))

    def _latin(self, text: str) -> tuple[str, ...]:
        if not text.isascii():
            text = unicodedata.normalize("NFKD", text.translate(_GERMAN))
            text = "".join(sign for sign in text if not unicodedata.combining(sign))
        words = [word for word in _NOT_LATIN.split(_JOINED.sub("", text)) if word and word not in self._titles]
        longer = [word for word in words if len(word) > 1]
        return tuple(longer if len(longer) > 1 else words)

    def _pinyin(self, han: str) -> tuple[str, str]:
        doubled = len(han) > 2 and han[:2] in names_zh().surnames_double
        head, tail = (han[:2], han[2:]) if doubled else (han[:1], han[1:])
        readings = _readings()
        surname = self._readings.get(head) or "".join(readings.get(ord(sign), "") for sign in head)
        return surname, "".join(readings.get(ord(sign), "") for sign in tail)


@cache
def _readings() -> Mapping[int, str]:
    """The usual reading of each character, without tones."""
    from pypinyin.constants import PINYIN_DICT

    def plain(reading: str) -> str:
        first = unicodedata.normalize("NFKD", reading.split(",", maxsplit=1)[0])
        return "".join(sign for sign in first if "a" <= sign <= "z")

    return {code: plain(reading) for code, reading in PINYIN_DICT.items()}


def compare(one: NameForm, other: NameForm) -> str:
    """SAME, CLOSE, DIFFERS or UNKNOWN."""
    if one.han and other.han:
        if one.han == other.han:
            return SAME
        return CLOSE if (one.surname, one.given) == (other.surname, other.given) else DIFFERS
    if one.han or other.han:
        return _across(one, other) if one.han else _across(other, one)
    if not one.latin or not other.latin:
        return UNKNOWN
    return _latin(one.latin, other.latin)


def _across(chinese: NameForm, latin: NameForm) -> str:
    if chinese.latin and latin.latin and set(latin.latin) <= set(chinese.latin) and len(latin.latin) > 1:
        return SAME
    joined = "".join(latin.latin)
    if joined and joined in (chinese.surname + chinese.given, chinese.given + chinese.surname):
        return SAME
    return UNKNOWN


def _latin(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    first, second = set(one), set(other)
    if first == second or sorted("".join(one)) == sorted("".join(other)):
        return SAME
    if min(len(first), len(second)) > 1 and (first <= second or second <= first):
        return SAME
    orders = (other, other[::-1], (*other[1:], other[0]))
    likest = max(ratio(" ".join(one), " ".join(order)) for order in orders)
    return CLOSE if likest >= CLOSE_RATIO else DIFFERS
