"""Where rows of a CSV file begin, without parsing it: so that several readers can share the file.

A line end inside quotes ends no row, and whether a place is inside quotes only the text before it can say. So the file
is walked once from its start, by one compiled expression over the mapped file; this is many times quicker than looking
for personal data in it.
"""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CHUNK_BYTES = 1_048_576
_ANY_DELIMITER = re.compile(r"utf-8|ascii|cp\d+|iso8859-\d+|latin-1")
_PAST_TRAILS = re.compile(r"gb18030|gbk|big5|big5hkscs|cp9\d\d")
"""Encodings whose second bytes are never a quote, a comma, a semicolon, a tab or a line end, but may be a bar."""


@dataclass(frozen=True, slots=True)
class _Walk:
    """The expressions of one delimiter; each is tried where a row is known to be outside quotes."""

    outside: re.Pattern[bytes]
    """As much as possible that ends outside quotes."""
    quoted: re.Pattern[bytes]
    """One quoted cell up to its closing quote."""
    to_row_end: re.Pattern[bytes]
    """Up to the next line end outside quotes."""


def row_starts(path: Path, start: int, codec: str, delimiter: str, size_bytes: int) -> list[int]:
    """Places of the first rows behind every `size_bytes` of the file from `start` on, ascending.

    Empty where the file is shorter, or its encoding gives the bytes of quotes and line ends other meanings.
    """
    size = path.stat().st_size
    if size - start <= size_bytes or not _is_bytewise(codec, delimiter):
        return []
    walk = _walk(delimiter.encode())
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        return _starts(mapped, start, size, walk, size_bytes)


def _is_bytewise(codec: str, delimiter: str) -> bool:
    if not delimiter.isascii() or delimiter == '"':
        return False
    if _PAST_TRAILS.fullmatch(codec):
        return delimiter in ",;\t"
    return _ANY_DELIMITER.fullmatch(codec) is not None


def _walk(delimiter: bytes) -> _Walk:
    mark = re.escape(delimiter)
    quoted = rb'"[^"]*+(?:""[^"]*+)*+"'
    opening = rb"(?:\A|(?<=[" + mark + rb"\r\n]))"
    literal = rb"(?<![" + mark + rb'\r\n])(?<!\A)"'
    return _Walk(
        # A walk that stops between the two quotes of a pair has not seen a cell's end.
        re.compile(rb'(?:[^"]++|' + opening + quoted + rb'(?=[^"])|' + literal + rb")*+"),
        re.compile(quoted),
        re.compile(rb'(?:[^"\n]++|' + opening + quoted + rb"|" + literal + rb")*+\n"),
    )


def _starts(mapped: Any, start: int, size: int, walk: _Walk, size_bytes: int) -> list[int]:
    starts: list[int] = []
    place, goal = start, start + size_bytes
    # The slice lets `\A` mean the first cell behind the mark of the encoding.
    with memoryview(mapped)[start:] as text:
        while goal < size:
            place = _outside_at(text, place - start, goal - start, walk) + start
            row_end = walk.to_row_end.match(text, place - start)
            if row_end is None:
                break
            place = row_end.end() + start
            if place >= size:
                break
            starts.append(place)
            goal = place + size_bytes
    return starts


def _outside_at(text: memoryview, place: int, goal: int, walk: _Walk) -> int:
    """The first place from `goal` on that is outside quotes, walking from one that is; the end when none is."""
    while place < goal:
        step = min(goal, place + _CHUNK_BYTES)
        found = walk.outside.match(text, place, step)
        place = found.end() if found else place
        if place < step:
            cell = walk.quoted.match(text, place)
            if cell is None:
                return len(text)
            place = cell.end()
    return place
