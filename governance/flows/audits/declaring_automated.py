"""Automated decisions: declare a procedure, take down requests for human review and how they end; and the report.

What stands in the register are codes and references. How a procedure decides, and why a review ended so, are texts that
people write: they lie in the erasable table beside the ledger.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from governance.flows.consent.checking_notices import notices_of
from governance.ledger.events import EventDraft, EventObject, stamp
from governance.registers.automated import OUTCOMES, AutomatedDecisions, HumanReview, Procedure
from policies.automated_laws import EFFECTS, GROUNDS, AutomatedLaws, automated_laws
from policies.errors import BadInputError
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance

TEXT_LETTERS = 10
"""What a text has at least."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")


@dataclass(frozen=True, slots=True)
class Declared:
    """What is declared of a procedure."""

    purpose: str
    """The purpose that it serves, as `purposes.yaml` has it."""
    reads: Sequence[str]
    """What it reads: datasets as `store.dataset`, or fields of them, as the catalog has them."""
    logic: str = field(repr=False)
    """How it decides, in words that the person concerned understands."""
    effect: str
    """`none`, `legal` or `significant`."""
    grounds: Mapping[str, str] = field(default_factory=dict)
    """Law to what it rests on there: a word of GROUNDS."""
    reviewer: str | None = None
    """The user or role that reviews a decision when a person asks; None where nobody does."""
    notice: str | None = None
    """The edition of a notice that tells people of it."""
    opt_out: bool = False
    """Whether people can refuse to be decided about by it."""
    assessment: str | None = None
    """Where its impact assessment lies, as a code; None where there is none."""


def declare_automated(gov: Governance, name: str, declared: Declared) -> Procedure:
    """Put a procedure into the register; a later declaration of the same name takes its place.

    Raises BadInputError for what the project does not have. Side effect: an event in the ledger.
    """
    _check_declared(gov, name, declared)
    reviewer = gov.ledger.refer("principal", declared.reviewer) if declared.reviewer is not None else None
    logic = gov.ledger.refer("note", declared.logic)
    id_ = gov.new_id()
    row = {
        "id": id_,
        "name": name,
        "declared": stamp(gov.clock()),
        "declared_by": gov.actor_ref,
        "purpose": declared.purpose,
        "effect": declared.effect,
        "logic": logic,
        "said": {
            "reads": sorted(set(declared.reads)),
            "grounds": dict(sorted(declared.grounds.items())),
            "reviewer": reviewer,
            "notice": declared.notice,
            "opt_out": declared.opt_out,
            "assessment": declared.assessment,
        },
    }
    draft = EventDraft(
        kind="automated.declared",
        actor=gov.actor_ref,
        purpose=declared.purpose,
        outcome="done",
        objects=tuple(map(EventObject, sorted(set(declared.reads)))),
        rules=(f"procedure:{name}",),
        versions=gov.versions(),
        refs={"declaration": id_},
        note=logic,
    )
    register(gov).declare(row, draft)
    return _procedure(gov, name)


def end_automated(gov: Governance, name: str, *, reason: str) -> Procedure:
    """Record that a procedure decides no more. Raises BadInputError for an unknown one, or one that has ended."""
    found = _procedure(gov, name)
    note = _note(gov, "reason", reason)
    row = {"declaration": found.id, "ended": stamp(gov.clock()), "ended_by": gov.actor_ref, "note": note}
    refs = {"declaration": found.id}
    register(gov).end(row, _draft(gov, "automated.ended", name, refs, note))
    return _procedure(gov, name)


def ask_review(
    gov: Governance,
    name: str,
    *,
    reason: str,
    received: dt.datetime | None = None,
    law: str | None = None,
    request: str | None = None,
) -> HumanReview:
    """Take down that a person asks for a human review of a decision; it is due as the law, or the strictest, says.

    `request` is its id in the register of requests, where who asks is kept. Raises BadInputError.
    """
    found, when = _procedure(gov, name), gov.clock() if received is None else received
    if when.tzinfo is None or when > gov.clock():
        raise _wrong("received", "a moment to come or without a zone", "an aware moment that is past")
    laws = _laws(gov)
    if law is not None and law not in laws.laws:
        raise _wrong("law", "a law without a rule on automated decisions", "one of " + ", ".join(laws.laws))
    if request is not None and not _known_request(gov, request):
        raise _wrong("request", "an id that no request has", "an id of `governance request list`")
    note, id_ = _note(gov, "reason", reason), gov.new_id()
    due = laws.due(when.astimezone(ZoneInfo(gov.project.config.time_zone)).date(), law)
    row = {
        "id": id_,
        "declaration": found.id,
        "law": law or "",
        "request": request or "",
        "received": stamp(when),
        "due": due.isoformat(),
        "recorded": stamp(gov.clock()),
        "recorded_by": gov.actor_ref,
        "note": note,
    }
    refs = {"declaration": found.id, "review": id_} | ({"request": request} if request is not None else {})
    register(gov).ask(row, _draft(gov, "automated.review_asked", name, refs, note))
    return _review(gov, id_)


