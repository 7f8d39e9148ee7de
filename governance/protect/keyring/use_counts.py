"""Counts encryptions ahead of time, in batches, so that a crash counts too many and never too few.

A random nonce of 96 bits allows 2**32 encryptions under one key (NIST SP 800-38D, 8.3). A key is replaced long before.
"""

from __future__ import annotations

import os
from collections.abc import Callable

ROTATE_AT = 2**28
"""A data key with so many reserved uses is retired and another one made."""
LIMIT = 2**32
"""No key ever makes more encryptions than this."""
SMALLEST_BATCH = 2**10
"""A process reserves so many uses at first, and twice as many each time, so that short ones waste few."""
LARGEST_BATCH = 2**20


class UseCounts:
    """What this process has reserved and not used yet, by key. The caller sees to it that one thread uses it."""

    def __init__(self, reserve: Callable[[str, int], None]) -> None:
        self._reserve = reserve
        self._left: dict[str, int] = {}
        self._batch: dict[str, int] = {}
        self._process = os.getpid()

    def spend(self, key_id: str, uses: int) -> None:
        """Take uses of a key out of what is reserved; reserves more, durable, when that is too little.

        Raises what reserving raises; then nothing was taken.
        """
        if os.getpid() != self._process:  # after a fork the parent keeps what is left
            self._left.clear()
            self._batch.clear()
            self._process = os.getpid()
        left = self._left.get(key_id, 0)
        if uses > left:
            batch = min(self._batch.get(key_id, SMALLEST_BATCH // 2) * 2, LARGEST_BATCH)
            more = max(uses - left, batch)
            self._reserve(key_id, more)
            self._batch[key_id] = batch
            left += more
        self._left[key_id] = left - uses
