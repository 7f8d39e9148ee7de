"""A KEK under a key in an environment variable, for services whose platform injects secrets."""

from __future__ import annotations

import base64
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.protect.keyring.base import KEY_BYTES
from governance.protect.keyring.kek import Slot
from governance.protect.keyring.wrapping import text_of, unwrap, wrap
from policies.errors import KeyringError

KEY_VARIABLE = "GOVERNANCE_KEK"
"""The variable that holds 32 random bytes in base64."""


class EnvironmentProvider:
    """Wraps under 32 bytes in base64. A slot holds `wrapped`."""

    name = "env"

    def __init__(self, value: Callable[[], str | None], *, variable: str = KEY_VARIABLE) -> None:
        self._value = value
        self._variable = variable

    def wrap(self, kek: bytes, context: bytes) -> Slot:
        """The KEK under the variable's key. Raises KeyringError for a variable that holds no key."""
        return {"provider": self.name, "wrapped": text_of(wrap(self._key(), kek, context))}

    def unwrap(self, slot: Slot, context: bytes) -> bytes:
        """The KEK of a slot. Raises KeyringError, without detail for a key that does not open it."""
        return unwrap(self._key(), base64.b64decode(str(slot["wrapped"]), validate=True), context)

    def __repr__(self) -> str:
        return f"EnvironmentProvider({self._variable})"

    def _key(self) -> AESGCM:
        value = self._value()
        try:
            raw = base64.b64decode(value or "", validate=True)
        except ValueError:
            raw = b""
        if len(raw) != KEY_BYTES:
            raise KeyringError(
                f"variable {self._variable}",
                found="a text that is no key" if value else "nothing",
                expected=f"{KEY_BYTES} random bytes in base64",
                next_step="export it, for example from `openssl rand -base64 32`",
            )
        return AESGCM(raw)
