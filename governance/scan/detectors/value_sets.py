"""Which share of a column belongs to closed sets of values: genders, states, towns, given names, degrees.

Membership is a trait of the column, no hit: `Green` is a surname, a town and a colour at once, and only the share of a
whole column tells which. Every trait is a count over values that are looked at one by one, so profiles merge in any
order. A value is looked up once, in lower case, without accents, hyphens or final dots.

Traits are called `set.KIND` (told by itself), `set.KIND.maybe` (means other things too), `last.KIND` (by its last word)
and `form.NAME` (by its form alone).
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import repeat

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from babel import Locale

from governance.scan.detectors.base import mask
from governance.scan.lexicon import NEWEST
from governance.scan.lexicon_latin import GIVEN, ORDINARY, SURNAME, latin_lexicon
from governance.scan.listed import towns
from governance.scan.makeup import BEYOND, DIGIT, LETTER, Makeup, flat, kinds, some
from policies.pack_loader import load_pack

_LONGEST = 60
"""Values of more bytes belong to no set."""
_LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "zh_Hans", "zh_Hant", "ja")
_EDGES = " .,;:*\t\r\n"
_MOST_SPACES = 7
_STREET_DIGITS = 9
"""More digits are those of a code beside the street."""
_POINTS = (1, 2, 3, 4)
"""Where the point of degrees may stand."""
_SHORT = 2
"""Names of so few letters are codes as often."""

Counts = npt.NDArray[np.int64]
Truth = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ValueSets:
    """All sets as two tables from a word to the bits of the traits that it has."""

    traits: tuple[str, ...]
    """Which trait each bit stands for."""
    whole: Mapping[str, int]
    """By whole value."""
    last: Mapping[str, int]
    """By the last word of a value of several words; -1 for a word that only grades what stands before it."""
    units: frozenset[str]
    """Words before the number of a flat, suite or box."""


def memberships(values: pa.Array, counts: Counts, makeup: Makeup) -> dict[str, int]:
    """Rows that have each trait; only traits that some row has."""
    found = {**_words(values, counts, makeup), **_forms(values, counts, makeup)}
    return {name: found[name] for name in sorted(found) if found[name]}


def normal(text: str) -> str:
    """A value as the sets hold it."""
    if not text.isascii():
        spread = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
        text = "".join(sign for sign in spread if not unicodedata.combining(sign))
    return text.lower().replace("-", " ").strip(_EDGES)


@cache
def value_sets() -> ValueSets:
    """The newest edition. Raises PackError when a pack is wrong."""
    body = load_pack("value_sets", NEWEST).body
    named = {f"set.{kind}{tail}": _split(each[size]) for kind, each in body["sets"].items() for size, tail in _SIZES}
    flags = latin_lexicon().flags
    latin, chinese = towns()
    named |= {
        "set.CITY": {*map(normal, latin), *map(normal, chinese)},
        "set.GIVEN": {
            word for word, flag in flags.items() if flag & GIVEN and not flag & ORDINARY and len(word) > _SHORT
        },
        "set.SURNAME": {
            word for word, flag in flags.items() if flag & SURNAME and not flag & ORDINARY and len(word) > _SHORT
        },
        "set.TURNED_NAME": set(),
        **_countries(),
    }
    lasts = {f"last.{kind}": _split(words) for kind, words in body["last_words"].items()}
    traits = (*sorted(named), *sorted(lasts))
    return ValueSets(
        traits=traits,
        whole=_table(named, traits),
        last={**_table(lasts, traits), **dict.fromkeys({*string.ascii_lowercase, *_split(body["grades"])}, -1)},
        units=frozenset(_split(body["unit_words"])),
    )


_SIZES = (("sure", ""), ("maybe", ".maybe"))


def _words(values: pa.Array, counts: Counts, makeup: Makeup) -> dict[str, int]:
    """Traits by the words of values without digits."""
    classes = makeup.classes()
    alike = classes.alike
    chosen = alike.has(LETTER | BEYOND) & ~alike.has(DIGIT | kinds("@_\\<>{}=")) & (alike.size <= _LONGEST)
    index = classes.rows(chosen & (alike.spaces <= _MOST_SPACES))
    if not len(index):
        return {}
    sets, spaced = value_sets(), makeup.spaces[index] > 0
    texts = _normal(some(values, index), foreign=bool((chosen & alike.has(BEYOND)).any()))
    job = 1 << sets.traits.index("last.JOB_TITLE")
    bits = np.zeros(len(texts), np.int64)
    known = np.flatnonzero(_maybe(texts))
    bits[known] = _looked_up(texts, known, sets.whole)
    one = np.flatnonzero(~spaced)
    bits[one] |= np.maximum(_looked_up(texts, one, sets.last), 0) & job
    ended = np.flatnonzero(spaced & _ending(texts))
    long = texts.take(pa.array(ended))
    tails = np.fromiter(map(sets.last.get, _last_words(long), repeat(0)), np.int64, len(long))
    graded = np.flatnonzero(tails < 0)
    tails[graded] = [_before_grade(text, sets) for text in long.take(pa.array(graded)).to_pylist()]
    bits[ended] |= tails
    turned = np.flatnonzero(makeup.has(kinds(","))[index])
    bits[turned] |= np.array([_turned(text, sets) for text in texts.take(pa.array(turned)).to_pylist()], np.int64)
    rows, used = counts[index], int(np.bitwise_or.reduce(bits))
    return {
        name: int(rows[(bits >> place) & 1 == 1].sum()) for place, name in enumerate(sets.traits) if used >> place & 1
    }


def _looked_up(texts: pa.Array, rows: Counts, table: Mapping[str, int]) -> Counts:
    return np.fromiter(map(table.get, texts.take(pa.array(rows)).to_pylist(), repeat(0)), np.int64, len(rows))


def _maybe(texts: pa.Array) -> Truth:
    """Which texts have the size and the first and last bytes of some word of a table; few others have."""
    return _whole_codes()[_whole_code(texts)]


def _whole_code(texts: pa.Array) -> Counts:
    """A number for the size and the first and last bytes of each text."""
    content, bounds = flat(texts)
    size = np.diff(bounds)
    head = _word(content, bounds[:-1]) & _PARTS.take(size, mode="clip")
    tail = _word(content, bounds[1:] - _EDGE) >> _SHIFTS.take(size, mode="clip")
    return _mixed(head * _ODD ^ tail ^ size.astype(np.uint64) << np.uint64(32))


def _ending(texts: pa.Array) -> Truth:
    """Which texts end as some last word does, with the blank before a short one; few others do."""
    content, bounds = flat(texts)
    tail = _word(content, bounds[1:] - _EDGE)
    found = np.diff(bounds) < _EDGE
    for length, known in _endings().items():
        found |= known[_mixed(tail >> np.uint64(8 * (_EDGE - length)))]
    return found


_EDGE, _ODD, _CODE_BITS = 4, np.uint64(0x9E3779B97F4A7C15), 20
_PARTS = np.array([(1 << 8 * size) - 1 for size in range(_EDGE + 1)], np.uint64)
"""By size: which of the first four bytes belong to a text."""
_SHIFTS = np.array([8 * (_EDGE - size) for size in range(_EDGE + 1)], np.uint64)
"""By size: how far the last four bytes have others before them."""


def _word(content: npt.NDArray[np.uint8], places: Counts) -> npt.NDArray[np.uint64]:
    """Four bytes from each place, which may lie up to four before the first or behind the last byte."""
    edge = np.zeros(_EDGE, np.uint8)
    padded = np.concatenate([edge, content, edge])
    every = np.ndarray((len(content) + _EDGE + 1,), np.dtype("<u4"), padded, 0, (1,))
    return every[places + _EDGE].astype(np.uint64)


def _mixed(numbers: npt.NDArray[np.uint64]) -> Counts:
    with np.errstate(over="ignore"):
        mixed = (numbers ^ numbers >> np.uint64(29)) * _ODD
    return (mixed >> np.uint64(64 - _CODE_BITS)).astype(np.int64)


@cache
def _whole_codes() -> Truth:
    """By code: whether a word of the sets has it."""
    known = np.zeros(1 << _CODE_BITS, np.bool_)
    known[_whole_code(pa.array([word for word in value_sets().whole if word], pa.string()))] = True
    return known


@cache
def _endings() -> dict[int, Truth]:
    """By a number of last bytes, the blank before a last word included, and their code: whether one ends like this."""
    words: dict[int, list[int]] = {}
    for word in value_sets().last:
        signs = f" {word}".encode()[-_EDGE:]
        words.setdefault(len(signs), []).append(int.from_bytes(signs, "little"))
    found = {length: np.zeros(1 << _CODE_BITS, np.bool_) for length in words}
    for length, numbers in words.items():
        found[length][_mixed(np.array(numbers, np.uint64))] = True
    return found


def _last_words(texts: pa.Array) -> list[str]:
    """The last word of each text."""
    split = pc.split_pattern(texts, " ", max_splits=1, reverse=True)
    words: list[str] = (
        split.flatten().take(pa.array(np.asarray(split.offsets)[1:] - 1 - int(split.offsets[0].as_py()))).to_pylist()
    )
    return words


def _normal(texts: pa.Array, *, foreign: bool) -> pa.Array:
    """As `normal`, over a column."""
    if foreign:
        return pa.array([normal(text) for text in texts.to_pylist()], pa.string())
    return pc.utf8_trim(pc.replace_substring(pc.ascii_lower(texts), "-", " "), _EDGES)


def _before_grade(text: str, sets: ValueSets) -> int:
    """The bits of a value that ends in a grade or a lone letter: those of the rest, as a whole or by its last word."""
    head = text.rpartition(" ")[0]
    return sets.whole.get(head, 0) | max(0, sets.last.get(head.rpartition(" ")[2], 0))


def _turned(text: str, sets: ValueSets) -> int:
    """The bit of a name written surname first, `walker, anna m`; 0 for anything else, a town and its state included."""
    surname, _, rest = text.partition(",")
    given, family = rest.split(), surname.split()
    if not family or not 1 <= len(given) <= 3 or "," in rest or len(family) > 3:
        return 0

    def among(word: str, *kinds: str) -> bool:
        return any(sets.whole.get(word, 0) >> sets.traits.index(f"set.{kind}") & 1 for kind in kinds)

    known = among(family[-1], "SURNAME")
    if among(rest.strip(), "STATE", "COUNTRY") or (not known and among(rest.strip(), "CITY")):
        return 0
    named = among(given[0].rstrip("."), "GIVEN") or (known and len(given[0]) == 1)
    return 1 << sets.traits.index("set.TURNED_NAME") if named else 0


def _forms(values: pa.Array, counts: Counts, makeup: Makeup) -> dict[str, int]:
    """Traits by form: whole numbers of an age, postal codes, degrees with many decimals, initials, flats and bands."""
    classes = makeup.classes()
    alike, weights = classes.alike, classes.weigh(counts)
    size, bare = alike.size, alike.only(DIGIT)
    dotted = alike.only(DIGIT | kinds("-.")) & alike.has(kinds(".")) & (size >= 6) & (size - alike.digits <= 2)
    asked = {
        "form.age": (r"^1[01]\d$", bare & (size == 3)),
        "form.band": (_BAND, alike.has(DIGIT) & (size >= 2) & (size <= 24) & ~bare & (alike.digits <= 6)),
        "form.geometry": (_GEOMETRY, alike.has(kinds("(")) & alike.has(LETTER) & (alike.digits >= 2)),
        "form.initial": (r"^[A-Za-z]\.?$", alike.only(LETTER | kinds(".")) & (size >= 1) & (size <= 2)),
        "form.street": (_street(), _streets(alike)),
        "form.phone": (_PHONE, (alike.digits == 10) & (size <= 14) & ((size == 12) | alike.has(kinds("(")))),
        "form.zip9": (r"^\d{5}-\d{4}$", alike.only(DIGIT | kinds("-")) & (size == 10) & (alike.digits == 9)),
    }
    found = {name: _asked(values, counts, form, classes.rows(doubt)) for name, (form, doubt) in asked.items()}
    degrees = classes.rows(dotted)
    degrees = degrees[makeup.marked(degrees, b".", _POINTS)]
    found["form.degrees"] = _asked(values, counts, r"^-?(?:1[0-7]\d|\d{1,2})\.\d{4,}$", degrees)
    found["form.age"] += int(weights[bare & (size >= 1) & (size <= 2)].sum())
    found["form.zip5"] = int(weights[bare & (size == 5)].sum())
    flat = alike.has(kinds("#")) | ((alike.spaces > 0) & alike.has(LETTER) & (alike.has(DIGIT) | (size <= 8)))
    found["form.unit"] = _units(values, counts, makeup, classes.rows(flat & (size >= 2) & (size <= 24)))
    return found


def _streets(makeup: Makeup) -> Truth:
    """Which values with a digit could end in the word of a street: `8400 E 55 ST`, `W 13 ST/MAIN ST`."""
    worded = (makeup.spaces > 0) & (makeup.letters >= _SHORT) & (makeup.digits > 0) & (makeup.digits <= _STREET_DIGITS)
    return worded & (makeup.size <= _LONGEST) & ~makeup.has(kinds("@_\\<>{}="))


@cache
def _street() -> str:
    words = "|".join(sorted(_split(load_pack("value_sets", NEWEST).body["last_words"]["ADDRESS"]), key=len)[::-1])
    return rf"(?i)[ ](?:{words})\.?(?: (?:[nsew]|[ns][ew]|north|south|east|west))?\.?(?: ?/| ?&| and |,|\s*$)"


_GEOMETRY = r"(?i)^\s*(?:SRID=\d+;\s*)?(?:MULTI)?(?:POINT|LINESTRING|POLYGON) ?(?:Z ?|M ?)?\("
_PHONE = r"^(?:\([2-9]\d\d\) ?|[2-9]\d\d[-. /])[2-9]\d\d[-. ]\d{4}$"
_YEARS = r"(?:years?|yrs?|months?|weeks?|days?|jahre|岁|歲)"
_BAND = (
    rf"(?i)^(?:age[ds]? )?(?:\d{{1,3}} ?(?:-|–|to|bis|至) ?\d{{1,3}}(?: ?{_YEARS})?"
    rf"|(?:under |over |<|>|≥|<=|>=)? ?\d{{1,3}} ?(?:\+|{_YEARS})(?: (?:old|and (?:older|over|under|up)))?"
    r"|\d{1,3} (?:and|or) (?:older|over|under|above))$"
)


def _units(values: pa.Array, counts: Counts, makeup: Makeup, rows: Counts) -> int:
    """How often some values are a flat, a suite or a box: `Apt 3`, `PO Box 12`, `#104`."""
    rows = rows[~makeup.begins_with(b"0123456789", rows)]
    units = value_sets().units
    found = np.zeros(len(rows), np.bool_)
    for place, text in enumerate(some(values, rows).to_pylist()):
        first, _, rest = text.strip().lower().partition(" ")
        found[place] = (bool(rest) and len(rest) <= 12 and first.rstrip(".") in units) or (
            first.startswith("#") and len(first) <= 6
        )
    return int(counts[rows[found]].sum())


def _asked(values: pa.Array, counts: Counts, form: str, rows: Counts) -> int:
    """How often some values have a form."""
    return int(counts[rows[mask(some(values, rows), form)]].sum()) if len(rows) else 0


def _table(sets: Mapping[str, Iterable[str]], traits: tuple[str, ...]) -> dict[str, int]:
    table: dict[str, int] = {}
    for name, words in sets.items():
        bit = 1 << traits.index(name)
        for word in words:
            table[word] = table.get(word, 0) | bit
    return table


def _countries() -> dict[str, set[str]]:
    """Names of countries in several languages, and their codes, from the Unicode locale data."""
    names: set[str] = {"usa", "u.s.a", "u.s", "united states of america", "uk", "england", "south korea", "russia"}
    codes: set[str] = {"usa", "gbr", "deu", "fra", "chn", "twn", "hkg", "jpn", "can", "aus", "ita", "esp", "nld", "ind"}
    for language in _LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "ZZ", "QO", "XA", "XB"):
                names.add(normal(name))
                codes.add(code.lower())
    return {"set.COUNTRY": names, "set.COUNTRY.maybe": codes}


def _split(words: str) -> set[str]:
    return {word for word in (normal(each) for each in words.replace("\n", " ").split(",")) if word}
