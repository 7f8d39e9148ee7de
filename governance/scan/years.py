"""Dates of a column by year, month and day, and whether they lie as dates of birth do.

Only counts are kept, one key for each year from 1900 to 2030, so profiles merge in any order. Dates of birth of people
spread over many decades, fall on every month alike, bear no time of day and are seldom of the last years; dates of
hiring, signing or building crowd into recent years, on the first of a month, or both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan.detectors.base import mask
from governance.scan.lexicon import NEWEST
from governance.scan.makeup import BEYOND, DATE_MARKS, DATE_PLACES, DIGIT, Makeup, Numbers, Truth, kinds
from governance.scan.profile import ColumnProfile
from policies.pack_loader import load_pack

_FIRST, _LAST = 1900, 2030
_MONTHS = 12
_LEAST, _MOST = 6, 20
"""Digits of a date with or without its time."""
_BETWEEN = 2
"""Signs between year, month and day; a date with more has a time of day as well, or is Chinese."""
_WIDTH = 10
_MARKS = np.frombuffer(b"-/.", np.uint8) - np.uint8(ord("0"))
_FIXED = ((((0, 4), (5, 7), (8, 10)), (4, 7)), (((6, 10), (0, 2), (3, 5)), (2, 5)))
"""Where year, month and day stand in ten signs, and the marks between them: `1984-05-17`, `05/17/1984`."""
_FORM = (
    r"^\s*(?:(?P<y1>(?:19|20)\d\d)(?P<s1>[-/.年])(?P<m1>\d\d?)[-/.月](?P<d1>\d\d?)日?"
    r"|(?P<a2>\d\d?)[-/.](?P<b2>\d\d?)[-/.](?P<y2>(?:19|20)\d\d)"
    r"|(?P<y3>(?:19|20)\d\d)(?P<m3>0[1-9]|1[0-2])(?P<d3>0[1-9]|[12]\d|3[01]))"
    r"(?:[ T](?P<time>\d\d?:\d\d(?::\d\d)?(?:\.\d+)?)\s*(?:[AaPp][Mm])?(?:Z|[-+]\d\d:?\d\d)?)?\s*$"
)
_MIDNIGHT = r"^(?:00?:00|12:00)(?::00)?(?:\.0+)?$"


@dataclass(frozen=True, slots=True)
class Births:
    """What dates of birth look like; data of the pack `fusion`."""

    gives: float
    """The confidence in full."""
    values: int
    """At least so many dates."""
    dated: float
    """The least share of the values that are dates."""
    years: int
    """At least so many different years ..."""
    since: int
    """... from this one ..."""
    grown: int
    """... to this one, in which nearly all lie."""
    recent: int
    """From this year on there are few."""
    few: float
    """The most that may lie in recent years, or have a time of day."""
    crowded: float
    """The most that may lie in one year."""
    month: float
    """The most that may lie in one month of the year."""
    first: float
    """The most that may lie on the first day of a month."""


_NIGHT, _NOON = np.frombuffer(b"00:00", np.uint8), np.frombuffer(b"12:00", np.uint8)


def year_traits(values: pa.Array, counts: Numbers, makeup: Makeup) -> dict[str, int]:
    """Rows by year, month and first day of a month, and those with a time of day; of values that are dates."""
    classes = makeup.classes()
    alike = classes.alike
    apart = alike.has(kinds("-/.年")) & (alike.digits >= _LEAST) & (alike.digits <= _MOST) & (alike.letters <= 3)
    solid = alike.size - alike.spaces
    apart &= (solid >= 8) & (alike.size <= 40)
    apart &= (solid - alike.digits == _BETWEEN) | alike.has(BEYOND | kinds(":"))
    index, bare = classes.rows(apart), classes.rows(alike.only(DIGIT) & (alike.size == 8))
    index = index[makeup.begins_with(b"0123456789", index)]
    index = index[makeup.marked(index, DATE_MARKS, DATE_PLACES)]
    index = np.concatenate([index, bare[makeup.begins_with(b"12", bare)]])
    if not len(index):
        return {}
    dates = _dates(values, makeup, index)
    rows = counts[index]
    known = (dates.year >= _FIRST) & (dates.year <= _LAST) & (dates.month >= 1) & (dates.month <= _MONTHS)
    if not known.any():
        return {}
    found = _counted("year", dates.year[known], rows[known]) | _counted("month", dates.month[known], rows[known])
    found["day.first"] = int(rows[known & (dates.day == 1)].sum())
    found["day.time"] = int(rows[known & dates.timed].sum())
    return {name: found[name] for name in sorted(found) if found[name]}


def looks_born(profile: ColumnProfile) -> float:
    """How sure the years, months and days alone make a column one of birth dates, 0 to 1; people must be beside it."""
    rule = births()
    years = {int(key[5:]): rows for key, rows in profile.traits.items() if key.startswith("year.")}
    dates = sum(years.values())
    if dates < max(rule.values, rule.dated * profile.filled) or len(years) < rule.years:
        return 0.0
    months = [rows for key, rows in profile.traits.items() if key.startswith("month.")]
    grown = sum(rows for year, rows in years.items() if rule.since <= year <= rule.grown)
    recent = sum(rows for year, rows in years.items() if year >= rule.recent)
    held = (
        len(months) == _MONTHS
        and grown >= (1 - 2 * rule.few) * dates
        and max(recent, profile.traits.get("day.time", 0)) <= rule.few * dates
        and max(years.values()) <= rule.crowded * dates
        and max(months) <= rule.month * dates
        and profile.traits.get("day.first", 0) <= rule.first * dates
    )
    return rule.gives if held else 0.0


@cache
def births() -> Births:
    """The newest edition. Raises PackError when a pack is wrong."""
    return Births(**load_pack("fusion", NEWEST).body["births"])


@dataclass(frozen=True, slots=True, repr=False)
class _Dates:
    """Years, months and days, 0 where a value is no date, and whether there is a time of day."""

    year: Numbers
    month: Numbers
    day: Numbers
    timed: Truth

    def put(self, rows: Numbers, other: _Dates) -> None:
        """Write other dates into these rows."""
        for mine, theirs in zip(self._all, other._all, strict=True):
            mine[rows] = theirs

    @property
    def _all(self) -> tuple[npt.NDArray[Any], ...]:
        return self.year, self.month, self.day, self.timed


def _dates(values: pa.Array, makeup: Makeup, index: Numbers) -> _Dates:
    """The dates among some values: by their bytes where two digits stand for day and month, else by an expression."""
    year, month, day = np.zeros((3, len(index)), np.int64)
    found = _Dates(year, month, day, np.zeros(len(index), np.bool_))
    rest = np.ones(len(index), np.bool_)
    rows = np.flatnonzero((makeup.size[index] == _WIDTH) | (makeup.size[index] >= _WIDTH + 9))
    signs = makeup.content.take(makeup.starts[index[rows]][:, None] + np.arange(_WIDTH)) - np.uint8(ord("0"))
    for places, marks in _FIXED:
        split = signs[:, list(marks)]
        digits = signs[:, [place for place in range(_WIDTH) if place not in marks]]
        fits = (digits <= 9).all(axis=1) & np.isin(split, _MARKS).all(axis=1)
        chosen, whole = rows[fits], signs[fits]
        numbers = [_joined(whole[:, low:high]) for low, high in places]
        long = np.flatnonzero(makeup.size[index[chosen]] > _WIDTH)
        timed = np.zeros(len(chosen), np.bool_)
        clock: npt.NDArray[np.uint8] = makeup.content.take(
            makeup.starts[index[chosen[long]]][:, None] + np.arange(_WIDTH + 1, _WIDTH + 6)
        )
        timed[long] = ~((clock == _NIGHT).all(axis=1) | (clock == _NOON).all(axis=1))
        found.put(chosen, _Dates(*_turned(*numbers), timed))
        rest[chosen] = False
    left = np.flatnonzero(rest)
    if len(left):
        texts = values.take(pa.array(index[left]))
        held = np.flatnonzero(mask(texts, _FORM))
        found.put(left[held], _parts(texts.take(pa.array(held))))
    return found


def _joined(digits: npt.NDArray[np.uint8]) -> Numbers:
    """Numbers from their digits."""
    total = np.zeros(len(digits), np.int64)
    for place in range(digits.shape[1]):
        total = total * 10 + digits[:, place]
    return total


def _turned(year: Numbers, month: Numbers, day: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """The same, the greater of month and day being the day where it is no month."""
    swap = month > _MONTHS
    return year, np.where(swap, day, month), np.where(swap, month, day)


def _parts(texts: pa.Array) -> _Dates:
    """The dates of texts that have the form."""
    taken = pc.extract_regex(texts, _FORM)
    year, month, day = (_number(taken, *names) for names in (("y1", "y2", "y3"), ("m1", "m3"), ("d1", "d3")))
    time = pc.fill_null(pc.struct_field(taken, "time"), "")
    timed = np.asarray(pc.and_(pc.not_equal(time, ""), pc.invert(pc.match_substring_regex(time, _MIDNIGHT))))
    return _Dates(*_turned(year, month + _number(taken, "a2"), day + _number(taken, "b2")), timed)


def _number(taken: pa.StructArray, *names: str) -> Numbers:
    total = np.zeros(len(taken), np.int64)
    for name in names:
        texts = pc.fill_null(pc.struct_field(taken, name), "")
        total += np.asarray(pc.cast(pc.if_else(pc.equal(texts, ""), "0", texts), pa.int64()))
    return total


def _counted(kind: str, numbers: Numbers, rows: Numbers) -> dict[str, int]:
    sums = np.bincount(numbers, rows)
    return {f"{kind}.{number:02}": int(sums[number]) for number in np.flatnonzero(sums).tolist()}
