"""One key under another: nonce (12 bytes) || AES-256-GCM(wrapping key, key) with a context as associated data."""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.protect.keyring.kek import locked

NONCE_BYTES = 12


def wrap(under: AESGCM, material: bytes, context: bytes) -> bytes:
    """The material wrapped for a context."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + under.encrypt(nonce, material, context)


def unwrap(under: AESGCM, wrapped: bytes, context: bytes) -> bytes:
    """The material of what `wrap` gave for the same context. Raises KeyringError, without detail."""
    try:
        return under.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
    except (InvalidTag, ValueError, TypeError):  # TypeError: text where bytes should be
        raise locked() from None


def text_of(raw: bytes) -> str:
    """Bytes as base64."""
    return base64.b64encode(raw).decode()
