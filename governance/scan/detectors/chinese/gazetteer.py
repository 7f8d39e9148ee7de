"""Places of the gazetteer in a text: provinces, cities, counties, quarters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from governance.scan.lexicon import NEWEST
from policies.pack_loader import load_pack

_LISTS = ("provinces", "cities", "counties", "short", "taiwan", "hong_kong", "macau")


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Names of places, with the lengths that names with a first character have."""

    names: frozenset[str]
    """All names, in simplified characters."""
    lengths: dict[str, tuple[int, ...]]
    """By first character: the lengths of its names, longest first."""
    begun: re.Pattern[str]
    """Where a name may begin, by its first two characters."""

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Start and end of each name, the longest where several begin, none inside another."""
        behind = 0
        for match in self.begun.finditer(text):
            place = match.start()
            if place < behind:
                continue
            for length in self.lengths[text[place]]:
                if (name := text[place : place + length]) in self.names:
                    behind = place + len(name)
                    yield place, behind
                    break


@cache
def gazetteer() -> Gazetteer:
    """The newest edition. Raises PackError when the pack is wrong."""
    return made(own_places())


@cache
def own_places() -> frozenset[str]:
    """The names of the divisions of the mainland, Taiwan, Hong Kong and Macau. Raises PackError as `gazetteer`."""
    body = load_pack("gazetteer_zh", NEWEST).body
    return frozenset(name for each in _LISTS for name in body[each].split())


def made(given: Iterable[str]) -> Gazetteer:
    """A gazetteer of these names."""
    names = frozenset(given)
    lengths: dict[str, set[int]] = {}
    for name in names:
        lengths.setdefault(name[0], set()).add(len(name))
    first, second, short = (
        "".join(sorted({name[place] for name in names if lowest <= len(name) <= highest}))
        for place, lowest, highest in ((0, 2, 99), (1, 2, 99), (0, 1, 1))
    )
    begun = re.compile(f"[{first}](?=[{second}])" + (f"|[{short}]" if short else ""))
    return Gazetteer(names, {sign: tuple(sorted(sizes, reverse=True)) for sign, sizes in lengths.items()}, begun)
