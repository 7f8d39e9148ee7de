"""Tokens and index cells come under the active keys, while others read and write, whatever happens in between."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from governance.jobs.journal import Journal
from governance.jobs.pace import Pace
from governance.protect import deterministic
from governance.protect.existing.planning import plan_encryption, run_conversion
from governance.protect.existing.rotation import keys_of_tokens, plan_rotation, run_rotation
from governance.protect.existing.target import find_target
from governance.protect.keyring.base import KeyUse
from governance.records.database import open_records
from policies.errors import DecryptionError, StalePlanError, StoreError

from .conftest import bank, killed

KILLS = int(os.environ.get("GOVERNANCE_KILLS", "2"))
"""How often a rotation is killed; `make soak` asks for more."""
NAME = bank.ref("name")
SIV = bank.declaring("name", "encrypted: true, cipher: siv")
INDEXED = bank.declaring(
    "name",
    "encrypted: true, blind_index: {field: name_bidx, normalise: text, few_values: a test of few names}",
    "          name_bidx: {id: f90, category: user.content, status: confirmed}",
)
PERSONS = INDEXED.replace("encrypted: true, blind", "encrypted: subject, blind")


class Killed(BaseException):
    """What a process meets when it is killed, as far as Python can tell."""


def encrypt(office, bench, name):
    return run_conversion(office, bench, plan_encryption(office, bench, bank.ref(name)))


def rotate_tokens(office, bench, **options):
    return run_rotation(office, bench, plan_rotation(office, bench, NAME), **options)


@pytest.fixture
def indexed(store, tmp_path):
    """The store with a column for a blind index."""
    with store.begin() as connection:
        binary = {"sqlite": "BLOB", "postgresql": "BYTEA", "mysql": "VARBINARY(64)"}[store.dialect.name]
        connection.execute(sa.text(f"ALTER TABLE clients ADD COLUMN name_bidx {binary}"))
    return bank.make_bench(store, tmp_path, INDEXED)


def found_by_search(bench, value):
    sought = bench.protector(NAME).search_cells(NAME, value, "string")
    return {number for number, cell in bank.raw(bench.store, "name_bidx").items() if cell and bytes(cell) in sought}


def wanted_by_search(value):
    return {number for number, each in bank.expected("name", range(1, 41)).items() if each == value}


def under(bench, name):
    with bench.store.connect() as connection:
        return keys_of_tokens(connection, find_target(connection, bank.ref(name), bench.catalog))


def rotate(bench):
    _, new = bench.keyring.rotate("s1/d1")
    return new.id


def test_a_rotation_puts_every_token_under_the_active_key(office, bench):
    encrypt(office, bench, "name")
    (old,) = under(bench, "name")
    new = rotate(bench)
    plan = plan_rotation(office, bench, bank.ref("name"))
    assert plan.rows == under(bench, "name")[old]
    found = run_rotation(office, bench, plan, pace=Pace(batch_rows=6))
    assert (found.state, found.total("done")) == ("done", plan.rows)
    assert under(bench, "name") == {new: plan.rows}
    assert bank.opened(bench, "name") == bank.expected("name", range(1, 41))
    assert plan_rotation(office, bench, bank.ref("name")).rows == 0


def test_readers_and_writers_see_no_error_during_a_rotation(office, bench, store, tmp_path):
    encrypt(office, bench, "name")
    rotate(bench)
    stop, faults, reads = threading.Event(), [], []

    def read_and_write():
        own = bank.make_bench(sa.create_engine(store.url), tmp_path)
        protector = own.protector(bank.ref("name"))
        while not stop.is_set():
            try:
                found = bank.opened(own, "name")
                (token,) = protector.encrypt_column(bank.ref("name"), ["written"], [(6,)], "string")
                with own.store.begin() as connection:
                    change = sa.text("UPDATE clients SET name = :token WHERE id = 6")
                    connection.execute(change, {"token": token})
                reads.append(len(found))
            except sa.exc.OperationalError as fault:
                if "locked" not in str(fault.orig) and "Deadlock" not in str(fault.orig):  # to be tried again
                    faults.append(repr(fault.orig))
        own.store.dispose()

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_and_write)
        try:
            run_rotation(office, bench, plan_rotation(office, bench, bank.ref("name")), pace=Pace(batch_rows=2))
        finally:
            stop.set()
        reading.result()  # raises what the thread raised
    assert not faults
    assert reads
    wanted = bank.expected("name", range(1, 41))
    assert bank.opened(bench, "name") == wanted | {6: "written"}


@pytest.mark.parametrize("moment", ["intend", "settle"])
def test_a_rotation_that_ends_anywhere_goes_on(office, bench, moment):
    encrypt(office, bench, "name")
    new = rotate(bench)
    plan = plan_rotation(office, bench, bank.ref("name"))
    real, seen = getattr(Journal, moment), []

    def die(self, *arguments, **named):
        seen.append(True)
        if len(seen) == 3:
            raise Killed
        return real(self, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, moment, die)
        with pytest.raises(Killed):
            run_rotation(office, bench, plan, pace=Pace(batch_rows=5))
    found = run_rotation(office, bench, plan, pace=Pace(batch_rows=5))
    assert found.total("done") == plan.rows
    assert under(bench, "name") == {new: plan.rows}
    assert bank.opened(bench, "name") == bank.expected("name", range(1, 41))


def test_a_rotation_killed_at_any_instant_loses_and_doubles_nothing(records, store_url, tmp_path):
    store = sa.create_engine(store_url)
    rows = 150 * KILLS
    bank.fill(store, rows=rows)
    office, bench = bank.make_office(records), bank.make_bench(store, tmp_path)
    encrypt(office, bench, "name")
    new = rotate(bench)
    plan = plan_rotation(office, bench, NAME)
    kills = killed(plan, store_url, tmp_path, "rotation.run_rotation", times=KILLS)
    assert kills >= KILLS // 2, f"{kills} kills: the rotation was done before the others"
    office = bank.make_office(open_records(f"sqlite:///{tmp_path / 'gov.db'}"))
    assert run_rotation(office, bench, plan).total("done") == plan.rows
    assert under(bench, "name") == {new: plan.rows}
    assert bank.opened(bench, "name") == bank.expected("name", range(1, rows + 1))
    batches = [event for event in office.ledger.events("job.batch") if event.rules == ("protect:rotate",)]
    assert sum(event.counts["rows"] for event in batches) == plan.rows
    store.dispose()


def test_deterministic_tokens_come_under_the_active_key_and_stay_equal(office, store, tmp_path):
    bench = bank.make_bench(store, tmp_path, SIV)
    encrypt(office, bench, "name")
    old = set(map(bytes, filter(None, bank.raw(store, "name").values())))
    _, new = bench.keyring.rotate("s1/d1", KeyUse.DETERMINISTIC)
    found = rotate_tokens(office, bench, pace=Pace(batch_rows=6))
    assert (found.state, found.total("done")) == (
        "done",
        sum(bank.expected("name", range(1, 41))[n] is not None for n in range(1, 41)),
    )
    tokens = set(map(bytes, filter(None, bank.raw(store, "name").values())))
    assert len(tokens) == len(old)
    assert not tokens & old
    assert all(each.startswith(deterministic.HEADER + bytes.fromhex(new.id)) for each in tokens)
    assert bank.opened(bench, "name") == bank.expected("name", range(1, 41))
    assert plan_rotation(office, bench, NAME).rows == 0


def test_cells_of_a_search_come_under_the_active_index_key(office, indexed):
    encrypt(office, indexed, "name")
    indexed.keyring.rotate("s1/d1", KeyUse.BLIND_INDEX)
    start = indexed.protector(NAME).current_cells_start(NAME)
    plan = plan_rotation(office, indexed, NAME)
    assert [line.rows for line in plan.lines] == [0, plan.rows]
    run_rotation(office, indexed, plan, pace=Pace(batch_rows=7))
    cells = [bytes(each) for each in bank.raw(indexed.store, "name_bidx").values() if each is not None]
    assert len(cells) == plan.rows
    assert all(each.startswith(start) for each in cells)
    assert found_by_search(indexed, "欧阳修") == wanted_by_search("欧阳修")


def test_an_index_that_was_declared_later_is_filled(office, indexed, tmp_path):
    plain = bank.make_bench(indexed.store, tmp_path)
    encrypt(office, plain, "name")
    assert found_by_search(indexed, "欧阳修") == set()
    rotate_tokens(office, indexed)
    assert found_by_search(indexed, "欧阳修") == wanted_by_search("欧阳修")


def test_a_field_of_persons_leaves_the_key_of_the_dataset(office, indexed, tmp_path):
    encrypt(office, indexed, "name")
    persons = bank.make_bench(indexed.store, tmp_path, PERSONS)
    subjects = persons.keyring.subjects
    rotate_tokens(office, persons, pace=Pace(batch_rows=7))
    assert bank.opened(persons, "name") == bank.expected("name", range(1, 41))
    assert set(subjects.states(list(under(persons, "name")))) == set(under(persons, "name"))
    subjects.destroy([subjects.ref("s1", "p2")])
    with pytest.raises(DecryptionError):
        bank.opened(persons, "name")


def test_values_of_nobody_have_no_persons_key(office, store, indexed, tmp_path):
    encrypt(office, indexed, "name")
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE clients SET person = NULL WHERE id = 7"))
    persons = bank.make_bench(store, tmp_path, PERSONS)
    plan = plan_rotation(office, persons, NAME)
    assert plan.rows == sum(under(persons, "name").values()) - 1
    run_rotation(office, persons, plan)
    assert bank.opened(persons, "name") == bank.expected("name", range(1, 41))
    with pytest.raises(StoreError, match=r"1 value.* of nobody"):
        plan_encryption(office, persons, bank.ref("visits"), scope="subject")


def test_cells_of_somebody_whose_key_was_destroyed_are_emptied(office, store, indexed, tmp_path):
    persons = bank.make_bench(store, tmp_path, PERSONS)
    encrypt(office, persons, "name")
    persons.keyring.subjects.destroy([persons.keyring.subjects.ref("s1", "p2")])
    persons.keyring.rotate("s1/d1", KeyUse.BLIND_INDEX)
    rotate_tokens(office, persons)
    cells = bank.raw(store, "name_bidx")
    assert not any(cells[number] for number in cells if number % 5 == 2)
    assert found_by_search(persons, "欧阳修") == {n for n in wanted_by_search("欧阳修") if n % 5 != 2}


def test_a_key_that_was_rotated_since_the_plan_needs_a_new_plan(office, indexed):
    encrypt(office, indexed, "name")
    plan = plan_rotation(office, indexed, NAME)
    indexed.keyring.rotate("s1/d1", KeyUse.BLIND_INDEX)
    with pytest.raises(StalePlanError, match="active keys"):
        run_rotation(office, indexed, plan)
