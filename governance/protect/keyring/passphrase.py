"""A KEK under a passphrase, by scrypt (RFC 7914) and AES-256-GCM. The default provider."""

from __future__ import annotations

import base64
import os
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from governance.protect.keyring.base import KEY_BYTES
from governance.protect.keyring.kek import Slot, locked
from governance.protect.keyring.wrapping import text_of, unwrap, wrap
from policies.errors import KeyringError

SCRYPT_N = 2**17
"""Cost: 128 MB and about a quarter of a second for each try of a passphrase."""
_SCRYPT_N_ALLOWED = frozenset(2**power for power in range(14, 21))  # a bound on what a foreign file makes us spend


class PassphraseProvider:
    """Wraps under a passphrase, which it asks for whenever it has to open a KEK: a changed file is read anew.

    A slot holds `salt`, `n`, `r`, `p` of scrypt and `wrapped`.
    """

    name = "file"

    def __init__(self, passphrase: Callable[[], str], *, scrypt_n: int = SCRYPT_N) -> None:
        self._passphrase = passphrase
        self._scrypt_n = scrypt_n

    def wrap(self, kek: bytes, context: bytes) -> Slot:
        """The KEK under the passphrase and a fresh salt. Raises KeyringError for an empty passphrase."""
        passphrase = self._passphrase()
        if not passphrase:
            raise KeyringError(
                "keyring",
                found="an empty passphrase",
                expected="a passphrase",
                next_step="set GOVERNANCE_PASSPHRASE",
            )
        kdf: dict[str, str | int] = {"salt": text_of(os.urandom(16)), "n": self._scrypt_n, "r": 8, "p": 1}
        return {"provider": self.name, **kdf, "wrapped": text_of(wrap(derived(passphrase, kdf), kek, context))}

    def unwrap(self, slot: Slot, context: bytes) -> bytes:
        """The KEK of a slot. Raises KeyringError, without detail."""
        passphrase = self._passphrase()
        return unwrap(derived(passphrase, slot), base64.b64decode(str(slot["wrapped"]), validate=True), context)

    def of_first_form(self, kdf: Mapping[str, Any]) -> AESGCM:
        """The cipher that wraps the keys of a file of the first form. Raises KeyringError, without detail."""
        return derived(self._passphrase(), kdf)

    def __repr__(self) -> str:
        return "PassphraseProvider()"


def derived(passphrase: str, kdf: Mapping[str, Any]) -> AESGCM:
    """The cipher that scrypt makes of a passphrase. Raises KeyringError for other costs than ours."""
    if not passphrase or kdf["n"] not in _SCRYPT_N_ALLOWED or (kdf["r"], kdf["p"]) != (8, 1):
        raise locked()
    salt = base64.b64decode(kdf["salt"], validate=True)
    # The same passphrase typed on another system may arrive composed differently.
    text = unicodedata.normalize("NFC", passphrase).encode()
    return AESGCM(Scrypt(salt=salt, length=KEY_BYTES, n=kdf["n"], r=8, p=1).derive(text))
