"""What takes the place of a finding: one entry an operator, run by presidio-anonymizer.

| operator | `Anna Smith` becomes |
|---|---|
| `replace` | `<PERSON>` |
| `mask` | `**********`, the same length |
| `hash` | 32 hex digits of a keyed hash; the same value gives the same digits under one key |
| `pseudonym` | `PERSON_7K3QX2MWA4`, the same value the same pseudonym under one key |
| `drop` | nothing |

Hashes and pseudonyms are keyed (HMAC-SHA-256), so that no list of names or numbers reverses them. Presidio's own
`hash` and `encrypt` are not used: the first takes a salt that travels with the value, the second is unauthenticated.
"""

from __future__ import annotations

import base64
from functools import partial
from typing import Any, cast

from governance.ledger.base import KeyedHash
from governance.scan.normalise import fold
from policies.errors import ConfigError

OPERATORS = ("replace", "mask", "hash", "pseudonym", "drop")
"""The names, the default first."""
KEYED = frozenset({"hash", "pseudonym"})
"""Operators that need a key."""

_DOMAIN = "redact"
_HASH_DIGITS = 32
_PSEUDONYM_BYTES = 10
_WHOLE = 1_000_000_000


def check_operator(name: str, keyed_hash: KeyedHash | None) -> None:
    """Raise ConfigError for an unknown operator, or for a keyed one without a key."""
    if name not in OPERATORS:
        raise ConfigError(
            "operator", found="an unknown name", expected=" ".join(OPERATORS), next_step="name one of these"
        )
    if name in KEYED and keyed_hash is None:
        raise ConfigError(
            f"operator `{name}`",
            found="no key",
            expected="a keyed hash",
            next_step="give the keyed hash of a keyring, or use `replace`",
        )


def operator_config(name: str, entity: str, keyed_hash: KeyedHash | None) -> Any:
    """presidio-anonymizer's configuration of an operator for one entity. Raises as `check_operator`."""
    from presidio_anonymizer.entities import OperatorConfig

    check_operator(name, keyed_hash)
    match name:
        case "replace":
            return OperatorConfig("replace", {"new_value": f"<{entity}>"})
        case "mask":
            return OperatorConfig("mask", {"masking_char": "*", "chars_to_mask": _WHOLE, "from_end": False})
        case "drop":
            return OperatorConfig("redact", {})
        case _:
            return OperatorConfig("custom", {"lambda": partial(_keyed, name, entity, cast("KeyedHash", keyed_hash))})


def _keyed(name: str, entity: str, keyed_hash: KeyedHash, value: str) -> str:
    same = " ".join(fold(value).casefold().split())
    digest = keyed_hash.digest(f"{_DOMAIN}:{entity}", same.encode("utf-8", "replace"))
    if name == "hash":
        return digest[:_HASH_DIGITS]
    return f"{entity}_{base64.b32encode(bytes.fromhex(digest))[:_PSEUDONYM_BYTES].decode()}"
