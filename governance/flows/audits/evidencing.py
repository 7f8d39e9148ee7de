"""Make the bundle that a regulator is handed: reports, the ledger with its checkpoint and proofs, and a signed list."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from audits.bundles.archive import Content, write_archive
from audits.bundles.manifest import (
    CHECKPOINT,
    LEDGER,
    MANIFEST,
    PROOFS,
    SCHEMA,
    SIGNATURE,
    fingerprint,
    key_of,
    manifest_bytes,
    signature_bytes,
)
from audits.bundles.readme import README, readme
from audits.rendering import render
from audits.report import Report
from governance.flows.audits.making_reports import make_reports
from governance.hashing import sha256_of
from governance.ledger.events import EventDraft, stamp
from governance.version import __version__
from governance.writing import replace_file_with_bytes
from policies.errors import BadInputError
from policies.vocabulary import LANGUAGES

if TYPE_CHECKING:
    from governance.app import Governance

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class EvidenceMade:
    """What was written."""

    fingerprint: str
    """SHA-256 of the manifest, in hex; the ledger records it too."""
    key: str
    """The public key that the bundle verifies with: its name, a space, 32 bytes in base64."""
    reports: tuple[str, ...]
    """Names of the reports in it."""
    not_made: tuple[dict[str, str], ...]
    """Reports that could not be made: `report`, `place`, `found`."""


def write_evidence(
    gov: Governance,
    path: Path,
    *,
    measured: Sequence[str] = (),
    policy_before: str | None = None,
    since_checkpoint: str | None = None,
) -> EvidenceMade:
    """Write a bundle to a file, whole or not at all.

    `measured` names reports of `making_reports.MEASURED` to make besides the others; `policy_before` is a folder of
    policy files or a revision, and adds what the policy shows that it did not show then; `since_checkpoint` is an older
    checkpoint, and adds a proof that the log continues it. A report that cannot be made is listed in the bundle and
    does not stop the others. Asking is recorded before anything is read, and the fingerprint before the file has its
    name. Raises ConfigError, LedgerError, TamperedError when the log does not continue the older checkpoint.
    """
    as_of = gov.clock()
    begun = gov.ledger.append(_event(gov, "begun"))
    made, failed = make_reports(gov, measured, policy_before)
    pages = {name: _files(name, report) for name, report in made}
    small = {path_: content for files in pages.values() for path_, content in files.items()}
    reports = [{"report": name, "kind": report.kind, "files": sorted(pages[name])} for name, report in made]
    not_made = [asdict(each) for each in failed]
    small[CHECKPOINT] = gov.ledger.checkpoint().encode()
    small[f"{PROOFS}request.json"] = _proof(gov.ledger.prove(begun.id))
    if since_checkpoint is not None:
        small[f"{PROOFS}since.json"] = _proof(gov.ledger.prove_start(since_checkpoint))
    small[README] = readme()
    with tempfile.TemporaryFile(dir=_folder(path)) as extract:
        events = _spool(gov.ledger.export(), extract)
        files_: dict[str, Content] = {name: partial(_once, content) for name, content in small.items()}
        files_[LEDGER] = partial(_chunks, extract)
        key = key_of(gov.keyring.signer("ledger"))
        document = {
            "schema": SCHEMA,
            "as_of": stamp(as_of),
            "zone": gov.project.config.time_zone,
            "versions": gov.versions() | {"governance": __version__},
            "key": key,
            "files": {name: sha256_of(content()) for name, content in files_.items()},
            "reports": reports,
            "not_made": not_made,
            "ledger": {"lines": events, "request": begun.id},
        }
        manifest = manifest_bytes(document)
        files_[MANIFEST] = partial(_once, manifest)
        files_[SIGNATURE] = partial(_once, signature_bytes(manifest, gov.keyring.signer("ledger")))
        done = _event(gov, "done", refs={"begun": begun.id, "manifest": fingerprint(manifest)})
        replace_file_with_bytes(path, _then(write_archive(files_), lambda: gov.ledger.append(done)))
    names = tuple(name for name, _ in made)
    return EvidenceMade(fingerprint(manifest), f"{key['name']} {key['public_key']}", names, tuple(not_made))


def _files(name: str, report: Report) -> dict[str, bytes]:
    """One report: a page in each language, and its machine form."""
    pages = {f"reports/{name}.{lang}.html": render(report, "html", lang).encode() for lang in LANGUAGES}
    return pages | {f"reports/{name}.json": render(report, "json").encode()}


def _event(gov: Governance, outcome: str, **said: Any) -> EventDraft:
    return EventDraft(
        kind="report",
        actor=gov.actor_ref,
        action="audit.evidence",
        outcome=outcome,
        versions=gov.versions(),
        **said,
    )


def _proof(proof: dict[str, Any]) -> bytes:
    return json.dumps(proof, indent=2, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _folder(path: Path) -> Path:
    if not path.parent.is_dir():
        raise BadInputError(
            str(path),
            found="a folder that is not there",
            expected="a folder",
            next_step="make it, or name another file",
        )
    return path.parent


def _spool(lines: Iterable[bytes], file: IO[bytes]) -> int:
    count = 0
    for line in lines:
        file.write(line)
        count += 1
    return count


def _once(content: bytes) -> tuple[bytes]:
    return (content,)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while part := file.read(_CHUNK):
        yield part


def _then(parts: Iterable[bytes], last: Callable[[], object]) -> Iterator[bytes]:
    yield from parts
    last()
