"""Opens keyring files of the first form, in which scrypt's output wrapped every key itself.

format   "governance.keyring/1"
id, kdf  {name: "scrypt", salt, n, r, p}
keys     [{id, use, of, state, wrapped}]
check    nonce || AES-256-GCM tag of nothing, with all of the above as associated data

wrapped  nonce || AES-256-GCM(scrypt's key, key material), with (format, ring id, key id, use, of) as associated data
"""

from __future__ import annotations

import base64
import json

from governance.protect.keyring.base import KeyInfo, KeyState, KeyUse
from governance.protect.keyring.kek import KekProvider, locked
from governance.protect.keyring.key_file import KeyFile
from governance.protect.keyring.passphrase import PassphraseProvider
from governance.protect.keyring.wrapping import unwrap
from governance.protect.lengths import joined
from policies.errors import KeyringError

FORMAT = "governance.keyring/1"
_USES_BEFORE = 2**20  # were not counted then: assume that many


def is_first_form(content: bytes) -> bool:
    """Whether a file is of this form."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("format") == FORMAT


def read_first_form(content: bytes, provider: KekProvider) -> KeyFile:
    """The same keys as a ring of today's form, under a new KEK. Raises KeyringError, without detail."""
    if not isinstance(provider, PassphraseProvider):
        raise KeyringError(
            "keyring",
            found="a file of the first form, which a passphrase protects",
            expected="`provider: file`",
            next_step="run `governance keys rotate --kek` with `provider: file` first",
        )
    try:
        document = json.loads(content)
        check = base64.b64decode(document.pop("check"), validate=True)
        if document["kdf"]["name"] != "scrypt":
            raise locked()
        under = provider.of_first_form(document["kdf"])
        unwrap(under, check, json.dumps(document, sort_keys=True, separators=(",", ":")).encode())
        ring = KeyFile.fresh(provider, document["id"])
        for each in document["keys"]:
            info = KeyInfo(each["id"], KeyUse(each["use"]), each["of"], KeyState(each["state"]), uses=_USES_BEFORE)
            wrapped = base64.b64decode(each["wrapped"], validate=True)
            bound = joined(FORMAT, document["id"], info.id, info.use, info.of)
            ring.put(info, unwrap(under, wrapped, bound) if wrapped else b"")
    except (ValueError, TypeError, KeyError, AttributeError):
        raise locked() from None
    return ring
