"""A 纷享销客 account that keeps its state and answers as the vendor's pages say; no network in it.

Made from the pages and packages that `fxiaoke_contract.yaml` names; it stands for no account that ever was. Codes that
no page names are ours (`GUESSED`).
"""

from __future__ import annotations

import secrets
import time
import uuid
from bisect import bisect_right, insort
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

GUESSED = {"missing": 32101, "locked": 32102, "not_invalid": 32103, "invalid_already": 32104}
WRONG = 32000
EXPIRED, UNSIGNED, BUSY, OFFSET = 20016, 20017, 30004, 10013
LIFE, SAME = 7200, 6600

Row = dict[str, Any]
Answer = dict[str, Any]


def made_field(name: str, native: str = "text", label: str = "", **other: Any) -> Row:
    return {
        "api_name": name,
        "label": label or name,
        "type": native,
        "is_required": False,
        "is_unique": False,
        "is_index": True,
        "is_active": True,
        "define_type": "custom" if name.endswith("__c") else "package",
        **other,
    }


@dataclass
class Held:
    """An object with its listed and its invalid records."""

    name: str
    label: str
    fields: dict[str, Row]
    rows: dict[str, Row] = field(default_factory=dict)
    bin: dict[str, Row] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    masked: set[str] = field(default_factory=set)

    def add(self, row: Row) -> None:
        self.rows[row["_id"]] = row
        insort(self.ids, row["_id"])

    def take(self, key: str) -> Row:
        self.ids.remove(key)
        return self.rows.pop(key)


class RefusedError(Exception):
    def __init__(self, code: int, text: str = "refused") -> None:
        super().__init__(code)
        self.code, self.text = code, text


@dataclass
class Asked:
    path: str
    trace: str
    headers: dict[str, str]
    body: Any


