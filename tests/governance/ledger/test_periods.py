"""Periods are closed and dropped; verification, copies and proofs go over all of them."""

import json

import pytest
import sqlalchemy as sa

from governance.ledger.checkpoint import read_checkpoint
from governance.ledger.export import verify_export
from governance.ledger.proving import verify_proof
from governance.protect.signing import Ed25519Signer, Ed25519Verifier
from policies.errors import BadInputError, LedgerError, TamperedError

KEY = Ed25519Signer("governance.ledger/test", b"s" * 32)
DAY = 24 * 3600


@pytest.fixture
def three(ledger, draft):
    """Two closed periods and an open one, with the last checkpoints of the closed ones."""
    ledger.append_many([draft()] * 10)
    first = ledger.close_period(actor="p:officer")
    ledger.append_many([draft()] * 20)
    second = ledger.close_period()
    ledger.append_many([draft()] * 5)
    return ledger, first, second


@pytest.fixture
def edit(engine):
    def run(statement, **values):
        with engine.begin() as connection:
            connection.execute(sa.text(statement), values)

    return run


def kinds(found):
    return [(each.kind, each.period, each.first, each.last) for each in found.problems]


def check(lines, outside=None):
    return verify_export(iter(lines), Ed25519Verifier, outside=outside)


def test_a_period_has_its_own_origin_and_begins_with_the_root_of_the_one_before(three):
    ledger, first, second = three
    marks = [read_checkpoint(note, KEY) for note in (first, second)]
    assert [mark.origin.rpartition("/")[2] for mark in marks] == ["1", "2"]
    assert marks[0].origin.rpartition("/")[0] == marks[1].origin.rpartition("/")[0]
    opened = list(ledger.events("period.opened"))
    assert [(each.period, each.seq, each.refs["previous"]) for each in opened] == [
        (2, 0, marks[0].root.hex()),
        (3, 0, marks[1].root.hex()),
    ]
    assert [(each.period, each.actor) for each in ledger.events("period.closed")] == [(1, "p:officer"), (2, "system")]
    assert [(each.number, each.size, each.closed is None) for each in ledger.periods()] == [
        (1, 12, False),
        (2, 22, False),
        (3, 6, True),
    ]


def test_verification_and_copies_go_over_all_periods(three):
    ledger, *notes = three
    assert (ledger.verify().status, ledger.verify().size) == ("self_consistent", 40)
    lines = list(ledger.export())
    assert (check(lines).status, check(lines).size, check(lines).root) == ("self_consistent", 40, ledger.verify().root)
    for note in notes:
        assert ledger.verify(note).status == check(lines, note).status == "anchored"


def test_a_change_in_any_period_is_named_with_its_period(three, edit, engine):
    ledger, *_ = three
    lines = list(ledger.export())
    edit("DELETE FROM gov_ledger_event WHERE period = 2 AND seq = 7")
    assert kinds(ledger.verify()) == [("removed", 2, 7, 7)]
    place = next(n for n, line in enumerate(lines) if b'"period":2,' in line and b'"seq":7,' in line)
    assert kinds(check([*lines[:place], *lines[place + 1 :]])) == [("removed", 2, 7, 7)]


def retold(ledger, other, draft):
    """The copy with period 1 told anew by whoever holds the keys; a checkpoint of period 2 was kept outside."""
    other.append_many([draft(action="export")] * 10)
    other.close_period()
    return list(ledger.export()), list(other.export())


def heads(lines):
    return [n for n, line in enumerate(lines) if line.startswith(b'{"checkpoints"')]


def test_a_period_told_anew_by_the_key_holder_breaks_the_chain_to_the_next(three, other, draft):
    ledger, _, second = three
    ours, theirs = retold(ledger, other, draft)
    mixed = [*theirs[: heads(theirs)[1]], *ours[heads(ours)[1] :]]
    for outside in (None, second):
        assert ("changed", 1, 0, 11) in kinds(check(mixed, outside))


def test_a_period_that_is_gone_from_table_or_copy_is_named(three, edit):
    ledger, first, _ = three
    lines = list(ledger.export())
    start, end = heads(lines)[1:]
    assert ("removed", 2, 0, 0) in kinds(check([*lines[:start], *lines[end:]]))
    edit("DELETE FROM gov_ledger_period WHERE period = 2")
    edit("DELETE FROM gov_ledger_event WHERE period = 2")
    assert ("removed", 2, 0, 0) in kinds(ledger.verify(first))


def test_a_newest_period_that_is_gone_is_truncation(three, edit, draft):
    ledger, _, second = three
    newest = ledger.checkpoint()
    for table in ("event", "checkpoint", "period"):
        edit(f"DELETE FROM gov_ledger_{table} WHERE period = 3")
    assert kinds(ledger.verify()) == [("truncated", 3, 0, 0)]
    assert ("truncated", 3, 0, 5) in kinds(ledger.verify(newest))
    assert ("truncated", 3, 0, 0) in kinds(ledger.verify(second))
    with pytest.raises(LedgerError):
        ledger.append(draft())


