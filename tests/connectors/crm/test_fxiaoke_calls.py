"""Calls to 纷享销客: tokens, traces, pace, answers that cannot be used, settings."""

from __future__ import annotations

import pytest

from connectors.base import FULL
from connectors.crm.fxiaoke.opening import open_store
from connectors.crm.http.calls import CallError
from policies.errors import ConfigError, StoreError

from .fxiaoke_account import Account, Asked
from .fxiaoke_fake import Fault, id_of, running, seed, settings
from .scripted import Paper

QUERY = "/cgi/crm/v2/data/query"


@pytest.mark.parametrize("legacy", [False, True])
def test_expired_token_is_fetched_again_once(*, legacy: bool) -> None:
    made = seed(5)
    with running(made) as address:
        store = open_store("crm", settings(made, address, legacy=legacy))
        store.datasets()
        made.expire()
        assert len(list(store.records("ContactObj", [id_of(1)], ["_id"]))) == 1
        tokens = [path for path in made.calls if "oken" in path]
        assert len(tokens) == 2
        store.close()


def test_token_is_kept_6600_seconds_and_then_renewed() -> None:
    paper = Paper()
    made = seed(5, account=Account(lambda: paper.now))
    with running(made) as address:
        store = open_store("crm", settings(made, address), paper.clock())
        for seconds in (0, 6_599, 2):
            paper.now += seconds
            list(store.records("ContactObj", [id_of(1)], ["_id"]))
        store.close()
    assert made.calls.count("/oauth2.0/token") == 2


def test_wrong_secret_is_an_error_without_it() -> None:
    made = seed(5)
    with running(made) as address:
        known = settings(made, address)
        wrong = {**known.credentials, "secret": "planted-secret-5f1c"}
        store = open_store("crm", settings(made, address, credentials=wrong))
        with pytest.raises(CallError, match="10006") as caught:
            store.datasets()
        assert "planted" not in f"{caught.value} {caught.value!r} {store!r}"
        store.close()


def test_every_try_has_a_trace_id_of_its_own() -> None:
    made = seed(5)
    faults = {1: Fault("before"), 2: Fault("half"), 4: Fault("after")}
    paper = Paper()
    with running(made, lambda number, _: faults.get(number)) as address:
        store = open_store("crm", settings(made, address), paper.clock())
        assert len(store.datasets()) == 3
        store.close()
    traces = [each.trace for each in made.asked]
    assert len(traces) == len(set(traces))


def test_refusal_for_too_many_calls_is_waited_out() -> None:
    paper = Paper()
    made = seed(300, account=Account(lambda: paper.now))
    made.rate = (3, 20)
    with running(made) as address:
        store = open_store("crm", settings(made, address), paper.clock())
        with store.read("ContactObj", ["_id"], FULL) as reading:
            assert sum(batch.num_rows for batch in reading) == 300
        store.close()
    assert sum(paper.waits) >= 40


def test_default_pace_is_100_calls_in_20_seconds() -> None:
    paper = Paper()
    made = seed(2, account=Account(lambda: paper.now))
    made.rate = (100, 20)
    with running(made) as address:
        store = open_store("crm", settings(made, address, calls=None), paper.clock())
        for _ in range(250):
            list(store.records("ContactObj", [id_of(1)], ["_id"]))
        store.close()
    assert 40 <= sum(paper.waits) <= 61


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault("tell", body=b"<html>13800138000</html>", content="text/html"), "no JSON"),
        (Fault("tell", body=b'{"data": 13800138000', content="application/json"), "broken JSON"),
        (Fault("tell", body=b'{"data": {"dataList": 13800138000}}'), "refuses the call"),
        (Fault("tell", body=b'{"errorCode": 0, "data": {"dataList": [13800138000]}}'), "unknown form"),
        (Fault("tell", body=b'{"errorCode": 30002, "errorMessage": "13800138000"}'), "30002"),
        (Fault("tell", status=302, body=b"", content="text/html"), "redirect"),
    ],
)
def test_answers_that_cannot_be_used_are_errors_without_their_text(fault: Fault, message: str) -> None:
    made = seed(3)

    def faults(_number: int, asked: Asked) -> Fault | None:
        return fault if asked.path == QUERY else None

    with running(made, faults) as address:
        store = open_store("crm", settings(made, address), Paper().clock())
        with pytest.raises(StoreError, match=message) as caught, store.read("ContactObj", ["name"], FULL) as reading:
            list(reading)
        assert "13800138000" not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
        store.close()


def test_slow_answer_is_asked_for_again_and_then_an_error() -> None:
    made = seed(3)
    slow = iter([Fault("slow", 0.4)])
    with running(made, lambda _number, asked: next(slow, None) if asked.path == QUERY else None) as address:
        store = open_store("crm", settings(made, address, timeout_seconds=0.2))
        assert len(list(store.records("ContactObj", [id_of(1)], ["_id"]))) == 1
        store.close()


def test_missing_secrets_and_wrong_clouds_are_refused() -> None:
    made = Account()
    known = settings(made, "")
    with pytest.raises(ConfigError, match="permanentCode"):
        open_store("crm", settings(made, "", credentials={**known.credentials, "token": ""}))
    with pytest.raises(ConfigError, match="not known"):
        open_store("crm", settings(made, "", data_center="mars"))
    with pytest.raises(ConfigError, match="in the clear"):
        open_store("crm", settings(made, "http://open.fxiaoke.com"))
    open_store("crm", settings(made, "", data_center="hwcloud")).close()


def test_self_check_names_a_wrong_token_by_its_code() -> None:
    made = seed(3)
    with running(made) as address:
        store = open_store(
            "crm", settings(made, address, credentials={"client": "a", "secret": "b", "token": "c", "user": "1"})
        )
        [line] = store.check()
        assert (line.code, line.fine, line.found) == ("crm.check.token", False, "HTTP 200 10006")
        store.close()
