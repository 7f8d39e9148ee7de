"""A 纷享销客 account that keeps its state and answers as the vendor's pages say; no network in it.

Made from the pages and packages that `fxiaoke_contract.yaml` names; it stands for no account that ever was. Codes that
no page names are ours (`GUESSED`).
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .fxiaoke_records import (
    BUSY,
    EXPIRED,
    LIFE,
    SAME,
    UNSIGNED,
    WRONG,
    Answer,
    Held,
    Records,
    RefusedError,
    Row,
    made_field,
)

__all__ = ["Account", "Asked", "Held", "made_field"]


@dataclass
class Asked:
    path: str
    trace: str
    headers: dict[str, str]
    body: Any


class Account(Records):
    """The state, and `answer`."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.now = now
        self.app, self.secret, self.code, self.user = (secrets.token_hex(8) for _ in range(4))
        self.ea, self.corp = secrets.token_hex(4), secrets.token_hex(4)
        self.legacy_user = f"FSUID_{secrets.token_hex(6)}"
        self.objects: dict[str, Held] = {}
        self.tokens: list[tuple[str, float]] = []
        self.traces: set[str] = set()
        self.calls: list[str] = []
        self.asked: list[Asked] = []
        self.rate: tuple[int, float] | None = None
        self._taken: deque[float] = deque()
        self.hidden_objects: set[str] = set()

    def hold(self, name: str, label: str, *fields: Row) -> Held:
        every = [made_field("_id", "text", "ID"), *fields]
        self.objects[name] = Held(name, label, {each["api_name"]: each for each in every})
        return self.objects[name]

    def expire(self) -> None:
        self.tokens = []

    def answer(self, asked: Asked) -> Answer:
        self.calls.append(asked.path)
        self.asked.append(asked)
        head = {"traceId": f"E-O.{secrets.token_hex(4)}"}
        try:
            self._checked(asked)
            found = self._act(asked)
        except RefusedError as refusal:
            # The text is one that must never be shown: it repeats what was asked.
            return {**head, "errorCode": refusal.code, "errorMessage": f"{refusal.text}: {asked.body}"}
        return {**head, "errorDescription": "success", "errorMessage": "OK", "errorCode": 0, **found}

    def _checked(self, asked: Asked) -> None:
        try:
            fresh = uuid.UUID(asked.trace).version == 4 and asked.trace not in self.traces
        except ValueError:
            fresh = False
        if not fresh or not isinstance(asked.body, dict):
            raise RefusedError(WRONG, "no fresh thirdTraceId or no body")
        self.traces.add(asked.trace)
        if self.rate is not None:
            calls, seconds = self.rate
            while self._taken and self._taken[0] <= self.now() - seconds:
                self._taken.popleft()
            if len(self._taken) >= calls:
                raise RefusedError(BUSY, "too many calls")
            self._taken.append(self.now())

    def _act(self, asked: Asked) -> Answer:
        body = asked.body
        if asked.path in {"/oauth2.0/token", "/cgi/corpAccessToken/get/V2"}:
            return self._token(body, legacy=asked.path.startswith("/cgi"))
        self._signed(asked)
        if asked.path == "/cgi/crm/v2/object/list":
            return {"data": {"objects": [self._listing(each) for each in self.objects.values()]}}
        data = body.get("data")
        if not isinstance(data, dict):
            raise RefusedError(WRONG)
        if asked.path == "/cgi/crm/v2/object/describe":
            held = self._object(data.get("apiName"))
            return {"data": {"describe": {"api_name": held.name, "fields": held.fields}}}
        return self._on_records(asked.path, body, data)

    def _on_records(self, path: str, body: Row, data: Row) -> Answer:
        act = path.rsplit("/", 1)[1]
        named = data.get("object_data", {}) if act == "update" else data
        held = self._object(named.get("dataObjectApiName"))
        custom = "custom/" if held.name.endswith("__c") else ""
        if path == "/cgi/crm/custom/data/invalid" and custom:
            return self.invalid_batch(held, data)
        if path != f"/cgi/crm/{custom}v2/data/{act}":
            raise RefusedError(WRONG, "the path of another kind of object")
        return self.act(act, held, data, body)

    def _token(self, body: Row, *, legacy: bool) -> Answer:
        asked = (body.get("appId"), body.get("appSecret"), body.get("permanentCode"))
        if asked != (self.app, self.secret, self.code) or (not legacy and body.get("grantType") != "app_secret"):
            raise RefusedError(10006, "the parameter appSecret is missing or illegal")
        now = self.now()
        self.tokens = [(value, since) for value, since in self.tokens if now - since < LIFE]
        young = [(value, since) for value, since in self.tokens if now - since < SAME]
        if not young:
            young = [(secrets.token_hex(16), now)]
            self.tokens += young
        value, since = young[-1]
        names = ("corpAccessToken", "corpId") if legacy else ("accessToken", "ea")
        return {names[0]: value, names[1]: self.corp if legacy else self.ea, "expiresIn": int(LIFE - (now - since))}

    def _signed(self, asked: Asked) -> None:
        body, headers = asked.body, asked.headers
        if "authorization" in headers:
            token = headers["authorization"].removeprefix("Bearer ")
            right = (headers.get("x-fs-ea"), headers.get("x-fs-userid")) == (self.ea, self.user)
        elif "corpAccessToken" in body:
            token = body["corpAccessToken"]
            right = (body.get("corpId"), body.get("currentOpenUserId")) == (self.corp, self.legacy_user)
        else:
            raise RefusedError(UNSIGNED)
        if not right or not any(token == value and self.now() - since < LIFE for value, since in self.tokens):
            raise RefusedError(EXPIRED)

    def _object(self, name: Any) -> Held:
        if name not in self.objects or name in self.hidden_objects:
            raise RefusedError(WRONG, "no such object")
        return self.objects[name]

    @staticmethod
    def _listing(held: Held) -> Row:
        return {
            "describeApiName": held.name,
            "describeDisplayName": held.label,
            "defineType": "custom" if held.name.endswith("__c") else "package",
            "isActive": True,
        }
