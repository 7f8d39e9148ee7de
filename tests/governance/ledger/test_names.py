import re
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from policies.errors import LedgerError

MARKER = "marker Zhang Wei 张伟"


def test_the_same_text_has_the_same_reference_within_its_kind(ledger, make):
    ref = ledger.refer("principal", MARKER)
    assert re.fullmatch(r"p:[A-Za-z0-9]+", ref)
    assert make("other").refer("principal", MARKER) == ref
    note = ledger.refer("note", MARKER)
    assert note.startswith("n:")
    assert ledger.resolve(ref) == ledger.resolve(note) == MARKER
    assert ledger.refer("principal", MARKER + "x") != ref
    assert ledger.resolve_all([ref, note, "p:nobody"]) == {ref: MARKER, note: MARKER}


def test_an_erased_text_is_gone_and_a_later_one_gets_another_reference(ledger):
    ref = ledger.refer("principal", MARKER)
    ledger.erase(ref)
    assert ledger.resolve(ref) is None
    assert ledger.refer("principal", MARKER) != ref
    ledger.erase("p:nobody")


@pytest.mark.parametrize("records_url", ["sqlite"], indirect=True)
def test_an_erased_text_is_gone_from_the_files_of_sqlite(ledger, engine, draft):
    ref = ledger.refer("note", MARKER)
    ledger.append(draft(note=ref))
    folder = Path(engine.url.database).parent
    assert any(MARKER.encode() in path.read_bytes() for path in folder.iterdir())
    ledger.erase(ref)
    assert not any(MARKER.encode() in path.read_bytes() for path in folder.iterdir())


def test_an_erasure_is_recorded_by_reference_once_and_the_log_still_verifies(ledger, draft):
    person, note = ledger.refer("principal", MARKER), ledger.refer("note", MARKER)
    ledger.append(draft("decision", principal=person, note=note))
    outside = ledger.checkpoint()
    assert ledger.erase(person, actor="p:officer")
    assert ledger.erase(note)
    assert not ledger.erase(person)
    erased = list(ledger.events("name.erased"))
    assert [(each.actor, each.principal, each.note) for each in erased] == [
        ("p:officer", person, None),
        ("system", None, note),
    ]
    assert ledger.verify(outside).status == "anchored"
    assert not any(MARKER.encode() in line for line in ledger.export())


def test_a_name_is_erased_with_its_event_or_not_at_all(ledger, engine):
    ref = ledger.refer("principal", MARKER)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE gov_ledger_event RENAME TO gone"))
    with pytest.raises(LedgerError):
        ledger.erase(ref)
    assert ledger.resolve(ref) == MARKER


def test_looking_for_a_name_adds_none(ledger):
    assert ledger.find("principal", MARKER) is None
    ref = ledger.refer("principal", MARKER)
    assert ledger.find("principal", MARKER) == ref
    assert ledger.find("note", MARKER) is None


def test_no_text_that_a_person_entered_is_in_a_leaf(ledger, engine, draft):
    person, note = ledger.refer("principal", MARKER), ledger.refer("note", MARKER)
    ledger.append(draft("decision", principal=person, note=note, statement=ledger.statement_hash(MARKER)))
    ledger.checkpoint()
    with engine.connect() as connection:
        leaves = list(connection.scalars(sa.text("SELECT leaf FROM gov_ledger_event")))
    assert len(leaves) == 2
    assert not any(b"marker" in bytes(leaf) or "张".encode() in bytes(leaf) for leaf in leaves)


def test_threads_that_refer_to_the_same_new_text_agree(ledger):
    found = []
    threads = [threading.Thread(target=lambda: found.append(ledger.refer("principal", MARKER))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_an_unknown_kind_is_refused_without_the_text(ledger):
    with pytest.raises(LedgerError) as caught:
        ledger.refer("subject", MARKER)
    assert MARKER not in str(caught.value)


def test_a_table_that_is_gone_raises_without_the_text(ledger, engine):
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE gov_ledger_name"))
    for call in (lambda: ledger.refer("note", MARKER), lambda: ledger.resolve("n:1"), lambda: ledger.erase("n:1")):
        with pytest.raises(LedgerError) as caught:
            call()
        assert MARKER not in str(caught.value)


def test_a_text_that_has_no_bytes_is_refused_and_not_repeated(ledger):
    with pytest.raises(LedgerError, match="surrogate") as caught:
        ledger.refer("note", MARKER + "\udce9")
    assert MARKER not in str(caught.value)
    assert ledger.find("note", MARKER + "\udce9") is None
