"""The calls of Zoho's interface, with its token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from connectors.crm.http.calls import Answer, Call, CallError, Content, path_of
from connectors.crm.http.client import Client, Host
from connectors.crm.http.pace import Clock, Pace, Quota
from connectors.crm.http.tokens import Token, TokenSource
from connectors.crm.settings import CrmSettings
from connectors.crm.zoho.answers import judge, judge_grant, results
from connectors.crm.zoho.centers import Center

VERSION = "v8"
PAGE = 200
"""Most records of a page."""
IDS = 100
"""Most ids of a call."""
NAMES = 50
"""Most names of fields of a call."""
CREDITS = Quota(50_000, 86_400)
"""What the smallest paid edition has in any 24 hours (API limits page, seen 2026-11-22); `calls` overrides it."""
TOKENS = Quota(10, 600)
"""New access tokens of one grant."""
TOKEN_SECONDS = 3600.0
_REPORT = "run `governance doctor`: the vendor may have changed its interface, or a right is missing"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    items: Sequence[Mapping[str, Any]]
    more: bool
    token: str
    """For the page behind it; empty without one."""


def chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The items, at most so many at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


class Api:
    """Calls to one account. Reading calls are repeatable; a write says for itself whether it is."""

    def __init__(self, name: str, settings: CrmSettings, center: Center, clock: Clock | None = None) -> None:
        self.name = name
        self.clock = clock or Clock()
        self.place = f"store {name}"
        self._settings = settings
        self.address = center.api
        self.quota = CREDITS if settings.calls is None else Quota(settings.calls, settings.call_seconds)
        """What the account may spend."""
        self.pace = Pace(self.place, (self.quota,), self.clock)
        self._center = center
        self._client = Client(self._host(center.api), self.pace, judge=judge, sign=_signed, clock=self.clock)
        self._accounts = Client(
            self._host(center.accounts), Pace(self.place, (), self.clock), judge=judge_grant, clock=self.clock
        )
        self.tokens = TokenSource(self.place, self._fetch, most=TOKENS, clock=self.clock)
        self._client.tokens = self.tokens
        self.domain = ""
        """The address that the vendor named beside the last token; it is compared, never followed."""

    def _host(self, address: str) -> Host:
        return Host(f"stores.{self.name}", address, self._settings.timeout_seconds, self._settings.proxy)

    def _fetch(self) -> Token:
        # In the body, never the query: servers and proxies log addresses.
        form = {
            "grant_type": "refresh_token",
            "client_id": self._settings.credentials["client"],
            "client_secret": self._settings.credentials["secret"],
            "refresh_token": self._settings.credentials["token"],
        }
        call = Call("POST", path_of("oauth", "v2", "token"), self.place, form=form, repeatable=True, signed=False)
        body: Any = None
        denied = 0
        try:
            body = self._accounts.call(call).body
        except CallError as error:
            if error.code != "ACCESS_DENIED":
                raise
            denied = error.status
        if denied:
            raise CallError(
                self.place,
                found="a vendor that gives no more tokens: each run takes one, and 10 in 10 minutes are all",
                next_step="wait ten minutes; let one run do more, or have other programs use grants of their own",
                status=denied,
                code="ACCESS_DENIED",
            )
        value = body.get("access_token") if isinstance(body, Mapping) else None
        if not isinstance(value, str) or not value:
            raise self.strange(self.place, "an answer without a token")
        self.domain = str(body.get("api_domain") or "")
        seconds = body.get("expires_in")
        return Token(value, float(seconds) if isinstance(seconds, (int, float)) and seconds > 0 else TOKEN_SECONDS)

    def strange(self, place: str, found: str) -> CallError:
        """The error for an answer that is not as the vendor describes it."""
        return CallError(place, found=found, next_step=_REPORT)

    def call(self, call: Call) -> Answer:
        """The answer to any call."""
        return self._client.call(call)

    def get(self, place: str, *segments: str, params: Mapping[str, str] | None = None) -> Any:
        """The decoded answer to a reading call; None of an empty one."""
        path = path_of("crm", VERSION, *segments)
        answer = self.call(Call("GET", path, place, params=params or {}, repeatable=True))
        if answer.status >= 300:
            # One result for each thing asked is an answer to a write alone.
            code = next((code for code, _, _ in results(answer.body)), "")
            raise CallError(place, found="a refusal", next_step=_REPORT, status=answer.status, code=code)
        return answer.body

    def listed(self, place: str, key: str, *segments: str, params: Mapping[str, str] | None = None) -> Page:
        """One page of a list under a key. Raises CallError for an answer of another form."""
        body = self.get(place, *segments, params=params)
        if body is None:
            return Page((), more=False, token="")
        items = body.get(key) if isinstance(body, Mapping) else None
        if not isinstance(items, list) or not all(isinstance(each, Mapping) for each in items):
            raise self.strange(place, "an answer without the list that was asked for")
        info = body.get("info")
        info = info if isinstance(info, Mapping) else {}
        return Page(items, info.get("more_records") is True, str(info.get("next_page_token") or ""))

    def every(
        self, place: str, key: str, *segments: str, params: Mapping[str, str] | None = None, most: int = 500
    ) -> Iterator[Mapping[str, Any]]:
        """Every item of a list that is paged by number; at most so many pages."""
        for number in range(1, most + 1):
            asked = {**(params or {}), "page": str(number), "per_page": str(PAGE)}
            page = self.listed(place, key, *segments, params=asked)
            yield from page.items
            if not page.more or not page.items:
                return
        raise self.strange(place, f"a list of more than {most} pages")

    def query(self, place: str, statement: str, rows: int) -> Sequence[Mapping[str, Any]]:
        """The rows of a COQL statement whose limit is `rows`; it only reads, so it is repeatable."""
        call = Call(
            "POST",
            path_of("crm", VERSION, "coql"),
            place,
            body={"select_query": statement},
            repeatable=True,
            cost=1 if rows <= 200 else 2 if rows <= 1000 else 3,
        )
        body = self.call(call).body
        items = [] if body is None else body.get("data") if isinstance(body, Mapping) else None
        if not isinstance(items, list) or not all(isinstance(each, Mapping) for each in items):
            raise self.strange(place, "an answer without the rows that were asked for")
        return items

    def file(self, place: str, address: str) -> bytes:
        """A finished export. Raises CallError unless it lies at the data centre's host for files."""
        parts, ours = urlsplit(address), urlsplit(self._center.files)
        if (parts.scheme, parts.netloc) != (ours.scheme, ours.netloc):
            raise self.strange(place, "an export at another host than the data centre's")
        path = path_of(*(unquote(each) for each in parts.path.strip("/").split("/")))
        call = Call("GET", path, place, content=Content.BYTES, repeatable=True)
        client = Client(self._host(self._center.files), self.pace, judge=judge, sign=_signed, clock=self.clock)
        client.tokens = self.tokens
        try:
            body = client.call(call).body
        finally:
            client.close()
        if not isinstance(body, bytes):
            raise self.strange(place, "an export that is no file")
        return body

    def close(self) -> None:
        """Close the connections; a second call does nothing."""
        self._client.close()
        self._accounts.close()


def _signed(call: Call, token: Token) -> Call:
    return replace(call, headers={**call.headers, "Authorization": f"Zoho-oauthtoken {token.value}"})
