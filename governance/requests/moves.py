"""The state machine of requests and complaints: which move is possible from which state, and where it leads. Pure.

Requests      received -> [identity_pending -> verified] -> in_work -> answered | partly | refused -> closed
Complaints    received -> investigated -> resolved -> answered -> closed, or refused before it is resolved
Beside it     acknowledge, extend, pause and resume, which leave the state as it is
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from governance.requests.request import Request, State
from policies.errors import BadInputError


class Move(enum.StrEnum):
    """What can be done with a request; also the kind of its event."""

    OPEN = "opened"
    ACKNOWLEDGE = "acknowledged"
    ASK = "asked"
    VERIFY = "verified"
    TASK = "task_given"
    DONE = "task_done"
    INVESTIGATE = "investigated"
    RESOLVE = "resolved"
    EXTEND = "extended"
    PAUSE = "paused"
    RESUME = "resumed"
    ANSWER = "answered"
    PARTLY = "partly"
    REFUSE = "refused"
    CLOSE = "closed"
    DROP = "dropped"


_BEFORE = (State.RECEIVED, State.VERIFIED, State.IN_WORK)
_ALL_OPEN = (State.RECEIVED, State.IDENTITY_PENDING, State.VERIFIED, State.IN_WORK)
_ENDED = (State.ANSWERED, State.PARTLY, State.REFUSED)
_HEARD = (State.RECEIVED, State.INVESTIGATED, State.RESOLVED)

Table = Mapping[Move, Mapping[State, State]]


def _to(goal: State, *states: State) -> dict[State, State]:
    return dict.fromkeys(states, goal)


def _stay(*states: State) -> dict[State, State]:
    return {each: each for each in states}


REQUEST: Table = {
    Move.ACKNOWLEDGE: _stay(*_ALL_OPEN),
    Move.ASK: _to(State.IDENTITY_PENDING, State.RECEIVED, State.IN_WORK),
    Move.VERIFY: _to(State.VERIFIED, State.RECEIVED, State.IDENTITY_PENDING, State.VERIFIED) | _stay(State.IN_WORK),
    Move.TASK: _to(State.IN_WORK, *_BEFORE),
    Move.DONE: _stay(State.IN_WORK, State.IDENTITY_PENDING, State.VERIFIED),
    Move.EXTEND: _stay(*_ALL_OPEN),
    Move.PAUSE: _stay(*_ALL_OPEN),
    Move.RESUME: _stay(*_ALL_OPEN),
    Move.ANSWER: _to(State.ANSWERED, *_BEFORE),
    Move.PARTLY: _to(State.PARTLY, *_BEFORE),
    Move.REFUSE: _to(State.REFUSED, *_ALL_OPEN),
    Move.CLOSE: _to(State.CLOSED, *_ENDED),
    Move.DROP: _to(State.CLOSED, *_ALL_OPEN),
}
"""What can be done with a request."""
COMPLAINT: Table = {
    Move.ACKNOWLEDGE: _stay(*_HEARD),
    Move.TASK: _stay(State.RECEIVED, State.INVESTIGATED),
    Move.DONE: _stay(*_HEARD),
    Move.INVESTIGATE: _to(State.INVESTIGATED, State.RECEIVED),
    Move.RESOLVE: _to(State.RESOLVED, State.INVESTIGATED),
    Move.EXTEND: _stay(*_HEARD),
    Move.PAUSE: _stay(*_HEARD),
    Move.RESUME: _stay(*_HEARD),
    Move.ANSWER: _to(State.ANSWERED, State.RESOLVED),
    Move.REFUSE: _to(State.REFUSED, State.RECEIVED, State.INVESTIGATED),
    Move.CLOSE: _to(State.CLOSED, *_ENDED),
    Move.DROP: _to(State.CLOSED, *_HEARD),
}
"""What can be done with a complaint."""


def table_of(kind: str) -> Table:
    """The moves of a type of request."""
    return COMPLAINT if kind == "complaint" else REQUEST


def next_state(request: Request, move: Move) -> State:
    """Where a move leads from where a request stands. Raises BadInputError for one that is not possible there."""
    table = table_of(request.type).get(move, {})
    goal = table.get(State(request.state))
    if goal is None:
        kind = "complaint" if request.type == "complaint" else "request"
        raise refused(
            request.id,
            f"a {kind} that is {request.state}, which cannot be {move}",
            " or ".join(sorted(table)) or "another type of request",
            f"see `governance request show {request.id}`",
        )
    return goal


def refused(request_id: str, found: str, expected: str, next_step: str) -> BadInputError:
    """The error of a move that is not possible; nothing was changed."""
    return BadInputError(f"request {request_id}", found=found, expected=expected, next_step=next_step)
