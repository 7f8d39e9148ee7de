"""Consent that comes and goes as files and signals: import, export, receipts, opt-out signals, do-not-contact lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.consent.drafting import wrong
from governance.consent.events import EVERY, Circumstances, ConsentEvent, Subject
from governance.consent.exporting import Exported, export_lines, histories
from governance.consent.intake.contact_list import ContactList, read_list
from governance.consent.intake.importing import Imported, Importer, Progress
from governance.consent.intake.names import Names
from governance.consent.intake.readers import Told, read_file
from governance.consent.receipts import KnownReceipt, ReceiptScope, digest_of, known_receipt, make_receipt
from governance.consent.records.basis import RecordBasis
from governance.consent.records.receipt import ReceiptHead, verify
from governance.ledger.events import EventDraft, stamp
from governance.protect.keyring.base import KeyInfo, KeyUse
from governance.protect.sealing import KeyringSealer
from governance.protect.signing import Ed25519Signer
from governance.records.transactions import reading, writing
from governance.writing import replace_file_with
from policies.consent_map import read_consent_map
from policies.dpv import DpvTerms, dpv_terms
from policies.errors import ConfigError
from policies.opt_out import opt_out_signal
from policies.organisation import FILE, OrganisationFile, read_organisation

if TYPE_CHECKING:
    from governance.app import Governance

SIGNER = "receipts"
"""Name of the key that signs receipts."""
GPC_METHOD = "gpc_signal"
"""How an opt-out by Global Privacy Control was told."""


def organisation_of(gov: Governance) -> OrganisationFile:
    """The organisation as its file stands now. Raises ConfigError."""
    return read_organisation(gov.project.policy_file(FILE), gov.policy_files.purposes)


def import_consent(
    gov: Governance,
    path: Path,
    *,
    form: str = "auto",
    on_error: str = "skip",
    names: Path | None = None,
    on_progress: Progress | None = None,
) -> Imported:
    """Record the consent in a file, each line once however often it is read; one ledger event for each batch.

    `form` is one of `governance.consent.intake.readers.FORMS`; `names` is a file that explains the words of another
    system. With `on_error="refuse"` a wrong line leaves nothing recorded. Raises ConfigError for a file that cannot be
    read, RecordsError, LedgerError.
    """
    undeclared = gov.consent_conditions.kinds.undeclared(gov.project.config.stores)
    importer = replace(_importer(gov), undeclared=undeclared)
    words = Names(gov.policy_files.purposes, organisation_of(gov), _terms(gov), read_consent_map(names))
    told = partial(read_file, path, form, words, importer.drafting.key_check)
    return _take(importer, path, told, on_error, on_progress)


def take_contact_list(
    gov: Governance, path: Path, about: ContactList, *, on_error: str = "skip", on_progress: Progress | None = None
) -> Imported:
    """Record that the people on a do-not-contact list object; as `import_consent`."""
    return _take(_importer(gov), path, partial(read_list, path, about), on_error, on_progress)


def export_consent(gov: Governance, path: Path, *, form: str = "27560", subject_key: str | None = None) -> Exported:
    """Write consent to a file that the caller names: of one person, or of all. Recorded before and after.

    `form` is one of `governance.consent.exporting.FORMS`. The file names people by keyed references. Raises ConfigError
    that names an item which a 27560 record lacks; then no file is written.
    """
    done, run, keyed_hash = Exported(), gov.new_id(), gov.keyring.keyed_hash()
    ref = gov.consent.subject_ref(subject_key) if subject_key is not None else None
    _record(gov, "consent.exported", "allowed", {"export": run})
    with reading(gov.records) as connection:
        lines = export_lines(histories(connection, ref), form, _basis(gov), keyed_hash, done)
        replace_file_with(path, lines)
    _record(gov, "consent.exported", "done", {"export": run}, {"people": done.people, "lines": done.lines})
    return done


def issue_receipt(
    gov: Governance, subject_key: str, *, purpose: str = "", channel: str = "", lang: str = "en"
) -> dict[str, Any]:
    """A signed receipt of all that a person said, or of one purpose and channel, for that person's hands.

    It names the receipt whose place it takes. Recorded, with its digest. Raises ConfigError when nothing was said or an
    item is not stated.
    """
    now, keyed_hash, basis = stamp(gov.clock()), gov.keyring.keyed_hash(), _basis(gov)
    signer, receipt_id = gov.keyring.signer(SIGNER), gov.new_id()
    scope = ReceiptScope(gov.consent.subject_ref(subject_key), purpose, channel)
    zone, ledger, actor = gov.project.config.time_zone, gov.ledger, gov.actor_ref

    def head(supersedes: str) -> ReceiptHead:
        return ReceiptHead(receipt_id, supersedes, now, lang, zone)

    with writing(gov.records) as connection:
        document = make_receipt(connection, scope, head, basis, keyed_hash, signer)
        refs = {"receipt": receipt_id, "subject": scope.subject_ref, "record": digest_of(document)}
        draft = EventDraft(kind="consent.receipt", actor=actor, purpose=purpose or None, outcome="done", refs=refs)
        ledger.append_in(connection, draft)
    return document


def verify_receipt(gov: Governance, document: Mapping[str, Any]) -> KnownReceipt:
    """What the records know of a receipt that this project signed. Raises TamperedError, or ConfigError when unknown.

    Keys that were rotated since still count.
    """

    def signer(info: KeyInfo, seed: bytes) -> Ed25519Signer:
        return Ed25519Signer(f"governance.{SIGNER}/{info.id}", seed)

    receipt_id = verify(document, gov.keyring.family(KeyUse.LEDGER_SIGN, SIGNER, signer))
    with reading(gov.records) as connection:
        found = known_receipt(connection, receipt_id)
    if found is None:
        raise ConfigError(
            "consent receipt",
            found="a receipt of this project that its records do not know",
            expected="records that are not older than the receipt",
            next_step="see whether the records were restored from a backup",
        )
    return found


def record_gpc(gov: Governance, subject: Subject, headers: Mapping[str, str]) -> tuple[ConsentEvent, ...]:
    """Record the opt-out that a request carries as Global Privacy Control; gives the events that are new.

    It ends the purposes that organisation.yaml lists under `opt_out`. What a person objects to or withdrew already is
    not recorded again, so it may be called at each request. Nothing is asked of the person and nothing verified.
    Raises ConfigError when organisation.yaml does not say which purposes are sale or sharing.
    """
    signal = opt_out_signal("gpc", gov.clock().date())
    if not signal.is_in(headers):
        return ()
    listed = organisation_of(gov).opt_out
    if listed is None:
        raise wrong(FILE, "no `opt_out`", "`opt_out` with the purposes that are sale and sharing, or empty lists")
    purposes = dict.fromkeys(purpose for use in signal.about for purpose in getattr(listed, use))
    history, book = gov.consent.history(subject.key), gov.consent
    how = Circumstances(jurisdiction=signal.law, method=GPC_METHOD)
    events = []
    for purpose in purposes:
        last = next((each for each in reversed(history) if (each.purpose, each.channel) == (purpose, EVERY)), None)
        if last is None or last.kind not in ("objected", "withdrawn"):
            event_id = _signal_id(gov, subject, purpose, last)
            events.append(book.record(signal.kind, subject, purpose, how=how, event_id=event_id))
    return tuple(events)


def _signal_id(gov: Governance, subject: Subject, purpose: str, last: ConsentEvent | None) -> str:
    """The same for two requests that come at once, so that one event is recorded."""
    told = f"{subject.key}\0{purpose}\0{last.id if last else ''}"
    return gov.keyring.keyed_hash().digest("consent-gpc", told.encode())


def _take(
    importer: Importer, path: Path, told: Callable[[], Iterator[Told]], on_error: str, on_progress: Progress | None
) -> Imported:
    try:
        size = path.stat().st_size
    except OSError as cause:
        raise ConfigError(
            "file of consent",
            found=type(cause).__name__,
            expected="a file that can be read",
            next_step="check its name",
        ) from None
    return importer.take(told, on_error=on_error, size_bytes=size, step=on_progress or _silent)


def _importer(gov: Governance) -> Importer:
    return Importer(
        records=gov.records,
        purposes=gov.policy_files.purposes,
        keyed_hash=gov.keyring.keyed_hash(),
        sealer=KeyringSealer(gov.keyring),
        recorder=gov.ledger,
        actor=gov.actor_ref,
        run=gov.new_id(),
        stores=frozenset(gov.project.config.stores),
        now=gov.clock(),
    )


def _basis(gov: Governance) -> RecordBasis:
    check = _importer(gov).drafting.key_check
    return RecordBasis(organisation_of(gov), gov.policy_files.purposes, _terms(gov), gov.policy_files.taxonomy, check)


def _terms(gov: Governance) -> DpvTerms:
    return dpv_terms(gov.clock().date())


def _record(
    gov: Governance, kind: str, outcome: str, refs: Mapping[str, str], counts: Mapping[str, int] | None = None
) -> None:
    draft = EventDraft(kind=kind, actor=gov.actor_ref, action="export", outcome=outcome, refs=refs, counts=counts or {})
    gov.ledger.append(draft)


def _silent(done: int, total: int | None, word: str) -> None:
    del done, total, word
