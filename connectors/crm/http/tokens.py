"""One access token for many threads: fetched once, before it expires, and not more often than the vendor allows."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from connectors.crm.http.calls import CallError
from connectors.crm.http.pace import Clock, Quota


@dataclass(frozen=True, slots=True)
class Token:
    """What the vendor gave. It cannot be pickled."""

    value: str = field(repr=False)
    """The secret that calls carry."""
    seconds: float
    """How long it holds, from the moment that it was asked for."""
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What else a call must carry, such as the account's id."""

    def __reduce__(self) -> NoReturn:
        raise TypeError("a token is not pickled")


class TokenSource:
    """Gives the token that holds now.

    Its life counts by a clock that only grows from `Token.seconds`, so that a wrong or set clock of the wall on either
    side expires nothing early and nothing late.
    """

    def __init__(
        self,
        place: str,
        fetch: Callable[[], Token],
        *,
        early_seconds: float = 60,
        most: Quota | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._place = place
        self._fetch = fetch
        self._early = early_seconds
        self._most = most or Quota(10, 600)
        self._clock = clock or Clock()
        self._fetched: deque[float] = deque()
        self._token: Token | None = None
        self._renew_at = 0.0
        self._lock = threading.Lock()

    def current(self) -> Token:
        """The token, fetched when there is none or it is about to expire; threads that come meanwhile wait for it.

        Raises CallError when the vendor gives none, or gave too many in a short time.
        """
        with self._lock:
            if self._token is None or self._clock.seconds() >= self._renew_at:
                self._renew()
            token = self._token
            if token is None:
                raise AssertionError("renewing gives a token or raises")
            return token

    def refused(self, token: Token) -> None:
        """Drop a token that the vendor refused, unless another thread has done so and has a newer one."""
        with self._lock:
            if self._token is token:
                self._token = None

    def _renew(self) -> None:
        now = self._clock.seconds()
        while self._fetched and self._fetched[0] <= now - self._most.seconds:
            self._fetched.popleft()
        if len(self._fetched) >= self._most.calls:
            raise CallError(
                self._place,
                found=f"{self._most.calls} tokens within {self._most.seconds:.0f} seconds, all refused or short-lived",
                next_step="check the account, its data centre and whether another program uses the same grant",
            )
        self._fetched.append(now)
        self._token = None
        self._token = self._fetch()
        # A token that lives less than twice the margin would otherwise be fetched for every call.
        self._renew_at = now + max(self._token.seconds - self._early, self._token.seconds / 2)

    def __repr__(self) -> str:
        return f"TokenSource({self._place!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a source of tokens is not pickled")
