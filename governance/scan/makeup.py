"""What the values of a text column are made of: one look at the bytes of the column tells traits, folding and needs.

Of each value: its size, the kinds of signs in it, and how many digits, spaces, letters and Chinese characters it has.
A kind is one bit of 64: every ASCII punctuation mark has its own; digits, capitals, small letters and blanks have one
each; signs beyond ASCII are told apart by the first byte of their UTF-8 form.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan.words import WORD, Words

Numbers = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Truth = npt.NDArray[np.bool_]

_STEP = 262_144
_LONG = 65_535
"""Values of more bytes would overflow the packed counters and are counted one by one."""

_PUNCTUATION = {sign: 1 << place for place, sign in enumerate(string.punctuation)}
DIGIT, UPPER, LOWER, BLANK, WHITE, CONTROL, TWO, KANA, HAN, THREE, FOUR = (1 << place for place in range(32, 43))
LETTER = UPPER | LOWER
SPACE = BLANK | WHITE
DATE_MARKS, DATE_PLACES = b"-/.\xe5", (1, 2, 4)
"""The bytes that may follow the first part of a date that begins with a digit, and where."""
BEYOND = TWO | KANA | HAN | THREE | FOUR
"""Any sign beyond ASCII: of two bytes, U+3000 to U+3FFF, U+4000 to U+9FFF, others of three bytes, of four bytes."""
EVERY = (1 << 43) - 1


def kind_of_byte(byte: int) -> int:
    """The kind of sign that a byte begins; 0 for a byte inside a sign."""
    sign = chr(byte)
    if byte < 0x80:
        if sign in _PUNCTUATION:
            return _PUNCTUATION[sign]
        if sign.isalnum():
            return DIGIT if sign.isdigit() else UPPER if sign.isupper() else LOWER
        return BLANK if sign == " " else WHITE if sign in "\t\n\r\f" else CONTROL
    if byte < 0xC0:
        return 0
    if byte < 0xE0:
        return TWO
    if byte >= 0xF0:
        return FOUR
    return KANA if byte == 0xE3 else HAN if 0xE4 <= byte <= 0xE9 else THREE


@lru_cache(256)
def kinds(signs: str) -> int:
    """The kinds of some signs together; a lone surrogate counts as a sign of three bytes."""
    found = 0
    for sign in signs:
        found |= kind_of_byte(sign.encode("utf-8", "surrogatepass")[0])
    return found


_KINDS = np.array([kind_of_byte(byte) for byte in range(256)], np.uint64)
_COUNTED = (DIGIT, SPACE, LETTER, HAN)
_LANES = np.array(
    [sum(1 << 16 * lane for lane, kind in enumerate(_COUNTED) if kind_of_byte(byte) & kind) for byte in range(256)],
    np.uint64,
)


@dataclass(frozen=True, slots=True)
class Extent:
    """The most that one of the values of a column has."""

    kinds: int
    """Kinds of signs in any of them."""
    digits: int
    """Most digits."""
    size: int
    """Most bytes."""


@dataclass(frozen=True, slots=True, repr=False)
class Makeup:
    """What each value of a column is made of."""

    content: npt.NDArray[np.uint8]
    """All bytes of the column."""
    starts: Numbers
    """Where each value begins in `content`."""
    size: Numbers
    """Bytes of each value."""
    kinds: Bits
    """The kinds of signs in each value."""
    digits: Numbers
    """ASCII digits in each value."""
    spaces: Numbers
    """Blanks, tabs and line ends."""
    letters: Numbers
    """ASCII letters."""
    han: Numbers
    """Signs from U+4000 to U+9FFF."""

    known: list[Classes] = field(default_factory=list, compare=False)
    """Its classes, once they are made."""
    edges: dict[str, npt.NDArray[np.uint8]] = field(default_factory=dict, compare=False)
    """First and last bytes, once they were asked for."""

    def __repr__(self) -> str:
        return f"Makeup({len(self)} values)"

    def __len__(self) -> int:
        return len(self.kinds)

    def has(self, wanted: int) -> Truth:
        """Which values hold a sign of these kinds."""
        return np.asarray(self.kinds & np.uint64(wanted), np.bool_)

    def only(self, wanted: int) -> Truth:
        """Which values hold no sign of any other kind."""
        return ~self.has(EVERY & ~wanted)

    def extent(self) -> Extent:
        """The most that one of the values has."""
        if not len(self):
            return Extent(0, 0, 0)
        return Extent(int(np.bitwise_or.reduce(self.kinds)), int(self.digits.max()), int(self.size.max()))

    def classes(self) -> Classes:
        """The values by what they are made of."""
        if not self.known:
            self.known.append(_classes(self))
        return self.known[0]

    def first(self, rows: Numbers | None = None) -> npt.NDArray[np.uint8]:
        """The first byte of each value, or of some; 0 of an empty one."""
        return self._edge("first", rows)

    def last(self, rows: Numbers | None = None) -> npt.NDArray[np.uint8]:
        """The last byte of each value, or of some; 0 of an empty one."""
        return self._edge("last", rows)

    def begins_with(self, signs: bytes, rows: Numbers | None = None) -> Truth:
        """Which values, or which of some, begin with one of some ASCII signs."""
        return within(self.first(rows), signs)

    def ends_with(self, signs: bytes, rows: Numbers | None = None) -> Truth:
        """Which values, or which of some, end with one of some ASCII signs."""
        return within(self.last(rows), signs)

    def marked(self, rows: Numbers, signs: bytes, places: Sequence[int]) -> Truth:
        """Which of some values have one of these bytes at one of the places."""
        found = np.zeros(len(rows), np.bool_)
        if not len(rows) or not len(self.content):
            return found
        starts, size = self.starts[rows], self.size[rows]
        last, least = len(self.content) - 1, int(size.min())
        inside = int(starts.max()) + max(places) <= last
        for place in places:
            there = within(self.content.take(starts + place if inside else np.minimum(starts + place, last)), signs)
            found |= there if least > place else there & (size > place)
        return found

    def lengths(self, values: pa.Array) -> Numbers:
        """Code points of each value; `values` are those that this is the makeup of."""
        if self.only(~BEYOND).all():
            return self.size
        return np.asarray(pc.utf8_length(values)).astype(np.int64)

    def signs(self, rows: Numbers, places: Iterable[int]) -> npt.NDArray[np.uint8]:
        """The bytes at some places of some values, which are all that long: a row for each place."""
        starts = self.starts if len(rows) == len(self) else self.starts[rows]
        return np.stack([self.content.take(starts + place) for place in places])

    def take(self, rows: Numbers) -> Makeup:
        """The makeup of some of the values."""
        return Makeup(
            self.content,
            self.starts[rows],
            self.size[rows],
            self.kinds[rows],
            self.digits[rows],
            self.spaces[rows],
            self.letters[rows],
            self.han[rows],
            [each.take(rows) for each in self.known],
        )

    def _edge(self, name: str, rows: Numbers | None) -> npt.NDArray[np.uint8]:
        if name not in self.edges:
            filled = self.size > 0
            places = self.starts if name == "first" else self.starts + self.size - 1
            if filled.all():
                self.edges[name] = self.content.take(places)
            else:
                self.edges[name] = np.zeros(len(filled), np.uint8)
                self.edges[name][filled] = self.content[places[filled]]
        return self.edges[name] if rows is None or len(rows) == len(self) else self.edges[name].take(rows)


@dataclass(frozen=True, slots=True, repr=False)
class Classes:
    """Values that are made of the same, told together: most columns have few such classes."""

    alike: Makeup
    """What the values of each class are made of; not where they lie, nor what they begin or end with."""
    codes: npt.NDArray[np.intp]
    """The class of each value."""

    def __repr__(self) -> str:
        return f"Classes({len(self.alike)} of {len(self.codes)} values)"

    def take(self, rows: Numbers) -> Classes:
        """Of some of the values; a class may then have none."""
        return Classes(self.alike, self.codes[rows])

    def spread(self, chosen: Truth) -> Truth:
        """Which values are of the chosen classes."""
        if chosen.all() or not chosen.any():
            return np.full(len(self.codes), chosen.any())
        return chosen.take(self.codes)

    def rows(self, chosen: Truth) -> Numbers:
        """The values of the chosen classes."""
        if chosen.all() or not chosen.any():
            return np.arange(len(self.codes) if chosen.any() else 0)
        return np.flatnonzero(chosen.take(self.codes))

    def weigh(self, counts: Numbers) -> Numbers:
        """The counts of all values of each class together."""
        return np.bincount(self.codes, counts, len(self.alike)).astype(np.int64)


_FEW, _WORTH = 1024, 8
"""Fewer values, and classes of fewer values on average, are not worth telling together."""


def _classes(makeup: Makeup) -> Classes:
    every = np.arange(len(makeup))
    if len(makeup) < _FEW:
        return Classes(makeup, every)
    codes, number = _code_of_kinds(makeup.kinds)
    for column in (makeup.size, makeup.digits, makeup.spaces, makeup.letters, makeup.han):
        low, high = int(column.min()), int(column.max())
        if low < high:
            if number * (high - low + 1) >= _MOST_CODES:
                return Classes(makeup, every)
            codes, number = codes * (high - low + 1) + (column - low), number * (high - low + 1)
    codes, number = _coded(codes, number)
    if number * _WORTH > len(codes):
        return Classes(makeup, every)
    one = np.empty(number, np.int64)
    one[codes] = every
    return Classes(makeup.take(one), codes)


_MOST_CODES, _TABLE = 2**62, 2**16
_MOST_BITS = 8


def _code_of_kinds(kinds_found: Bits) -> tuple[Numbers, int]:
    """A number for the kinds of each value, below a bound."""
    either, both = int(np.bitwise_or.reduce(kinds_found)), int(np.bitwise_and.reduce(kinds_found))
    differing = [place for place in range(64) if (either & ~both) >> place & 1]
    if len(differing) > _MOST_BITS:
        return _coded(kinds_found, 2**64)
    codes = np.zeros(len(kinds_found), np.uint64)
    for number, place in enumerate(differing):
        codes |= (kinds_found >> np.uint64(place) & np.uint64(1)) << np.uint64(number)
    return codes.view(np.int64), 1 << len(differing)


def _coded(numbers: npt.NDArray[Any], bound: int) -> tuple[npt.NDArray[np.intp], int]:
    """Numbers below a bound as others from 0 on without gaps, and how many."""
    if bound > _TABLE:
        found = pa.array(numbers).dictionary_encode()
        return np.asarray(found.indices).astype(np.intp), len(found.dictionary)
    there = np.zeros(bound, np.bool_)
    there[numbers] = True
    return (np.cumsum(there) - 1).take(numbers), int(np.count_nonzero(there))


def some(values: pa.Array, rows: Numbers) -> pa.Array:
    """Some of the values of a column, in order; itself where they are all."""
    return values if len(rows) == len(values) else values.take(pa.array(rows))


def within(signs: npt.NDArray[np.uint8], wanted: bytes) -> Truth:
    """Which of some bytes are among those that are wanted."""
    chosen = np.zeros(256, np.bool_)
    chosen[list(wanted)] = True
    return chosen.take(signs)


def makeup_of(values: pa.Array) -> Makeup:
    """What the values of a text column without nulls are made of."""
    content, bounds = flat(values)
    groups = _grouped(content[bounds[0] : min(bounds[-1], bounds[0] + _SAMPLE)], ())
    found = []
    for low, high in slices(bounds):
        text, part = content[bounds[low] : bounds[high]], bounds[low : high + 1]
        part = part - part[0]
        words = Words(part[:-1], np.diff(part))
        if not words.passes:
            found.append(_look(text, part))
            continue
        groups, kinds_found, counted = _read(text, words, groups)
        rest = words.unread
        if len(rest):
            kinds_found[rest], counted[:, rest] = _look(*_picked(text, part, rest))
        found.append((kinds_found, counted))
    kinds_found = np.concatenate([each[0] for each in found] or [np.empty(0, np.uint64)])
    counted = np.concatenate([each[1] for each in found] or [np.empty((4, 0), np.int64)], axis=1)
    return Makeup(content, bounds[:-1], np.diff(bounds), kinds_found, *counted)


def flat(values: pa.Array) -> tuple[npt.NDArray[np.uint8], Numbers]:
    """The bytes of a text column and where each value begins; nothing is copied but 32-bit offsets."""
    wide = pa.types.is_large_string(values.type)
    _, offsets, data = values.buffers()
    if offsets is None:
        return np.empty(0, np.uint8), np.zeros(len(values) + 1, np.int64)
    bounds = np.frombuffer(offsets, np.int64 if wide else np.int32)[values.offset : values.offset + len(values) + 1]
    content = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    return content, bounds.astype(np.int64)


def slices(bounds: Numbers) -> list[tuple[int, int]]:
    """Ranges of values of about 256 KiB of text each: what is made of them stays in the processor's cache."""
    cuts, low = [], 0
    while low < len(bounds) - 1:
        high = int(np.searchsorted(bounds, bounds[low] + _STEP, side="right")) - 1
        high = max(low + 1, min(high, len(bounds) - 1))
        cuts.append((low, high))
        low = high
    return cuts


