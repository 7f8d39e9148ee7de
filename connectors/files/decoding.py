"""A file's text as a stream of UTF-8 bytes, whatever its encoding, in constant memory."""

from __future__ import annotations

import codecs
import io
import sys
from pathlib import Path

from connectors.files.encoding import Encoding
from connectors.notes import Notes
from policies.errors import StoreError

_CHUNK_BYTES = 1_048_576
_BROKEN_LIMIT = 100
"""More broken places than this mean that the encoding is wrong, not the file damaged."""


class Utf8Stream(io.RawIOBase):
    """The text of a file as UTF-8, without its mark.

    Bytes that break the encoding become U+FFFD and are counted in the notes with the place of the first. Beyond 100
    such places the stream ends in a StoreError, which `fault` keeps for callers behind a library that swallows it;
    `ended` says whether all of the file has been read. `span` narrows it to a stretch of bytes that begins
    and ends with a character.
    """

    def __init__(
        self, path: Path, encoding: Encoding, place: str, notes: Notes, span: tuple[int, int] | None = None
    ) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._read_bytes, self._end = span or (encoding.mark_bytes, sys.maxsize)
        self._file.seek(self._read_bytes)
        self._decoder = codecs.getincrementaldecoder(encoding.codec)("strict")
        self._codec = encoding.codec
        self._place = place
        self._notes = notes
        self._ready = memoryview(b"")
        self._lines = 1
        self._broken = 0
        self.ended = False
        self.fault: StoreError | None = None

    def readable(self) -> bool:
        """Yes."""
        return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def readinto(self, buffer: io.BufferedIOBase | memoryview | bytearray) -> int:  # type: ignore[override] # bytes-like
        """Fill the buffer as far as there is text; 0 at the end."""
        while not self._ready and not self.ended:
            self._ready = memoryview(self._next_text().encode())
        view = memoryview(buffer)  # type: ignore[arg-type] # as above
        number = min(len(view), len(self._ready))
        view[:number] = self._ready[:number]
        self._ready = self._ready[number:]
        return number

    def _next_text(self) -> str:
        chunk = self._file.read(min(_CHUNK_BYTES, self._end - self._read_bytes))
        self.ended = not chunk
        self._read_bytes += len(chunk)
        text = ""
        while self.fault is None:
            try:
                good = self._decoder.decode(chunk, final=self.ended)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(self._codec)
                self._lines += good.count("\n")
                text += good + "\ufffd"
                self._note_broken(self._read_bytes - len(error.object) + error.start)
                self._decoder.reset()
                chunk = error.object[error.end :]
            else:
                self._lines += good.count("\n")
                return text + good
        raise self.fault

    def _note_broken(self, byte: int) -> None:
        self._broken += 1
        first = f"line {self._lines}, byte {byte}"
        self._notes.count(self._place, "not_seen.broken_bytes", first=first)
        if self._broken > _BROKEN_LIMIT:
            self.fault = StoreError(
                self._place,
                found=f"bytes that are no {self._codec} text in more than {_BROKEN_LIMIT} places, lastly at {first}",
                expected=f"a file in {self._codec} throughout",
                next_step="write the right `encoding` beside the store's path, or save the file as UTF-8",
            )
