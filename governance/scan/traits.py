"""Traits of form that a column's values have: how many rows are digits, long, wordy, Chinese.

What the signs of a value already tell is not asked again: an expression is only run where they leave a doubt.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
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
    Numbers,
    Truth,
    kinds,
    some,
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


Edge = Callable[[Makeup, Numbers], Truth]
"""Of some values, which have what their first or last sign must tell."""
Part = tuple[Truth, Edge | None]
"""Classes of values, and the edge that their values must have as well."""


def traits_of(values: pa.Array, counts: Numbers, makeup: Makeup, lengths: Numbers) -> dict[str, int]:
    """Rows that have each trait, from distinct texts, how often each stands there, their makeup and lengths."""
    classes = makeup.classes()
    weights = classes.weigh(counts)
    found = {"latin": weights[classes.alike.has(LETTER)].sum(), "long": counts[lengths >= _LONG].sum()}
    for name, (sure, doubt) in _known(classes.alike).items():
        rows = _rows(makeup, doubt)
        found[name] = sum(
            weights[chosen].sum() if edge is None else counts[_rows(makeup, (chosen, edge))].sum()
            for chosen, edge in sure
        )
        if len(rows):
            found[name] += counts[rows[mask(some(values, rows), _FORMS[name])]].sum()
    return {name: int(found[name]) for name in sorted(found) if found[name]}


def _rows(makeup: Makeup, part: Part) -> Numbers:
    chosen, edge = part
    rows = makeup.classes().rows(chosen)
    return rows if edge is None or not len(rows) else rows[edge(makeup, rows)]


def _known(alike: Makeup) -> dict[str, tuple[tuple[Part, ...], Part]]:
    """For each trait the values that have it for sure, and those whose expression must tell; the others have it not.

    No value is among both.
    """
    size, digit, space, filled = alike.size, alike.has(DIGIT), alike.has(SPACE), alike.size > 0
    solid = size - alike.spaces
    others = solid - alike.digits
    number = alike.only(DIGIT | SPACE | kinds("-.")) & digit
    whole, bare = number & ~alike.has(kinds(".")), number & alike.only(DIGIT)
    word = alike.only(LETTER | kinds("'-")) & filled
    ends, wide = alike.has(_ENDS), alike.has(KANA | THREE)
    handle = alike.only(DIGIT | LETTER | kinds("._-")) & (size >= 2) & (size <= 32)
    plain = alike.only(DIGIT | LETTER)
    postal = digit & (alike.has(LETTER) | within(alike.digits.clip(0, 10).astype(np.uint8), bytes((3, 5, 6, 9))))
    many = (alike.spaces >= _WORDS) | (alike.han >= _HAN_SIGNS) | (alike.has(KANA) & (size >= 3 * _HAN_SIGNS))
    return {
        "digits": (((bare, None),), (whole & ~bare & (others <= 1), _signed)),
        "decimal": (
            ((alike.only(DIGIT | kinds(".")) & number & (others == 1), _between),),
            (number & ~whole & alike.has(SPACE | kinds("-")) & (others <= 2), _signed),
        ),
        "han": (((alike.has(HAN), None),), (alike.has(KANA) & ~alike.has(HAN), None)),
        "one_word": (
            ((word, None),),
            (alike.only(LETTER | BEYOND | SPACE | kinds("'-")) & filled & ~word, _unbroken),
        ),
        "dated": ((), ((alike.digits >= 4) & alike.has(kinds("-/.年")) & (others > 1), _maybe_dated)),
        "wordy": ((), (many, None)),
        "sentence": ((), (ends | wide, _ended)),
        "url": ((), (alike.has(kinds(":.")), _begins(b"hw" + _BLANKS))),
        "structured": ((), (alike.has(kinds("[{<")), _begins(b"[{<" + _BLANKS))),
        "postal": (
            ((bare & ((size == 3) | (size == 5) | (size == 6)), None),),
            (postal & ~bare & (solid <= 10) & alike.only(DIGIT | LETTER | SPACE | kinds("-")), None),
        ),
        "handle": (
            ((handle & plain, None), (handle & ~plain, _begins(_ALNUM))),
            (alike.only(DIGIT | LETTER | SPACE | kinds("@._-")) & (solid <= 33) & (space | alike.has(kinds("@"))), _at),
        ),
    }


def _begins(signs: bytes) -> Edge:
    return lambda makeup, rows: makeup.begins_with(signs, rows)


def _spaced(makeup: Makeup, rows: Numbers) -> Truth:
    return np.asarray(makeup.spaces[rows], np.bool_)


def _signed(makeup: Makeup, rows: Numbers) -> Truth:
    return _spaced(makeup, rows) | makeup.begins_with(b"-", rows)


def _between(makeup: Makeup, rows: Numbers) -> Truth:
    """The one point stands between digits."""
    return ~(makeup.begins_with(b".", rows) | makeup.ends_with(b".", rows))


def _edged(makeup: Makeup, rows: Numbers) -> Truth:
    return makeup.begins_with(_BLANKS, rows) | makeup.ends_with(_BLANKS, rows)


def _unbroken(makeup: Makeup, rows: Numbers) -> Truth:
    return ~_spaced(makeup, rows) | _edged(makeup, rows)


def _ended(makeup: Makeup, rows: Numbers) -> Truth:
    wide = np.asarray(makeup.kinds[rows] & np.uint64(KANA | THREE), np.bool_)
    return wide | _spaced(makeup, rows) | makeup.ends_with(b".!?;", rows)


def _at(makeup: Makeup, rows: Numbers) -> Truth:
    return (_spaced(makeup, rows) & _edged(makeup, rows)) | makeup.begins_with(b"@", rows)


def _maybe_dated(makeup: Makeup, rows: Numbers) -> Truth:
    first = makeup.first(rows)
    maybe = within(first, b"0123456789")
    some = np.flatnonzero(maybe)
    maybe[some] = makeup.marked(rows[some], DATE_MARKS, DATE_PLACES)
    return maybe | within(first, _BLANKS)


def numeric_traits(values: pa.Array, counts: Numbers) -> dict[str, int]:
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