def decide_review(gov: Governance, review: str, outcome: str, *, principal: str, reason: str) -> HumanReview:
    """Record how a review ended, as the person who reviewed; it stands from then on.

    Raises BadInputError, AccessRefusedError for an unknown user.
    """
    if outcome not in OUTCOMES:
        raise _wrong("outcome", "a word that is none", "one of " + ", ".join(OUTCOMES))
    gov.policy_files.policy.principal(principal)
    found = _review(gov, review)
    person, note = gov.ledger.refer("principal", principal), _note(gov, "reason", reason)
    row = {"review": review, "outcome": outcome, "decided": stamp(gov.clock()), "decided_by": person, "note": note}
    draft = _draft(gov, "automated.review_decided", found.procedure, {"review": review}, note, person, outcome)
    register(gov).decide(row, draft)
    return _review(gov, review)


def place_of(gov: Governance, name: str) -> tuple[DatasetRef, str | None] | None:
    """What `store.dataset` or `store.dataset.field` names in the catalog: a dataset and its field, or None for both."""
    for store, known in gov.catalog.stores.items():
        for dataset, entry in known.datasets.items():
            ref = DatasetRef(store, dataset)
            if name == str(ref):
                return ref, None
            field = name.removeprefix(f"{ref}.")
            if field != name and field in entry.fields:
                return ref, field
    return None


def register(gov: Governance) -> AutomatedDecisions:
    """The register of a project."""
    return AutomatedDecisions(gov.records, gov.ledger)


def _draft(
    gov: Governance,
    kind: str,
    name: str,
    refs: Mapping[str, str],
    note: str,
    person: str | None = None,
    action: str | None = None,
) -> EventDraft:
    return EventDraft(
        kind=kind,
        actor=gov.actor_ref,
        principal=person,
        action=action,
        outcome="done",
        rules=(f"procedure:{name}",),
        versions=gov.versions(),
        refs=refs,
        note=note,
    )


def _laws(gov: Governance) -> AutomatedLaws:
    return automated_laws(gov.clock().date(), gov.project.config.laws)


def _check_declared(gov: Governance, name: str, declared: Declared) -> None:
    if not _NAME.fullmatch(name):
        raise _wrong("name", "a name of another form", "small letters, digits, `_` and `-`, at most 64")
    if declared.purpose not in gov.policy_files.purposes.purposes:
        raise _wrong("purpose", "a purpose that purposes.yaml does not have", "one of its purposes")
    if not declared.reads or any(place_of(gov, each) is None for each in declared.reads):
        raise _wrong("reads", "nothing, or a place that the catalog does not have", "datasets or fields of the catalog")
    if declared.effect not in EFFECTS:
        raise _wrong("effect", "a word that is none", "one of " + ", ".join(EFFECTS))
    for law, ground in declared.grounds.items():
        if law not in gov.project.config.laws or ground not in GROUNDS:
            raise _wrong("grounds", "a law not in force or a word that is no ground", "one of " + ", ".join(GROUNDS))
    _check_people(gov, declared)
    _check_text("logic", declared.logic)


def _check_people(gov: Governance, declared: Declared) -> None:
    policy = gov.policy_files.policy
    if declared.reviewer is not None and declared.reviewer not in {*policy.principals.principals, *policy.lines.roles}:
        raise _wrong("reviewer", "a name that the policy does not have", "a user or role of the policy")
    if declared.notice is not None and not notices_of(gov.project).known(declared.notice):
        raise _wrong("notice", "an edition that no notice has", "an edition of policies/notices")
    if declared.assessment is not None and not _CODE.fullmatch(declared.assessment):
        raise _wrong("assessment", "a text of another form", "a short code without blanks, such as DPIA-2026-4")


def _known_request(gov: Governance, request: str) -> bool:
    return any(each.id == request for each in gov.requests.list(every=True))


def _procedure(gov: Governance, name: str) -> Procedure:
    for each in register(gov).procedures():
        if each.name == name:
            return each
    raise _wrong("name", "a name that no procedure has", "a name of `governance audit automated show`")


def _review(gov: Governance, review: str) -> HumanReview:
    for each in register(gov).reviews():
        if each.id == review:
            return each
    raise _wrong("review", "an id that no review has", "an id of `governance audit automated show`")


def _note(gov: Governance, place: str, text: str) -> str:
    _check_text(place, text)
    return gov.ledger.refer("note", text)


def _check_text(place: str, text: str) -> None:
    if len(text.strip()) < TEXT_LETTERS:
        raise _wrong(place, f"{len(text.strip())} letters", f"{TEXT_LETTERS} letters at least, without personal data")


def _wrong(place: str, found: str, expected: str) -> BadInputError:
    return BadInputError(place, found=found, expected=expected, next_step="see docs/automated-decisions.md")
