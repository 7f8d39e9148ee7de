"""ASGI: in each request acts whoever the application's own sign-in says; requests never share a principal.

Pure ASGI 3, for every framework: `app = gov.asgi(app, identify)`. The server runs each request in a task of its own,
and the principal is a context variable of that task.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from governance.guard.acting import Acting, acting
from policies.errors import AccessRefusedError, ConfigError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Who = str | tuple[str, str] | None
"""A principal's name, a name with a purpose, or nobody."""
Identify = Callable[[Scope], Who | Awaitable[Who]]
"""Says who sent a request. It is the application's own sign-in: what it returns is believed."""

_REQUESTS = ("http", "websocket")
_REFUSED = json.dumps({"error": "refused by the access policy"}).encode()
_POLICY_VIOLATION = 1008
"""The code with which a websocket is closed."""


class GuardedApp:
    """An application in whose requests somebody, or nobody, acts."""

    def __init__(self, project: object, app: ASGIApp, identify: Identify) -> None:
        self._project = project
        self._app = app
        self._identify = identify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. A refusal before anything was sent becomes 403; one after it goes on to the server."""
        if scope["type"] not in _REQUESTS:
            await self._app(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = started or not message["type"].endswith("accept")
            await send(message)

        with acting(await self._who(scope)):
            try:
                await self._app(scope, receive, sending)
            except AccessRefusedError:
                if started:
                    raise
                await _refuse(scope["type"], send)

    async def _who(self, scope: Scope) -> Acting | None:
        found = self._identify(scope)
        who = await found if inspect.isawaitable(found) else found
        if who is None:
            return None
        match who:
            case str():
                return Acting(self._project, who)
            case (str() as principal, str() as purpose):
                return Acting(self._project, principal, purpose)
        raise ConfigError(
            "the `identify` of gov.asgi",
            found=f"a {type(who).__name__}",
            expected="a name, a name and a purpose, or None",
            next_step="return one of these",
        )


async def _refuse(kind: str, send: Send) -> None:
    if kind == "websocket":
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": ""})
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_REFUSED)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": _REFUSED})
