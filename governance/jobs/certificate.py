"""Certificates: what a job did, signed, for whoever has to be shown it.

    {"schema": "governance.job-certificate/1", "id": ..., "job": ..., "kind": ..., ..., "signature": 128 hex digits}

Ed25519 by the ledger's signer over the RFC 8785 form of all other members.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import rfc8785

from governance.jobs.approvals import approved_by
from governance.jobs.journal import Journal, SignedText
from governance.jobs.marks import proof_of
from governance.jobs.outcome import JobOutcome, StepOutcome
from governance.jobs.plan import salt_day
from governance.jobs.running import Running
from governance.ledger.base import Verifier
from governance.ledger.events import stamp
from policies.errors import TamperedError

SCHEMA = "governance.job-certificate/1"
"""The form of a certificate."""


def certify(run: Running, journal: Journal, found: JobOutcome, findings: Mapping[str, Any]) -> SignedText:
    """The certificate of a job that has come to its end."""
    office, plan = run.office, run.plan
    approval, receipts = approved_by(office, plan), journal.receipts()
    body: dict[str, Any] = {
        "schema": SCHEMA,
        "id": office.new_id(),
        "job": plan.id,
        "kind": plan.kind,
        "purpose": run.work.purpose,
        "rules": list(run.work.rules),
        "place": plan.place,
        "plan": {"seal": plan.seal, "made_at": plan.made_at, "made_by": plan.actor, "versions": dict(plan.versions)},
        "approved": {"by": approval.approver, "event": approval.event, "at": approval.time} if approval else None,
        "run_by": office.actor,
        "decision": journal.decision,
        "began": journal.began(),
        "ended": stamp(office.clock()),
        "batches": found.batches,
        "steps": [
            _step(plan.lines[number].dataset, step, receipts.get(number)) for number, step in enumerate(found.steps)
        ],
        "findings": dict(findings),
        "marks": {"sha256": proof_of(journal.proofs()), "until": salt_day(office)},
        "signer": {"name": office.signer.name, "public_key": office.signer.public_key.hex()},
    }
    signed = {**body, "signature": office.signer.sign(rfc8785.dumps(body)).hex()}
    text = _text(signed)
    return SignedText(signed["id"], hashlib.sha256(text.encode()).hexdigest(), text)


def verify_certificate(text: str, verifier: Verifier, place: str = "certificate") -> dict[str, Any]:
    """The document of a certificate that this key has signed. Raises TamperedError when any byte is another one."""
    try:
        document = json.loads(text)
        body = {name: value for name, value in document.items() if name != "signature"}
        signature = bytes.fromhex(document["signature"])
        if document["schema"] != SCHEMA or _text(document) != text or signature.hex() != document["signature"]:
            raise _tampered(place)
        verifier.verify(rfc8785.dumps(body), signature)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, rfc8785.CanonicalizationError):
        raise _tampered(place) from None
    found: dict[str, Any] = document
    return found


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _step(dataset: str, step: StepOutcome, receipts: Mapping[str, int] | None) -> dict[str, Any]:
    counts = {name: getattr(step, name) for name in StepOutcome.__slots__ if name != "left"}
    return {"dataset": dataset, **counts, **({"receipts": dict(receipts)} if receipts else {})}


def _tampered(place: str) -> TamperedError:
    return TamperedError(
        place,
        found="a text that is not what was signed",
        expected=f"a certificate of schema {SCHEMA}, byte for byte",
        next_step="take it again with `governance job certificate`",
    )
