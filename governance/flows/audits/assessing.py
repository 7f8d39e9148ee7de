"""Impact assessments: open one on what a purpose does now, sign it as a person, close it; and the report on all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from audits.evidence import Evidence
from audits.report import Report
from audits.reports.dpia import SCHEMA, dpia_report
from governance.flows.audits.activities import Registry
from governance.flows.audits.assessment_basis import PURPOSE, basis_of, count_people, digest_of, standing_procedures
from governance.flows.audits.looking_at_schemas import look_at_schemas
from governance.flows.audits.reporting import plain_event
from governance.ledger.events import EventDraft, EventObject, stamp
from governance.registers.assessments import Assessment, Assessments
from policies.assessment_answers import TEXTS, AnswersFile
from policies.assessment_rules import load_assessment_rules
from policies.errors import BadInputError

if TYPE_CHECKING:
    from governance.app import Governance

REASON_LETTERS = 10
"""What a reason has at least."""
_RISK_TEXTS = ("threat", "impact", "measures")
_LEVELS = ("likelihood", "severity", "residual_likelihood", "residual_severity")


def open_assessment(gov: Governance, purpose: str) -> Assessment:
    """Open an assessment of a purpose on what its files and the schemas of the stores say now.

    Raises BadInputError for an unknown purpose, or while another one of it is open; StoreError when a store that the
    purpose uses cannot be looked at; LedgerError. Side effects: the look and the opening are recorded.
    """
    registry = Registry(gov)
    if purpose not in registry.uses:
        raise BadInputError(
            "purpose",
            found="one that purposes.yaml does not have",
            expected="one of its purposes",
            next_step="check the spelling",
        )
    basis = _basis_now(gov, registry, purpose)
    id_ = gov.new_id()
    row = {
        "id": id_,
        "purpose": purpose,
        "opened": stamp(gov.clock()),
        "opened_by": gov.actor_ref,
        "looked_at": basis,
        "digest": digest_of(basis),
    }
    draft = _draft(gov, "opened", id_, objects=_datasets(registry, purpose), counts={"places": len(basis)})
    _book(gov).open(row, draft)
    return found_assessment(gov, id_)


def sign_assessment(gov: Governance, assessment: str, answers: AnswersFile, *, principal: str) -> Assessment:
    """Sign an assessment as a person, with all answers; it stands from then on and nobody changes it.

    Words go to the erasable table beside the ledger, levels and days to the register. Raises AccessRefusedError for an
    unknown person, BadInputError for answers of another assessment, a day of review that is past, one that is signed or
    closed, or when what it looked at is otherwise by now; StoreError, LedgerError. Side effect: events in the ledger.
    """
    gov.policy_files.policy.principal(principal)
    found = found_assessment(gov, assessment)
    today = gov.clock().astimezone(ZoneInfo(gov.project.config.time_zone)).date()
    if answers.assessment != assessment:
        raise _wrong("answers of another assessment", "the file that was begun when it was opened")
    if answers.review_by <= today:
        raise _wrong("a day of review that is past", "`review_by` to come")
    if answers.authority_consulted is not None and answers.authority_consulted > today:
        raise _wrong("an authority that will be consulted", "`authority_consulted` today or before, or nothing")
    if found.signature is None and found.closing is None:
        _check_unchanged(gov, found)
    row = {
        "signer": gov.ledger.refer("principal", principal),
        "signed": stamp(gov.clock()),
        "recorded_by": gov.actor_ref,
        "review_by": answers.review_by.isoformat(),
        "authority_consulted": answers.authority_consulted.isoformat() if answers.authority_consulted else "",
        "risks": [{"name": name} | {each: getattr(risk, each) for each in _LEVELS} for name, risk in _risks(answers)],
        "answers": gov.ledger.refer("note", json.dumps(_words(answers), sort_keys=True, ensure_ascii=False)),
    }
    draft = _draft(
        gov, "signed", assessment, principal=row["signer"], note=row["answers"], counts={"risks": len(row["risks"])}
    )
    _book(gov).sign(assessment, row, draft)
    return found_assessment(gov, assessment)


def close_assessment(gov: Governance, assessment: str, *, reason: str) -> Assessment:
    """End an assessment: it stands for nothing any more. Raises BadInputError for one that is closed, or no reason."""
    if len(reason.strip()) < REASON_LETTERS:
        raise _wrong(
            f"a reason of {len(reason.strip())} letters", f"one of {REASON_LETTERS} at least, without personal data"
        )
    found_assessment(gov, assessment)
    note = gov.ledger.refer("note", reason)
    row = {"closed": stamp(gov.clock()), "closed_by": gov.actor_ref, "note": note}
    _book(gov).close(assessment, row, _draft(gov, "closed", assessment, note=note))
    return found_assessment(gov, assessment)


def audit_dpia(gov: Governance) -> Report:
    """The report on what asks for an assessment, how each stands, and what changed since it was signed.

    The stores are asked for their schemas, and for how many people their datasets are about. Raises ConfigError,
    LedgerError. Side effects: looks, counts and the report are recorded.
    """
    registry, look = Registry(gov), look_at_schemas(gov, PURPOSE)
    counts, missed = count_people(gov, registry)
    known = _book(gov).all()
    not_seen = [*look.not_seen, *(each for each in missed if each not in look.not_seen)]
    gov.ledger.append(
        EventDraft(
            kind="report",
            actor=gov.actor_ref,
            action="audit.dpia",
            outcome="failed" if not_seen else "done",
            counts={"assessments": len(known)},
            versions=gov.versions(),
            refs={"decision": look.event},
        )
    )
    laws = tuple(sorted(gov.project.config.laws))
    rules = _rules(gov, laws)
    asked = {law for group in rules["groups"].values() for law in group["laws"]}
    without = sorted(set(laws) & set(rules.pop("laws_without")))
    purposes = {each.purpose for each in known} & registry.uses.keys()
    document = {
        "schema": SCHEMA,
        "laws": list(laws),
        "laws_without": without,
        "laws_unknown": sorted(set(laws) - asked - set(without)),
        "rules": rules,
        "transfer_rules": {law: each.model_dump() for law, each in registry.forms.transfers.items() if law in laws},
        "activities": registry.activities(),
        "automated": standing_procedures(gov),
        "measures": registry.organisation_facts()["measures"],
        "counts": counts,
        "assessments": [asdict(each) for each in known],
        "now": {purpose: basis_of(registry, look, purpose) for purpose in sorted(purposes)},
        "unseen_stores": sorted(set(gov.project.config.stores) - set(look.stores)),
        "answers": _answers(gov, known),
        "names": gov.ledger.resolve_all(_people(known)),
        "look": look.to_json(),
        "not_seen": not_seen,
    }
    return dpia_report(_evidence(gov, registry, [look.event, *(each["event"] for each in counts.values())]), document)


def found_assessment(gov: Governance, assessment: str) -> Assessment:
    """One assessment as it stands. Raises BadInputError for an unknown id."""
    for each in _book(gov).all():
        if each.id == assessment:
            return each
    raise _wrong("an id that no assessment has", "an id of `governance audit dpia show`")


def _basis_now(gov: Governance, registry: Registry, purpose: str) -> dict[str, str]:
    """What there is to look at now. Raises BadInputError while a store that the purpose uses cannot be looked at."""
    look = look_at_schemas(gov, PURPOSE)
    lost = sorted({ref.store for ref in registry.uses[purpose].datasets} - set(look.stores))
    if lost:
        raise _wrong(f"a store that does not answer: {', '.join(lost)}", "every store that the purpose uses")
    return basis_of(registry, look, purpose)


def _check_unchanged(gov: Governance, found: Assessment) -> None:
    registry = Registry(gov)
    if found.purpose not in registry.uses or digest_of(_basis_now(gov, registry, found.purpose)) != found.digest:
        raise _wrong(
            "something otherwise than when it was opened; `governance audit dpia show` says what",
            "an assessment of what there is now: close this one and open another",
        )


def _risks(answers: AnswersFile) -> Iterator[tuple[str, Any]]:
    yield from sorted(answers.risks.items())


def _words(answers: AnswersFile) -> dict[str, Any]:
    risks = {name: {each: getattr(risk, each) for each in _RISK_TEXTS} for name, risk in _risks(answers)}
    return {name: getattr(answers, name) for name in TEXTS} | {"risks": risks}


def _rules(gov: Governance, laws: tuple[str, ...]) -> dict[str, Any]:
    """The rules in force, with the groups that a law in force asks for, and only those laws."""
    version, rules = load_assessment_rules(gov.clock().date())
    told: dict[str, Any] = rules.model_dump(mode="json")
    groups = {
        name: each | {"laws": [law for law in each["laws"] if law in laws]}
        for name, each in told["groups"].items()
        if set(each["laws"]) & set(laws)
    }
    return told | {"version": version, "groups": groups}


def _answers(gov: Governance, known: tuple[Assessment, ...]) -> dict[str, Any]:
    """Reference to answers in words; erased ones are missing."""
    refs = {each.signature.answers for each in known if each.signature is not None}
    return {ref: json.loads(text) for ref, text in sorted(gov.ledger.resolve_all(refs).items())}


def _people(known: tuple[Assessment, ...]) -> set[str]:
    return {each.opened_by for each in known} | {each.signature.signer for each in known if each.signature is not None}


def _datasets(registry: Registry, purpose: str) -> tuple[EventObject, ...]:
    return tuple(EventObject(str(ref)) for ref in sorted(registry.uses[purpose].datasets))


def _evidence(gov: Governance, registry: Registry, events: list[str]) -> Evidence:
    policy = gov.policy_files.policy
    version, _ = load_assessment_rules(gov.clock().date())
    return Evidence(
        as_of=gov.clock(),
        zone=gov.project.config.time_zone,
        events=tuple(plain_event(each) for each in gov.ledger.events(ids=tuple(dict.fromkeys(events)))),
        pack_versions={"assessments": version, "processing": registry.forms.version},
        digests={"catalog": policy.catalog.digest, "policy": policy.digest},
    )


def _draft(gov: Governance, verb: str, assessment: str, **more: Any) -> EventDraft:
    return EventDraft(
        kind=f"assessment.{verb}",
        actor=gov.actor_ref,
        outcome="done",
        versions=gov.versions(),
        refs={"assessment": assessment},
        **more,
    )


def _book(gov: Governance) -> Assessments:
    return Assessments(gov.records, gov.ledger)


def _wrong(found: str, expected: str) -> BadInputError:
    return BadInputError("impact assessment", found=found, expected=expected, next_step="see docs/dpia.md")
