"""What must hold for a move beside the state: identity, open tasks, grounds of a refusal; and the new deadline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from governance.ledger.events import stamp
from governance.requests import rows
from governance.requests.desk import Moving
from governance.requests.request import Request, moment_of
from governance.requests.timing import pauses_in
from policies.deadlines import Pause

LEVELS = ("none", "asked", "reasonable", "reasonably_high")
"""How sure one is of a person, less sure first."""
ANSWER_OR_REFUSE = "answer the request, or refuse it on a ground of the law"
"""What is left where the clock cannot be changed."""


def may_ask(move: Moving) -> None:
    """Raise BadInputError where nobody may be asked who they are."""
    request = move.request
    rule = move.desk.timing.clocks.identity(request.law, request.type, _received(move))
    if rule is not None and rule.need == "forbidden":
        raise move.error(
            "a request for which nobody may be asked who they are",
            f"no check of identity ({rule.article})",
            "go on with the request",
        )


def needs_level(move: Moving) -> None:
    """Raise BadInputError where one must be surer of the person first."""
    request = move.request
    rule = move.desk.timing.clocks.identity(request.law, request.type, _received(move))
    if rule is not None and rule.need == "required" and LEVELS.index(request.identity) < LEVELS.index(rule.level):
        raise move.error(
            f"a person of whom one is sure to the level {request.identity}",
            f"the level {rule.level} ({rule.article})",
            f"record it by `governance request verify {request.id} --level {rule.level}`, or refuse the request",
        )


def may_answer(move: Moving) -> None:
    """Raise BadInputError where the clock stands, a task is open, or one must be surer of the person."""
    if move.request.paused is not None:
        raise move.error("a clock that stands", "one that runs", f"`governance request resume {move.request.id}` first")
    needs_level(move)
    no_open_task(move)


def no_open_task(move: Moving) -> None:
    """Raise BadInputError where a task is open."""
    tasks = [each for each in rows.tasks_of(move.connection, [move.request.id]) if each.state == "open"]
    if tasks:
        raise move.error(f"{len(tasks)} open tasks", "none", f"see `governance request show {move.request.id}`")


def may_refuse(move: Moving, reason: str, routes: Collection[str]) -> None:
    """Raise BadInputError for a ground that the law does not have, or a refusal that names too few routes."""
    request = move.request
    rule = move.desk.timing.clocks.refusals(request.law, request.type, _received(move))
    grounds: Sequence[str] = rule.reasons if rule is not None else ()
    if rule is None or reason not in grounds:
        raise move.error("a ground that the law does not have", " or ".join(grounds) or "an answer", ANSWER_OR_REFUSE)
    missing = [each for each in rule.routes if each not in routes]
    if missing:
        raise move.error(
            f"a refusal that does not say how to go to {' and '.join(missing)}",
            f"the routes {' and '.join(rule.routes)} ({rule.article})",
            "tell the person, then record it with them",
        )


def ended(move: Moving, outcome: str) -> Request:
    """Move a request to its end; an answer also says that the request came."""
    return move.to(
        answered=move.at,
        outcome=outcome,
        reason=move.said.code,
        acknowledged=move.request.acknowledged or move.at,
        paused=None,
        pause_cause=None,
    )


def due_after_pause(move: Moving) -> dict[str, str]:
    """The new deadline when a pause ends now. Raises BadInputError when it would end before it began."""
    since = move.request.paused or move.at
    if move.at < since:
        raise move.error("an end before the beginning of the pause", "a later moment", "correct it")
    return new_due(move, stood=Pause(moment_of(since), moment_of(move.at)))


def new_due(move: Moving, *, extended: bool = False, stood: Pause | None = None) -> dict[str, str]:
    """The columns of the deadline, with the pauses of the past and one that ends now."""
    request = move.request
    pauses = pauses_in(rows.history_of(move.connection, request.id)) + ([stood] if stood else [])
    longer = extended or request.extended is not None
    found = move.desk.timing.due(request.clock, moment_of(request.received), extended=longer, pauses=pauses)
    return {"due_day": found.day.isoformat(), "due": stamp(found.late_from)}


def _received(move: Moving) -> dt.date:
    return move.desk.timing.day(moment_of(move.request.received))
