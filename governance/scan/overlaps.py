"""`Overlaps`: which places of a text lie near another one, in time for what is near and not for the whole text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_BITS = 6


class Overlaps(Generic[T]):
    """Things by the stretch of a text that they cover, 64 characters a stretch."""

    def __init__(self) -> None:
        self._stretches: dict[int, list[T]] = {}

    def add(self, start: int, end: int, thing: T) -> None:
        """Keep a thing that covers these characters; the end is exclusive."""
        for stretch in _stretches(start, end):
            self._stretches.setdefault(stretch, []).append(thing)

    def near(self, start: int, end: int) -> Iterator[T]:
        """All things that overlap these characters, some of them twice, among others that only lie near."""
        for stretch in _stretches(start, end):
            yield from self._stretches.get(stretch, ())


def _stretches(start: int, end: int) -> range:
    return range(start >> _BITS, (max(start, end - 1) >> _BITS) + 1)
