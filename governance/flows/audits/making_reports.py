"""Make every report of the project that can be made; one that cannot does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from audits.report import Report
from governance.flows.audits.handling_incidents import incidents
from governance.flows.consent.judging_consent import audit_consent
from policies.config import Medium
from policies.errors import GovernanceError, LedgerError

if TYPE_CHECKING:
    from governance.app import Governance

MEASURED = ("quality", "scan")
"""The reports that read the content of stores anew."""


@dataclass(frozen=True, slots=True)
class NotMade:
    """A report that could not be made."""

    report: str
    """Its name."""
    place: str
    """Where it failed."""
    found: str
    """What stood there, as a kind, shape or count."""


def make_reports(
    gov: Governance,
    measured: Sequence[str] = MEASURED,
    policy_before: str | None = None,
    *,
    made: Mapping[str, Report] = MappingProxyType({}),
) -> tuple[list[tuple[str, Report]], list[NotMade]]:
    """Reports by name, and those that could not be made.

    Those of access, of the grants in each store and of their review, of protection, retention, requests, training,
    fairness, automated decisions, processing, impact and consent; of CRMs and of incidents when there is one; of
    MEASURED as far as named; of what the policy shows that a folder or revision did not, when one is given. Each is
    recorded as if asked for alone; those that are in `made` by name are taken as they are. Raises LedgerError: without
    a record there is no report.
    """
    found, failed = list[tuple[str, Report]](), list[NotMade]()
    for name, make in _makers(gov, measured, policy_before):
        try:
            found.append((name, made[name] if name in made else make()))
        except LedgerError:
            raise
        except GovernanceError as cause:
            failed.append(NotMade(name, cause.place, cause.found))
    return found, failed


def _makers(
    gov: Governance, measured: Sequence[str], policy_before: str | None
) -> Iterator[tuple[str, Callable[[], Report]]]:
    stores = [each for each in gov.catalog.stores if each in gov.project.config.stores]
    yield "access", gov.audit_access
    for store in stores:
        yield f"grants-{store}", partial(gov.policy_who, store)
    yield "protection", gov.protection_status
    yield "retention", gov.audit_retention
    yield "requests", gov.audit_requests
    yield "review", gov.audit_review
    yield "training", gov.audit_training
    yield "fairness", gov.audit_fairness
    yield "automated", gov.audit_automated
    yield "ropa", gov.audit_ropa
    yield "dpia", gov.audit_dpia
    if incidents(gov):
        yield "incident", gov.audit_incident
    yield "consent", partial(audit_consent, gov)
    if any(each.medium is Medium.CRM for each in gov.project.config.stores.values()):
        yield "crm", gov.audit_crm
    if "scan" in measured:
        yield "scan", lambda: gov.scan_report(gov.scan())
    if "quality" in measured:
        yield "quality", lambda: gov.quality_report(gov.measure_quality(stores))
    if policy_before is not None:
        yield "exposure", lambda: gov.policy_diff(policy_before)
