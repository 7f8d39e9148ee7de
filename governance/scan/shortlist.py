"""Which detectors some values may concern: RE2 runs the prefilters of a dozen detectors as one automaton.

Arrow compiles an expression anew with each call, which for a handful of values takes far longer than to run it; and a
text of some length costs each detector a pass of its own. Here each value is read once for a dozen detectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import re2  # type: ignore[import-untyped]  # publishes no types

from governance.scan.makeup import Numbers

_ALWAYS = ""
"""Matches every value, so that an automaton that matches nothing at all is known to have given up."""
_TOGETHER = 12
_MOST_BYTES = 64 * 1_048_576
"""An automaton that would grow larger gives up, and all its detectors see the value."""


class Shortlist:
    """Tells the values that each of some detectors has to see; automata are made on first use and kept."""

    def __init__(self, prefilters: Mapping[int, str]) -> None:
        self._prefilters = dict(prefilters)

    def rows(self, values: pa.Array, wanted: Iterable[int]) -> dict[int, Numbers]:
        """The rows for each of the wanted detectors that has a prefilter."""
        asked = set(wanted) & self._prefilters.keys()
        found: dict[int, list[int]] = {number: [] for number in asked}
        texts = values.to_pylist()
        for numbers, automaton in self._automata:
            if asked.isdisjoint(numbers):
                continue
            for row, text in enumerate(texts):
                matched = automaton.Match(text)
                said = numbers if matched is None else [numbers[place] for place in matched if place < len(numbers)]
                for number in said:
                    if number in asked:
                        found[number].append(row)
        return {number: np.array(rows, np.int64) for number, rows in found.items()}

    @cached_property
    def _automata(self) -> list[tuple[tuple[int, ...], Any]]:
        ordered = sorted(self._prefilters, key=lambda number: (len(self._prefilters[number]), number))
        return [(numbers, self._automaton(numbers)) for numbers in _dozens(ordered)]

    def _automaton(self, numbers: tuple[int, ...]) -> Any:
        options = re2.Options()
        options.log_errors, options.never_capture, options.max_mem = False, True, _MOST_BYTES
        made = re2.Set.SearchSet(options)
        for number in numbers:
            made.Add(self._prefilters[number])
        made.Add(_ALWAYS)
        made.Compile()
        return made


def _dozens(numbers: list[int]) -> Iterable[tuple[int, ...]]:
    return [tuple(numbers[low : low + _TOGETHER]) for low in range(0, len(numbers), _TOGETHER)]
