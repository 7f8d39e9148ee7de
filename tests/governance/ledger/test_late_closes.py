"""The end of a use shares the next commit, is seen by whoever reads the ledger, and outlives a fault."""

from __future__ import annotations

import threading

import pytest

from governance.ledger import late_closes
from policies.errors import LedgerError


def _kinds(ledger):
    return [event.kind for event in ledger.events(("decision", "close"))]


def test_end_is_recorded_with_the_next_event(ledger, draft):
    first = ledger.decide(draft("decision", principal="p:bob", purpose="support", action="read"))
    ledger.close_soon(first, "done", {"rows": 7})
    second = ledger.decide(draft("decision"))
    found = list(ledger.events(("decision", "close")))
    assert [event.id for event in found][::2] == [first.id, second.id]
    assert (found[1].closes, found[1].principal, found[1].counts["rows"]) == (first.id, "p:bob", 7)
    assert found[1].seq == second.seq - 1
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
    for act in (lambda: ledger.append(draft()), ledger.finish):
        with pytest.raises(LedgerError):
            act()
    monkeypatch.setattr(ledger._group, "_write", write)
    ledger.append(draft())
    assert _kinds(ledger) == ["decision", "close"]
    ledger.finish()
