"""Write the files of a bundle as one archive, and read one back that is byte for byte what would be written."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import BinaryIO

from audits.bundles.layout import (
    END_BYTES,
    MAX_BYTES,
    MAX_FILES,
    Entry,
    directory,
    is_path,
    places,
    read_end,
    read_entries,
)
from policies.errors import BadInputError, TamperedError

Content = Callable[[], Iterable[bytes]]
"""Gives the content of a file in parts, the same each time that it is called."""

_CHUNK = 1 << 20


def write_archive(files: Mapping[str, Content]) -> Iterator[bytes]:
    """The bytes of an archive, in parts: the same files give the same bytes. Each content is read twice.

    Raises BadInputError for a name that cannot be kept, and for more than the form has room for.
    """
    entries = [_entry(name, files[name]) for name in sorted(files)]
    if places(entries)[-1] > MAX_BYTES or not 0 < len(entries) <= MAX_FILES:
        raise BadInputError(
            "bundle",
            found=f"{len(entries)} files of {sum(each.size for each in entries)} bytes",
            expected=f"at most {MAX_FILES} files and 4 GiB",
            next_step="close and drop old periods of the ledger (`governance ledger close-period`), "
            "or hand over `governance ledger export` apart",
        )
    for entry in entries:
        yield entry.local
        yield from files[entry.name]()
    yield directory(entries)


def _entry(name: str, content: Content) -> Entry:
    if not is_path(name):
        raise BadInputError(
            "bundle",
            found="a file name of another form",
            expected="ASCII letters, digits, `-`, `_`, with `.` and `/` between them",
            next_step="give the file another name",
        )
    size = crc = 0
    for part in content():
        size, crc = size + len(part), zlib.crc32(part, crc)
    return Entry(name, size, crc)


class Archive:
    """An archive whose every byte outside the contents is as `write_archive` makes it; contents are checked when read.

    Raises TamperedError, which names the place, for any other file.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        size = file.seek(0, os.SEEK_END)
        found = read_end(self._at(max(0, size - END_BYTES), END_BYTES))
        if found is None or found[0] + found[1] + END_BYTES != size:
            raise refused(f"bundle, byte {max(0, size - END_BYTES)}", "no end of a bundle")
        listed, start = found
        entries = read_entries(self._at(start, listed))
        if not entries or any(one.name >= two.name for one, two in pairwise(entries)):
            raise refused(f"bundle, byte {start}", "no directory of a bundle")
        starts = places(entries)
        if starts[-1] != start:
            raise refused(f"bundle, byte {start}", "files that do not fill the archive")
        self._same(start, directory(entries), "the directory")
        for entry, at in zip(entries, starts, strict=False):
            self._same(at, entry.local, entry.name)
        self.entries: Mapping[str, Entry] = {each.name: each for each in entries}
        """The files by name, sorted."""
        self._starts = dict(zip(self.entries, starts, strict=False))

    def content(self, name: str) -> Iterator[bytes]:
        """The content of a file in parts. Raises TamperedError at its end when its check sum is another."""
        entry, crc = self.entries[name], 0
        at, left = self._starts[name] + len(entry.local), entry.size
        while left:
            part = self._at(at, min(left, _CHUNK))
            at, left, crc = at + len(part), left - len(part), zlib.crc32(part, crc)
            yield part
        if crc != entry.crc:
            raise refused(f"bundle, {name}", "content of another check sum")

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a file, each with its end; none is held longer than it is needed."""
        held: list[bytes] = []
        for part in self.content(name):
            first, *others = part.split(b"\n")
            held.append(first)
            for line in others:
                yield b"".join(held) + b"\n"
                held = [line]
        if rest := b"".join(held):
            yield rest

    def _at(self, place: int, size: int) -> bytes:
        self._file.seek(place)
        found = self._file.read(size)
        if len(found) != size:
            raise refused(f"bundle, byte {place}", "an end of the file")
        return found

    def _same(self, at: int, expected: bytes, what: str) -> None:
        if self._at(at, len(expected)) != expected:
            raise refused(f"bundle, byte {at}", f"other bytes around {what} than a bundle has")


def refused(place: str, found: str) -> TamperedError:
    """The error of a bundle that is not as it was made."""
    return TamperedError(
        place,
        found=found,
        expected="the bytes that `governance audit evidence` wrote",
        next_step="ask for the bundle again, unchanged; keep this one as evidence",
    )