Groups = tuple[tuple[int, ...], ...]
"""Kinds of signs, by eights and in the last group by sevens at most: each has a bit of a byte."""
_GROUP = 8
_SAMPLE = 2048
"""So many first bytes tell which kinds of signs a column is likely to have."""
_EACH_BYTE = 0x0101010101010101


def _read(text: npt.NDArray[np.uint8], words: Words, groups: Groups) -> tuple[Groups, Bits, Numbers]:
    """Kinds and counts of values by their words, and the groups of all kinds in the text.

    Each byte becomes the bit of its kind in a group of kinds; so the kinds of a value are its words together, and the
    bits of one kind in a word are as many as the signs of that kind.
    """
    padded = text.tobytes() + bytes(WORD)
    found, counted = np.zeros(len(words.sizes), np.uint64), np.zeros((len(_COUNTED), len(words.sizes)), np.int64)
    for number, group in enumerate(groups):
        seen = np.zeros(len(found), np.uint64)
        lanes = [(lane, mask) for lane, kind in enumerate(_COUNTED) if (mask := _bits(group, kind))]
        for each, read in words.read(padded.translate(_places(groups)[number])):
            for lane, mask in lanes:
                signs = np.bitwise_count(read & mask)
                if each.rows is None:
                    counted[lane] += signs
                else:
                    counted[lane, each.rows] += signs
            if each.rows is None:
                seen |= read
            else:
                seen[each.rows] |= read
        for shift in (32, 16, 8):
            seen |= seen >> np.uint64(shift)
        seen &= np.uint64(0xFF)
        if number == len(groups) - 1 and (seen >> np.uint64(_GROUP - 1)).any():
            return _read(text, words, _grouped(text, groups))
        found |= _kinds_of(group).take(seen.astype(np.intp))
    return groups, found, counted


