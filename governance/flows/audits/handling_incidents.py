"""Incidents: take one down with what was counted, contain it, tell whom the law names, close it; and the report."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from audits.report import Report
from audits.reports.incident import SCHEMA, incident_report
from audits.reports.incident_facts import open_clocks
from governance.flows.audits.incident_document import clocks_of, incident_document, notifier
from governance.flows.audits.incident_scope import Leaked, plain, resolve
from governance.flows.audits.measuring_incident import measure_incident
from governance.flows.audits.reporting import gather
from governance.ledger.events import EventDraft, EventObject, stamp
from governance.registers.incidents import ASSESSED, CLOSED, CONTAINED, NOT_NEEDED, TOLD, Incident, Incidents
from policies.errors import BadInputError
from policies.incident_clocks import incident_clocks

if TYPE_CHECKING:
    from governance.app import Governance

REASON_LETTERS = 10
"""What a reason has at least."""


def open_incident(gov: Governance, leaked: Leaked, *, aware: dt.datetime, reason: str) -> Incident:
    """Take an incident down: the stores are read as purpose `governance.incident` and what leaked is counted.

    `aware` is when somebody knew of it; `reason` says what happened and is kept erasable beside the ledger. A store
    that does not answer is named in the figures and does not stop it. Raises BadInputError, PredicateError,
    AccessRefusedError for an unknown user, LedgerError. Side effects: events in the ledger.
    """
    _check_moment(gov, "aware", aware)
    _check_reason(reason)
    scope = resolve(gov, leaked)
    decision, figures = measure_incident(gov, leaked, scope)
    incident, note = gov.new_id(), gov.ledger.refer("note", reason)
    row = {
        "id": incident,
        "aware": stamp(aware),
        "opened": stamp(gov.clock()),
        "opened_by": gov.actor_ref,
        "note": note,
        "scope": plain(leaked, scope, gov.ledger.refer),
        "figures": figures,
        "decision": decision,
    }
    draft = EventDraft(
        kind="incident.opened",
        actor=gov.actor_ref,
        outcome="done",
        objects=tuple(EventObject(str(each)) for each in scope.fields),
        counts={"people": figures["people"], "rows": sum(figures["records"].values())},
        versions=gov.versions(),
        refs={"incident": incident, "decision": decision},
        note=note,
    )
    _book(gov).open(row, draft)
    return _found(gov, incident)


def assess_incident(gov: Governance, incident: str, at: dt.datetime) -> Incident:
    """Record since when it is known that it must be told: some clocks run from there. Raises BadInputError."""
    return _step(gov, incident, ASSESSED, at=at)


def contain_incident(gov: Governance, incident: str, at: dt.datetime, *, reason: str) -> Incident:
    """Record that it goes on no more, and what was done. Raises BadInputError."""
    return _step(gov, incident, CONTAINED, at=at, reason=reason)


def notify_incident(
    gov: Governance, incident: str, clock: str, *, at: dt.datetime | None = None, reason: str | None = None
) -> Incident:
    """Answer a clock: told `at` a moment, or, with a reason instead, not needed; it stands from then on.

    Raises BadInputError for a clock that does not run for it, one that is answered, or both or neither of the two.
    """
    if (at is None) == (reason is None):
        raise _wrong("both or neither of a moment and a reason", "when it was told, or why that is not needed")
    if clock not in {each["name"] for each in clocks_of(gov, _found(gov, incident))}:
        raise _wrong("a clock that does not run for this incident", "a clock of `governance audit incident show`")
    if at is not None:
        return _step(gov, incident, TOLD, at=at, clock=clock)
    return _step(gov, incident, NOT_NEEDED, at=gov.clock(), clock=clock, reason=reason)


def close_incident(gov: Governance, incident: str, *, reason: str) -> Incident:
    """End an incident. Raises BadInputError while it is not contained or a clock is not answered."""
    found = _found(gov, incident)
    if found.step(CONTAINED) is None:
        raise _wrong("an incident that is not contained", "one that is; run `governance audit incident contain`")
    waiting = open_clocks(incident_document(gov, found), gov.clock())
    if waiting:
        raise _wrong(
            f"{len(waiting)} clock(s) that nobody answered, first {waiting[0]}",
            "an answer to each; run `governance audit incident notify`",
        )
    return _step(gov, incident, CLOSED, at=gov.clock(), reason=reason)


def incidents(gov: Governance) -> tuple[Incident, ...]:
    """All incidents, oldest first."""
    return _book(gov).all()


def audit_incident(gov: Governance, incident: str | None = None) -> Report:
    """The report on every incident, or on one: whom it concerns, which clocks run until when, drafts of the notices.

    Raises BadInputError for an unknown id. Side effect: the report is recorded.
    """
    chosen = incidents(gov) if incident is None else (_found(gov, incident),)
    gov.ledger.append(
        EventDraft(kind="report", actor=gov.actor_ref, action="audit.incident", outcome="done", versions=gov.versions())
    )
    people = {each.opened_by for each in chosen} | {step.recorded_by for each in chosen for step in each.steps}
    people |= {each.scope["access"]["principal"] for each in chosen if each.scope["access"]}
    today, in_force = gov.clock().date(), gov.project.config.laws
    document = {
        "schema": SCHEMA,
        "incidents": [incident_document(gov, each) for each in chosen],
        "organisation": notifier(gov),
        "laws_without_clock": sorted(set(in_force) - {each.law for each in incident_clocks(today).values()}),
        "names": gov.ledger.resolve_all(people),
    }
    return incident_report(gather(gov), document)


def _step(
    gov: Governance, incident: str, kind: str, *, at: dt.datetime, clock: str = "", reason: str | None = None
) -> Incident:
    found = _found(gov, incident)
    _check_moment(gov, "at", at)
    if kind in (ASSESSED, TOLD) and at < dt.datetime.fromisoformat(found.aware):
        raise _wrong("a step before anybody knew", "a later moment")
    if reason is not None:
        _check_reason(reason)
    note = gov.ledger.refer("note", reason) if reason is not None else ""
    step = {
        "kind": kind,
        "clock": clock,
        "at": stamp(at),
        "recorded": stamp(gov.clock()),
        "recorded_by": gov.actor_ref,
        "note": note,
    }
    draft = EventDraft(
        kind=f"incident.{'notified' if clock else kind}",
        actor=gov.actor_ref,
        action=kind if clock else None,
        outcome="done",
        rules=(f"clock:{clock}",) if clock else (),
        versions=gov.versions(),
        refs={"incident": incident},
        note=note or None,
    )
    _book(gov).add(incident, step, draft)
    return _found(gov, incident)


def _book(gov: Governance) -> Incidents:
    return Incidents(gov.records, gov.ledger)


def _found(gov: Governance, incident: str) -> Incident:
    for each in _book(gov).all():
        if each.id == incident:
            return each
    raise _wrong("an id that no incident has", "an id of `governance audit incident show`")


def _check_moment(gov: Governance, place: str, moment: dt.datetime) -> None:
    if moment.tzinfo is None or moment > gov.clock():
        raise BadInputError(
            place,
            found="a moment to come or without a zone",
            expected="an aware moment that is past",
            next_step="check the time and its offset",
        )


def _check_reason(reason: str) -> None:
    if len(reason.strip()) < REASON_LETTERS:
        raise BadInputError(
            "reason",
            found=f"{len(reason.strip())} letters",
            expected=f"a reason of {REASON_LETTERS} letters at least, without personal data",
            next_step="say what happened or was done",
        )


def _wrong(found: str, expected: str) -> BadInputError:
    return BadInputError("incident", found=found, expected=expected, next_step="see docs/incident.md")
