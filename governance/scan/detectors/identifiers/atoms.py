"""Cut all texts of a column into atoms at once, and tell which atoms an entry may know by themselves.

Most numbers in a text stand alone: one run of letters and digits, and nothing beside it that could belong to the same
number. Those are told here, by byte, for a whole column; a text with a number in several parts is left to the reader of
stretches, which gives the same places one text at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from governance.scan.detectors.base import Numbers, Truth
from governance.scan.makeup import flat, slices

LONGEST = 65
"""Atoms of so many signs and more are in no layout."""
_HEAD = 24
"""Letters before the first digit of an atom that the reader of stretches looks back at."""
_CAPITALS = 4
_LONGEST_SIGN = 4
_APART = 2
"""More signs than this never stand between the parts of a number."""
_MOST_BYTES = 1_048_576
_TIES = " ./:+-()"
_TIE = np.zeros(256, np.bool_)
_TIE[list(_TIES.encode())] = True
_DIGIT, _UPPER, _LOWER = 1, 2, 4
_KIND = np.zeros(256, np.uint8)
_KIND[ord("0") : ord("9") + 1] = _DIGIT
_KIND[ord("A") : ord("Z") + 1] = _UPPER
_KIND[ord("a") : ord("z") + 1] = _LOWER


@dataclass(frozen=True, slots=True)
class Atoms:
    """The atoms of a column that an entry may know."""

    row: Numbers
    """Which text."""
    start: Numbers
    """First code point."""
    end: Numbers
    """One behind the last."""
    layout: Numbers
    """The size; `LONGEST` more for an atom with a letter in it."""
    place: Numbers
    """Where it begins among the bytes of the column."""
    tied: Truth
    """By text: whether it may hold a number in several parts, so that its atoms tell nothing."""

    def take(self, chosen: Numbers) -> Atoms:
        """Some of the atoms."""
        return Atoms(
            self.row[chosen], self.start[chosen], self.end[chosen], self.layout[chosen], self.place[chosen], self.tied
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What a table of layouts knows."""

    single: Truth
    """By layout of one atom, as `Atoms.layout`."""
    begins: Callable[[int, str, int], bool]
    """Whether a layout begins with one atom, a sign and another atom."""


def atoms_of(values: pa.Array, known: Known) -> Atoms:
    """The atoms with a digit whose layout is known, of the texts of a column without nulls."""
    content, bounds = flat(values)
    parts = [_look(content, bounds[low : high + 1], low, known) for low, high in slices(bounds)]
    if not parts:
        none = np.empty(0, np.int64)
        return Atoms(none, none, none, none, none, np.empty(0, np.bool_))
    columns = zip(
        *((each.row, each.start, each.end, each.layout, each.place, each.tied) for each in parts), strict=True
    )
    return Atoms(*(np.concatenate(each) for each in columns))


def around(values: pa.Array, atoms: Atoms, before: int, behind: int) -> tuple[pa.Array, Numbers]:
    """Pieces of the texts that hold so many characters before and behind each atom, and the piece of each atom.

    Pieces lie in the column's own bytes; those of atoms beside each other are one.
    """
    content, bounds = flat(values)
    wide = np.where(_foreign(content, bounds)[atoms.row], _LONGEST_SIGN, 1)
    low = np.maximum(bounds[atoms.row], atoms.place - before * wide)
    size = (atoms.end - atoms.start) * wide
    high = np.minimum(bounds[atoms.row + 1], atoms.place + size + behind * wide)
    for _ in range(_LONGEST_SIGN - 1):  # no piece begins or ends inside a sign
        low -= (content.take(np.minimum(low, len(content) - 1)) & 0xC0) == 0x80
        high += (high < bounds[atoms.row + 1]) & ((content.take(np.minimum(high, len(content) - 1)) & 0xC0) == 0x80)
    begins = np.ones(len(low), np.bool_)
    begins[1:] = low[1:] >= high[:-1]
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(low)) - 1
    edges = np.stack([low[first], high[last]], axis=1).ravel().astype(np.int32)
    pieces = pa.StringArray.from_buffers(len(edges) - 1, pa.py_buffer(edges), values.buffers()[2])
    return pieces, 2 * (np.cumsum(begins) - 1)


