import base64
import dataclasses
import datetime as dt
import json
import threading

import pytest
import rfc8785
import sqlalchemy as sa
from structlog.testing import capture_logs

from governance.ledger.checkpoint import read_checkpoint
from governance.ledger.events import EventObject
from governance.ledger.tables import CHECKPOINTS, EVENTS
from governance.records.transactions import writing
from policies.errors import LedgerError


def test_first_append_opens_the_ledger_and_gives_the_event_its_place(ledger, draft):
    event = ledger.append(draft("scan", counts={"rows": 3}))
    opened, scan = ledger.events()
    assert (opened.kind, opened.seq, opened.actor) == ("ledger.opened", 0, "system")
    assert scan == event
    assert (event.period, event.seq, event.time) == (1, 1, "2026-11-22T08:00:00.003000Z")


def test_leaf_is_stored_as_the_rfc_8785_bytes_of_the_event(ledger, engine, draft):
    event = ledger.append(draft("scan", objects=(EventObject("crm.客户.email", "mask:email"),)))
    with engine.connect() as connection:
        leaf = bytes(connection.execute(sa.select(EVENTS.c.leaf).where(EVENTS.c.seq == 1)).scalar_one())
    assert leaf == event.leaf()
    assert leaf.startswith(b'{"action":null,"actor":"p:alice","counts":{}')
    assert rfc8785.dumps(json.loads(leaf)) == leaf


def test_append_many_is_all_or_nothing(ledger, make, draft):
    ledger.append(draft())
    broken = make("y")
    ids = iter(["a1", "a2", "a1"])
    broken._appender = dataclasses.replace(broken._appender, new_id=lambda: next(ids))
    with pytest.raises(LedgerError):
        broken.append_many([draft(), draft(), draft()])
    assert [event.seq for event in ledger.events()] == [0, 1]
    assert ledger.verify().status == "self_consistent"


def test_events_are_filtered_by_kind_time_principal_and_id(ledger, clock, draft):
    ledger.append(draft("scan", principal="p:bob"))
    noon = clock.now + dt.timedelta(hours=4)
    clock.turn(4 * 3600)
    late = ledger.append(draft("check", principal="p:ann"))
    assert [e.kind for e in ledger.events("scan")] == ["scan"]
    assert [e.kind for e in ledger.events(("scan", "check"))] == ["scan", "check"]
    assert list(ledger.events(since=noon)) == [late]
    assert [e.kind for e in ledger.events(until=noon)] == ["ledger.opened", "scan"]
    assert list(ledger.events(principal="p:ann")) == [late]
    assert list(ledger.events(ids=(late.id,))) == [late]
    assert list(ledger.events(ids=())) == []


def test_events_stream_across_pages(ledger, draft):
    ledger.append_many([draft(counts={"n": n}) for n in range(2500)])
    assert [event.seq for event in ledger.events()] == list(range(2501))
    assert next(ledger.events("scan")).counts["n"] == 0


def test_decision_is_open_until_it_is_closed(ledger, draft):
    first = ledger.decide(draft("decision", principal="p:bob", purpose="support", action="read"))
    second = ledger.decide(draft("decision"))
    closed = ledger.close(first.id, "done", {"rows": 7})
    assert (closed.closes, closed.principal, closed.purpose, closed.counts["rows"]) == (first.id, "p:bob", "support", 7)
    assert [event.id for event in ledger.open_decisions()] == [second.id]


def test_a_decision_is_not_closed_twice(ledger, draft):
    decision = ledger.decide(draft("decision"))
    ledger.close(decision.id, "done", {})
    with pytest.raises(LedgerError):
        ledger.close(decision.id, "failed", {})


def test_only_decisions_are_closed_and_decided(ledger, draft):
    event = ledger.append(draft("scan"))
    with pytest.raises(LedgerError):
        ledger.close(event.id, "done", {})
    with pytest.raises(LedgerError):
        ledger.close("nobody", "done", {})
    with pytest.raises(LedgerError):
        ledger.decide(draft("scan"))


def test_a_ledger_that_cannot_be_written_raises(ledger, engine, draft):
    ledger.append(draft())
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE gov_ledger_event RENAME TO gone"))
    with capture_logs() as logs, pytest.raises(LedgerError) as caught:
        ledger.append(draft())
    assert "nothing was released" in str(caught.value)
    assert logs == []
    assert caught.value.__cause__ is None


def test_an_edited_state_row_refuses_further_appends(ledger, engine, draft):
    ledger.append_many([draft(), draft()])
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE gov_ledger_period SET size = 2"))
    with pytest.raises(LedgerError):
        ledger.append(draft())


def test_an_emptied_state_table_does_not_start_a_second_log(ledger, engine, draft):
    ledger.append(draft())
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM gov_ledger_period"))
    with pytest.raises(LedgerError):
        ledger.append(draft())
    assert ledger.verify().status == "tampered"


def test_checkpoints_come_by_count_and_by_time(ledger, engine, clock, draft):
    def sizes():
        with engine.connect() as connection:
            return list(connection.scalars(sa.select(CHECKPOINTS.c.size).order_by(CHECKPOINTS.c.size)))

    ledger.append(draft())
    assert sizes() == []
    ledger.append_many([draft() for _ in range(2100)])
    assert sizes() == [1002, 2002]
    clock.turn(61)
    ledger.append(draft())
    assert sizes() == [1002, 2002, 2103]


def test_a_link_to_a_checkpoint_file_stays_one(make, draft, tmp_path):
    kept, link = tmp_path / "mounted", tmp_path / "link"
    kept.write_text("", encoding="utf-8")
    link.symlink_to(kept)
    with make(checkpoint_files=[link]) as ledger:
        ledger.append(draft())
    assert link.is_symlink()
    assert "governance.ledger/" in kept.read_text(encoding="utf-8")


