"""`Client`: the calls to one host, tried again where that is safe, within time, size and pace."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

import httpx

from connectors.crm.http.address import checked_address, checked_proxy
from connectors.crm.http.calls import Answer, Call, CallError, Content, Judge, Judged, Verdict, by_status
from connectors.crm.http.pace import Clock, Pace, asked_wait, backoff
from connectors.crm.http.quiet import quiet
from connectors.crm.http.tokens import Token, TokenSource

Sign: TypeAlias = Callable[[Call, Token], Call]
"""Puts a token into a call: into headers, query or body. Called for each try, so that it may add what must be fresh."""

_DOWN = "check network, proxy and the store's data centre or address; then start it again"
_REFUSED = "check the store's credentials, scopes and rights with `governance doctor`"
_AGAIN = "start it again later: it goes on where it stopped"
_BYTES = "application/octet-stream", "application/zip", "application/x-zip", "text/csv", "image/"


@dataclass(frozen=True, slots=True)
class Host:
    """A host and how it may be called."""

    place: str
    """What errors name: the store."""
    address: str
    """`https://HOST`; `http` to loopback alone."""
    timeout_seconds: float = 30
    """How long one try may take as a whole."""
    proxy: str = field(default="", repr=False)
    """A proxy's address; empty goes straight. Proxies and certificates of the environment are never used."""
    most_bytes: int = 64 * 1024 * 1024
    """A longer answer, unpacked, is refused."""
    tries: int = 5
    """At most so many tries of one call."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """What one try came to."""

    judged: Judged
    status: int = 0
    body: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    problem: str = ""
    """What is wrong, when there was no answer that could be used."""
    sent: bool = True
    """Whether the vendor may have got it."""


class Client:
    """The calls to one host, for many threads.

    A call is tried again when it was surely not done (no connection, token refused, too many calls), and, only when it
    is `repeatable`, after a connection that broke, a time-out or a fault of the server. Redirects are never followed.
    """

    def __init__(
        self,
        host: Host,
        pace: Pace,
        *,
        judge: Judge | None = None,
        sign: Sign | None = None,
        fresh: Callable[[Call], Call] | None = None,
        clock: Clock | None = None,
    ) -> None:
        address = checked_address(f"{host.place}, address", host.address)
        proxy = checked_proxy(f"{host.place}, proxy", host.proxy, address)
        self.host = host
        self.pace = pace
        self.tokens: TokenSource | None = None
        """Given after the client is made, since a source may fetch through another client."""
        self._judge: Judge = judge or (lambda status, _body: by_status(status))
        self._sign = sign
        self._fresh = fresh
        """Puts into each try, also of a call without a token, what must be of that try alone."""
        self._clock = clock or Clock()
        self._http = httpx.Client(
            base_url=address,
            timeout=httpx.Timeout(host.timeout_seconds),
            proxy=proxy,
            trust_env=False,
            follow_redirects=False,
        )

    def call(self, call: Call) -> Answer:
        """The answer to a call. Raises CallError when it failed or was refused for good."""
        refused = 0
        for attempt in range(self.host.tries):
            self.pace.spend(call.cost)
            token = self._token() if call.signed else None
            tried = self._try(self._signed(call, token))
            match tried.judged.verdict:
                case Verdict.FINE:
                    return Answer(tried.status, tried.body, tried.headers)
                case Verdict.TOKEN if token is not None and self.tokens is not None and refused == 0:
                    refused += 1
                    self.tokens.refused(token)
                case Verdict.BUSY if attempt + 1 < self.host.tries:
                    wait = asked_wait(tried.headers)
                    self.pace.hold(self._backoff(attempt) if wait is None else wait)
                case Verdict.AGAIN if attempt + 1 < self.host.tries and (call.repeatable or not tried.sent):
                    wait = asked_wait(tried.headers)
                    if wait is None:
                        self._clock.sleep(self._backoff(attempt))
                    else:
                        self.pace.hold(wait)
                case _:
                    raise _error(call, tried)
        raise _error(call, tried)

    def _backoff(self, attempt: int) -> float:
        return backoff(attempt, self._clock.chance())

    def _token(self) -> Token:
        if self.tokens is None:
            raise AssertionError("a signed call needs a source of tokens")
        return self.tokens.current()

    def _signed(self, call: Call, token: Token | None) -> Call:
        call = call if self._fresh is None else self._fresh(call)
        return call if token is None or self._sign is None else self._sign(call, token)

    def _try(self, call: Call) -> _Tried:
        # What httpx raises holds the request with its query and headers: it is dropped here and never chained.
        problem, sent, verdict = "", True, Verdict.AGAIN
        try:
            with quiet():
                return self._exchange(call)
        except httpx.ConnectTimeout:
            problem, sent = "no connection within the time-out", False
        except (httpx.ConnectError, httpx.PoolTimeout, httpx.ProxyError):
            problem, sent = "no connection", False
        except httpx.TimeoutException:
            problem = "no answer within the time-out"
        except httpx.DecodingError:
            problem = "an answer that cannot be unpacked"
        except (UnicodeError, httpx.InvalidURL, httpx.LocalProtocolError):
            problem, verdict = "a token, header or path that HTTP cannot carry", Verdict.REFUSED
        except (httpx.HTTPError, httpx.StreamError):
            problem = "a connection that broke"
        return _Tried(Judged(verdict), problem=problem, sent=sent)

    def _exchange(self, call: Call) -> _Tried:
        ends = self._clock.seconds() + self.host.timeout_seconds
        content = None if call.body is None else json.dumps(call.body, ensure_ascii=False).encode()
        headers = dict(call.headers)
        if content is not None:
            headers["Content-Type"] = "application/json"
        with self._http.stream(
            call.method,
            call.path,
            params=dict(call.params) or None,
            content=content,
            data=None if call.form is None else dict(call.form),
            headers=headers,
        ) as response:
            status = response.status_code
            given = {name.lower(): value for name, value in response.headers.items()}
            self._http.cookies.clear()
            if 300 <= status < 400:
                return _Tried(
                    Judged(Verdict.REFUSED), status, headers=given, problem="a redirect, which is not followed"
                )
            raw = bytearray()
            for piece in response.iter_bytes():  # as they come: pieces of a size would wait for one to be full
                raw += piece
                if len(raw) > self.host.most_bytes:
                    problem = f"an answer of more than {self.host.most_bytes} bytes"
                    return _Tried(Judged(Verdict.REFUSED), status, headers=given, problem=problem)
                if self._clock.seconds() > ends:
                    return _Tried(Judged(Verdict.AGAIN), status, problem="no whole answer within the time-out")
        return self._read(call, status, given, bytes(raw))

    def _read(self, call: Call, status: int, headers: Mapping[str, str], raw: bytes) -> _Tried:
        kind = headers.get("content-type", "").split(";")[0].strip().lower()
        if call.content is Content.BYTES and 200 <= status < 300 and kind.startswith(_BYTES):
            return _Tried(Judged(Verdict.FINE), status, raw, headers)
        body, problem = None, ""
        if raw.strip() and status != 204:
            problem = "" if kind == "application/json" or kind.endswith("+json") else "an answer that is no JSON"
            if not problem:
                try:
                    body = json.loads(raw)
                except (ValueError, RecursionError):
                    problem = "an answer of broken JSON"
        judged = self._judge(status, body)
        if judged.verdict is Verdict.FINE and problem:
            judged = Judged(Verdict.AGAIN, judged.code)
        return _Tried(judged, status, body, headers, problem)

    def close(self) -> None:
        """Close the connections; a second call does nothing."""
        with quiet():
            self._http.close()

    def __repr__(self) -> str:
        return f"Client({self.host.place!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client with its tokens is not pickled")


def _error(call: Call, tried: _Tried) -> CallError:
    found, next_step = {
        Verdict.TOKEN: ("a vendor that refuses the token", _REFUSED),
        Verdict.BUSY: ("a vendor that wants fewer calls", _AGAIN),
        Verdict.AGAIN: ("a fault of the vendor's server", _AGAIN if tried.status else _DOWN),
    }.get(tried.judged.verdict, ("a vendor that refuses the call", _REFUSED))
    return CallError(
        call.place,
        found=tried.problem or found,
        next_step=next_step,
        status=tried.status,
        code=tried.judged.code,
    )
