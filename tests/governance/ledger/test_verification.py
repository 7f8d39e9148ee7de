"""Every kind of change that somebody with the database, but without the keys, can make."""

import json

import pytest
import sqlalchemy as sa

from governance.ledger.filing import is_derived
from governance.ledger.locating import Problem
from policies.errors import LedgerError, TamperedError

COLUMNS = ("period", "seq", "leaf", "seal", "id", "time", "kind", "principal", "closes")


def insert_copy(engine, of, **other):
    """SQL that inserts a copy of a row with other values; SQLite derives the columns behind `seal` itself."""
    columns = COLUMNS[:4] if engine.dialect.name == "sqlite" else COLUMNS
    values = ", ".join(other.get(column, column) for column in columns)
    return f"INSERT INTO gov_ledger_event ({', '.join(columns)}) SELECT {values} FROM gov_ledger_event WHERE seq = {of}"


def plain_columns(edit, engine):
    """Give SQLite's table ordinary search columns, as an intruder would to be able to edit them."""
    if engine.dialect.name == "sqlite":
        edit(
            "CREATE TABLE forged AS SELECT * FROM gov_ledger_event",
            "DROP TABLE gov_ledger_event",
            "ALTER TABLE forged RENAME TO gov_ledger_event",
        )


@pytest.fixture
def filled(ledger, draft):
    """30 events: a checkpoint behind the first 21, nine more that none covers."""
    ledger.append_many([draft(counts={"n": n}) for n in range(20)])
    ledger.checkpoint()
    ledger.append_many([draft(counts={"n": n}) for n in range(9)])
    return ledger


@pytest.fixture
def edit(engine):
    def run(*statements):
        with engine.begin() as connection:
            for statement in statements:
                if isinstance(statement, str):
                    connection.execute(sa.text(statement))
                else:
                    connection.execute(sa.text(statement[0]), statement[1])

    return run


def stored_leaf(engine, seq):
    with engine.connect() as connection:
        return bytes(
            connection.execute(sa.text("SELECT leaf FROM gov_ledger_event WHERE seq = :s"), {"s": seq}).scalar_one()
        )


def kinds(verification):
    return [(problem.kind, problem.first, problem.last) for problem in verification.problems]


def test_an_untouched_log_is_self_consistent_only(filled):
    found = filled.verify()
    assert (found.status, found.size, found.problems) == ("self_consistent", 30, ())
    found.require_intact()


def test_an_untouched_log_is_anchored_by_an_outside_checkpoint_however_old(filled, draft):
    note = filled.checkpoint()
    filled.append_many([draft() for _ in range(5)])
    assert filled.verify(note).status == "anchored"


def test_an_empty_ledger_is_self_consistent(ledger):
    assert ledger.verify().status == "self_consistent"


@pytest.mark.parametrize("seq", [0, 7, 20, 21, 29])
def test_a_changed_leaf_is_named(filled, edit, engine, seq):
    leaf = stored_leaf(engine, seq).replace(b'"kind":"', b'"kind":"x')
    edit(("UPDATE gov_ledger_event SET leaf = :leaf WHERE seq = :seq", {"leaf": leaf, "seq": seq}))
    found = filled.verify()
    assert found.status == "tampered"
    assert ("changed", seq, seq) in kinds(found)
    with pytest.raises(TamperedError, match=f"event {seq}"):
        found.require_intact()


def test_a_leaf_with_the_same_meaning_in_other_bytes_is_a_change(filled, edit, engine):
    leaf = json.dumps(json.loads(stored_leaf(engine, 5))).encode()
    edit(("UPDATE gov_ledger_event SET leaf = :leaf WHERE seq = 5", {"leaf": leaf}))
    assert ("changed", 5, 5) in kinds(filled.verify())


def test_a_backdated_event_is_a_change(filled, edit, engine):
    leaf = stored_leaf(engine, 25).replace(b"2026-", b"2025-")
    time = "" if engine.dialect.name == "sqlite" else ", time = '2025-11-22T08:00:00.003000Z'"
    edit((f"UPDATE gov_ledger_event SET leaf = :leaf{time} WHERE seq = 25", {"leaf": leaf}))
    assert ("changed", 25, 25) in kinds(filled.verify())


@pytest.mark.parametrize("records_url", ["sqlite"], indirect=True)
def test_search_columns_of_sqlite_are_derived_and_cannot_be_edited(filled, edit, engine):
    with engine.connect() as connection:
        assert is_derived(connection)
    with pytest.raises(sa.exc.OperationalError, match="generated"):
        edit("UPDATE gov_ledger_event SET kind = 'check' WHERE seq = 8")
    plain_columns(edit, engine)
    with engine.connect() as connection:
        assert not is_derived(connection)
    assert filled.verify().status == "self_consistent"


