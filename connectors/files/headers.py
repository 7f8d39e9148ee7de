"""Whether the first row of a table names its columns, and the names that its fields get."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DATE = re.compile(r"\d{2,4}[-/.年]\d{1,2}[-/.月]\d{1,4}日?")
_NUMBER = re.compile(r"[+-]?[\d,.]+%?")
_LONG_DIGITS = re.compile(r"\d{5,}")
_LONGEST_NAME = 80


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns.

    It does not when one of its cells looks like a value: an e-mail address, a date, five digits in a row, more than 80
    characters; when one of its cells comes again in its column below; or when a column of numbers begins with a number
    and no other column speaks for a header by beginning with a word above numbers.
    """
    if not rows:
        return False
    first, below = rows[0], rows[1:]
    filled = [cell.strip() for cell in first if cell.strip()]
    if not filled or any(_is_value(cell) for cell in filled):
        return False
    speaks_for = speaks_against = False
    for place, cell in enumerate(first):
        column = [row[place].strip() for row in below if place < len(row) and row[place].strip()]
        if cell.strip() and cell.strip() in column:
            return False
        if column and all(_NUMBER.fullmatch(value) for value in column):
            is_number = bool(_NUMBER.fullmatch(cell.strip()))
            speaks_against = speaks_against or is_number
            speaks_for = speaks_for or (bool(cell.strip()) and not is_number)
    return speaks_for or not speaks_against


def _is_value(cell: str) -> bool:
    return bool("@" in cell or len(cell) > _LONGEST_NAME or _DATE.search(cell) or _LONG_DIGITS.search(cell))


def field_names(header: Sequence[str] | None, width: int) -> tuple[str, ...]:
    """One name for each of `width` columns: its own, `column_3` where it has none, `name_2` where it is taken."""
    names: list[str] = []
    for place in range(width):
        own = header[place].strip() if header is not None and place < len(header) else ""
        base = own or f"column_{place + 1}"
        name, number = base, 1
        while name in names:
            number += 1
            name = f"{base}_{number}"
        names.append(name)
    return tuple(names)
