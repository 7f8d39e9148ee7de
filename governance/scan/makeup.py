"""What the values of a text column are made of: one look at the bytes of the column tells traits, folding and needs.

Of each value: its size, the kinds of signs in it, and how many digits, spaces, letters and Chinese characters it has.
A kind is one bit of 64: every ASCII punctuation mark has its own; digits, capitals, small letters and blanks have one
each; signs beyond ASCII are told apart by the first byte of their UTF-8 form.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
Truth = npt.NDArray[np.bool_]

_STEP = 131_072
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


def kinds(signs: Iterable[str]) -> int:
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

    def first(self) -> npt.NDArray[np.uint8]:
        """The first byte of each value; 0 of an empty one."""
        return self._edge(self.starts)

    def last(self) -> npt.NDArray[np.uint8]:
        """The last byte of each value; 0 of an empty one."""
        return self._edge(self.starts + self.size - 1)

    def begins_with(self, signs: bytes) -> Truth:
        """Which values begin with one of some ASCII signs."""
        return within(self.first(), signs)

    def marked(self, rows: Numbers, signs: bytes, places: Iterable[int]) -> Truth:
        """Which of some values have one of these bytes at one of the places."""
        found = np.zeros(len(rows), np.bool_)
        for place in places if len(self.content) else ():
            there = self.content.take(np.minimum(self.starts[rows] + place, len(self.content) - 1))
            found |= within(there, signs) & (self.size[rows] > place)
        return found

    def lengths(self, values: pa.Array) -> Numbers:
        """Code points of each value; `values` are those that this is the makeup of."""
        if self.only(~BEYOND).all():
            return self.size
        return np.asarray(pc.utf8_length(values)).astype(np.int64)

    def grid(self, rows: Numbers, width: int) -> npt.NDArray[np.uint8]:
        """The bytes of some values that are all `width` bytes long, a row for each."""
        return self.content.take(self.starts[rows][:, None] + np.arange(width))

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
        )

    def _edge(self, places: Numbers) -> npt.NDArray[np.uint8]:
        filled = self.size > 0
        if filled.all():
            return self.content.take(places)
        found = np.zeros(len(filled), np.uint8)
        found[filled] = self.content[places[filled]]
        return found


def within(signs: npt.NDArray[np.uint8], wanted: bytes) -> Truth:
    """Which of some bytes are among those that are wanted."""
    chosen = np.zeros(256, np.bool_)
    chosen[list(wanted)] = True
    return chosen.take(signs)


def makeup_of(values: pa.Array) -> Makeup:
    """What the values of a text column without nulls are made of."""
    content, bounds = flat(values)
    found = [_look(content, bounds[low : high + 1]) for low, high in slices(bounds)]
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
    """Ranges of values of about 128 KiB of text each: what is made of them stays in the processor's cache."""
    cuts, low = [], 0
    while low < len(bounds) - 1:
        high = int(np.searchsorted(bounds, bounds[low] + _STEP, side="right")) - 1
        high = max(low + 1, min(high, len(bounds) - 1))
        cuts.append((low, high))
        low = high
    return cuts


def _look(content: npt.NDArray[np.uint8], bounds: Numbers) -> tuple[Bits, Numbers]:
    text = content[bounds[0] : bounds[-1]]
    starts, size = bounds[:-1] - bounds[0], np.diff(bounds)
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
