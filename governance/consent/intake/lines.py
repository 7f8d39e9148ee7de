"""The lines of a file one by one, at the same memory whatever the size of the file or of a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from policies.errors import ConfigError

LONGEST_BYTES = 1 << 20
"""A longer line is no line of consent."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not empty."""

    number: int
    """From 1, empty lines counted."""
    text: str | None = field(repr=False)
    """Without its end; None for one that is too long or no UTF-8."""
    read_bytes: int
    """How much of the file was read with it."""


def lines_of(path: Path) -> Iterator[Line]:
    """The lines of a UTF-8 file. Raises ConfigError when it cannot be read."""
    try:
        with path.open("rb") as file:
            yield from _lines(file)
    except OSError as cause:
        raise unreadable(path, cause) from None


def unreadable(path: Path, cause: OSError) -> ConfigError:
    """A file of the caller's that cannot be read."""
    return ConfigError(
        str(path), found=type(cause).__name__, expected="a file that can be read", next_step="check its name and mode"
    )


def _lines(file: BinaryIO) -> Iterator[Line]:
    number = read = 0
    while raw := file.readline(LONGEST_BYTES):
        number, read, whole = number + 1, read + len(raw), True
        while not raw.endswith(b"\n") and (rest := file.readline(LONGEST_BYTES)):
            read, whole, raw = read + len(rest), False, rest
        if number == 1:
            raw = raw.removeprefix(_BOM)
        if not whole:
            yield Line(number, None, read)
        elif raw.strip():
            yield Line(number, _text(raw), read)


def _text(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        return None
