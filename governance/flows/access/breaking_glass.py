"""Break-glass: a purpose for emergencies, opened for one person, for some minutes, loudly.

What it shows is written in access.csv beforehand, for the role `break_glass` under that purpose, and decided like any
other use: denials hold, and special categories stay closed unless purposes.yaml lists them for that purpose.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NoReturn

import structlog

from governance.guard.break_glass import Opening, Openings, State
from governance.ledger.events import EventDraft, stamp
from policies.errors import AccessRefusedError, BadInputError
from policies.nouns import Principal
from policies.purposes import BreakGlassRule

if TYPE_CHECKING:
    from collections.abc import Collection

    from governance.app import Governance

RULE = "guard.break_glass"
"""The rule that refusals name."""
REASON_LETTERS = 10
"""What a reason has at least."""
_log = structlog.get_logger()


def break_glass(gov: Governance, principal: str, reason: str, minutes: int, purpose: str | None = None) -> Opening:
    """Open a purpose for emergencies; its `minutes` begin when a second person approved, if one is asked for.

    `purpose` may be left out where purposes.yaml has one such purpose only. Raises AccessRefusedError for somebody who
    may not open it, BadInputError for minutes above the purpose's own bound or without a reason. Side effects: an event
    in the ledger, a warning in the log.
    """
    purpose = purpose if purpose is not None else _only(gov)
    rule = _rule(gov, purpose)
    who = _one_of(gov, principal, rule.may_open, "opened", purpose)
    _check(reason, minutes, rule)
    now = gov.clock()
    ref, note = gov.ledger.refer("principal", who.name), gov.ledger.refer("note", reason)
    begun = {} if rule.may_approve else {"begins": stamp(now), "ends": stamp(now + dt.timedelta(minutes=minutes))}
    opening = Opening(gov.new_id(), ref, purpose, minutes, note, gov.actor_ref, stamp(now), **begun)
    _record(gov, "opened", opening, ref, "done" if begun else "waiting")
    Openings(gov.records).add(opening)
    return opening


def approve_break_glass(gov: Governance, opening_id: str, principal: str, *, apart: bool = False) -> Opening:
    """Let an opening begin that waits for a second person, who is never the one that it is for.

    With `apart`, which the command asks for, the service or OS user is another one too. Raises AccessRefusedError for
    somebody who may not, BadInputError for an opening that does not wait. Side effects: as `break_glass`.
    """
    opening = _found(gov, opening_id)
    rule = _rule(gov, opening.purpose)
    who = _one_of(gov, principal, rule.may_approve, "approved", opening.purpose)
    ref = gov.ledger.refer("principal", who.name)
    if ref == opening.principal or (apart and gov.actor_ref == opening.asked_by):
        _refuse(gov, "approved", opening.purpose, principal, "the same person again", "a second person")
    now = gov.clock()
    if opening.state(now) is not State.WAITING:
        raise _not_waiting(opening.state(now))
    _record(gov, "approved", opening, ref, "done")
    if not Openings(gov.records).begin(opening.id, ref, now, opening.minutes):
        raise _not_waiting(_found(gov, opening_id).state(now))
    return _found(gov, opening_id)


def close_break_glass(gov: Governance, opening_id: str, principal: str) -> Opening:
    """End an opening before its time; it holds from the next statement on, in every process.

    The person that it is for may, and whoever may open or approve. Raises AccessRefusedError, BadInputError.
    """
    opening = _found(gov, opening_id)
    rule = _rule(gov, opening.purpose)
    if gov.ledger.refer("principal", principal) != opening.principal:
        _one_of(gov, principal, (*rule.may_open, *rule.may_approve), "closed", opening.purpose)
    _record(gov, "closed", opening, gov.ledger.refer("principal", principal), "done")
    Openings(gov.records).close(opening.id, gov.clock())
    return _found(gov, opening_id)


def break_glass_openings(gov: Governance) -> tuple[Opening, ...]:
    """All openings, oldest first."""
    return Openings(gov.records).all()


def glass_is_open(gov: Governance, principal: Principal, purpose: str) -> bool:
    """Whether a principal may use a purpose for emergencies at this moment, by the files as they stand.

    Raises RecordsError when that cannot be told.
    """
    rule = gov.policy_files.purposes.break_glass(purpose)
    ref = gov.ledger.find("principal", principal.name)
    if rule is None or ref is None or not _is_one_of(principal, rule.may_open):
        return False
    found = Openings(gov.records).opened(ref, purpose, gov.clock())
    return any(each.approver is not None or not rule.may_approve for each in found)


def _rule(gov: Governance, purpose: str) -> BreakGlassRule:
    rule = gov.policy_files.purposes.break_glass(purpose)
    if rule is None:
        raise BadInputError(
            "purpose",
            found="a purpose without `break_glass` in purposes.yaml",
            expected="a purpose for emergencies",
            next_step="see docs/break-glass.md",
        )
    return rule


def _only(gov: Governance) -> str:
    file = gov.policy_files.purposes
    found = [name for name in file.purposes if file.break_glass(name) is not None]
    if len(found) != 1:
        raise BadInputError(
            "purpose",
            found=f"{len(found)} purposes with `break_glass` in purposes.yaml",
            expected="one, or the name of the one that is meant",
            next_step="name the purpose; see docs/break-glass.md",
        )
    return found[0]


def _check(reason: str, minutes: int, rule: BreakGlassRule) -> None:
    if not 1 <= minutes <= rule.most_minutes:
        raise BadInputError(
            "minutes",
            found=f"{minutes}",
            expected=f"1 to {rule.most_minutes}, as purposes.yaml says",
            next_step="ask for less; it can be opened again",
        )
    if len(reason.strip()) < REASON_LETTERS:
        raise BadInputError(
            "reason",
            found=f"{len(reason.strip())} letters",
            expected=f"a reason of {REASON_LETTERS} letters at least, without personal data",
            next_step="say what happened; the approver and the audit read it",
        )


def _found(gov: Governance, opening_id: str) -> Opening:
    found = Openings(gov.records).find(opening_id)
    if found is None:
        raise BadInputError(
            "opening",
            found="an id that no opening has",
            expected="the id of an opening",
            next_step="see `governance break-glass list`",
        )
    return found


def _is_one_of(principal: Principal, names: Collection[str]) -> bool:
    return not {principal.name, *principal.roles}.isdisjoint(names)


def _one_of(gov: Governance, name: str, names: Collection[str], verb: str, purpose: str) -> Principal:
    try:
        who = gov.policy_files.policy.principal(name)
    except AccessRefusedError:
        _refuse(gov, verb, purpose, name, "a name that principals.yaml does not have", "a known principal")
    if not _is_one_of(who, names):
        _refuse(gov, verb, purpose, name, "somebody who may not", " or ".join(names) or "somebody named there")
    return who


def _refuse(gov: Governance, verb: str, purpose: str, name: str, found: str, expected: str) -> NoReturn:
    draft = EventDraft(
        kind=f"break_glass.{verb}",
        actor=gov.actor_ref,
        principal=gov.ledger.refer("principal", name),
        purpose=purpose,
        outcome="refused",
        rules=(RULE,),
        versions=gov.versions(),
    )
    gov.ledger.append(draft)
    raise AccessRefusedError(
        f"break-glass, purpose {purpose}",
        found=found,
        expected=expected,
        next_step="see `break_glass` of the purpose in purposes.yaml",
        rule_ids=(RULE,),
    )


def _record(gov: Governance, verb: str, opening: Opening, principal: str, outcome: str) -> None:
    draft = EventDraft(
        kind=f"break_glass.{verb}",
        actor=gov.actor_ref,
        principal=principal,
        purpose=opening.purpose,
        outcome=outcome,
        counts={"minutes": opening.minutes},
        rules=(RULE,),
        versions=gov.versions(),
        refs={"opening": opening.id},
        note=opening.note,
    )
    gov.ledger.append(draft)
    _log.warning(f"break_glass.{verb}", opening=opening.id, purpose=opening.purpose, minutes=opening.minutes)


def _not_waiting(state: State) -> BadInputError:
    return BadInputError(
        "opening",
        found=f"an opening that is {state}",
        expected="one that waits for a second person",
        next_step="see `governance break-glass list`, or open it again",
    )
