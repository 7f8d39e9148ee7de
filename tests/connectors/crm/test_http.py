"""The client of CRMs: what is tried again and what is not, tokens, pace, and nothing secret in any text."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from connectors.crm.http.address import checked_address, checked_proxy
from connectors.crm.http.calls import Call, CallError, Content, path_of
from connectors.crm.http.client import Client, Host
from connectors.crm.http.pace import Clock, Pace, Quota, asked_wait
from connectors.crm.http.tokens import Token, TokenSource
from policies.errors import ConfigError, StoreError

from .scripted import Paper, Reply, Scripted, Seen, scripted

CALL = Call("GET", "/crm/people", "crm.people", repeatable=True)
WRITE = Call("POST", "/crm/people", "crm.people", body={"data": "张伟"})
MARKER = "secretMarker13800138000"


@contextmanager
def opened(script: Scripted, paper: Paper | None = None, **host: object) -> Iterator[Client]:
    clock = (paper or Paper()).clock()
    made = Host("crm", script.address, **host)  # type: ignore[arg-type] # one test sets one field
    numbers = iter(range(1, 100))
    client = Client(
        made,
        Pace("crm", (), clock),
        sign=lambda call, token: replace(call, headers={"Authorization": f"Zoho-oauthtoken {token.value}"}),
        clock=clock,
    )
    client.tokens = TokenSource("crm", lambda: Token(f"{MARKER}{next(numbers)}", 3600), clock=clock)
    try:
        yield client
    finally:
        client.close()


def test_answer_is_decoded_and_the_token_rides_in_the_header() -> None:
    with scripted(Reply(body={"名": "林雅婷"})) as script, opened(script) as client:
        assert client.call(CALL).body == {"名": "林雅婷"}
    assert script.seen[0].headers["Authorization"] == f"Zoho-oauthtoken {MARKER}1"


def test_empty_204_is_an_answer_without_body() -> None:
    with scripted(Reply(204)) as script, opened(script) as client:
        answer = client.call(CALL)
    assert (answer.status, answer.body) == (204, None)


def test_segments_cannot_leave_their_place() -> None:
    with scripted(Reply(body=1)) as script, opened(script) as client:
        client.call(replace(CALL, path=path_of("crm", "v8", "../org?x=1", "客户")))
    assert script.seen[0].path == "/crm/v8/..%2Forg%3Fx%3D1/%E5%AE%A2%E6%88%B7"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500),
        Reply(503, raw=b"<html>", headers={"Content-Type": "text/html"}),
        Reply(body={"a": "b" * 500}, cut=100),
        Reply(cut=0),
        Reply(raw=b"<html>", headers={"Content-Type": "text/html"}),
        Reply(raw=b'{"a": '),
    ],
    ids=["500", "503 as a page", "cut body", "no answer", "page in place of JSON", "broken JSON"],
)
def test_passing_fault_is_tried_again_only_where_that_is_safe(reply: Reply) -> None:
    with scripted(reply, Reply(body="fine")) as script, opened(script) as client:
        assert client.call(CALL).body == "fine"
        assert len(script.seen) == 2
    with scripted(reply, Reply(body="fine")) as script, opened(script) as client:
        with pytest.raises(CallError):
            client.call(WRITE)
        assert len(script.seen) == 1


def test_tries_are_bounded_and_wait_longer_each_time() -> None:
    paper = Paper()
    with scripted(Reply(500, {"code": "INTERNAL_ERROR"})) as script, opened(script, paper) as client:
        with pytest.raises(CallError, match=r"a fault of the vendor's server \(HTTP 500\)"):
            client.call(CALL)
        assert len(script.seen) == 5
    assert paper.waits == [0.375, 0.75, 1.5, 3.0]


def test_no_connection_is_tried_again_even_for_a_write() -> None:
    paper = Paper()
    with scripted(Reply()) as script:
        pass
    with opened(script, paper, tries=3) as client, pytest.raises(CallError, match="no connection"):
        client.call(WRITE)
    assert len(paper.waits) == 2


def test_busy_vendor_is_given_the_rest_it_asks_for_even_by_a_write() -> None:
    paper = Paper()
    busy = Reply(429, {"code": "TOO_MANY_REQUESTS"}, {"Retry-After": "7"})
    with scripted(busy, Reply(body="done")) as script, opened(script, paper) as client:
        assert client.call(WRITE).body == "done"
    assert sum(paper.waits) == pytest.approx(7)


def test_rest_until_a_date_counts_from_the_date_of_the_answer() -> None:
    headers = {"retry-after": "Sun, 06 Nov 1994 08:49:47 GMT", "date": "Sun, 06 Nov 1994 08:49:37 GMT"}
    assert asked_wait(headers) == 10.0
    assert asked_wait({**headers, "date": "Sun, 06 Nov 1994 09:49:37 GMT"}) == 0.0


def test_too_long_a_rest_is_an_error_and_not_a_wait() -> None:
    paper = Paper()
    asked = pytest.raises(CallError, match="86400 seconds of rest")
    with scripted(Reply(429, headers={"Retry-After": "86400"})) as script, opened(script, paper) as client, asked:
        client.call(CALL)
    assert paper.waits == []


@pytest.mark.parametrize("asked", ["", "soon", "-5", "1e9", "Sun, 99 Nov 1994"])
def test_unreadable_rest_is_none(asked: str) -> None:
    assert asked_wait({"retry-after": asked, "date": "Sun, 06 Nov 1994 08:49:37 GMT"}) is None


def test_refused_token_is_replaced_once() -> None:
    with scripted(Reply(401), Reply(body="done")) as script, opened(script) as client:
        assert client.call(WRITE).body == "done"
    assert [seen.headers["Authorization"][-1] for seen in script.seen] == ["1", "2"]
    with scripted(Reply(401)) as script, opened(script) as client:
        with pytest.raises(CallError, match="refuses the token"):
            client.call(CALL)
        assert len(script.seen) == 2


def test_token_is_renewed_before_it_expires() -> None:
    paper = Paper()
    numbers = iter(range(10))
    source = TokenSource("crm", lambda: Token(str(next(numbers)), 3600), clock=paper.clock())
    assert source.current().value == "0"
    paper.now += 3539
    assert source.current().value == "0"
    paper.now += 1
    assert source.current().value == "1"


def test_many_threads_share_one_refresh() -> None:
    fetched, gate = [], threading.Event()

    def fetch() -> Token:
        fetched.append(1)
        gate.wait(5)
        return Token("t", 3600)

    source = TokenSource("crm", fetch)
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(source.current) for _ in range(8)]
        gate.set()
        tokens = {id(each.result(5)) for each in waiting}
        token = waiting[0].result()
        list(pool.map(lambda _: source.refused(token), range(8)))
        list(pool.map(lambda _: source.current(), range(8)))
    assert (len(tokens), len(fetched)) == (1, 2)


def test_late_refusal_of_an_old_token_keeps_the_new_one() -> None:
    numbers = iter(range(10))
    source = TokenSource("crm", lambda: Token(str(next(numbers)), 3600))
    old = source.current()
    source.refused(old)
    assert source.current().value == "1"
    source.refused(old)
    assert source.current().value == "1"


def test_refreshes_are_capped() -> None:
    paper = Paper()
    source = TokenSource("crm", lambda: Token("t", 3600), most=Quota(10, 600), clock=paper.clock())
    for _ in range(10):
        source.refused(source.current())
    with pytest.raises(CallError, match="10 tokens within 600 seconds"):
        source.current()
    paper.now += 601
    assert source.current().value == "t"


def test_quota_spreads_calls_over_its_span() -> None:
    paper = Paper()
    pace = Pace("crm", (Quota(100, 20),), paper.clock())
    for _ in range(250):
        pace.spend()
    assert paper.now - 1000 == pytest.approx(40)
    assert pace.spent == 250


def test_used_up_credits_are_an_error_once_the_wait_is_long() -> None:
    paper = Paper()
    pace = Pace("crm", (Quota(10, 86_400),), paper.clock())
    pace.spend(8)
    with pytest.raises(CallError, match="used up"):
        pace.spend(3)


def test_pace_holds_for_all_threads() -> None:
    pace = Pace("crm", (Quota(20, 0.3),), Clock())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: pace.spend(), range(60)))
    assert pace.spent == 60


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_not_followed(status: int) -> None:
    with ExitStack() as stack:
        other = stack.enter_context(scripted(Reply(body="other")))
        script = stack.enter_context(scripted(Reply(status, headers={"Location": f"{other.address}/x"})))
        client = stack.enter_context(opened(script))
        with pytest.raises(CallError, match="redirect"):
            client.call(CALL)
        assert other.seen == []


def test_answer_beyond_the_bound_is_refused() -> None:
    with scripted(Reply(body="x" * 5000)) as script, opened(script, most_bytes=4000) as client:
        with pytest.raises(CallError, match="more than 4000 bytes"):
            client.call(CALL)
        assert len(script.seen) == 1


def test_slow_answer_runs_into_the_time_out() -> None:
    gate = threading.Event()
    with scripted(Reply(wait=gate)) as script, opened(script, timeout_seconds=0.2, tries=2) as client:
        with pytest.raises(CallError, match="within the time-out"):
            client.call(CALL)
        gate.set()
        assert len(script.seen) == 2


def test_file_is_given_as_it_is() -> None:
    with (
        scripted(Reply(raw=b"PK\x03", headers={"Content-Type": "application/zip"})) as script,
        opened(script) as client,
    ):
        assert client.call(replace(CALL, content=Content.BYTES)).body == b"PK\x03"


def test_environment_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with scripted(Reply(body="fine")) as script, opened(script) as client:
        assert client.call(CALL).body == "fine"


@pytest.mark.parametrize(
    "address",
    ["https://h.example", "https://h.example:8443/", "http://127.0.0.1:5", "http://[::1]:5", "http://127.8.9.1"],
)
def test_usable_address(address: str) -> None:
    assert checked_address("stores.crm.address", address) == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "http://h.example",
        "http://localhost:5",
        "http://127.0.0.1.h.example",
        "http://10.0.0.1",
        "ftp://h.example",
        f"https://user:{MARKER}@h.example",
        "https://h.example/path",
        "https://h.example?x=1",
        "https://",
        "https://h:port",
        "",
    ],
)
def test_refused_address_is_not_shown(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked_address("stores.crm.address", address)
    assert MARKER not in str(caught.value)


def test_proxy_stands_before_tls_alone() -> None:
    proxy = f"http://u:{MARKER}@proxy.example:3128"
    assert checked_proxy("p", proxy, "https://h.example") == proxy
    assert checked_proxy("p", "", "http://127.0.0.1:5") is None
    for wrong, address in ((proxy, "http://127.0.0.1:5"), (f"socks5://{MARKER}", "https://h.example")):
        with pytest.raises(ConfigError) as caught:
            checked_proxy("p", wrong, address)
        assert MARKER not in str(caught.value)


def _echo(status: int) -> Callable[[Seen], Reply]:
    return lambda seen: Reply(status, {"code": f"{MARKER}!", "message": MARKER, "path": seen.path})


@pytest.mark.parametrize("reply", [Reply(cut=0), _echo(400), _echo(500), _echo(401), _echo(429), Reply(raw=b"{" * 9)])
def test_nothing_secret_in_error_log_or_repr(
    reply: Reply | Callable[[Seen], Reply], caplog: pytest.LogCaptureFixture
) -> None:
    call = replace(CALL, params={"email": MARKER}, path=path_of("crm", MARKER), headers={"X-A": MARKER})
    caplog.set_level(logging.DEBUG)
    with scripted(reply) as script, opened(script, proxy="") as client:
        with pytest.raises(StoreError) as caught:
            client.call(call)
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(caught.value.args)
        shown += repr(client) + repr(client.tokens) + repr(client.tokens and client.tokens.current()) + repr(call)
        shown += repr(client.host)
    assert caught.value.__context__ is None
    assert MARKER not in shown
    assert MARKER not in caplog.text
    assert not [record for record in caplog.records if record.name.startswith(("httpx", "httpcore"))]


def test_own_use_of_the_library_keeps_its_logs(caplog: pytest.LogCaptureFixture) -> None:
    import httpx

    caplog.set_level(logging.INFO)
    with scripted(Reply(body=1)) as script, opened(script) as client:
        client.call(CALL)
        assert caplog.records == []
        httpx.get(f"{script.address}/own", trust_env=False)
    assert [record.name for record in caplog.records] == ["httpx"]


def test_token_that_no_header_can_carry_is_refused_without_showing_it() -> None:
    with scripted(Reply(body=1)) as script, opened(script) as client:
        for bad in (f"{MARKER}\r\nX: 1", f"{MARKER}张"):
            client.tokens = TokenSource("crm", lambda bad=bad: Token(bad, 3600))
            with pytest.raises(CallError, match="cannot carry") as caught:
                client.call(CALL)
            assert MARKER not in "".join(traceback.format_exception(caught.value))
    assert script.seen == []
