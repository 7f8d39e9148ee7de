"""Which values hold a word that a detector insists on: one look at the words of all such detectors at once.

Most detectors of foreign numbers only speak where the text names the number, and most texts name none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import re2  # type: ignore[import-untyped]  # publishes no types

from governance.scan.detectors.base import mask
from governance.scan.makeup import Numbers

_ALWAYS = ""
"""Matches every value, so that an automaton that matches nothing at all is known to have given up."""
_MOST_BYTES = 64 * 1_048_576


class Mentions:
    """Tells the values that hold words of some detectors; made on first use and kept. Holds no value."""

    def __init__(self, words: Mapping[int, str]) -> None:
        self._words = dict(sorted(words.items()))

    def rows(self, values: pa.Array, wanted: Iterable[int]) -> dict[int, Numbers]:
        """The rows for each of the wanted detectors that insists on a word."""
        asked = set(wanted) & self._words.keys()
        if not asked:
            return {}
        found: dict[int, list[int]] = {number: [] for number in asked}
        rows = np.flatnonzero(mask(values, self._any))
        texts = values.take(pa.array(rows)).to_pylist() if len(rows) else []
        numbers, automaton = self._automaton
        for row, text in zip(rows.tolist(), texts, strict=True):
            matched = automaton.Match(text)
            said = numbers if matched is None else [numbers[place] for place in matched if place < len(numbers)]
            for number in asked.intersection(said):
                found[number].append(row)
        return {number: np.array(rows, np.int64) for number, rows in found.items()}

    @cached_property
    def _any(self) -> str:
        return "|".join(f"(?:{each})" for each in dict.fromkeys(self._words.values()))

    @cached_property
    def _automaton(self) -> tuple[tuple[int, ...], Any]:
        options = re2.Options()
        options.log_errors, options.never_capture, options.max_mem = False, True, _MOST_BYTES
        made = re2.Set.SearchSet(options)
        for each in self._words.values():
            made.Add(each)
        made.Add(_ALWAYS)
        made.Compile()
        return tuple(self._words), made
