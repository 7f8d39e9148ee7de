"""The registers that `Governance` offers: reviews, training, incidents, assessments, automated decisions."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from audits.report import Report
    from governance.app import Governance
    from governance.flows.audits.declaring_automated import Declared
    from governance.flows.audits.incident_scope import Leaked
    from governance.registers.assessments import Assessment
    from governance.registers.automated import HumanReview, Procedure
    from governance.registers.incidents import Incident
    from governance.registers.reviews import Review
    from governance.registers.training import Attestation
    from policies.assessment_answers import AnswersFile
    from policies.nouns import Principal


class Registers:
    """What `Governance` inherits."""

    def open_review(self, reviewer: str, due: dt.date) -> Review:
        """Open a review of every grant; as `reviewing_access.open_review`."""
        from governance.flows.audits.reviewing_access import open_review

        return open_review(self._whole, reviewer, due)

    def decide_grant(
        self, review: str, grant: str, verdict: str, *, principal: str, reason: str, patch: Path | None = None
    ) -> Review:
        """Keep or revoke a grant, as the reviewer; as `reviewing_access.decide_grant`."""
        from governance.flows.audits.reviewing_access import decide_grant

        return decide_grant(self._whole, review, grant, verdict, principal=principal, reason=reason, patch=patch)

    def close_review(self, review: str, *, principal: str) -> Review:
        """End a review, as the reviewer; as `reviewing_access.close_review`."""
        from governance.flows.audits.reviewing_access import close_review

        return close_review(self._whole, review, principal=principal)

    def review_patch(self, review: str, patch: Path) -> int:
        """Write what is revoked and still stands as a patch; as `reviewing_access.write_patch`."""
        from governance.flows.audits.reviewing_access import write_patch

        return write_patch(self._whole, review, patch)

    def audit_review(self, review: str | None = None) -> Report:
        """The report on every grant and its review; as `reviewing_access.audit_review`."""
        from governance.flows.audits.reviewing_access import audit_review

        return audit_review(self._whole, review)

    def attest(self, principal: str, course: str, day: dt.date | None = None) -> Attestation:
        """Record that a user took a course; as `attesting.attest`."""
        from governance.flows.audits.attesting import attest

        return attest(self._whole, principal, course, day)

    def check_training(self, principal: Principal, purpose: str) -> None:
        """Return when a principal has the training that a purpose asks for; as `attesting`."""
        if not self._whole.project.config.training.purposes:  # most projects: nothing is loaded for it
            return
        from governance.flows.audits.attesting import check_training

        check_training(self._whole, principal, purpose)

    def audit_training(self) -> Report:
        """The report on who attested what and who is kept out; as `attesting.audit_training`."""
        from governance.flows.audits.attesting import audit_training

        return audit_training(self._whole)

    def open_incident(self, leaked: Leaked, *, aware: dt.datetime, reason: str) -> Incident:
        """Take an incident down and count whom it concerns; as `handling_incidents.open_incident`."""
        from governance.flows.audits.handling_incidents import open_incident

        return open_incident(self._whole, leaked, aware=aware, reason=reason)

    def assess_incident(self, incident: str, at: dt.datetime) -> Incident:
        """Record since when it must be told; as `handling_incidents.assess_incident`."""
        from governance.flows.audits.handling_incidents import assess_incident

        return assess_incident(self._whole, incident, at)

    def contain_incident(self, incident: str, at: dt.datetime, *, reason: str) -> Incident:
        """Record that it goes on no more; as `handling_incidents.contain_incident`."""
        from governance.flows.audits.handling_incidents import contain_incident

        return contain_incident(self._whole, incident, at, reason=reason)

    def notify_incident(
        self, incident: str, clock: str, *, at: dt.datetime | None = None, reason: str | None = None
    ) -> Incident:
        """Answer a clock of an incident; as `handling_incidents.notify_incident`."""
        from governance.flows.audits.handling_incidents import notify_incident

        return notify_incident(self._whole, incident, clock, at=at, reason=reason)

    def close_incident(self, incident: str, *, reason: str) -> Incident:
        """End an incident; as `handling_incidents.close_incident`."""
        from governance.flows.audits.handling_incidents import close_incident

        return close_incident(self._whole, incident, reason=reason)

    def audit_incident(self, incident: str | None = None) -> Report:
        """The report on incidents, their clocks and drafts; as `handling_incidents.audit_incident`."""
        from governance.flows.audits.handling_incidents import audit_incident

        return audit_incident(self._whole, incident)

    def audit_ropa(self, form: str | None = None) -> Report:
        """The record of processing, for one law's form or all in force; as `recording_processing.audit_ropa`."""
        from governance.flows.audits.recording_processing import audit_ropa

        return audit_ropa(self._whole, form)

    def audit_fairness(self) -> Report:
        """The report on outcomes by group; as `measuring_fairness.audit_fairness`."""
        from governance.flows.audits.measuring_fairness import audit_fairness

        return audit_fairness(self._whole)

    def declare_automated(self, name: str, declared: Declared) -> Procedure:
        """Put a procedure that decides about people into the register; as `declaring_automated.declare_automated`."""
        from governance.flows.audits.declaring_automated import declare_automated

        return declare_automated(self._whole, name, declared)

    def end_automated(self, name: str, *, reason: str) -> Procedure:
        """Record that a procedure decides no more; as `declaring_automated.end_automated`."""
        from governance.flows.audits.declaring_automated import end_automated

        return end_automated(self._whole, name, reason=reason)

    def ask_review(
        self,
        name: str,
        *,
        reason: str,
        received: dt.datetime | None = None,
        law: str | None = None,
        request: str | None = None,
    ) -> HumanReview:
        """Take down that a person asks for a human review; as `declaring_automated.ask_review`."""
        from governance.flows.audits.declaring_automated import ask_review

        return ask_review(self._whole, name, reason=reason, received=received, law=law, request=request)

    def decide_review(self, review: str, outcome: str, *, principal: str, reason: str) -> HumanReview:
        """Record how a human review ended; as `declaring_automated.decide_review`."""
        from governance.flows.audits.declaring_automated import decide_review

        return decide_review(self._whole, review, outcome, principal=principal, reason=reason)

    def audit_automated(self) -> Report:
        """The report on automated decisions; as `reporting_automated.audit_automated`."""
        from governance.flows.audits.reporting_automated import audit_automated

        return audit_automated(self._whole)

    def open_assessment(self, purpose: str) -> Assessment:
        """Open an impact assessment of a purpose; as `assessing.open_assessment`."""
        from governance.flows.audits.assessing import open_assessment

        return open_assessment(self._whole, purpose)

    def sign_assessment(self, assessment: str, answers: AnswersFile, *, principal: str) -> Assessment:
        """Sign an impact assessment as a person; as `assessing.sign_assessment`."""
        from governance.flows.audits.assessing import sign_assessment

        return sign_assessment(self._whole, assessment, answers, principal=principal)

    def close_assessment(self, assessment: str, *, reason: str) -> Assessment:
        """End an impact assessment; as `assessing.close_assessment`."""
        from governance.flows.audits.assessing import close_assessment

        return close_assessment(self._whole, assessment, reason=reason)

    def audit_dpia(self) -> Report:
        """The report on impact assessments; as `assessing.audit_dpia`."""
        from governance.flows.audits.assessing import audit_dpia

        return audit_dpia(self._whole)

    @property
    def _whole(self) -> Governance:
        return cast("Governance", self)
