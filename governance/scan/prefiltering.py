"""Run the prefilters of many detectors over a column: those that seldom pass a value are asked together."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from governance.scan.detectors.base import mask
from governance.scan.detectors.prefilters import ANY
from governance.scan.makeup import Truth

_FIRST, _TOGETHER = 128, 8
"""Prefilters that none of the first values passes are joined by so many: a larger expression is too much for RE2."""


def passing(values: pa.Array, prefilters: Mapping[int, str]) -> dict[int, Truth]:
    """For some detectors the values that may pass their prefilters; the others have to look for themselves.

    Which detectors are told depends on the first values, what is found does not.
    """
    asked = {number: each for number, each in sorted(prefilters.items()) if each not in ("", ANY)}
    if len(values) < 2 * _FIRST:
        return {}
    first = values.slice(0, _FIRST)
    rare = [number for number, each in asked.items() if not mask(first, each).any()]
    told: dict[int, Truth] = {}
    for low in range(0, len(rare), _TOGETHER):
        some = rare[low : low + _TOGETHER]
        passed = mask(values, "|".join(f"(?:{asked[number]})" for number in some))
        told.update(dict.fromkeys(some, passed))
    return told
