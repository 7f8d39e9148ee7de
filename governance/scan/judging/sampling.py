"""Which fields a person is asked about: a stratified random sample, most of it where the scan is least sure.

Inside a stratum every field has the same chance. The order comes from a hash of the field's reference, so that a larger
sample contains the smaller one, an interrupted one goes on where it stood, and nobody can choose. Sizes follow Neyman:
by the number of fields and by how much their labels are expected to differ.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from governance.scan.judging.cases import STRATA, Case

_LABELLED_SHARE = 0.7
_LEAST = 2


@dataclass(frozen=True, slots=True)
class Sample:
    """The fields to be judged."""

    cases: tuple[Case, ...]
    """In the order to be asked: every stratum in turn, the least sure first."""
    sizes: Mapping[str, int]
    """Fields of each stratum in the whole scan."""

    def chance(self, case: Case) -> float:
        """The probability with which a field came into the sample, above 0 for each that is in it."""
        drawn = sum(each.stratum == case.stratum for each in self.cases)
        return drawn / self.sizes[case.stratum]


def draw(cases: Sequence[Case], limit: int, seed: int = 0) -> Sample:
    """A sample of at most `limit` fields; the same cases, limit and seed give the same sample."""
    strata = {
        name: sorted((each for each in cases if each.stratum == name), key=lambda each: _order(each, seed))
        for name in STRATA
    }
    labelled = {name: held for name, held in strata.items() if held and held[0].labelled}
    silent = {name: held for name, held in strata.items() if held and not held[0].labelled}
    fields = sum(map(len, labelled.values()))
    for_labels = min(fields, max(math.ceil(limit * _LABELLED_SHARE), limit - sum(map(len, silent.values()))))
    taken = {**_shared(labelled, for_labels), **_shared(silent, limit - for_labels)}
    rounds = max(taken.values(), default=0)
    asked = [strata[name][turn] for turn in range(rounds) for name in STRATA if turn < taken.get(name, 0)]
    return Sample(tuple(asked), {name: len(held) for name, held in strata.items()})


def _shared(strata: Mapping[str, Sequence[Case]], places: int) -> dict[str, int]:
    """How many of each stratum are taken: a least number, the rest by size and spread, never more than there are."""
    taken = dict.fromkeys(strata, 0)
    for name, held in strata.items():
        taken[name] = min(_LEAST, len(held), max(0, places - sum(taken.values())))
    need = {name: len(held) * _spread(held) for name, held in strata.items()}
    while sum(taken.values()) < places:
        open_ones = [name for name, held in strata.items() if taken[name] < len(held)]
        if not open_ones:
            break
        best = max(open_ones, key=lambda name: need[name] / (taken[name] + 1))
        taken[best] += 1
    return taken


def _spread(held: Sequence[Case]) -> float:
    """The standard deviation of right and wrong that the confidences let expect."""
    right = min(0.97, max(0.03, sum(each.confidence for each in held) / len(held)))
    return math.sqrt(right * (1 - right))


def _order(case: Case, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{case.ref}".encode()).digest()