class Account:
    """The state, and `answer`."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self.app, self.secret, self.code, self.user = (secrets.token_hex(8) for _ in range(4))
        self.ea, self.corp = secrets.token_hex(4), secrets.token_hex(4)
        self.legacy_user = f"FSUID_{secrets.token_hex(6)}"
        self.objects: dict[str, Held] = {}
        self.employees: dict[str, Row] = {}
        self.tokens: list[tuple[str, float]] = []
        self.traces: set[str] = set()
        self.calls: list[str] = []
        self.asked: list[Asked] = []
        self.rate: tuple[int, float] | None = None
        self._taken: deque[float] = deque()
        self.workflows: list[str] = []
        self.approvals: list[str] = []
        self.done: Counter[tuple[str, str]] = Counter()
        """How often something really happened to a record."""
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
            return self._invalid_batch(held, data)
        if path != f"/cgi/crm/{custom}v2/data/{act}":
            raise RefusedError(WRONG, "the path of another kind of object")
        acts = {
            "query": self._query,
            "get": self._get,
            "update": self._update,
            "invalid": self._invalid,
            "delete": self._delete,
        }
        if act not in acts:
            raise RefusedError(WRONG)
        return acts[act](held, data, body)

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

    def _query(self, held: Held, data: Row, _body: Row) -> Answer:
        info = data["search_query_info"]
        limit, offset, filters = info["limit"], info["offset"], list(info["filters"])
        if not 0 < limit <= 100 or offset % limit:
            raise RefusedError(WRONG, "limit or offset")
        if offset > 10_000:
            raise RefusedError(OFFSET, "offset out of range 10000")
        if not all(isinstance(each["field_values"], list) for each in filters):
            raise RefusedError(WRONG)
        keys = self._candidates(held, filters)
        if info["orders"] != [{"fieldName": "_id", "isAsc": True}]:
            keys = reversed(list(keys))
        found, passed = [], 0
        for key in keys:
            if all(_fits(held.rows[key], each) for each in filters):
                passed += 1
                if passed > offset:
                    found.append(self._shown(held, held.rows[key], info.get("fieldProjection")))
                if len(found) == limit:
                    break
        return {"data": {"dataList": found, "offset": offset, "limit": limit, "total": 0}}

    @staticmethod
    def _candidates(held: Held, filters: list[Row]) -> Any:
        """Ids in order, narrowed by a condition on them, so that a page costs no pass over all records."""
        for each in filters:
            if each["field_name"] == "_id" and each["operator"] == "IN":
                return sorted(key for key in each["field_values"] if key in held.rows)
            if each["field_name"] == "_id" and each["operator"] == "GT":
                start = bisect_right(held.ids, each["field_values"][0])
                return (held.ids[place] for place in range(start, len(held.ids)))
        return iter(held.ids)

    def _shown(self, held: Held, row: Row, projection: list[str] | None) -> Row:
        names = held.fields if projection is None else ["_id", *projection]
        shown = {name: row[name] for name in names if row.get(name) is not None}
        for name in held.masked & set(shown):
            shown[name] = f"{shown[name][:3]}****{shown[name][-2:]}"
        if projection is None:
            shown |= {key: value for key, value in row.items() if key.endswith("__o")}
            for name in shown.keys() & {key for key, each in held.fields.items() if each["type"] == "employee"}:
                named = [self.employees[each] for each in row[name] if each in self.employees]
                shown = {**shown, f"{name}__l": named, **({f"{name}__r": named[0]} if named else {})}
        return shown

    def _get(self, held: Held, data: Row, _body: Row) -> Answer:
        row = held.rows.get(data["objectDataId"]) or held.bin.get(data["objectDataId"])
        if row is None:
            raise RefusedError(GUESSED["missing"])
        return {"data": self._shown(held, row, None)}

    def _update(self, held: Held, data: Row, body: Row) -> Answer:
        change = dict(data["object_data"])
        key = change.pop("_id")
        change.pop("dataObjectApiName")
        self._free(held, key)
        if "owner" in change or set(change) - set(held.fields):
            raise RefusedError(WRONG)
        if body.get("triggerWorkFlow") is not False:
            self.workflows.append(key)
        if body.get("triggerApprovalFlow") is not False:
            self.approvals.append(key)
        if any(held.rows[key].get(name) != value for name, value in change.items()):
            self.done["update", key] += 1
        held.rows[key].update(change)
        return {}

    @staticmethod
    def _free(held: Held, key: str) -> None:
        if key not in held.rows:
            raise RefusedError(GUESSED["invalid_already" if key in held.bin else "missing"])
        if held.rows[key].get("lock_status") == "1":
            raise RefusedError(GUESSED["locked"])

    def _invalid(self, held: Held, data: Row, _body: Row) -> Answer:
        self._invalid_all(held, [data["object_data_id"]])
        return {}

    def _invalid_batch(self, held: Held, data: Row) -> Answer:
        self._invalid_all(held, data["idList"])
        return {}

    def _invalid_all(self, held: Held, keys: list[str]) -> None:
        for key in keys:
            self._free(held, key)
        for key in keys:
            held.bin[key] = {**held.take(key), "life_status": "invalid", "is_deleted": True}
            self.done["invalid", key] += 1

    def _delete(self, held: Held, data: Row, _body: Row) -> Answer:
        if any(key not in held.bin for key in data["idList"]):
            raise RefusedError(GUESSED["not_invalid"])
        for key in data["idList"]:
            del held.bin[key]
            self.done["delete", key] += 1
        return {}


def _fits(row: Row, condition: Row) -> bool:
    value, asked = row.get(condition["field_name"]), condition["field_values"]
    match condition["operator"]:
        case "EQ":
            return value is not None and str(value) == asked[0]
        case "IN":
            return str(value) in asked or (isinstance(value, list) and bool(set(value) & set(asked)))
        case "GT":
            return value is not None and str(value) > asked[0]
        case "N":
            return str(value) != asked[0]
        case "LIKE":
            return isinstance(value, str) and asked[0] in value
    raise RefusedError(WRONG, "operator")