def _foreign(content: npt.NDArray[np.uint8], bounds: Numbers) -> Truth:
    """Which texts hold a sign beyond ASCII."""
    beyond = np.flatnonzero(content[bounds[0] : bounds[-1]] >= 0x80) + bounds[0]
    found = np.zeros(len(bounds) - 1, np.bool_)
    found[np.searchsorted(bounds, beyond, side="right") - 1] = True
    return found


def _look(content: npt.NDArray[np.uint8], places: Numbers, first: int, known: Known) -> Atoms:
    """As `atoms_of`, for the texts of one slice."""
    text, bounds = content[places[0] : places[-1]], places - places[0]
    kind = _KIND[text]
    start, end = _runs(kind > 0, bounds)
    row = np.searchsorted(bounds, start, side="right") - 1
    size = end - start
    digits = _within(kind == _DIGIT, start, end)
    tied = np.zeros(len(bounds) - 1, np.bool_)
    capitals = (size <= _CAPITALS) & (kind[start] == _UPPER) & (_within(kind == _UPPER, start, end) == size)
    part, numbered = capitals | (digits > 0), digits > 0
    layout = np.minimum(size, LONGEST - 1) + LONGEST * (digits < size)
    pairs = np.flatnonzero(part[:-1] & part[1:] & (row[:-1] == row[1:]) & (start[1:] - end[:-1] <= _APART))
    pairs = pairs[_TIE[text[end[pairs]]]]
    beside = numbered[pairs] | numbered[pairs + 1]
    tied[
        row[pairs[_is_tie(pairs, text, start, end, layout, known) & (beside | (start[pairs + 1] - end[pairs] == 1))]]
    ] = True
    named = capitals & known.single[layout]
    tied[row[pairs[beside & (named[pairs] | named[pairs + 1])]]] = True
    lettered = numbered & (digits < size) & (size > _HEAD)
    tied[row[lettered]] = True
    tied[np.diff(bounds) > _MOST_BYTES] = True
    chosen = np.flatnonzero(numbered & known.single[layout] & ~tied[row])
    place = start[chosen] + places[0]
    low, high = start[chosen] - bounds[row[chosen]], end[chosen] - bounds[row[chosen]]
    if (text >= 0x80).any():
        signs = np.concatenate([[0], np.cumsum((text & 0xC0) != 0x80)])
        base = signs[bounds[row[chosen]]]
        low, high = signs[start[chosen]] - base, signs[end[chosen]] - base
    return Atoms(row[chosen] + first, low, high, layout[chosen], place, tied)


def _is_tie(
    pairs: Numbers, text: npt.NDArray[np.uint8], start: Numbers, end: Numbers, layout: Numbers, known: Known
) -> Truth:
    """Which neighbours may be parts of one number: some layout begins like them, or a bracket stands between."""
    near, next_to = text[end[pairs]], text[start[pairs + 1] - 1]
    wide = start[pairs + 1] - end[pairs] > 1
    tie = wide & (((near == ord(" ")) & (next_to == ord("("))) | ((near == ord(")")) & (next_to == ord(" "))))
    single = np.flatnonzero(~wide)
    codes = (layout[pairs[single]] * 256 + text[end[pairs[single]]]) * 2 * LONGEST + layout[pairs[single] + 1]
    some, places = np.unique(codes, return_inverse=True)
    begins = [
        known.begins(
            int(code) // (2 * LONGEST) // 256, chr(int(code) // (2 * LONGEST) % 256), int(code) % (2 * LONGEST)
        )
        for code in some.tolist()
    ]
    tie[single] = np.array(begins, np.bool_)[places] if begins else False
    return np.asarray(tie)


def _runs(inside: Truth, bounds: Numbers) -> tuple[Numbers, Numbers]:
    """Where runs of letters and digits begin and end; none goes on into the next text."""
    edge = np.empty(len(inside) + 1, np.bool_)
    edge[1:-1] = inside[1:] != inside[:-1]
    edge[0] = edge[-1] = True
    edge[bounds] = True
    cuts = np.flatnonzero(edge)
    kept = inside[cuts[:-1]] if len(cuts) > 1 else np.empty(0, np.bool_)
    return cuts[:-1][kept], cuts[1:][kept]


def _within(marked: Truth, start: Numbers, end: Numbers) -> Numbers:
    """How many marked places each run holds."""
    total = np.concatenate([[0], np.cumsum(marked, dtype=np.int32)])
    return np.asarray((total[end] - total[start]).astype(np.int64))
