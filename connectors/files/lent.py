"""Python objects that Arrow's threads call, and the wait until those threads have let go of them."""

from __future__ import annotations

import io
import weakref
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")
_LONGEST_WAIT_SECONDS = 10.0


class Lent:
    """Objects lent to a reader of Arrow's, which reads ahead in threads of its own.

    Such a thread drops its last hold of an object a moment after the rows have been handed out, and takes Python's
    lock to do so. A process that ends in that moment is aborted ("terminate called without an active exception"),
    whatever it had done by then. So drop the reader, then `wait`.
    """

    def __init__(self) -> None:
        self._lent = 0
        self._back: SimpleQueue[None] = SimpleQueue()

    def lend(self, thing: T) -> T:
        """The same object, waited for from now on. Keep no hold of it."""
        self._lent += 1
        weakref.finalize(thing, self._back.put, None).atexit = False
        return thing

    def wait(self) -> bool:
        """Wait until nobody holds any of the objects, at most ten seconds for the next; whether nobody does."""
        back = 0
        try:
            while back < self._lent:
                self._back.get(timeout=_LONGEST_WAIT_SECONDS)
                back += 1
        except Empty:
            return False
        return True


class LentBlocks:
    """A stream of bytes as the file that Arrow reads from. Each block that it hands out is lent as well."""

    def __init__(self, stream: io.RawIOBase, block_bytes: int, lent: Lent) -> None:
        self._stream = io.BufferedReader(stream, block_bytes)
        self._lent = lent

    @property
    def closed(self) -> bool:
        """Whether the stream is."""
        return self._stream.closed

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()

    def read_buffer(self, size: int) -> memoryview:
        """As many bytes as asked for, fewer at the end. This is the name that Arrow asks for buffers by."""
        return self._lent.lend(memoryview(self._stream.read(size)))
