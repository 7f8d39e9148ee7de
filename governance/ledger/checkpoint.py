"""Signed checkpoints in the C2SP forms tlog-checkpoint and signed-note, with Ed25519.

    governance.ledger/1f0c.../1                     origin: this ledger, this period
    1234                                            number of leaves
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=    root hash, base64
                                                    (empty line)
    — NAME BASE64(key hash, 4 bytes || signature, 64 bytes)

The signature covers the three lines with their line ends. The key hash is the start of
SHA-256(NAME || 0x0A || 0x01 || public key).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from governance.ledger.base import Signer, Verifier
from policies.errors import TamperedError

_ED25519 = b"\x01"  # signature type of the signed-note form


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a log had come, and the root that stood for all of it."""

    origin: str
    """The log: which ledger and period."""
    size: int
    """Leaves covered."""
    root: bytes
    """Their root hash."""

    def body(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> str:
    """The checkpoint as a signed note."""
    body = checkpoint.body()
    proof = base64.b64encode(_key_hash(signer) + signer.sign(body.encode())).decode()
    return f"{body}\n— {signer.name} {proof}\n"


def read_checkpoint(note: str, verifier: Verifier) -> Checkpoint:
    """The checkpoint in a note that this key has signed. Raises TamperedError for any other note."""
    body, blank, signatures = note.partition("\n\n")
    checkpoint = _parse(body) if _is_unicode(note) else None
    if not blank or checkpoint is None:
        raise _refused("a text that is no checkpoint")
    for line in signatures.splitlines():
        proof = _proof(line, verifier)
        if proof is not None:
            verifier.verify(f"{body}\n".encode(), proof)
            return checkpoint
    raise _refused("no signature of this ledger's key")


def _is_unicode(text: str) -> bool:
    """Whether there are bytes of a text: half a surrogate pair has none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _parse(body: str) -> Checkpoint | None:
    lines = body.split("\n")
    if len(lines) != 3 or not lines[0] or not (lines[1].isascii() and lines[1].isdigit()):
        return None
    try:
        checkpoint = Checkpoint(lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True))
    except (binascii.Error, ValueError):
        return None
    # Only the one canonical spelling is a checkpoint: no leading zero, no other base64 of the same bytes.
    return checkpoint if checkpoint.body() == f"{body}\n" and len(checkpoint.root) == 32 else None


def _proof(line: str, verifier: Verifier) -> bytes | None:
    """The signature bytes of a line that names this key; None for a line of another key."""
    prefix = f"— {verifier.name} "
    if not line.startswith(prefix):
        return None
    try:
        proof = base64.b64decode(line.removeprefix(prefix), validate=True)
    except (binascii.Error, ValueError):
        return None
    return proof[4:] if proof[:4] == _key_hash(verifier) else None


def _key_hash(verifier: Verifier) -> bytes:
    return hashlib.sha256(verifier.name.encode() + b"\n" + _ED25519 + verifier.public_key).digest()[:4]


def _refused(found: str) -> TamperedError:
    return TamperedError(
        "checkpoint",
        found=found,
        expected="a checkpoint that this ledger has signed",
        next_step="take the file that was kept outside, unchanged; a copied terminal text may have lost line ends",
    )
