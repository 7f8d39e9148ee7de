"""A KEK under a key of HashiCorp Vault's transit engine, which never leaves Vault.

    POST {address}/v1/{mount}/encrypt/{key}   {plaintext, associated_data} -> {data: {ciphertext: "vault:v1:..."}}
    POST {address}/v1/{mount}/decrypt/{key}   {ciphertext, associated_data} -> {data: {plaintext}}

Plain HTTPS with the standard library, so no extra is needed. Clear text is refused except to this machine itself.
"""

from __future__ import annotations

import base64
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import quote

from governance.protect.keyring.addresses import check_address
from governance.protect.keyring.kek import Slot, locked
from policies.errors import KeyringError

TOKEN_VARIABLE = "VAULT_TOKEN"  # noqa: S105 a variable's name
"""The variable that holds Vault's token."""
_TIMEOUT_SECONDS = 10
_ANSWER_LIMIT = 1 << 16
_REFUSED = 400  # what Vault answers to a ciphertext that its key did not make


class VaultProvider:
    """Wraps in Vault. A slot holds `key`, Vault's name of the key, and `wrapped`, Vault's ciphertext."""

    name = "vault"

    def __init__(self, address: str, key: str, token: Callable[[], str | None], *, mount: str = "transit") -> None:
        check_address(address, "keyring.vault.address")
        self._base = f"{address.rstrip('/')}/v1/{quote(mount)}"
        self._key = key
        self._token = token

    def wrap(self, kek: bytes, context: bytes) -> Slot:
        """The KEK under the newest version of Vault's key. Raises KeyringError."""
        answer = self._ask("encrypt", self._key, {"plaintext": _text(kek), "associated_data": _text(context)})
        wrapped = answer.get("ciphertext")
        if not isinstance(wrapped, str) or not wrapped.startswith("vault:"):
            _refuse("an answer without a ciphertext")
        return {"provider": self.name, "key": self._key, "wrapped": wrapped}

    def unwrap(self, slot: Slot, context: bytes) -> bytes:
        """The KEK of a slot. Raises KeyringError."""
        asked = {"ciphertext": slot["wrapped"], "associated_data": _text(context)}
        plaintext = self._ask("decrypt", str(slot["key"]), asked).get("plaintext")
        if not isinstance(plaintext, str):
            _refuse("an answer without a plaintext")
        return base64.b64decode(plaintext, validate=True)

    def __repr__(self) -> str:
        return f"VaultProvider({self._key})"

    def _ask(self, verb: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
        token = self._token()
        if not token:
            _refuse(f"no variable {TOKEN_VARIABLE}", next_step=f"export {TOKEN_VARIABLE}")
        request = urllib.request.Request(  # noqa: S310 the address was checked: https, or this machine
            f"{self._base}/{verb}/{quote(key, safe='')}",
            data=json.dumps(body).encode(),
            headers={"X-Vault-Token": token, "X-Vault-Request": "true", "Content-Type": "application/json"},
            method="POST",
        )
        try:
            with _OPENER.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                data = json.loads(answer.read(_ANSWER_LIMIT))["data"]
        except urllib.error.HTTPError as cause:
            cause.close()
            if cause.code == _REFUSED and verb == "decrypt":
                raise locked() from None
            _refuse(f"status {cause.code}")
        except (OSError, http.client.HTTPException):
            _refuse("no answer")
        except (ValueError, KeyError, TypeError):
            _refuse("an answer of another form")
        if not isinstance(data, dict):
            _refuse("an answer of another form")
        return data


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        """Never follow."""


# Without the proxies of the environment: the network is opened to the service that the configuration names, no other.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


def _refuse(found: str, *, next_step: str = "check address, key, mount and the token's policy") -> NoReturn:
    raise KeyringError(
        "key service vault", found=found, expected="an answer of its transit engine", next_step=next_step
    ) from None


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
