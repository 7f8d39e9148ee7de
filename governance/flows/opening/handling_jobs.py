"""Jobs over a project: which there are, approving a plan, and the certificate of one that has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from governance.flows.opening.offices import office_of
from governance.jobs.approvals import Approval, approve
from governance.jobs.certificate import verify_certificate
from governance.jobs.plan import read_plan
from governance.jobs.registry import JobRecord, certificate_text, job_records, job_steps, unlink_due
from governance.protect.signing import Ed25519Verifier
from policies.errors import BadInputError

if TYPE_CHECKING:
    from governance.app import Governance


def list_jobs(gov: Governance) -> list[JobRecord]:
    """Every plan of the project and what became of it, oldest first.

    Side effect: gives up the salts of those whose day has passed, recorded as `job.unlinked`.
    """
    office = office_of(gov)
    unlink_due(office)
    return job_records(office)


def show_job(gov: Governance, job: str) -> dict[str, Any]:
    """One plan, what became of it, and its steps that have ended, as JSON. Raises BadInputError for an unknown id."""
    office = office_of(gov)
    (found,) = job_records(office, job)
    return {**record_json(gov, found), "steps": job_steps(office, job)}


def record_json(gov: Governance, record: JobRecord) -> dict[str, Any]:
    """A record as JSON, with people by name where names are still kept."""
    names = gov.ledger.resolve_all({record.planned_by, *record.approved_by} - {"system"})
    shown = {name: getattr(record, name) for name in JobRecord.__slots__}
    return shown | {
        "planned_by": names.get(record.planned_by, record.planned_by),
        "approved_by": [names.get(each, each) for each in record.approved_by],
    }


def approve_job(gov: Governance, text: str, place: str = "plan") -> Approval:
    """Agree, as the project's actor, to just the plan in this file; recorded as `job.approved`.

    Raises TamperedError for a changed plan, AccessRefusedError for the plan's own maker, StalePlanError for one that
    these records do not know.
    """
    return approve(office_of(gov), read_plan(text, None, gov.keyring.keyed_hash(), place))


def certificate_of(gov: Governance, job: str) -> str:
    """The signed certificate of a job that has ended. Raises BadInputError for another id."""
    return certificate_text(office_of(gov), job)


def check_certificate(gov: Governance, text: str, place: str = "certificate") -> dict[str, Any]:
    """The document of a certificate that this project has signed. Raises TamperedError."""
    return verify_certificate(text, gov.keyring.signer("ledger"), place)


def check_certificate_offline(text: str, public_key: str, place: str = "certificate") -> dict[str, Any]:
    """The document of a certificate that a public key, given as 64 hex digits, has signed.

    Raises TamperedError, and BadInputError for a text that is no key.
    """
    try:
        verifier = Ed25519Verifier("the given key", bytes.fromhex(public_key))
    except ValueError:
        raise BadInputError(
            "public key",
            found="a text that is no Ed25519 key",
            expected="64 hex digits, as in `signer.public_key` of a certificate",
            next_step="take the key from whoever runs the project, not from the certificate itself",
        ) from None
    return verify_certificate(text, verifier, place)
