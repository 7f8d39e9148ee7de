"""The bytes around the files of a bundle: a ZIP archive in the one form that this module writes.

    for each file, in the order of the names:
        30 bytes    local header: stored, no flags, 1980-01-01 00:00, CRC-32, size
        name        ASCII
        content     as it stands, never compressed
    for each file, in the same order:
        46 bytes    entry of the directory: the same again, Unix, mode 0644, place of the local header
        name
    22 bytes        end of the directory: number of entries, size and place of the directory, no comment

The form follows from names, sizes and check sums alone, so a reader can write it anew and compare: no byte is free to
differ. Since nothing is compressed, nothing can unfold into more than the file holds, and the bytes are the same
whichever compressor a machine has.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

MAX_FILES = 1000
"""A bundle has no more files."""
MAX_BYTES = 2**32 - 2
"""And is no larger: the form has 32 bits for a place."""

END_BYTES = 22
"""Length of the end of the directory."""

_NAME = re.compile(r"[a-z0-9][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)*")
_NAME_BYTES = 200
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_ENTRY = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_VERSION, _UNIX = 20, 3
_DAY = 0x21  # 1980-01-01
_MODE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a bundle, as the archive speaks of it."""

    name: str
    """Its path, with `/` between folders."""
    size: int
    """Its bytes."""
    crc: int
    """CRC-32 of its content."""

    @property
    def local(self) -> bytes:
        """The header before its content."""
        name = self.name.encode("ascii")
        fixed = (b"PK\3\4", _VERSION, 0, 0, 0, _DAY, self.crc, self.size, self.size, len(name), 0)
        return _LOCAL.pack(*fixed) + name

    def listed(self, at: int) -> bytes:
        """Its entry in the directory, when its local header stands at a place."""
        name = self.name.encode("ascii")
        made_by = _VERSION | _UNIX << 8
        fixed = (b"PK\1\2", made_by, _VERSION, 0, 0, 0, _DAY, self.crc, self.size, self.size, len(name))
        return _ENTRY.pack(*fixed, 0, 0, 0, 0, _MODE, at) + name


def is_path(name: str) -> bool:
    """Whether a bundle may hold a file of that name: plain letters, no way out of its folder, no hidden file."""
    return len(name) <= _NAME_BYTES and _NAME.fullmatch(name) is not None


def places(entries: list[Entry]) -> list[int]:
    """Where the local header of each file stands, and last where the directory begins."""
    found = [0]
    for each in entries:
        found.append(found[-1] + len(each.local) + each.size)
    return found


def directory(entries: list[Entry]) -> bytes:
    """Everything behind the last file."""
    starts = places(entries)
    listed = b"".join(each.listed(at) for each, at in zip(entries, starts, strict=False))
    end = _END.pack(b"PK\5\6", 0, 0, len(entries), len(entries), len(listed), starts[-1], 0)
    return listed + end


def read_end(end: bytes) -> tuple[int, int] | None:
    """Size and place of the directory, as the last bytes of a file say; None for bytes of another form."""
    if len(end) != END_BYTES:
        return None
    mark, _, _, _, count, size, at, _ = _END.unpack(end)
    fits = 0 < count <= MAX_FILES and size <= count * (_ENTRY.size + _NAME_BYTES)
    return (size, at) if mark == b"PK\5\6" and fits else None


def read_entries(listed: bytes) -> list[Entry] | None:
    """The files that a directory names; None for bytes of another form. What it says beside them is not looked at."""
    found, at = list[Entry](), 0
    while at < len(listed):
        if len(listed) - at < _ENTRY.size:
            return None
        fields = _ENTRY.unpack_from(listed, at)
        name = listed[at + _ENTRY.size : at + _ENTRY.size + fields[10]]
        at += _ENTRY.size + fields[10]
        if not name.isascii() or not is_path(name.decode("ascii")):
            return None
        found.append(Entry(name.decode("ascii"), fields[9], fields[7]))
    return found
