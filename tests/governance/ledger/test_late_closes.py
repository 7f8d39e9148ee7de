"""The end of a use shares a commit, is seen by whoever reads the ledger, and outlives a fault."""

from __future__ import annotations

import threading

import pytest

from governance.ledger import late_closes, log
from policies.errors import LedgerError


def _kinds(ledger):
    return [event.kind for event in ledger.events(("decision", "close"))]


def test_ends_are_recorded_with_the_next_event_once_there_are_enough(ledger, make, draft, monkeypatch):
    monkeypatch.setattr(late_closes, "LATE_SECONDS", 60)
    use = draft("decision", principal="p:bob", purpose="support", action="read")
    first = []
    for rows in range(late_closes.LATE_ENDS):
        first.append(ledger.decide(use))
        ledger.close_soon(first[-1], "done", {"rows": rows})
    other = make()
    assert _kinds(other) == ["decision"] * late_closes.LATE_ENDS
    last = ledger.decide(draft("decision"))
    found = list(other.events(("decision", "close")))
    assert found[late_closes.LATE_ENDS :][-1].id == last.id
    ends = found[late_closes.LATE_ENDS : -1]
    assert [(end.closes, end.principal, end.counts["rows"]) for end in ends] == [
        (decision.id, "p:bob", rows) for rows, decision in enumerate(first)
    ]
    assert [event.seq for event in found[-2:]] == [ends[-1].seq, ends[-1].seq + 1]
    ledger.finish()


def test_reader_of_the_ledger_sees_it(ledger, draft):
    ledger.close_soon(ledger.decide(draft("decision")), "done", {"rows": 1})
    assert list(ledger.open_decisions()) == []
    ledger.close_soon(ledger.decide(draft("decision")), "done", {"rows": 1})
    ledger.finish()
    assert _kinds(ledger) == ["decision", "close"] * 2
    assert ledger.verify().status == "self_consistent"


def test_it_is_recorded_in_time_without_anybody(ledger, make, draft, monkeypatch):
    monkeypatch.setattr(late_closes, "LATE_SECONDS", 0.01)
    ledger.close_soon(ledger.decide(draft("decision")), "done", {"rows": 1})
    other = make()
    for _ in range(1_000):
        if "close" in _kinds(other):
            break
        threading.Event().wait(0.01)
    assert _kinds(other) == ["decision", "close"]
    ledger.finish()


def test_end_that_cannot_be_recorded_waits_for_the_next_event(ledger, draft, monkeypatch):
    decision = ledger.decide(draft("decision"))
    write = ledger._group._write
    monkeypatch.setattr(
        ledger._group, "_write", lambda _: [LedgerError("ledger", found="x", expected="y", next_step="z")]
    )
    ledger.close_soon(decision, "done", {"rows": 1})
    monkeypatch.setattr(log, "LATE_ENDS", 1)
    for act in (lambda: ledger.append(draft()), ledger.finish):
        with pytest.raises(LedgerError):
            act()
    monkeypatch.setattr(ledger._group, "_write", write)
    ledger.append(draft())
    assert _kinds(ledger) == ["decision", "close"]
    ledger.finish()


def test_reader_waits_for_ends_that_another_thread_is_recording(ledger, draft, monkeypatch):
    decision = ledger.decide(draft("decision"))
    begun, go = threading.Event(), threading.Event()
    write = ledger._group._write

    def slowly(take):
        begun.set()
        go.wait(10)
        return write(take)

    monkeypatch.setattr(ledger._group, "_write", slowly)
    ledger.close_soon(decision, "done", {"rows": 1})
    assert begun.wait(10)  # the timer's thread has taken it
    seen = []
    reader = threading.Thread(target=lambda: seen.extend(_kinds(ledger)), daemon=True)
    reader.start()
    reader.join(0.2)
    assert reader.is_alive()
    go.set()
    reader.join(10)
    assert seen == ["decision", "close"]
    ledger.finish()


def test_many_readers_and_writers_never_wait_for_one_another_for_ever(ledger, draft):
    def use(number):
        for _ in range(10):
            ledger.close_soon(ledger.decide(draft("decision")), "done", {"rows": number})
            if number % 2:
                ledger.settle()

    threads = [threading.Thread(target=use, args=(number,), daemon=True) for number in range(12)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert not any(each.is_alive() for each in threads)
    assert list(ledger.open_decisions()) == []
    assert len(_kinds(ledger)) == 240
    ledger.finish()


def test_ends_are_let_go_of_where_it_is_not_known_whether_they_were_recorded(ledger, draft, monkeypatch):
    monkeypatch.setattr(late_closes, "LATE_SECONDS", 60)
    ledger.close_soon(ledger.decide(draft("decision")), "done", {"rows": 1})

    def stopped(_):
        raise KeyboardInterrupt

    write = ledger._group._write
    monkeypatch.setattr(ledger._group, "_write", stopped)
    with pytest.raises(KeyboardInterrupt):
        ledger.settle()
    monkeypatch.setattr(ledger._group, "_write", write)
    ledger.append(draft())
    assert _kinds(ledger) == ["decision"]
    assert [event.kind for event in ledger.open_decisions()] == ["decision"]
    ledger.finish()