def _grouped(text: npt.NDArray[np.uint8], groups: Groups) -> Groups:
    """The groups with the kinds of a text beside those that they have."""
    there = {kind_of_byte(byte) for byte in np.flatnonzero(np.bincount(text, minlength=256)).tolist()} - {0}
    known = list(dict.fromkeys([*(kind for group in groups for kind in group), *sorted(there)]))
    return tuple(tuple(known[low : low + _GROUP]) for low in range(0, len(known) // _GROUP * _GROUP + 1, _GROUP))


@lru_cache(256)
def _places(groups: Groups) -> tuple[bytes, ...]:
    """For each group and byte the bit of its kind; the last bit of the last group is that of all other kinds."""
    bits = [{kind: 1 << place for place, kind in enumerate(group)} for group in groups]
    known = {0, *(kind for group in groups for kind in group)}
    bits[-1] |= {kind: 1 << _GROUP - 1 for kind in map(kind_of_byte, range(256)) if kind not in known}
    return tuple(bytes(each.get(kind_of_byte(byte), 0) for byte in range(256)) for each in bits)


def _bits(group: tuple[int, ...], wanted: int) -> np.uint64:
    """Where signs of the kinds that are wanted have their bit in a word."""
    return np.uint64(sum(_EACH_BYTE << place for place, kind in enumerate(group) if kind & wanted))


@lru_cache(256)
def _kinds_of(group: tuple[int, ...]) -> Bits:
    """By the bits of a group together, the kinds."""
    return np.array(
        [sum(kind for place, kind in enumerate(group) if byte >> place & 1) for byte in range(256)], np.uint64
    )


def _picked(text: npt.NDArray[np.uint8], bounds: Numbers, rows: Numbers) -> tuple[npt.NDArray[np.uint8], Numbers]:
    """Some values by themselves: their bytes and where each begins."""
    sizes = np.diff(bounds)[rows]
    made = np.concatenate([[0], np.cumsum(sizes)])
    return text[np.repeat(bounds[:-1][rows] - made[:-1], sizes) + np.arange(made[-1])], made


def _look(text: npt.NDArray[np.uint8], bounds: Numbers) -> tuple[Bits, Numbers]:
    """Kinds and counts of values byte by byte."""
    starts, size = bounds[:-1], np.diff(bounds)
    filled = size > 0
    where = starts if filled.all() else starts[filled]
    found, packed = np.zeros(len(starts), np.uint64), np.zeros(len(starts), np.uint64)
    if len(where):
        wide = text.astype(np.intp)  # what `take` would otherwise do twice, and far slower
        found[filled] = np.bitwise_or.reduceat(_KINDS.take(wide), where)
        packed[filled] = np.add.reduceat(_LANES.take(wide), where)
    lanes = [(packed >> np.uint64(16 * lane) & np.uint64(0xFFFF)).astype(np.int64) for lane in range(4)]
    for row in np.flatnonzero(size > _LONG).tolist():
        often = np.bincount(text[starts[row] : starts[row] + size[row]], minlength=256)
        for lane, kind in enumerate(_COUNTED):
            lanes[lane][row] = often[(_KINDS & np.uint64(kind)) != 0].sum()
    return found, np.stack(lanes)
