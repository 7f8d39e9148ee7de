"""Training: attest a course, see who attested what, and keep those out whose attestation is missing or has lapsed.

The setting `training` of governance.yaml says which purpose asks for which courses; those below it ask for the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from audits.report import Report
from audits.reports.training import SCHEMA, training_report
from governance.flows.audits.reporting import gather
from governance.ledger.events import EventDraft, stamp
from governance.registers.training import Attestation, Attestations
from policies.errors import AccessRefusedError, BadInputError, ConfigError
from policies.nouns import Principal
from policies.periods import parse_period

if TYPE_CHECKING:
    from governance.app import Governance

RULE = "guard.training"
"""The rule that refusals name."""


def attest(gov: Governance, principal: str, course: str, day: dt.date | None = None) -> Attestation:
    """Record that a user took a course, on a day of the project's time zone; today unless one is given.

    Raises AccessRefusedError for an unknown user, BadInputError for an unknown course or a day to come. Side effect: an
    event in the ledger.
    """
    gov.policy_files.policy.principal(principal)
    if course not in gov.project.config.training.courses:
        raise BadInputError(
            "course",
            found="a course that governance.yaml does not have",
            expected="one of `training.courses`",
            next_step="check the spelling, or add it there",
        )
    today = _today(gov)
    taken = today if day is None else day
    if taken > today:
        raise BadInputError("day", found="a day to come", expected="today or before", next_step="attest it afterwards")
    ref, id_ = gov.ledger.refer("principal", principal), gov.new_id()
    draft = EventDraft(
        kind="training.attested",
        actor=gov.actor_ref,
        principal=ref,
        outcome="done",
        rules=(f"course:{course}",),
        versions=gov.versions(),
        refs={"attestation": id_},
    )
    row = {
        "id": id_,
        "person": ref,
        "course": course,
        "day": taken.isoformat(),
        "recorded": stamp(gov.clock()),
        "recorded_by": gov.actor_ref,
    }
    book = Attestations(gov.records)
    book.add(row, draft, gov.ledger)
    return next(each for each in book.all() if each.id == id_)


def check_training(gov: Governance, principal: Principal, purpose: str) -> None:
    """Return when a principal attested all that a purpose asks for, and none of it has lapsed.

    Raises AccessRefusedError otherwise, ConfigError when the setting names a purpose that does not exist, RecordsError
    when it cannot be told. One question to the records for a purpose that asks for training, none for any other.
    """
    wanted = _demanded(gov, purpose)
    if not wanted:
        return
    ref = gov.ledger.find("principal", principal.name)
    taken = Attestations(gov.records).latest(ref) if ref is not None else {}
    today = _today(gov)
    missing = [each for each in wanted if each not in taken or _until(gov, each, taken[each]) < today]
    if missing:
        raise AccessRefusedError(
            f"purpose {purpose}",
            found=f"no valid attestation of {', '.join(missing)}",
            expected="the training that governance.yaml asks for",
            next_step="take it, then run `governance audit training attest`",
            rule_ids=(RULE,),
        )


def audit_training(gov: Governance) -> Report:
    """The report on who attested what, when it lapses, and who is kept out. Side effect: the report is recorded."""
    gov.ledger.append(
        EventDraft(kind="report", actor=gov.actor_ref, action="audit.training", outcome="done", versions=gov.versions())
    )
    courses = gov.project.config.training.courses
    document = {
        "schema": SCHEMA,
        "rule": RULE,
        "courses": [{"course": name, "period": period} for name, period in sorted(courses.items())],
        "people": list(_people(gov)),
        "attestations": [_plain(gov, each) for each in Attestations(gov.records).all()],
    }
    return training_report(gather(gov), document)


def _demanded(gov: Governance, purpose: str) -> tuple[str, ...]:
    """The courses that a purpose and those above it ask for, sorted."""
    known, asked = gov.policy_files.purposes, gov.project.config.training.purposes
    if unknown := asked.keys() - known.purposes.keys():
        raise ConfigError(
            f"{gov.project.path}, training.purposes",
            found=f"{len(unknown)} purpose(s) that purposes.yaml does not have",
            expected="purposes of purposes.yaml",
            next_step="correct the spelling; until then every use is refused",
        )
    return tuple(sorted({course for step in known.ancestry(purpose) for course in asked.get(step, ())}))


def _people(gov: Governance) -> Iterator[dict[str, Any]]:
    """For each user and course that a purpose granted to them asks for: what they attested last."""
    policy, book = gov.policy_files.policy, Attestations(gov.records)
    demanded = {purpose: _demanded(gov, purpose) for purpose in sorted(policy.purposes.purposes)}
    for name in sorted(policy.principals.principals):
        subjects = policy.subjects(policy.principal(name))
        granted = [purpose for purpose, asked in demanded.items() if asked and policy.grants_purpose(subjects, purpose)]
        ref = gov.ledger.find("principal", name)
        taken = book.latest(ref) if ref is not None else {}
        for course in sorted({course for purpose in granted for course in demanded[purpose]}):
            day = taken.get(course)
            yield {
                "user": name,
                "principal": ref,
                "course": course,
                "day": day.isoformat() if day else None,
                "until": _until(gov, course, day).isoformat() if day else None,
                "purposes": [purpose for purpose in granted if course in demanded[purpose]],
            }


def _until(gov: Governance, course: str, day: dt.date) -> dt.date:
    return parse_period(gov.project.config.training.courses[course]).after(day)


def _today(gov: Governance) -> dt.date:
    return gov.clock().astimezone(ZoneInfo(gov.project.config.time_zone)).date()


def _plain(gov: Governance, each: Attestation) -> dict[str, Any]:
    kept = gov.project.config.training.courses
    return {
        "id": each.id,
        "person": each.person,
        "course": each.course,
        "day": each.day.isoformat(),
        "until": _until(gov, each.course, each.day).isoformat() if each.course in kept else None,
        "recorded": each.recorded,
        "event": each.event,
    }
