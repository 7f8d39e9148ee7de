"""Reads and writes the register on a connection whose transaction the caller holds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, insert, select, update

from governance.requests.request import OPEN, Request, RequestEvent, State, Task
from governance.requests.tables import EVENTS, REQUESTS, TASKS
from policies.errors import BadInputError, StalePlanError

PAGE = 500
"""Ids in one query; below the number of parameters that every database takes."""


def add_request(connection: Connection, request: Request) -> None:
    """Write a new request."""
    connection.execute(insert(REQUESTS).values(**request.to_json()))


def find_request(connection: Connection, request_id: str) -> Request:
    """The request of an id. Raises BadInputError when there is none."""
    row = connection.execute(select(REQUESTS).where(REQUESTS.c.id == request_id)).mappings().first()
    if row is None:
        raise BadInputError(
            "request",
            found="an id of no request",
            expected="the id that `governance request open` printed",
            next_step="see `governance request list`",
        )
    return Request(**row)


def change_request(connection: Connection, before: Request, **changes: Any) -> Request:
    """Write what a move changes. Raises StalePlanError when somebody else moved the request in the meantime."""
    after = replace(before, **changes, version=before.version + 1)
    found = connection.execute(
        update(REQUESTS)
        .where(REQUESTS.c.id == before.id, REQUESTS.c.version == before.version)
        .values(**changes, version=after.version)
    )
    if found.rowcount != 1:
        raise StalePlanError(
            f"request {before.id}",
            found="a request that somebody else moved at the same time",
            expected="the request as it was read",
            next_step=f"see `governance request show {before.id}`, then decide again; nothing was changed",
        )
    return after


def all_requests(connection: Connection, states: Collection[State] | None = None) -> list[Request]:
    """Requests in some states or all, in the order in which they came."""
    query = select(REQUESTS).order_by(REQUESTS.c.received, REQUESTS.c.id)
    if states is not None:
        query = query.where(REQUESTS.c.state.in_([str(each) for each in states]))
    return [Request(**row) for row in connection.execute(query).mappings()]


def open_requests(connection: Connection) -> list[Request]:
    """Requests whose person still waits."""
    return all_requests(connection, OPEN)


def add_event(connection: Connection, event: RequestEvent) -> None:
    """Write an event."""
    connection.execute(insert(EVENTS).values(**event.to_json()))


def history_of(connection: Connection, request_id: str) -> list[RequestEvent]:
    """The events of a request in their order."""
    query = select(EVENTS).where(EVENTS.c.request == request_id).order_by(EVENTS.c.number)
    return [RequestEvent(**row) for row in connection.execute(query).mappings()]


def add_task(connection: Connection, task: Task) -> None:
    """Write a new task."""
    connection.execute(insert(TASKS).values(**task.to_json()))


def end_task(connection: Connection, task_id: str, ended: str) -> None:
    """Write that a task is done."""
    connection.execute(update(TASKS).where(TASKS.c.id == task_id).values(state="done", ended=ended))


def tasks_of(connection: Connection, request_ids: Collection[str]) -> list[Task]:
    """The tasks of some requests, oldest first."""
    wanted, found = sorted(request_ids), []
    for start in range(0, len(wanted), PAGE):
        query = select(TASKS).where(TASKS.c.request.in_(wanted[start : start + PAGE]))
        found += [Task(**row) for row in connection.execute(query).mappings()]
    return sorted(found, key=lambda each: (each.opened, each.id))
