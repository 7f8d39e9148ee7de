"""The register of requests and complaints: take one down, and move it until the person has an answer.

Each method is one transaction and is durable when it returns. Every one raises BadInputError for what is not possible
where the request stands, StalePlanError when somebody else moved it at the same time, LedgerError and RecordsError.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from governance.records.transactions import writing
from governance.requests import rows
from governance.requests.desk import NOTHING, Desk, Moving, Said, moving, transaction
from governance.requests.grounds import (
    ANSWER_OR_REFUSE,
    LEVELS,
    due_after_pause,
    ended,
    may_answer,
    may_ask,
    may_refuse,
    needs_level,
    new_due,
    no_open_task,
)
from governance.requests.intake import CODE, Intake, new_request
from governance.requests.moves import Move
from governance.requests.request import Request, RequestEvent, State, Task
from policies.clocks import Level, PauseCause


class Register:
    """All requests and complaints of a project."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # --- taking down

    def open(self, intake: Intake) -> Request:
        """Take a request down. Raises BadInputError for a law, type and day without a clock, or a moment to come."""
        desk = self._desk
        request = new_request(desk, intake)
        with transaction(desk, writing) as connection:
            rows.add_request(connection, request)
            Moving(desk, connection, request, Move.OPEN, Said(at=intake.received, note=intake.note)).record(request)
        return request

    def acknowledge(self, request_id: str, said: Said = NOTHING) -> Request:
        """Record that the person was told that it came."""
        with moving(self._desk, request_id, Move.ACKNOWLEDGE, said) as move:
            if move.request.acknowledged is not None:
                raise move.error("a request that was acknowledged", "one that was not", "leave it as it is")
            return move.to(acknowledged=move.at)

    # --- who it is

    def ask(self, request_id: str, said: Said = NOTHING) -> Request:
        """Record that the person was asked who they are. Refused where the law forbids to ask."""
        with moving(self._desk, request_id, Move.ASK, said) as move:
            may_ask(move)
            return move.to(identity="asked")

    def verify(self, request_id: str, level: Level, said: Said = NOTHING) -> Request:
        """Record how sure one is of the person; a clock that stood for it runs again from the moment of that."""
        with moving(self._desk, request_id, Move.VERIFY, replace(said, code=level)) as move:
            may_ask(move)
            before = move.request
            if LEVELS.index(level) <= LEVELS.index(before.identity):
                raise move.error("a level that is not above the one recorded", "a higher level", "leave it as it is")
            if before.paused is None or before.pause_cause != "identity":
                return move.to(identity=level)
            return move.to(identity=level, paused=None, pause_cause=None, **due_after_pause(move))

    # --- the clock

    def extend(self, request_id: str, reason: str, said: Said = NOTHING) -> Request:
        """Record that the person was told, now, that it takes longer, and why; only once, and only in the first period.

        `reason` is a code such as `complex` or `many_requests`.
        """
        with moving(self._desk, request_id, Move.EXTEND, replace(said, at=None, code=reason)) as move:
            request = move.request
            clock = self._desk.timing.clock(request.clock)
            if not CODE.fullmatch(reason):
                raise move.error(
                    "a reason that is no code",
                    "at most 32 small letters, digits and `_`, such as complex",
                    "put the text into a note",
                )
            if clock.extension is None:
                raise move.error(
                    "a clock that cannot be made longer",
                    f"an answer by the day it is due ({clock.article})",
                    ANSWER_OR_REFUSE,
                )
            if request.extended is not None:
                raise move.error("a request that was extended", "one extension", ANSWER_OR_REFUSE)
            if request.paused is None and request.due <= move.now:
                raise move.error(
                    f"a first period that was over after {request.due_day}",
                    f"a notice inside the first period ({clock.article})",
                    ANSWER_OR_REFUSE,
                )
            return move.to(extended=move.now, **new_due(move, extended=True))

    def pause(self, request_id: str, cause: PauseCause, said: Said = NOTHING) -> Request:
        """Record that the clock stands since the person was asked. Refused where the law has no such pause."""
        with moving(self._desk, request_id, Move.PAUSE, replace(said, code=cause)) as move:
            request, clock = move.request, self._desk.timing.clock(move.request.clock)
            if cause not in clock.pauses:
                allowed = " or ".join(clock.pauses) or "no pause at all"
                raise move.error(f"a pause for {cause}", f"{allowed} ({clock.article})", ANSWER_OR_REFUSE)
            if request.paused is not None:
                raise move.error("a clock that stands already", "one that runs", "resume it first")
            if cause == "identity" and request.state != State.IDENTITY_PENDING:
                raise move.error("a person who was not asked who they are", "a request to the person first", _ASK)
            if request.due <= move.at:
                raise move.error("a request that was overdue then", "a clock that still runs", ANSWER_OR_REFUSE)
            return move.to(paused=move.at, pause_cause=cause)

    def resume(self, request_id: str, said: Said = NOTHING) -> Request:
        """Record that the person has answered: the clock runs again, and the days in between do not count."""
        with moving(self._desk, request_id, Move.RESUME, said) as move:
            if move.request.paused is None:
                raise move.error("a clock that runs", "one that stands", "leave it as it is")
            return move.to(paused=None, pause_cause=None, **due_after_pause(move))

    # --- the work

    def task(self, request_id: str, place: str, owner: str, said: Said = NOTHING) -> Task:
        """Give somebody the work in one store or dataset; `owner` is a reference of the ledger's names."""
        desk = self._desk
        task = Task(id=desk.new_id(), request=request_id, place=place, owner=owner, state="open", opened="", ended=None)
        with moving(desk, request_id, Move.TASK, replace(said, task=task)) as move:
            needs_level(move)
            task = replace(task, opened=move.at)
            move.to()
            rows.add_task(move.connection, task)
        return task

    def done(self, request_id: str, task_id: str, said: Said = NOTHING) -> Task:
        """Record that a task is done."""
        with moving(self._desk, request_id, Move.DONE, said) as move:
            task = next((each for each in rows.tasks_of(move.connection, [request_id]) if each.id == task_id), None)
            if task is None or task.state != "open":
                raise move.error(
                    "an id of no open task of it", "an open task", f"see `governance request show {request_id}`"
                )
            move.said = replace(said, task=task)
            move.to()
            rows.end_task(move.connection, task_id, move.at)
        return replace(task, state="done", ended=move.at)

    def investigate(self, request_id: str, said: Said = NOTHING) -> Request:
        """Record that a complaint was looked into."""
        with moving(self._desk, request_id, Move.INVESTIGATE, said) as move:
            return move.to()

    def resolve(self, request_id: str, said: Said = NOTHING) -> Request:
        """Record that what a complaint is about was put right, or that nothing is wrong."""
        with moving(self._desk, request_id, Move.RESOLVE, said) as move:
            no_open_task(move)
            return move.to()

    # --- the end

    def answer(self, request_id: str, said: Said = NOTHING) -> Request:
        """Record that the person got all that was asked for."""
        with moving(self._desk, request_id, Move.ANSWER, said) as move:
            may_answer(move)
            return ended(move, "answered")

    def answer_partly(self, request_id: str, reason: str, routes: Collection[str], said: Said = NOTHING) -> Request:
        """Record that the person got a part and was told why not the rest, and where to go with it; see `refuse`."""
        with moving(self._desk, request_id, Move.PARTLY, replace(said, code=reason)) as move:
            may_answer(move)
            may_refuse(move, reason, routes)
            return ended(move, "partly")

    def refuse(self, request_id: str, reason: str, routes: Collection[str], said: Said = NOTHING) -> Request:
        """Record that the person was told why not, and where to go with it.

        `reason` is a ground of the law, `routes` what the refusal names: `authority`, `court`. Refused is a ground that
        the law does not have, and a refusal that names fewer routes than the law asks for.
        """
        with moving(self._desk, request_id, Move.REFUSE, replace(said, code=reason)) as move:
            may_refuse(move, reason, routes)
            return ended(move, "refused")

    def close(self, request_id: str, said: Said = NOTHING) -> Request:
        """Record that nothing is left to be done with an answered or refused request."""
        with moving(self._desk, request_id, Move.CLOSE, said) as move:
            return move.to(closed=move.at)

    def drop(self, request_id: str, why: str, said: Said = NOTHING) -> Request:
        """Close an open request that needs no answer: `why` is `withdrawn` by the person, or `duplicate` of another."""
        with moving(self._desk, request_id, Move.DROP, replace(said, code=why)) as move:
            if why not in DROPPED:
                raise move.error(
                    "a word that is no ground to close without an answer", " or ".join(DROPPED), ANSWER_OR_REFUSE
                )
            return move.to(closed=move.at, outcome=why, paused=None, pause_cause=None)

    # --- looking

    def get(self, request_id: str) -> Request:
        """One request. Raises BadInputError for an unknown id."""
        with transaction(self._desk) as connection:
            return rows.find_request(connection, request_id)

    def history(self, request_id: str) -> list[RequestEvent]:
        """What was done with it, in order."""
        with transaction(self._desk) as connection:
            return rows.history_of(connection, request_id)

    def tasks(self, requests: Collection[str]) -> list[Task]:
        """The tasks of some requests, oldest first."""
        with transaction(self._desk) as connection:
            return rows.tasks_of(connection, requests)

    def all(self) -> list[Request]:
        """Every request, in the order in which they came."""
        with transaction(self._desk) as connection:
            return rows.all_requests(connection)

    def waiting(self) -> list[Request]:
        """Requests whose person still waits, the one due first at the head."""
        with transaction(self._desk) as connection:
            return sorted(rows.open_requests(connection), key=lambda each: (each.due, each.id))


DROPPED = ("withdrawn", "duplicate")
"""Why a request needs no answer."""
_ASK = "record it by `governance request verify --ask`"
