"""`Api`: the vendor's calls, all of them POST with JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.crm.fxiaoke.codes import judge
from connectors.crm.fxiaoke.signing import EARLY_SECONDS, FETCHES, Account, fetcher, signer, traced
from connectors.crm.http.calls import Call, CallError
from connectors.crm.http.client import Client, Host
from connectors.crm.http.pace import Clock, Pace, Quota
from connectors.crm.http.tokens import TokenSource
from connectors.crm.settings import CrmSettings

DEFAULT = Quota(100, 20)
"""The vendor's limit holds for each call's path; here it holds for all of them together."""
_TRIES = 8
"""Their waits together are longer than the span of the limit, which no `Retry-After` tells."""


class Api:
    """The calls to one account."""

    def __init__(
        self, name: str, settings: CrmSettings, address: str, account: Account, clock: Clock | None = None
    ) -> None:
        self.name = name
        self.place = f"store {name}"
        self.address = address
        self.quota = DEFAULT if settings.calls is None else Quota(settings.calls, settings.call_seconds)
        self.clock = clock or Clock()
        self.pace = Pace(self.place, (self.quota,), self.clock)
        host = Host(self.place, address, settings.timeout_seconds, settings.proxy, tries=_TRIES)
        self._client = Client(host, self.pace, judge=judge, sign=signer(account), fresh=traced, clock=self.clock)
        self.tokens = TokenSource(
            self.place,
            fetcher(self._client, account),
            early_seconds=EARLY_SECONDS,
            most=FETCHES,
            clock=self.clock,
        )
        self._client.tokens = self.tokens
        self.absence: dict[tuple[str, int], str] = {}
        """By object and length of an id, the code with which the vendor refuses an id that no record has."""

    def post(self, place: str, path: str, data: Mapping[str, Any], **beside: Any) -> Mapping[str, Any]:
        """The `data` of an answer; empty when it has none.

        Every call here may be sent twice: what is read does not change, and changing or erasing again has no further
        effect, though the vendor may refuse it. Raises CallError.
        """
        answer = self.answer(place, path, {**beside, "data": data})
        found = answer.get("data")
        return found if isinstance(found, Mapping) else {}

    def answer(self, place: str, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The whole answer to a body. Raises CallError."""
        answer = self._client.call(Call("POST", path, place, body=body, repeatable=True)).body
        return answer if isinstance(answer, Mapping) else {}

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __repr__(self) -> str:
        return f"Api({self.name!r})"


def unknown_form(place: str, what: str) -> CallError:
    """The error for an answer that is not as the vendor's pages say."""
    return CallError(
        place,
        found=f"an answer of an unknown form ({what})",
        next_step="run `governance doctor` and report what it prints: the vendor's interface differs from its pages",
    )