def test_bytes_that_are_no_event_are_a_change(filled, edit):
    edit(("UPDATE gov_ledger_event SET leaf = :leaf WHERE seq = 9", {"leaf": b"\xff no json"}))
    assert ("changed", 9, 9) in kinds(filled.verify())


@pytest.mark.parametrize("seq", [3, 24])
def test_a_removed_event_is_named(filled, edit, seq):
    edit(f"DELETE FROM gov_ledger_event WHERE seq = {seq}")
    assert kinds(filled.verify()) == [("removed", seq, seq)]


def test_a_removed_event_is_named_though_the_rest_moved_up(filled, edit):
    edit("DELETE FROM gov_ledger_event WHERE seq = 4")
    edit(*(f"UPDATE gov_ledger_event SET seq = {seq - 1} WHERE seq = {seq}" for seq in range(5, 30)))
    assert kinds(filled.verify()) == [("removed", 4, 4)]


def shift_up(edit, start):
    edit(*(f"UPDATE gov_ledger_event SET seq = {seq + 1} WHERE seq = {seq}" for seq in range(29, start - 1, -1)))


def test_an_inserted_event_is_named(filled, edit, engine):
    forged = stored_leaf(engine, 6).replace(b'"id":"', b'"id":"f')
    shift_up(edit, 6)
    edit(
        (
            insert_copy(engine, 7, seq="6", leaf=":leaf", id="'f' || id"),
            {"leaf": forged},
        )
    )
    assert ("inserted", 6, 6) in kinds(filled.verify())


def test_a_repeated_event_is_named(filled, edit, engine):
    if engine.dialect.name == "sqlite":
        plain_columns(edit, engine)  # the id, derived from the leaf, could not be there twice
        edit("INSERT INTO gov_ledger_event SELECT * FROM gov_ledger_event WHERE seq = 12")
        edit("UPDATE gov_ledger_event SET seq = 30 WHERE rowid = (SELECT max(rowid) FROM gov_ledger_event)")
    else:
        edit(insert_copy(engine, 12, seq="30", id="'again'"))
    assert ("inserted", 30, 30) in kinds(filled.verify())


def test_reordered_events_are_named(filled, edit):
    edit(
        "UPDATE gov_ledger_event SET seq = 99 WHERE seq = 10",
        "UPDATE gov_ledger_event SET seq = 10 WHERE seq = 11",
        "UPDATE gov_ledger_event SET seq = 11 WHERE seq = 99",
    )
    assert kinds(filled.verify()) == [("reordered", 10, 11)]


def test_a_tail_cut_off_is_truncation(filled, edit):
    edit("DELETE FROM gov_ledger_event WHERE seq >= 27")
    assert kinds(filled.verify()) == [("truncated", 27, 29)]


def restore_state(engine, edit, rows, drop_from):
    edit(
        f"DELETE FROM gov_ledger_event WHERE seq >= {drop_from}",
        f"DELETE FROM gov_ledger_checkpoint WHERE size > {drop_from}",
    )
    edit("DELETE FROM gov_ledger_period")
    with engine.begin() as connection:
        for row in rows:
            columns = ", ".join(row)
            marks = ", ".join(f":{name}" for name in row)
            connection.execute(sa.text(f"INSERT INTO gov_ledger_period ({columns}) VALUES ({marks})"), row)


def state(engine):
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(sa.text("SELECT * FROM gov_ledger_period"))]


def test_a_rolled_back_database_shows_only_against_an_outside_checkpoint(filled, edit, engine, draft):
    before = state(engine)
    filled.append_many([draft() for _ in range(4)])
    outside = filled.checkpoint()
    restore_state(engine, edit, before, 30)
    assert filled.verify().status == "self_consistent"  # and this is why checkpoints are kept elsewhere
    assert kinds(filled.verify(outside)) == [("truncated", 30, 33)]


def test_a_fork_by_the_key_holder_shows_against_an_outside_checkpoint(filled, edit, engine, draft):
    before = state(engine)
    filled.append_many([draft(counts={"true": 1}) for _ in range(4)])
    outside = filled.checkpoint()
    restore_state(engine, edit, before, 30)
    filled.append_many([draft(counts={"retold": 1}) for _ in range(6)])
    filled.checkpoint()
    assert filled.verify().status == "self_consistent"
    assert kinds(filled.verify(outside)) == [("forked", 21, 33)]


def test_a_log_replaced_as_a_whole_shows_against_an_outside_checkpoint(filled, edit, make, draft):
    outside = filled.checkpoint()
    edit("DELETE FROM gov_ledger_event", "DELETE FROM gov_ledger_checkpoint", "DELETE FROM gov_ledger_period")
    assert kinds(filled.verify(outside)) == [("truncated", 0, 29)]
    other = make("other")
    other.append_many([draft() for _ in range(40)])
    assert other.verify().status == "self_consistent"
    assert kinds(other.verify(outside)) == [("forked", 0, 29)]


