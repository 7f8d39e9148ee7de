"""Traits of form that a column's values have: how many rows are digits, long, wordy, Chinese.

What the signs of a value already tell is not asked again: an expression is only run where they leave a doubt.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan.detectors.base import mask
from governance.scan.makeup import (
    BEYOND,
    DATE_MARKS,
    DATE_PLACES,
    DIGIT,
    HAN,
    KANA,
    LETTER,
    SPACE,
    THREE,
    Makeup,
    Truth,
    kinds,
    within,
)

_FORMS = {
    "digits": r"^\s*-?\d+\s*$",
    "decimal": r"^\s*-?\d+\.\d+\s*$",
    "han": r"[\x{3400}-\x{9fff}]",
    "one_word": r"^\s*[A-Za-z\x{c0}-\x{24f}\x{3400}-\x{9fff}'’-]+\s*$",
    "dated": r"^\s*(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{4}年\d{1,2}月)",
    "wordy": r"^\s*\S+(?:\s+\S+){4}"
    r"|[\x{3400}-\x{9fff}][^\x{3400}-\x{9fff}]*(?:[\x{3400}-\x{9fff}][^\x{3400}-\x{9fff}]*){9}",
    "sentence": r"[A-Za-z\x{df}-\x{24f}][.!?;](?:\s|$)|[，。！？；]",
    "url": r"^\s*(?:https?://|www\.)",
    "structured": r"^\s*[\[{<]",
    "postal": r"^\s*(?:\d{5}(?:-\d{4})?|\d{6}|\d{3}"
    r"|[A-Za-z]{1,2}\d[A-Za-z0-9]? ?\d[A-Za-z]{2}|[A-Za-z]\d[A-Za-z] ?\d[A-Za-z]\d)\s*$",
    "handle": r"^\s*@?[A-Za-z0-9][A-Za-z0-9._-]{1,31}\s*$",
}
_LONG = 30
_WORDS, _HAN_SIGNS = 4, 10
_ENDS = kinds(".!?;")
_BLANKS = b" \t\n\r\f"
_ALNUM = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def traits_of(
    values: pa.Array, counts: npt.NDArray[np.int64], makeup: Makeup, lengths: npt.NDArray[np.int64]
) -> dict[str, int]:
    """Rows that have each trait, from distinct texts, how often each stands there, their makeup and lengths."""
    found = {
        name: counts[_asked(values, _FORMS[name], sure, doubt)].sum()
        for name, (sure, doubt) in _known(makeup).items()
        if sure is not None or doubt.any()
    }
    found |= {"latin": counts[makeup.has(LETTER)].sum(), "long": counts[lengths >= _LONG].sum()}
    return {name: int(found[name]) for name in sorted(found) if found[name]}


def _known(makeup: Makeup) -> dict[str, tuple[Truth | None, Truth]]:
    """For each trait the values that have it for sure, and those whose expression must tell; the others have it not."""
    size, first = makeup.size, makeup.first()
    solid, digit, space, filled = size - makeup.spaces, makeup.has(DIGIT), makeup.has(SPACE), size > 0
    signed, others = space | (first == ord("-")), solid - makeup.digits
    signs = makeup.only(DIGIT | LETTER | SPACE | kinds("@._-"))
    handle = makeup.only(DIGIT | LETTER | kinds("._-")) & within(first, _ALNUM) & (size >= 2) & (size <= 32)
    ended = makeup.has(_ENDS) & (space | within(makeup.last(), b".!?;"))
    postal = digit & (makeup.has(LETTER) | within(makeup.digits.clip(0, 10).astype(np.uint8), bytes((3, 5, 6, 9))))
    edged = space & (within(first, _BLANKS) | within(makeup.last(), _BLANKS))
    many = (makeup.spaces >= _WORDS) | (makeup.han >= _HAN_SIGNS) | (makeup.has(KANA) & (size >= 3 * _HAN_SIGNS))
    return {
        "digits": (makeup.only(DIGIT) & filled, makeup.only(DIGIT | SPACE | kinds("-")) & digit & signed),
        "decimal": (
            None,
            makeup.only(DIGIT | SPACE | kinds("-.")) & digit & makeup.has(kinds(".")) & (others <= 1 + signed),
        ),
        "han": (makeup.has(HAN), makeup.has(KANA)),
        "one_word": (makeup.only(LETTER | kinds("'-")) & filled, makeup.only(LETTER | BEYOND | SPACE | kinds("'-"))),
        "dated": (None, _maybe_dated(makeup, first)),
        "wordy": (None, many),
        "sentence": (None, ended | makeup.has(KANA | THREE)),
        "url": (None, makeup.has(kinds(":.")) & within(first, b"hw \t\n\r\f")),
        "structured": (None, makeup.has(kinds("[{<")) & within(first, b"[{< \t\n\r\f")),
        "postal": (None, postal & (solid <= 10) & makeup.only(DIGIT | LETTER | SPACE | kinds("-"))),
        "handle": (handle, signs & (solid <= 33) & (edged | (first == ord("@")))),
    }


def _maybe_dated(makeup: Makeup, first: npt.NDArray[np.uint8]) -> Truth:
    blank = within(first, _BLANKS)
    maybe = (makeup.digits >= 4) & makeup.has(kinds("-/.年")) & (blank | within(first, b"0123456789"))
    rows = np.flatnonzero(maybe & ~blank)
    maybe[rows] = makeup.marked(rows, DATE_MARKS, DATE_PLACES)
    return maybe


def _asked(values: pa.Array, form: str, sure: Truth | None, doubt: Truth) -> Truth:
    """Which values have a trait, its expression run on the doubtful ones alone."""
    found = np.zeros(len(values), np.bool_) if sure is None else sure.copy()
    rows = np.flatnonzero(doubt if sure is None else doubt & ~sure)
    if len(rows):
        found[rows] = mask(values if len(rows) == len(values) else values.take(pa.array(rows)), form)
    return found


def numeric_traits(values: pa.Array, counts: npt.NDArray[np.int64]) -> dict[str, int]:
    """Rows of a numeric column within the ranges of an age, a year, a latitude, a longitude."""
    numbers = np.asarray(pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    whole = numbers == np.floor(numbers)
    found = {
        "digits": int(counts[whole].sum()),
        "age": int(counts[whole & (numbers >= 0) & (numbers <= 120)].sum()),
        "year": int(counts[whole & (numbers >= 1880) & (numbers <= 2100)].sum()),
        "latitude": int(counts[(np.abs(numbers) <= 90) & ~whole].sum()),
        "longitude": int(counts[(np.abs(numbers) <= 180) & ~whole].sum()),
    }
    return {name: rows for name, rows in found.items() if rows}