def test_only_a_closed_period_whose_retention_is_over_is_dropped(three, clock):
    ledger, *_ = three
    for number, days in ((3, 0), (4, 0), (1, 30), (1, -1)):
        with pytest.raises(BadInputError):
            ledger.drop_period(number, keep_days=days)
    clock.turn(31 * DAY)
    assert ledger.droppable_events(1, keep_days=30) == 12
    event = ledger.drop_period(1, keep_days=30, actor="p:officer")
    assert (event.kind, event.actor, event.period) == ("period.dropped", "p:officer", 3)
    assert event.counts == {"period": 1, "events": 12}
    with pytest.raises(BadInputError, match="already"):
        ledger.drop_period(1, keep_days=30)


def test_a_dropped_period_leaves_its_last_checkpoint_and_everything_still_verifies(three, engine):
    ledger, first, second = three
    ledger.drop_period(1, keep_days=0)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM gov_ledger_event WHERE period = 1")) == 0
        notes = connection.scalars(sa.text("SELECT note FROM gov_ledger_checkpoint WHERE period = 1"))
        assert list(notes) == [first]
    lines = list(ledger.export())
    for found in (ledger.verify(), check(lines)):
        assert (found.status, found.size, found.dropped) == ("self_consistent", 29, (1,))
    for note in (first, second):
        assert ledger.verify(note).status == check(lines, note).status == "anchored"


def test_an_older_checkpoint_of_a_dropped_period_anchors_nothing(ledger, draft):
    ledger.append(draft())
    older = ledger.checkpoint()
    ledger.close_period()
    assert ledger.verify(older).status == "anchored"
    ledger.drop_period(1, keep_days=0)
    assert ledger.verify(older).status == check(ledger.export(), older).status == "self_consistent"


def test_a_period_that_does_not_verify_is_evidence_and_is_not_dropped(three, edit):
    ledger, *_ = three
    edit("DELETE FROM gov_ledger_event WHERE period = 1 AND seq = 4")
    with pytest.raises(TamperedError):
        ledger.drop_period(1, keep_days=0)
    assert len(list(ledger.events())) == 39


def test_events_deleted_under_the_name_of_a_drop_are_tampering(three, edit):
    ledger, *_ = three
    lines = list(ledger.export())
    edit("DELETE FROM gov_ledger_event WHERE period = 1")
    edit("UPDATE gov_ledger_period SET dropped = closed WHERE period = 1")
    assert ("state_changed", 1, 0, 0) in kinds(ledger.verify())
    start, end = heads(lines)[:2]
    head = json.loads(lines[start]) | {"dropped": "2026-11-22T08:00:00.000000Z"}
    forged = [
        *lines[:start],
        json.dumps(head, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n",
        *lines[end:],
    ]
    assert kinds(check(forged)) == [("removed", 1, 0, 11)]


def test_events_put_back_into_a_dropped_period_are_named(three, edit):
    ledger, *_ = three
    lines = list(ledger.export())
    ledger.drop_period(1, keep_days=0)
    fresh = list(ledger.export())
    edit("UPDATE gov_ledger_event SET period = 1 WHERE period = 2 AND seq = 3")
    assert ("inserted", 1, 3, 3) in kinds(ledger.verify())
    assert ("inserted", 1, 0, 0) in kinds(check([*fresh[:2], lines[2], *fresh[2:]]))


def test_proofs_of_a_dropped_period_say_so_and_older_ones_still_hold(three):
    ledger, first, _ = three
    event = next(ledger.events("scan")).id
    proof = ledger.prove(event)
    ledger.drop_period(1, keep_days=0)
    with pytest.raises(BadInputError, match="periods 1 were dropped"):
        ledger.prove(event)
    with pytest.raises(BadInputError, match="period 1, whose events were dropped"):
        ledger.prove_start(first)
    assert verify_proof(proof, KEY, outside=first).size == 12
    assert verify_proof(ledger.prove(next(ledger.events("scan")).id), KEY).size == 22


def test_a_drop_that_fails_half_way_changes_nothing(three, engine, monkeypatch):
    ledger, *_ = three
    import governance.ledger.log as module

    def fail(*_):
        raise LedgerError("ledger", found="a broken disk", expected="a disk", next_step="none")

    monkeypatch.setattr(module, "drop", fail)
    with pytest.raises(LedgerError):
        ledger.drop_period(1, keep_days=0)
    assert (ledger.verify().status, ledger.verify().size, ledger.verify().dropped) == ("self_consistent", 40, ())


def test_the_checkpoint_file_goes_on_from_period_to_period(make, draft, tmp_path):
    path, second = tmp_path / "kept", tmp_path / "kept too"
    ledger = make(checkpoint_files=[path, second])
    ledger.append_many([draft()] * 30)
    ledger.checkpoint()
    ledger.close_period()
    assert read_checkpoint(path.read_text(encoding="utf-8"), KEY).origin.endswith("/2")
    assert path.read_text(encoding="utf-8") == second.read_text(encoding="utf-8")
    assert [each.state for each in ledger.checkpoint_places()] == ["current", "current"]