def test_a_clock_that_was_set_back_puts_off_no_checkpoint(ledger, engine, clock, draft):
    clock.turn(10 * 365 * 86400)
    ledger.append(draft())
    ledger.checkpoint()
    clock.turn(-10 * 365 * 86400)
    ledger.append(draft())
    clock.turn(30)
    ledger.append(draft())
    with engine.connect() as connection:
        assert list(connection.scalars(sa.select(CHECKPOINTS.c.size).order_by(CHECKPOINTS.c.size))) == [2, 3]


@pytest.mark.parametrize("place", ["9" * 5000, "²", "-1", ""])
def test_a_checkpoint_file_with_a_number_that_is_none_stops_no_event(make, draft, tmp_path, place):
    path = tmp_path / "kept"
    ledger = make(checkpoint_files=[path])
    origin, _, *rest = ledger.checkpoint().split("\n")
    path.write_text("\n".join([origin, place, *rest]), encoding="utf-8")
    ledger.append(draft())
    assert [each.state for each in ledger.checkpoint_places()] == ["foreign"]
    ledger.checkpoint()
    assert [each.state for each in ledger.checkpoint_places()] == ["current"]


def test_checkpoint_is_signed_kept_in_a_file_and_repeated_when_nothing_is_new(make, draft, tmp_path):
    path = tmp_path / "checkpoint"
    with make(checkpoint_files=[path]) as ledger:
        ledger.append(draft())
        note = ledger.checkpoint()
        assert ledger.checkpoint() == note
        assert path.read_text(encoding="utf-8") == note
        ledger.append(draft())
    kept = read_checkpoint(path.read_text(encoding="utf-8"), ledger._signer)
    assert kept.size == 3
    assert kept.origin.startswith("governance.ledger/")
    assert base64.b64encode(kept.root).decode() in path.read_text(encoding="utf-8")


def test_an_older_checkpoint_does_not_replace_a_newer_file(make, draft, tmp_path):
    from governance.ledger.checkpoint_file import write_checkpoint

    path = tmp_path / "checkpoint"
    ledger = make()
    ledger.append(draft())
    older = ledger.checkpoint()
    ledger.append(draft())
    newer = ledger.checkpoint()
    write_checkpoint(path, newer)
    write_checkpoint(path, older)
    assert path.read_text(encoding="utf-8") == newer


def test_a_checkpoint_file_that_cannot_be_written_is_counted_and_the_event_stands(make, draft, clock, tmp_path):
    missing, good = tmp_path / "no" / "such" / "folder", tmp_path / "kept"
    ledger = make(checkpoint_files=[missing, good])
    ledger.append(draft())
    clock.turn(61)
    with capture_logs() as logs:
        event = ledger.append(draft("check"))
    assert list(ledger.events("check")) == [event]
    assert [(each["event"], each["place"]) for each in logs] == [("ledger.checkpoint_not_kept", 1)]
    assert ledger.checkpoint_faults == 1
    assert [(each.path, each.state) for each in ledger.checkpoint_places()] == [(missing, "missing"), (good, "current")]
    ledger.finish()
    assert ledger.checkpoint_faults == 2
    missing.parent.mkdir(parents=True)
    ledger.checkpoint()
    assert all(each.ok for each in ledger.checkpoint_places())


def test_a_file_with_a_checkpoint_of_another_telling_is_kept_as_evidence(make, other, draft, tmp_path):
    path = tmp_path / "kept"
    path.write_text(evidence := other.checkpoint(), encoding="utf-8")
    ledger = make(checkpoint_files=[path])
    ledger.append(draft())
    ledger.checkpoint()
    assert path.read_text(encoding="utf-8") == evidence
    assert [each.state for each in ledger.checkpoint_places()] == ["foreign"]
    assert ledger.checkpoint_faults == 1


def test_statement_hash_needs_the_key_and_hides_the_text(ledger):
    digest = ledger.statement_hash("SELECT 1 FROM t WHERE email = 'marker@example.org'")
    assert len(digest) == 64
    assert digest == ledger.statement_hash("SELECT 1 FROM t WHERE email = 'marker@example.org'")
    assert "marker" not in digest


def test_an_event_in_a_transaction_of_the_caller_shares_its_fate(ledger, engine, draft):
    def write_and_fail():
        with writing(engine) as connection:
            ledger.append_in(connection, draft("scan"))
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    assert list(ledger.events()) == []
    with writing(engine) as connection:
        connection.execute(sa.text("INSERT INTO gov_ledger_name VALUES ('n:1', 'note', 'd', 't')"))
        first = ledger.append_in(connection, draft("scan"))
        second = ledger.append_in(connection, draft("check"))
    assert list(ledger.events(("scan", "check"))) == [first, second]
    assert ledger.verify().status == "self_consistent"


def test_threads_that_append_and_threads_with_their_own_transaction_do_not_lock_each_other_out(ledger, engine, draft):
    def own():
        for _ in range(20):
            with writing(engine) as connection:
                ledger.append_in(connection, draft("scan"))

    def plain():
        for _ in range(20):
            ledger.append(draft("check"))

    threads = [threading.Thread(target=work) for work in (own, plain, own, plain)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.verify().size == 81


def test_a_checkpoint_signed_in_a_transaction_of_the_caller_reaches_the_file_with_the_next_event(
    make, engine, clock, draft, tmp_path
):
    path = tmp_path / "checkpoint"
    ledger = make(checkpoint_files=[path])
    ledger.append(draft())
    clock.turn(61)
    with writing(engine) as connection:
        ledger.append_in(connection, draft())
    assert not path.exists()
    ledger.append(draft())
    assert read_checkpoint(path.read_text(encoding="utf-8"), ledger._signer).size == 3
