"""Many callers, one commit: everybody's events, each all or none, and nobody waits for ever."""

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.ledger.events import EventDraft
from governance.ledger.group_commit import GroupCommit, _Unit
from policies.errors import LedgerError

DRAFT = EventDraft(kind="decision", actor="system", action="read", outcome="allowed")


def run(work, count):
    """What `count` threads got from `work(number)`, in their order; fails when one does not end."""
    got = [None] * count

    def call(number):
        try:
            got[number] = work(number)
        except LedgerError as error:
            got[number] = error

    threads = [threading.Thread(target=call, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    return got


class Writer:
    """Stands for the database; counts commits and can be held up."""

    def __init__(self):
        self.commits, self.gate = [], threading.Event()
        self.gate.set()

    def __call__(self, take):
        self.gate.wait(10)
        units = take()
        self.commits.append(len(units))
        return [list(unit) for unit in units]


def test_callers_that_come_while_one_writes_share_the_next_commit():
    writer = Writer()
    group = GroupCommit(writer)
    writer.gate.clear()
    started = threading.Barrier(21)

    def work(number):
        started.wait(10)
        return group.submit([number])

    threading.Thread(target=lambda: (started.wait(10), threading.Timer(0.3, writer.gate.set).start())).start()
    assert run(work, 20) == [[number] for number in range(20)]
    assert len(writer.commits) <= 2
    assert sum(writer.commits) == 20


@settings(deadline=None, max_examples=20)
@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_a_writer_that_breaks_wakes_everybody_and_the_next_caller_writes(breaks):
    outcomes = iter(breaks)

    def write(take):
        if next(outcomes, False):
            raise LedgerError("ledger", found="a broken disk", expected="a disk", next_step="none")
        return [list(unit) for unit in take()]

    group = GroupCommit(write)
    got = run(lambda number: group.submit([number]), 24)
    assert all(each == [number] or isinstance(each, LedgerError) for number, each in enumerate(got))
    for _ in breaks:
        run(lambda _: group.submit([0]), 1)
    assert group.submit([7]) == [7]


class Interrupted:
    """The lock of a caller who presses Ctrl-C: while he sleeps, or in the moment when he has been woken."""

    def __init__(self, lock, *, woken):
        self.lock, self.woken, self.release = lock, woken, lock.release

    def acquire(self):
        if self.woken:
            self.lock.acquire()
        raise KeyboardInterrupt


@pytest.mark.parametrize("woken", [False, True])
@pytest.mark.parametrize("others", [0, 3])
def test_a_caller_who_is_interrupted_leaves_the_lead_to_others(monkeypatch, woken, others):
    gate, writing, gone, recorded = threading.Event(), threading.Event(), threading.Event(), []

    def write(take):
        units = take()
        writing.set()
        gate.wait(10)
        recorded.extend(unit[0] for unit in units)
        return [list(unit) for unit in units]

    def waiting(count):
        for _ in range(5_000):
            if len(group._queue) == count:
                return
            time.sleep(0.001)
        pytest.fail("they do not wait")

    group, sleep = GroupCommit(write), _Unit.sleep
    monkeypatch.setattr(
        _Unit, "sleep", lambda unit: Interrupted(sleep(unit), woken=woken) if unit.entries == [1] else sleep(unit)
    )

    def work(number):
        if number == 1:
            writing.wait(10)
        elif number:
            waiting(number - 1 if woken else number - 2)
        try:
            return group.submit([number])
        except KeyboardInterrupt:
            return "interrupted"
        finally:
            if number == 1 and not woken:
                gone.set()

    def open_the_gate():
        if not woken:
            gone.wait(10)
        waiting(others + woken)
        gate.set()

    threading.Thread(target=open_the_gate, daemon=True).start()
    got = run(work, others + 2)
    assert got == [[0], "interrupted", *([number] for number in range(2, others + 2))]
    assert sorted(recorded) == [0, *range(2, others + 2)]
    assert run(lambda _: group.submit([9]), 1) == [[9]]


def test_concurrent_appends_are_all_there_each_once_in_fewer_commits(ledger):
    before = len(list(ledger.events()))
    got = run(lambda _: [ledger.append(DRAFT).id for _ in range(20)], 16)
    ids = [each for events in got for each in events]
    assert len(set(ids)) == 320
    assert {event.id for event in ledger.events()} >= set(ids)
    assert len(list(ledger.events())) - before >= 320
    assert ledger.verify().status == "self_consistent"


def test_a_wrong_unit_fails_alone(ledger):
    decision = ledger.decide(DRAFT)
    ledger.close(decision.id, "done", {"rows": 1})
    again = EventDraft(kind="close", actor="system", refs={"decision": decision.id})
    got = run(lambda number: ledger.append(again if number == 3 else DRAFT), 12)
    assert [number for number, each in enumerate(got) if isinstance(each, LedgerError)] == [3]
    assert ledger.verify().status == "self_consistent"


def test_several_drafts_of_one_caller_are_all_or_none(ledger):
    decision = ledger.decide(DRAFT)
    ledger.close(decision.id, "done", {"rows": 1})
    size = ledger.verify().size
    again = EventDraft(kind="close", actor="system", refs={"decision": decision.id})
    with pytest.raises(LedgerError):
        ledger.append_many([DRAFT, again])
    assert ledger.verify().size == size
