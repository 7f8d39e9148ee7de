"""Leaves in batches: whole, in order, over periods; and what a report makes of them."""

import datetime as dt

import pytest
import sqlalchemy as sa

from governance.flows.audits.reporting import gather_uses
from governance.ledger import reading
from governance.ledger.reading import read_leaves
from governance.ledger.waiting import WaitingFile
from governance.records.database import create_records
from policies.errors import LedgerError, TamperedError

AS_OF = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)


@pytest.fixture
def filled(ledger, draft, monkeypatch):
    """Three periods, each of more than one batch."""
    monkeypatch.setattr(reading, "BATCH", 5)
    for _ in range(2):
        ledger.append_many([draft(action="export")] * 11)
        ledger.close_period()
    ledger.append_many([draft(action="export")] * 3)
    return ledger


def test_leaves_are_all_events_in_order(filled):
    batches = list(filled.leaves())
    assert max(map(len, batches)) == 5
    assert [leaf for batch in batches for leaf in batch] == [each.leaf() for each in filled.events()]
    assert len({each.period for each in filled.events()}) == 3


def test_what_is_appended_between_two_batches_comes_too(filled, draft):
    batches = filled.leaves()
    before = len(next(batches))
    filled.append(draft(action="late"))
    assert before + sum(map(len, batches)) == len(list(filled.events()))


def test_empty_table_gives_nothing(engine):
    assert list(read_leaves(engine)) == []


def test_table_that_cannot_be_read_is_refused(tmp_path):
    engine = create_records(f"sqlite:///{tmp_path / 'gone.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE gov_ledger_event"))
    with pytest.raises(LedgerError, match="cannot be read"):
        list(read_leaves(engine))
    engine.dispose()


def test_report_over_all_periods_counts_what_the_ledger_has(filled, draft):
    made = filled.append_many(
        [draft("decision", principal="p:bob", purpose="support", action="read", outcome="allowed")] * 7
    )
    filled.append_many([draft("close", outcome="done", counts={"rows": 2}, refs={"decision": e.id}) for e in made[:4]])
    found = gather_uses(filled.leaves(), AS_OF, "UTC")
    assert found.events == len(list(filled.events()))
    sums = found.sums
    assert (sums.granted.uses.value, sums.granted.rows.value, sums.open.value) == (7, 8, 3)
    assert sums.open.evidence == tuple(each.id for each in made[4:])


def test_foreign_bytes_are_refused_without_being_repeated(filled):
    leaves = [leaf for batch in filled.leaves() for leaf in batch]
    for foreign in (b"MARKER-4711", leaves[-1].replace(b'"scan"', b'"MARKER 4711"'), b'{"id":"MARKER-4711"}'):
        with pytest.raises((TamperedError, LedgerError)) as refused:
            gather_uses([[*leaves, foreign]], AS_OF, "UTC")
        assert "MARKER" not in str(refused.value)


def test_waiting_decisions_come_back_once_and_the_rest_in_order():
    file = WaitingFile()
    file.put([("b", 2, -1, b"two"), ("a", 1, 0, b"one"), ("c", 3, -1, b"three")])
    assert file.pop("b") == (2, -1, b"two")
    assert file.pop("b") is None
    assert list(file.rest()) == [("a", 1, 0, b"one"), ("c", 3, -1, b"three")]
    file.close()
