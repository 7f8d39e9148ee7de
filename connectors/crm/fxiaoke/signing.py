"""Tokens, and how a call carries them: in headers (the vendor's newer form) or in the body (the older one)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from connectors.crm.http.calls import Call, CallError
from connectors.crm.http.client import Client
from connectors.crm.http.pace import Quota
from connectors.crm.http.tokens import Token

EARLY_SECONDS = 600
"""A token lives 7,200 s; asked for again before 6,600 s the vendor gives the same one."""
LIFE_SECONDS = 7_200
FETCHES = Quota(10, 60)
"""The vendor allows ten calls for a token in a minute."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who calls."""

    app: str = field(repr=False)
    """`appId`."""
    secret: str = field(repr=False)
    """`appSecret`."""
    code: str = field(repr=False)
    """`permanentCode`."""
    user: str = field(repr=False)
    """The employee whose rights hold: an id such as `1000`, or `FSUID_...`, which takes the older form."""

    @property
    def legacy(self) -> bool:
        """Whether tokens travel in the body."""
        return self.user.startswith("FSUID_")


def traced(call: Call) -> Call:
    """A call with a trace id of its own, as the vendor asks of every try."""
    return replace(call, params={**call.params, "thirdTraceId": str(uuid4())})


def signer(account: Account) -> Callable[[Call, Token], Call]:
    """Puts a token into a call."""

    def in_headers(call: Call, token: Token) -> Call:
        headers = {
            "authorization": f"Bearer {token.value}",
            "x-fs-ea": token.extra["corp"],
            "x-fs-userid": account.user,
        }
        return replace(call, headers={**call.headers, **headers})

    def in_body(call: Call, token: Token) -> Call:
        body = {"corpAccessToken": token.value, "corpId": token.extra["corp"], "currentOpenUserId": account.user}
        return replace(call, body={**call.body, **body})

    return in_body if account.legacy else in_headers


def fetcher(client: Client, account: Account) -> Callable[[], Token]:
    """Asks for a token. It raises CallError when the vendor gives none."""
    path = "/cgi/corpAccessToken/get/V2" if account.legacy else "/oauth2.0/token"
    asked = {"appId": account.app, "appSecret": account.secret, "permanentCode": account.code}
    body = asked if account.legacy else {**asked, "grantType": "app_secret"}
    names = ("corpAccessToken", "corpId") if account.legacy else ("accessToken", "ea")

    def fetch() -> Token:
        call = Call("POST", path, f"{client.host.place}, token", body=body, repeatable=True, signed=False)
        return _token(call, client.call(call).body, names)

    return fetch


def _token(call: Call, answer: Mapping[str, Any], names: tuple[str, str]) -> Token:
    value, corp = (answer.get(each) for each in names)
    if not isinstance(value, str) or not isinstance(corp, str) or not value:
        raise CallError(
            call.place,
            found="an answer without a token or account",
            next_step="check the application's id, secret and permanent code with `governance doctor`",
        )
    life = answer.get("expiresIn")
    # A moment in place of a number of seconds stands in one of the vendor's examples.
    seconds = life if isinstance(life, int) and 0 < life <= LIFE_SECONDS else LIFE_SECONDS
    return Token(value, float(seconds), {"corp": corp})
