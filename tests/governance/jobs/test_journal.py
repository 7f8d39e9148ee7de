"""The journal admits one run at a time and settles each batch once, together with its event."""

from __future__ import annotations

import pytest

from governance.jobs.journal import JobHead, enter
from governance.ledger.events import EventDraft
from policies.errors import LedgerError, StalePlanError

HEAD = JobHead("plan1", "retention", "crm.orders", "a" * 64)


def draft(kind, **counts):
    return EventDraft(kind=kind, actor="system", counts=counts)


@pytest.fixture
def journal(records, ledger, clock):
    return enter(records, ledger, HEAD, draft("decision"), clock)[0]


def test_a_job_is_entered_once_with_one_decision(records, ledger, clock, journal):
    again, ended = enter(records, ledger, HEAD, draft("decision"), clock)
    assert (again.decision, ended) == (journal.decision, False)
    assert len(list(ledger.events("decision"))) == 1


def test_another_plan_under_the_same_id_is_refused(records, ledger, clock, journal):
    with pytest.raises(StalePlanError, match="another plan"):
        enter(records, ledger, JobHead("plan1", "retention", "crm.orders", "b" * 64), draft("decision"), clock)


def test_an_open_intent_is_found_and_stops_a_second_run(journal):
    first = journal.intend(["1" * 64, "2" * 64])
    assert journal.intent() == first
    with pytest.raises(StalePlanError, match="another run"):
        journal.intend(["3" * 64])


def test_done_batches_count_and_void_ones_do_not(journal, ledger):
    journal.settle(journal.intend(["1" * 64]), None)
    journal.settle(journal.intend(["1" * 64, "2" * 64]), draft("job.batch", rows=2))
    assert journal.intent() is None
    assert journal.done() == (1, 2)
    assert len(list(ledger.events("job.batch"))) == 1


def test_a_batch_is_settled_once(journal, ledger):
    intent = journal.intend(["1" * 64])
    journal.settle(intent, draft("job.batch", rows=1))
    with pytest.raises(StalePlanError):
        journal.settle(intent, draft("job.batch", rows=1))
    assert len(list(ledger.events("job.batch"))) == 1


def test_a_job_ends_once(records, ledger, clock, journal):
    journal.finish([draft("job.done")])
    journal.finish([draft("job.done")])
    assert len(list(ledger.events("job.done"))) == 1
    assert enter(records, ledger, HEAD, draft("decision"), clock)[1]


def test_a_batch_whose_event_cannot_be_written_stays_open(journal, monkeypatch):
    intent = journal.intend(["1" * 64])

    def fail(*_):
        raise LedgerError("ledger", found="down", expected="up", next_step="wait")

    monkeypatch.setattr(type(journal.ledger), "append_in", fail)
    with pytest.raises(LedgerError):
        journal.settle(intent, draft("job.batch", rows=1))
    assert journal.intent() == intent
    assert journal.done() == (0, 0)
