"""What a sample says about the whole: Wilson's interval, the rule of three, and the chance of a checksum."""

from __future__ import annotations

import math

_Z = 1.959963984540054


def wilson(hits: float, read: float, z: float = _Z) -> tuple[float, float]:
    """The interval, 95 % unless `z` says otherwise, of a share of which `hits` of `read` were seen; (0, 1) for none."""
    if read <= 0:
        return 0.0, 1.0
    share = hits / read
    scale = 1 + z * z / read
    middle = (share + z * z / (2 * read)) / scale
    half = z * math.sqrt(share * (1 - share) / read + z * z / (4 * read * read)) / scale
    return max(0.0, middle - half) if hits else 0.0, min(1.0, middle + half)


def rule_of_three(read: int, *, complete: bool) -> float:
    """The share that something never seen in `read` rows may still have, at 95 %; 0 after a complete reading."""
    if complete:
        return 0.0
    return min(1.0, 3 / read) if read else 1.0


def beats_chance(hits: int, candidates: int, chance: float) -> bool:
    """Whether more candidates passed a check than would by chance, by three standard deviations."""
    expected = candidates * chance
    return hits > expected + 3 * math.sqrt(expected * (1 - chance))
