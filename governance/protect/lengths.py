"""Length-prefixed bytes: joining parts so that no two lists of parts give the same bytes."""

from __future__ import annotations


def prefixed(part: bytes) -> bytes:
    """A part behind its length in 4 bytes, big-endian."""
    return len(part).to_bytes(4, "big") + part


def joined(*parts: str | bytes) -> bytes:
    """Parts behind their lengths; text as UTF-8."""
    return b"".join(prefixed(part.encode() if isinstance(part, str) else part) for part in parts)
