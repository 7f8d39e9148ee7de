"""SHA-256 of content that comes in parts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def sha256_of(parts: Iterable[bytes]) -> str:
    """The digest in hex."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()
