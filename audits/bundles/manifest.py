"""What a bundle holds, signed: RFC 8785 JSON of each file with its SHA-256, and of what it was made from."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import rfc8785

from audits.bundles.archive import refused
from policies.errors import TamperedError

SCHEMA = "governance.evidence/1"
"""Name and version of the form."""
MANIFEST = "manifest.json"
"""The signed file."""
SIGNATURE = "manifest.sig"
"""128 digits, the Ed25519 signature over the domain, a line end and the manifest."""
LEDGER = "ledger/ledger.jsonl"
"""The whole log, as `governance ledger export` writes it."""
CHECKPOINT = "ledger/checkpoint"
"""The newest signed note when the bundle was made."""
PROOFS = "ledger/proofs/"
"""Where proofs lie: `request.json` of the event that asked for the bundle, `since.json` of an older checkpoint."""
MAX_MANIFEST_BYTES = 1 << 20
"""A manifest is no longer."""

_DOMAIN = b"governance.evidence-bundle/1\n"  # so that no signed manifest is ever a signed checkpoint, nor the reverse
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MISSED = {"found", "place", "report"}
_KEYS = {"as_of", "files", "key", "ledger", "not_made", "reports", "schema", "versions", "zone"}


class Verifying(Protocol):
    """A public key."""

    name: str
    public_key: bytes

    def verify(self, data: bytes, signature: bytes) -> None:
        """Return when the signature is this key's over the data. Raises TamperedError."""


class Signing(Verifying, Protocol):
    """A key that signs."""

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of the signature over the data."""


def manifest_bytes(document: Mapping[str, Any]) -> bytes:
    """The bytes of a manifest that are signed."""
    return rfc8785.dumps(dict(document))


def key_of(verifier: Verifying) -> dict[str, str]:
    """A public key as a manifest names it."""
    return {"name": verifier.name, "public_key": base64.b64encode(verifier.public_key).decode()}


def signature_bytes(manifest: bytes, signer: Signing) -> bytes:
    """The content of the signature file."""
    return signer.sign(_DOMAIN + manifest).hex().encode() + b"\n"


def fingerprint(manifest: bytes) -> str:
    """SHA-256 of a manifest in hex: by it a bundle can be told from another over the telephone."""
    return hashlib.sha256(manifest).hexdigest()


def read_manifest(content: bytes) -> dict[str, Any]:
    """A manifest from its one canonical spelling. Raises TamperedError for anything else."""
    try:
        found = json.loads(content)
        good = isinstance(found, dict) and found.keys() == _KEYS and found["schema"] == SCHEMA
        good = good and rfc8785.dumps(found) == content
        good = good and all(_SHA256.fullmatch(each) for each in found["files"].values())
        good = good and len(public_key(found)) == 32
        good = good and _texts((found["key"]["name"], found["as_of"]))
        good = good and all(isinstance(each["report"], str) for each in found["reports"])
        good = good and all(each.keys() == _MISSED and _texts(each.values()) for each in found["not_made"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, rfc8785.CanonicalizationError):
        good = False
    if not good:
        raise refused(f"bundle, {MANIFEST}", f"no manifest of form {SCHEMA}")
    document: dict[str, Any] = found
    return document


def _texts(values: Iterable[Any]) -> bool:
    return all(isinstance(each, str) for each in values)


def public_key(document: Mapping[str, Any]) -> bytes:
    """The public key that a manifest names. Raises ValueError or KeyError when it names none."""
    return base64.b64decode(document["key"]["public_key"], validate=True)


def check_signature(manifest: bytes, signature: bytes, verifier: Verifying) -> None:
    """Return when a key signed a manifest and the signature is spelled as we spell it. Raises TamperedError."""
    try:
        raw = bytes.fromhex(signature.decode("ascii").removesuffix("\n"))
        spelled = raw.hex().encode() + b"\n" == signature
    except (UnicodeDecodeError, ValueError):
        spelled, raw = False, b""
    if not spelled:
        raise refused(f"bundle, {SIGNATURE}", "no signature of 128 digits")
    try:
        verifier.verify(_DOMAIN + manifest, raw)
    except TamperedError:
        raise refused(f"bundle, {MANIFEST}", "a manifest that its key did not sign") from None
