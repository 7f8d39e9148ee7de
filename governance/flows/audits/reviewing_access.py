"""Access reviews: open one with every grant of the policy, decide each, close it; what is revoked becomes a patch."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfo

from audits.report import Report
from audits.reports.review import SCHEMA, review_report
from audits.reports.review_uses import RuleUses
from governance.flows.audits.reporting import checked_leaf, evidence_in_force
from governance.flows.audits.reviewing_crm import CrmGrants, grants_of_crms
from governance.ledger.events import EventDraft, stamp
from governance.registers.review_grants import ReviewedGrant, reviewed_grants
from governance.registers.review_patch import removal_patch
from governance.registers.reviews import KEEP, REVOKE, Review, Reviews
from governance.writing import replace_file
from policies.errors import AccessRefusedError, BadInputError

if TYPE_CHECKING:
    from governance.app import Governance

RULE = "registers.review"
"""The rule that refusals name."""
REASON_LETTERS = 10
"""What a reason has at least."""
_SHOW = "see `governance audit review show`"


def open_review(gov: Governance, reviewer: str, due: dt.date) -> Review:
    """Open a review of every grant that the policy and the project's CRMs hold now.

    `due` is its last day in the project's time zone. Raises AccessRefusedError for a reviewer that principals.yaml does
    not have, BadInputError for a day that is past or while another review is open. Side effect: an event in the ledger.
    """
    gov.policy_files.policy.principal(reviewer)
    today = gov.clock().astimezone(ZoneInfo(gov.project.config.time_zone)).date()
    if due < today:
        raise BadInputError("due", found="a day that is past", expected="today or later", next_step="name another day")
    crms, review = _crms(gov), gov.new_id()
    grants = (*_grants(gov), *crms.grants)
    ref = gov.ledger.refer("principal", reviewer)
    row = {
        "id": review,
        "reviewer": ref,
        "due": due.isoformat(),
        "opened": stamp(gov.clock()),
        "opened_by": gov.actor_ref,
        "policy": gov.policy_files.policy.digest,
    }
    counts = {"grants": len(grants)} | ({"unlisted": len(crms.unlisted)} if crms.unlisted else {})
    _book(gov).open(row, grants, _draft(gov, "opened", review, ref, counts=counts))
    return _found(gov, review)


def decide_grant(
    gov: Governance, review: str, grant: str, verdict: str, *, principal: str, reason: str, patch: Path | None = None
) -> Review:
    """Keep or revoke a grant, as the reviewer; it stands from then on and nobody changes it.

    Revoking changes no policy and no CRM. A grant of a CRM is taken away there. For a line, `patch` names a file for
    the change, made of everything revoked in this review that still stands, for `git apply` in the project's folder.
    Raises AccessRefusedError for somebody else than the reviewer, BadInputError for a grant that does not stand, was
    decided, or a missing reason. Side effects: an event, the file.
    """
    found, ref = _found(gov, review), _as_reviewer(gov, review, principal, "decided")
    standing = _crms(gov).grants if grant.startswith("crm:") else _grants(gov)
    one = next((each for each in standing if each.id == grant and grant in found.grants), None)
    _check(one, verdict, reason, patch)
    decision = {
        "grant_id": grant,
        "verdict": verdict,
        "fingerprint": one.fingerprint if one else "",
        "decided": stamp(gov.clock()),
        "decided_by": ref,
        "note": gov.ledger.refer("note", reason),
    }
    draft = _draft(gov, "decided", review, ref, rules=(grant,), action=verdict, note=decision["note"])
    _book(gov).decide(review, decision, draft)
    if patch is not None:
        write_patch(gov, review, patch)
    return _found(gov, review)


def close_review(gov: Governance, review: str, *, principal: str) -> Review:
    """End a review, as the reviewer.

    Raises BadInputError while a grant that stands, or may stand in a CRM that does not answer, is undecided,
    AccessRefusedError.
    """
    found, ref = _found(gov, review), _as_reviewer(gov, review, principal, "closed")
    crms = _crms(gov)
    standing = {each.id for each in (*_grants(gov), *crms.grants)} | set(filter(crms.hides, found.grants))
    waiting = sorted(standing & found.grants.keys() - found.decisions.keys())
    if waiting:
        raise BadInputError(
            "access review",
            found=f"{len(waiting)} grant(s) undecided, first {waiting[0]}",
            expected="a decision for each grant that stands",
            next_step="run `governance audit review decide`",
        )
    draft = _draft(gov, "closed", review, ref, counts={"decisions": len(found.decisions)})
    _book(gov).close(review, gov.clock(), ref, draft)
    return _found(gov, review)


def audit_review(gov: Governance, review: str | None = None) -> Report:
    """The report on every grant, with its last use and how the last review stands; of that id, where one is named.

    Raises BadInputError for an unknown id. Side effect: the report is recorded.
    """
    gov.ledger.append(
        EventDraft(kind="report", actor=gov.actor_ref, action="audit.review", outcome="done", versions=gov.versions())
    )
    known, crms = _book(gov).all(), _crms(gov)
    chosen = _found(gov, review) if review is not None else next(reversed(known), None)
    refs = {ref for each in known for ref in (each.reviewer, each.opened_by, each.closed_by) if ref}
    document = {
        "schema": SCHEMA,
        "policy": gov.policy_files.policy.digest,
        "grants": [_plain(gov, each) for each in (*_grants(gov), *crms.grants)],
        "unlisted": [{"store": store, "found": found} for store, found in crms.unlisted.items()],
        "review": _review(chosen, crms) if chosen else None,
        "reviews": [_heading(each) for each in known],
        "names": gov.ledger.resolve_all(refs),
    }
    gathered = RuleUses(checked_leaf)
    for batch in gov.ledger.leaves():
        gathered.take(batch)
    packs = {"taxonomy": gov.policy_files.policy.taxonomy.version}
    return review_report(evidence_in_force(gov, packs=packs, events_read=gathered.events), document, gathered)


def write_patch(gov: Governance, review: str, patch: Path) -> int:
    """Write what was revoked in a review and still stands as a patch; gives how many lines it takes out.

    It is for `git apply` in the project's folder. Raises BadInputError for an unknown review, ConfigError when the file
    cannot be written.
    """
    decisions, policy = _found(gov, review).decisions, gov.policy_files.policy
    gone = {each.line for each in _grants(gov) if each.id in decisions and decisions[each.id].verdict == REVOKE}
    gone |= {again for again, first in policy.lines.repeated if first in gone}
    file = gov.project.policy_file("access.csv")
    text = file.read_bytes().decode("utf-8")
    replace_file(patch, removal_patch(text, Path(os.path.relpath(file, gov.project.folder)).as_posix(), gone))
    return len(gone)


def _book(gov: Governance) -> Reviews:
    return Reviews(gov.records, gov.ledger)


def _grants(gov: Governance) -> tuple[ReviewedGrant, ...]:
    keyed = gov.keyring.keyed_hash()
    return reviewed_grants(gov.policy_files.policy, lambda said: keyed.digest("review.grant", said.encode()))


def _crms(gov: Governance) -> CrmGrants:
    keyed = gov.keyring.keyed_hash()
    return grants_of_crms(gov, lambda said: keyed.digest("review.grant", said.encode()))


def _found(gov: Governance, review: str) -> Review:
    for each in _book(gov).all():
        if each.id == review:
            return each
    raise BadInputError("access review", found="an id that no review has", expected="an id", next_step=_SHOW)


def _as_reviewer(gov: Governance, review: str, principal: str, verb: str) -> str:
    gov.policy_files.policy.principal(principal)
    ref = gov.ledger.refer("principal", principal)
    if ref != _found(gov, review).reviewer:
        gov.ledger.append(_draft(gov, verb, review, ref, outcome="refused", rules=(RULE,)))
        _refuse()
    return ref


def _refuse() -> NoReturn:
    raise AccessRefusedError(
        "access review",
        found="somebody who is not its reviewer",
        expected="the reviewer named when it was opened",
        next_step="ask the reviewer",
        rule_ids=(RULE,),
    )


def _check(grant: ReviewedGrant | None, verdict: str, reason: str, patch: Path | None) -> None:
    if grant is None:
        raise BadInputError(
            "grant",
            found="an id that no grant has which stood when the review was opened and stands now",
            expected="the id of a grant",
            next_step=_SHOW,
        )
    if verdict not in (KEEP, REVOKE):
        raise BadInputError(
            "verdict", found="another word", expected=f"`{KEEP}` or `{REVOKE}`", next_step="name one of them"
        )
    if len(reason.strip()) < REASON_LETTERS:
        raise BadInputError(
            "reason",
            found=f"{len(reason.strip())} letters",
            expected=f"a reason of {REASON_LETTERS} letters at least, without personal data",
            next_step="say why; the next review reads it",
        )
    if grant.kind == "crm" and patch is not None:
        raise BadInputError(
            "patch",
            found="a file for a patch of a grant of a CRM",
            expected="none: it is taken away in the CRM",
            next_step="leave `--patch` out",
        )
    if grant.kind != "crm" and (verdict == REVOKE) != (patch is not None):
        raise BadInputError(
            "patch",
            found="no file for the patch" if patch is None else "a file for a patch of a grant that is kept",
            expected="a file where a grant is revoked, and only there",
            next_step="name a file with `--patch`, or leave it out",
        )


def _draft(  # noqa: PLR0913 the parts of one event
    gov: Governance,
    verb: str,
    review: str,
    principal: str,
    *,
    outcome: str = "done",
    action: str | None = None,
    rules: tuple[str, ...] = (),
    counts: Mapping[str, int] | None = None,
    note: str | None = None,
) -> EventDraft:
    return EventDraft(
        kind=f"review.{verb}",
        actor=gov.actor_ref,
        principal=principal,
        action=action,
        outcome=outcome,
        rules=rules,
        counts=counts or {},
        versions=gov.versions(),
        refs={"review": review},
        note=note,
    )


def _plain(gov: Governance, grant: ReviewedGrant) -> dict[str, Any]:
    refs = (gov.ledger.find("principal", user) for user in grant.users)
    return grant.to_json() | {"fingerprint": grant.fingerprint, "principals": [ref for ref in refs if ref]}


def _heading(review: Review) -> dict[str, Any]:
    told = ("id", "reviewer", "opened", "opened_by", "policy", "event", "closed", "closed_by", "closing_event")
    return {name: getattr(review, name) for name in told} | {
        "due": review.due.isoformat(),
        "grants": len(review.grants),
        "decisions": len(review.decisions),
    }


def _review(review: Review, crms: CrmGrants) -> dict[str, Any]:
    told = ("grant_id", "verdict", "fingerprint", "decided", "decided_by", "note", "event")
    return _heading(review) | {
        "grants": {each: mark for each, mark in sorted(review.grants.items()) if not crms.hides(each)},
        "decisions": [
            {name: getattr(each, name) for name in told}
            for each in sorted(review.decisions.values(), key=lambda one: one.grant_id)
        ],
    }