def test_a_forged_state_row_is_named(filled, edit):
    edit("UPDATE gov_ledger_period SET size = 1000000000000")
    assert [kind for kind, *_ in kinds(filled.verify())] == ["state_changed"]


def test_a_forged_stored_checkpoint_is_named(filled, edit):
    edit("UPDATE gov_ledger_checkpoint SET note = replace(note, '21', '22')")
    assert kinds(filled.verify()) == [("checkpoint_changed", 21, 21)]


@pytest.mark.parametrize(
    "change",
    ["kind = 'check'", "principal = 'p:bob'", "time = '2020-01-01T00:00:00.000000Z'", "closes = 'e1'", "id = 'zz'"],
)
def test_search_columns_that_hide_an_event_are_named(filled, edit, engine, change):
    plain_columns(edit, engine)
    edit(f"UPDATE gov_ledger_event SET {change} WHERE seq = 8")
    assert kinds(filled.verify()) == [("index_changed", 8, 8)]


def test_events_in_a_period_that_does_not_exist_are_named(filled, edit):
    edit("UPDATE gov_ledger_event SET period = 2 WHERE seq = 29")
    found = filled.verify()
    assert Problem("state_changed", 2, 0, 0) in found.problems
    assert ("truncated", 29, 29) in kinds(found)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda note: note.replace("\n30\n", "\n31\n"),
        lambda note: note.replace("\n30\n", "\n030\n"),
        lambda note: note.replace("governance.ledger/test", "somebody"),
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note[:-8] + "AAAA\n",
        lambda _: "",
        lambda _: "a\nb\nc\n\n— x y\n",
    ],
)
def test_a_checkpoint_that_this_key_did_not_sign_is_refused(filled, spoil):
    with pytest.raises(TamperedError):
        filled.verify(spoil(filled.checkpoint()))


@pytest.mark.parametrize("change", ["checkpoint_size = 1000000", "checkpoint_size = 0"])
def test_a_state_that_puts_off_the_next_checkpoint_is_named(filled, edit, draft, change):
    edit(f"UPDATE gov_ledger_period SET {change}")
    assert kinds(filled.verify()) == [("checkpoint_changed", 21, 21)]


def test_a_stored_checkpoint_that_was_taken_away_is_named(filled, edit):
    edit("DELETE FROM gov_ledger_checkpoint")
    assert kinds(filled.verify()) == [("checkpoint_changed", 0, 0)]


def test_an_event_that_is_stored_at_another_place_hides_nothing(filled, edit, engine):
    plain_columns(edit, engine)
    edit(
        "UPDATE gov_ledger_event SET seq = 1000 WHERE seq = 29", "UPDATE gov_ledger_event SET kind = 'x' WHERE seq = 8"
    )
    assert ("index_changed", 29, 29) in kinds(filled.verify())


@pytest.mark.parametrize("records_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("value", ["'text'", "X'00ff'", "''", "1.5", "-1", "9223372036854775807"])
@pytest.mark.parametrize(
    "column",
    ["event.seq", "event.leaf", "event.period", "period.frontier", "period.checkpoint_size",
     "checkpoint.note", "checkpoint.size", "checkpoint.period"],
)  # fmt: skip
def test_a_value_of_any_type_where_another_belongs_is_named(filled, edit, draft, column, value):
    table, name = column.split(".")
    edit(f"UPDATE gov_ledger_{table} SET {name} = {value} WHERE rowid = (SELECT max(rowid) FROM gov_ledger_{table})")
    assert filled.verify().status == "tampered"
    assert sum(len(leaves) for leaves in filled.leaves()) in (29, 30)


def test_a_period_of_any_number_is_named(filled, edit):
    edit("UPDATE gov_ledger_period SET period = 2147483647")
    assert ("state_changed", 0, 0) in kinds(filled.verify())


@pytest.mark.parametrize("column", ["frontier = 'x'", "checkpoint_size = 'x'", "checkpoint_time = 'x'"])
@pytest.mark.parametrize("records_url", ["sqlite"], indirect=True)
def test_nothing_is_added_behind_a_state_of_another_type(filled, edit, make, draft, column):
    edit(f"UPDATE gov_ledger_period SET {column}")
    with pytest.raises(LedgerError, match="did not write"):
        make().append(draft())


def test_a_leaf_of_any_depth_is_a_change(filled, edit):
    edit(("UPDATE gov_ledger_event SET leaf = :leaf WHERE seq = 9", {"leaf": b"[" * 50_000}))
    assert ("changed", 9, 9) in kinds(filled.verify())
    with pytest.raises(TamperedError):
        list(filled.events())
