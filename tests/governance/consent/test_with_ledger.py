"""Consent with the real ledger, keyed hash and keyring, on both kinds of records database."""

from __future__ import annotations

import itertools
import threading

import pytest
import sqlalchemy as sa

from governance.consent.book import ConsentBook
from governance.consent.conditions import ConsentConditions
from governance.consent.events import Circumstances, Subject
from governance.consent.projection import ConsentProjection
from governance.consent.projection_tables import KeyKind
from governance.consent.tables import EVENTS, SUBJECTS
from governance.consent.upkeep import ProjectionUpkeep
from governance.ledger.log import Ledger
from governance.protect.keyed_hash import HmacKeyedHash
from governance.protect.keyring.file import FileKeyring
from governance.protect.sealing import KeyringSealer
from governance.protect.signing import Ed25519Signer
from governance.records.database import create_records
from policies.errors import AccessRefusedError, DecryptionError, RecordsError
from policies.nouns import DatasetRef

ANN = Subject("internal-4711", {"crm": 1})


@pytest.fixture(params=["sqlite", "postgresql"])
def records(request, tmp_path):
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if postgres else f"sqlite:///{tmp_path / 'gov.db'}"
    engine = create_records(url)
    yield engine
    engine.dispose()


@pytest.fixture
def parts(world, records, tmp_path):
    """The book and its ledger over other records than the world's; store and purposes are the world's."""
    keyed_hash = HmacKeyedHash(b"k" * 32)
    sealer = KeyringSealer(FileKeyring.create(tmp_path / "keyring.json", "correct horse", scrypt_n=2**14))
    numbers = itertools.count()
    ledger = Ledger(
        records,
        signer=Ed25519Signer("governance.ledger/test", b"s" * 32),
        keyed_hash=keyed_hash,
        clock=world.clock,
        new_id=lambda: f"l{next(numbers)}",
    )
    book = ConsentBook(
        records,
        world.purposes,
        keyed_hash=keyed_hash,
        sealer=sealer,
        recorder=ledger,
        clock=world.clock,
        new_id=lambda: f"c{next(numbers)}",
    )
    return book, ledger, ProjectionUpkeep(records, world.purposes, sealer, clock=world.clock)


def of_consent(ledger):
    return [each for each in ledger.events() if each.kind.startswith("consent.")]


def test_every_event_is_in_the_ledger_by_reference_and_digest(parts):
    book, ledger, _ = parts
    given = book.given(ANN, "marketing.email", "email", how=Circumstances(method="phone", collected_by="p:alice"))
    withdrawn = book.withdrawn(ANN, "marketing.email", "email")
    events = of_consent(ledger)
    assert [each.kind for each in events] == ["consent.given", "consent.withdrawn"]
    assert [each.refs["consent"] for each in events] == [given.id, withdrawn.id]
    assert [each.refs["record"] for each in events] == [each.digest for each in book.history(ANN.key)]
    assert events[0].actor == "p:alice"
    assert events[0].purpose == "marketing.email"


def test_forgetting_a_person_is_in_the_ledger_by_reference_alone(parts):
    book, ledger, _ = parts
    book.given(ANN, "marketing.email", "email", how=Circumstances(method="phone", collected_by="p:alice"))
    assert book.forget(ANN.key, actor="p:officer") == 1
    (event,) = ledger.events("consent.forgotten")
    assert (event.actor, event.refs, event.counts) == (
        "p:officer",
        {"subject": book.subject_ref(ANN.key)},
        {"stores": 1},
    )
    assert not any(b"4711" in line for line in ledger.export())
    assert book.forget("internal-0000") == 0
    assert len(list(ledger.events("consent.forgotten"))) == 1


def test_ledger_entry_and_event_live_and_die_together(parts, records):
    """The event is refused after its ledger entry was written: neither stays."""
    book, ledger, _ = parts
    book.given(ANN, "marketing")

    def fail(connection, *_):
        raise sa.exc.OperationalError("COMMIT", {}, Exception("disk full"))

    sa.event.listen(records, "commit", fail)
    with pytest.raises(RecordsError):
        book.withdrawn(ANN, "marketing")
    sa.event.remove(records, "commit", fail)
    assert len(book.history(ANN.key)) == len(of_consent(ledger)) == 1
    assert book.withdrawn(ANN, "marketing").epoch == 2


def test_the_chain_holds_at_the_next_statement(parts, world, make_sql):
    book, _, upkeep = parts
    projection = ConsentProjection("crm", world.store)
    projection.create(KeyKind.INTEGER)
    conditions = ConsentConditions(world.purposes, world.catalog, upkeep, {"crm": projection})

    def contacted():
        conditions.prepare("crm", "marketing.email")
        sql = make_sql(conditions.conditions(DatasetRef("crm", "customers"), "marketing.email"))
        with world.store.connect() as connection:
            return [row.id for row in connection.exec_driver_sql(sql)]

    book.given(ANN, "marketing.email", "email")
    assert contacted() == [1]
    book.withdrawn(ANN, "marketing.email", "email")
    assert contacted() == []


def test_a_sealed_key_moved_to_another_person_does_not_open(parts, world, records):
    book, _, upkeep = parts
    book.given(ANN, "marketing.email", "email")
    book.given(Subject("internal-2", {"crm": 2}), "marketing.email", "email")
    with records.begin() as connection:
        first = connection.execute(sa.select(SUBJECTS.c.sealed_key).order_by(SUBJECTS.c.subject_ref)).first()
        connection.execute(sa.update(SUBJECTS).values(sealed_key=first.sealed_key))
    projection = ConsentProjection("crm", world.store)
    with pytest.raises(DecryptionError):
        upkeep.bring_up_to_date(projection)
    assert projection.head().epoch == 0
    with pytest.raises(AccessRefusedError, match="needs consent"):
        ConsentConditions(world.purposes, world.catalog, upkeep, {"crm": projection}).prepare("crm", "marketing.email")


def test_events_are_numbered_without_a_gap_when_many_write_at_once(parts, records):
    book, _, _ = parts
    threads = [
        threading.Thread(target=lambda n=n: [book.given(Subject(f"s{n}-{i}"), "marketing") for i in range(5)])
        for n in range(4)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    with records.connect() as connection:
        epochs = connection.execute(sa.select(EVENTS.c.epoch).order_by(EVENTS.c.epoch)).scalars().all()
    assert epochs == list(range(1, 21))
