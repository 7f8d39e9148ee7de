"""Check a bundle of evidence with nothing but the bundle, and a key or a checkpoint that came another way."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from audits.bundles.archive import Archive, refused
from audits.bundles.manifest import (
    CHECKPOINT,
    LEDGER,
    MANIFEST,
    MAX_MANIFEST_BYTES,
    PROOFS,
    SIGNATURE,
    check_signature,
    fingerprint,
    public_key,
    read_manifest,
)
from governance.hashing import sha256_of
from governance.ledger.checkpoint import Checkpoint, read_checkpoint
from governance.ledger.export import verify_export
from governance.ledger.proving import read_proof, verify_proof
from governance.ledger.verification import Verification
from governance.protect.signing import Ed25519Verifier
from policies.errors import BadInputError, GovernanceError, TamperedError

_HEAD = b'{"checkpoints":'


@dataclass(frozen=True, slots=True)
class EvidenceVerified:
    """What checking a bundle showed."""

    status: str
    """`tampered`; else `anchored` when a key or checkpoint from outside agrees, or `self_consistent` without one."""
    fingerprint: str
    """SHA-256 of the manifest in hex."""
    key: str
    """Name of the key and 32 bytes in base64, as the bundle names it."""
    as_of: str
    """The moment that the bundle speaks of, UTC."""
    files: int
    """Files whose content was checked."""
    events: int
    """Events of the ledger extract."""
    reports: tuple[str, ...]
    """The reports in it."""
    not_made: tuple[Mapping[str, str], ...]
    """Reports that could not be made, as the bundle says."""
    problems: tuple[tuple[str, str], ...]
    """Place and kind of what does not fit."""


def verify_evidence(path: Path, *, key: str | None = None, checkpoint: str | None = None) -> EvidenceVerified:
    """Check a bundle: its bytes, its signature, each file, the ledger recomputed, its proofs.

    `key` is the public key that the bundle must be signed with, in base64, its name in front of it or not; `checkpoint`
    a signed note that was kept elsewhere before the bundle was made. Raises TamperedError where the bundle is so
    changed that the rest cannot be read; BadInputError for a key of another form, a file that cannot be read, or a
    checkpoint younger than the bundle.
    """
    try:
        file = path.open("rb")
    except OSError as cause:
        raise BadInputError(
            str(path), found=type(cause).__name__, expected="a bundle", next_step="name the file"
        ) from None
    with file:
        return _verify(file, key, checkpoint)


def _verify(file: BinaryIO, key: str | None, checkpoint: str | None) -> EvidenceVerified:
    archive = Archive(file)
    manifest, document, verifier = _signed(archive, key)
    _names(archive, document)
    problems = [
        (name, "changed")
        for name, digest in sorted(document["files"].items())
        if sha256_of(archive.content(name)) != digest
    ]
    found = None
    if not problems:
        found = _ledger(archive, verifier, checkpoint)
        problems += [(f"{LEDGER}, {each.place}", each.kind) for each in found.problems]
        problems += list(_unproved(archive, verifier))
    agreed = key is not None or (found is not None and found.status == "anchored")
    status = "tampered" if problems else "anchored" if agreed else "self_consistent"
    return EvidenceVerified(
        status,
        fingerprint(manifest),
        f"{document['key']['name']} {document['key']['public_key']}",
        document["as_of"],
        len(document["files"]),
        found.size if found else 0,
        tuple(each["report"] for each in document["reports"]),
        tuple(document["not_made"]),
        tuple(problems),
    )


def _signed(archive: Archive, key: str | None) -> tuple[bytes, dict[str, Any], Ed25519Verifier]:
    """The manifest, once its signature is checked. Raises TamperedError, BadInputError for a key of another form."""
    for name in (MANIFEST, SIGNATURE, CHECKPOINT, LEDGER):
        if name not in archive.entries:
            raise refused(f"bundle, {name}", "no such file")
    if any(archive.entries[name].size > MAX_MANIFEST_BYTES for name in (MANIFEST, SIGNATURE, CHECKPOINT)):
        raise refused(f"bundle, {MANIFEST}", "more than a manifest, its signature or a checkpoint can be")
    manifest, signature = (b"".join(archive.content(name)) for name in (MANIFEST, SIGNATURE))
    document = read_manifest(manifest)
    own = public_key(document)
    check_signature(manifest, signature, Ed25519Verifier(document["key"]["name"], own))
    if key is not None and _key(key) != own:
        raise TamperedError(
            f"bundle, {MANIFEST}",
            found="a manifest that another key has signed",
            expected="the signature of the key that was given",
            next_step="ask the sender which key it is; if it is theirs, keep this file as evidence",
        )
    return manifest, document, Ed25519Verifier(document["key"]["name"], own)


def _names(archive: Archive, document: Mapping[str, Any]) -> None:
    """Return when archive and manifest name the same files. Raises TamperedError."""
    held, listed = set(archive.entries) - {MANIFEST, SIGNATURE}, set(document["files"])
    for name in sorted(held ^ listed):
        raise refused(f"bundle, {name}", "a file that the manifest does not list" if name in held else "no such file")


def _ledger(archive: Archive, verifier: Ed25519Verifier, checkpoint: str | None) -> Verification:
    """What recomputing the extract shows. Raises TamperedError, BadInputError for a checkpoint that came later."""
    note = b"".join(archive.content(CHECKPOINT)).decode("utf-8", errors="replace")
    own = read_checkpoint(note, verifier)
    if checkpoint is not None:
        _refuse_younger(read_checkpoint(checkpoint, verifier), own)

    def made(name: str, public: bytes) -> Ed25519Verifier:
        if (name, public) != (verifier.name, verifier.public_key):
            raise refused(f"bundle, {LEDGER}", "another key than that of the manifest")
        return verifier

    seen: list[str] = []
    found = verify_export(_watched(archive.lines(LEDGER), seen), made, outside=checkpoint)
    if note not in seen:
        raise refused(f"bundle, {CHECKPOINT}", "a checkpoint that the ledger extract does not hold")
    return found


def _watched(lines: Iterator[bytes], seen: list[str]) -> Iterator[bytes]:
    """The lines, while the checkpoints in the heads of their periods are noted."""
    for line in lines:
        if line.startswith(_HEAD):
            try:
                seen += [str(each) for each in json.loads(line)["checkpoints"]]
            except (ValueError, TypeError, KeyError):
                raise refused(f"bundle, {LEDGER}", "a head of another form") from None
        yield line


def _refuse_younger(outside: Checkpoint, own: Checkpoint) -> None:
    """Raises BadInputError for a checkpoint of this ledger that was signed after the bundle's own."""
    (ledger, _, period), (ours, _, newest) = outside.origin.rpartition("/"), own.origin.rpartition("/")
    if ledger == ours and (int(period), outside.size) > (int(newest), own.size):
        raise BadInputError(
            "checkpoint",
            found=f"one signed after the bundle: {outside.size} events of period {period}, "
            f"where the bundle has {own.size} of period {newest}",
            expected="a checkpoint that was kept before the bundle was made",
            next_step="take an older one, or ask for a newer bundle made with --since-checkpoint",
        )


def _unproved(archive: Archive, verifier: Ed25519Verifier) -> Iterator[tuple[str, str]]:
    """The proofs that do not hold."""
    for name in archive.entries:
        if name.startswith(PROOFS):
            try:
                proof = read_proof(b"".join(archive.content(name)).decode("utf-8", errors="replace"))
                verify_proof(proof, verifier)
            except GovernanceError:
                yield name, "proof_changed"


def _key(text: str) -> bytes:
    """A public key from base64, with its name in front of it or not. Raises BadInputError."""
    try:
        found = base64.b64decode(text.rsplit(maxsplit=1)[-1], validate=True)
    except (IndexError, ValueError, binascii.Error):
        found = b""
    if len(found) != 32:
        raise BadInputError(
            "--key",
            found="a text of another form",
            expected="a public key of 32 bytes in base64, as `governance audit evidence` prints it",
            next_step="copy it whole",
        )
    return found
