"""`contract_from_docs`: the stand-in and the connector against one example of each call, with source and grade."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.crm.fxiaoke.opening import open_store
from connectors.crm.fxiaoke.store import FxiaokeStore

from .fxiaoke_account import Account, Asked, made_field
from .fxiaoke_fake import Fault, id_of, running, settings

CALLS: dict[str, dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("fxiaoke_contract.yaml").read_text(encoding="utf-8")
)["calls"]
KEY = id_of(1)
CUSTOM = "object_d4fIq__c"


def _account() -> Account:
    account = Account()
    account.employees["1000"] = {"id": "1000", "name": "虚构员工"}
    for name in ("AccountObj", CUSTOM):
        held = account.hold(
            name, name, made_field("name"), made_field("owner", "employee"), made_field("created_by", "employee")
        )
        held.add({"_id": KEY, "name": "旧名", "owner": ["1000"], "created_by": ["1000"], "life_status": "normal"})
    return account


def _object(call: Mapping[str, Any]) -> str:
    return str(call.get("object", "AccountObj"))


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, words) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, words) for each in value]
    return words.get(value, value) if isinstance(value, str) else value


def _members(value: Any, free: tuple[str, ...] = (), path: str = "") -> Iterator[str]:
    """The paths of all members; what is below a free one does not count."""
    if path in free:
        return
    if isinstance(value, dict):
        for key, each in value.items():
            below = f"{path}.{key}".lstrip(".")
            yield below
            yield from _members(each, free, below)
    elif isinstance(value, list):
        for each in value[:1]:
            yield from _members(each, free, f"{path}[]")


def _signed(account: Account, call: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Headers, and the words of the example."""
    body = {"appId": account.app, "appSecret": account.secret, "permanentCode": account.code, "grantType": "app_secret"}
    token = account.answer(Asked("/oauth2.0/token", str(uuid.uuid4()), {}, body))["accessToken"]
    legacy = bool(call.get("legacy"))
    user = account.legacy_user if legacy else account.user
    words = {
        "$app": account.app,
        "$secret": account.secret,
        "$code": account.code,
        "$token": token,
        "$corp": account.corp,
        "$user": user,
        "$id": KEY,
        "$object": _object(call),
    }
    headers = {} if legacy else {"authorization": f"Bearer {token}", "x-fs-ea": account.ea, "x-fs-userid": user}
    return headers, words


def _prepare(account: Account, call: Mapping[str, Any]) -> None:
    held = account.objects[_object(call)]
    match call.get("prepare"):
        case "invalid":
            held.bin[KEY] = held.take(KEY)
        case "delete":
            held.take(KEY)
        case "expire":
            account.expire()
        case "rate":
            account.rate = (0, 20)


@pytest.mark.parametrize("name", CALLS)
def test_contract_from_docs_has_source_date_and_grade(name: str) -> None:
    call = CALLS[name]
    assert call["grade"] in {"vendor", "package", "guess"}
    assert call["source"]
    assert call["date"].year == 2026


@pytest.mark.parametrize("name", CALLS)
def test_contract_from_docs_stand_in_answers_in_the_documented_form(name: str) -> None:
    call = CALLS[name]
    account = _account()
    headers, words = _signed(account, call)
    _prepare(account, call)
    body = _filled(call["request"]["body"], words)
    answer = account.answer(Asked(call["path"], str(uuid.uuid4()), headers, body))
    assert answer["errorCode"] == call["answer"]["errorCode"]
    documented = set(_members(call["answer"], tuple(call.get("free_answer", ()))))
    given = set(_members(answer, tuple(call.get("free_answer", ()))))
    assert documented - {"errorDescription"} <= given
    for member in ("data.describe.fields", "data.dataList"):
        if member in call.get("free_answer", ()):
            known = call["answer"]["data"][member.split(".")[1]]
            assert type(known) is type(answer["data"][member.split(".")[1]])


def _token(store: FxiaokeStore, _name: str) -> Any:
    token = store._api.tokens.current()
    return {"value": token.value, "seconds": token.seconds, "corp": token.extra["corp"]}


def _receipt(receipts: Mapping[str, Any]) -> str:
    return str(receipts[KEY].value)


DOES: dict[str, Callable[[FxiaokeStore, str], Any]] = {
    "token": _token,
    "datasets": lambda store, _: [each.name for each in store.datasets()],
    "fields": lambda store, _: {each.name: each.type for each in store.datasets()[0].fields},
    "references": lambda store, _: {each.fields[0]: each.dataset for each in store.datasets()[0].foreign_keys},
    "pages": lambda store, name: next(store.pages(name, ["_id", "name"], after="0000")).rows.column("_id").to_pylist(),
    "employees": lambda store, name: next(
        store.pages(name, ["owner__r.email", "owner__r.phone", "created_by__r.name"])
    ).rows.to_pylist()[0],
    "gone": lambda store, name: store.gone(name, ["01"])["01"],
    "update": lambda store, name: _receipt(store.update(name, {KEY: {"name": "新名"}})),
    "erase": lambda store, name: _receipt(store.erase(name, [KEY])),
}


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if "does" in call])
def test_contract_from_docs_connector_asks_and_reads_as_documented(name: str) -> None:
    call = CALLS[name]
    account = _account()
    _prepare(account, call)
    sent: list[Asked] = []

    def documented(_number: int, asked: Asked) -> Fault | None:
        if asked.path != call["path"] or sent:
            return None
        sent.append(asked)
        return Fault("tell", body=json.dumps(call["answer"]).encode())

    with running(account, documented) as address:
        legacy = bool(call.get("legacy"))
        known = settings(account, address, legacy=legacy, writable=True, datasets=(_object(call),))
        store = open_store("crm", known)
        result = DOES[call["does"]](store, _object(call))
        store.close()
    if "gives" in call:
        assert result == call["gives"]
    members = set(_members(sent[0].body))
    allowed = set(_members(call["request"]["body"]))
    assert members <= allowed
    assert allowed - set(call.get("optional", ())) <= members
    assert set(call.get("headers", ())) <= set(sent[0].headers)
    assert uuid.UUID(sent[0].trace).version == 4
