"""A column is encrypted and decrypted in place, while others write, whatever happens in between."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.jobs.journal import Journal
from governance.jobs.pace import Pace
from governance.protect.existing import conversion as conversion_module
from governance.protect.existing.planning import plan_decryption, plan_encryption, run_conversion
from governance.protect.tokens import HEADER
from governance.records.database import open_records
from policies.errors import DecryptionError, StalePlanError, StoreError

from .conftest import bank, killed

KILLS = int(os.environ.get("GOVERNANCE_KILLS", "3"))
"""How often a conversion is killed; `make soak` asks for more."""


def encrypt(office, bench, name, **options):
    plan = plan_encryption(office, bench, bank.ref(name), scope=options.pop("scope", "dataset"))
    return run_conversion(office, bench, plan, **options)


def decrypt(office, bench, name):
    return run_conversion(office, bench, plan_decryption(office, bench, bank.ref(name)))


def columns(store):
    return {each["name"]: each for each in sa.inspect(store).get_columns("clients")}


@pytest.mark.parametrize("name", bank.WORDS)
def test_a_column_of_every_type_goes_there_and_back(office, bench, store, name):
    wanted = bank.expected(name, range(1, 41))
    before = bank.raw(store, name)
    found = encrypt(office, bench, name, pace=Pace(batch_rows=7))
    assert (found.state, found.total("done")) == ("done", sum(value is not None for value in wanted.values()))
    cells = bank.raw(store, name)
    assert {number for number, cell in cells.items() if cell is None} == {
        number for number, value in wanted.items() if value is None
    }
    assert all(bytes(cell).startswith(HEADER) for cell in cells.values() if cell is not None)
    opened = bank.opened(bench, name)
    assert {n: float(v) if name == "income" and v is not None else v for n, v in opened.items()} == {
        n: float(v) if name == "income" and v is not None else v for n, v in wanted.items()
    }
    assert set(columns(store)) == {"id", "person", *bank.WORDS}
    decrypt(office, bench, name)
    after = bank.raw(store, name)
    normal = _as_read(name)
    assert {number: normal(value) for number, value in after.items()} == {
        number: normal(value) for number, value in before.items()
    }


def _as_read(name):
    """JSON comes parsed or as text, a decimal with or without zeros, a truth as number: by the driver's column type."""
    import json

    if name == "profile":
        return lambda value: json.loads(value) if isinstance(value, str) else value
    if name == "income":
        return lambda value: None if value is None else float(value)
    if name == "photo":
        return lambda value: None if value is None else bytes(value)
    return lambda value: value


def test_persons_keys_encrypt_when_they_are_asked_for(office, bench):
    encrypt(office, bench, "name", scope="subject")
    assert bank.opened(bench, "name") == bank.expected("name", range(1, 41))
    bench.keyring.subjects.destroy([bench.keyring.subjects.ref("s1", "p2")])
    with pytest.raises(DecryptionError):
        bank.opened(bench, "name")
    with pytest.raises(StoreError, match="persons that were destroyed"):
        plan_decryption(office, bench, bank.ref("name"))


def test_a_column_without_null_keeps_that_where_the_store_can(office, bench, store):
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE clients SET name = 'x' WHERE name IS NULL"))
        if store.dialect.name == "postgresql":
            connection.execute(sa.text("ALTER TABLE clients ALTER COLUMN name SET NOT NULL"))
        elif store.dialect.name == "mysql":
            connection.execute(sa.text("ALTER TABLE clients MODIFY name TEXT NOT NULL"))
        else:
            return
    encrypt(office, bench, "name")
    assert columns(store)["name"]["nullable"] is False


def test_an_index_goes_with_the_column_and_the_certificate_says_so(office, bench, store, records):
    with store.begin() as connection:
        length = "(20)" if store.dialect.name == "mysql" else ""
        connection.execute(sa.text(f"CREATE INDEX ix_name ON clients (name{length})"))
    encrypt(office, bench, "name")
    assert "ix_name" not in {each["name"] for each in sa.inspect(store).get_indexes("clients")}
    with records.connect() as connection:
        text = connection.execute(sa.text("SELECT text FROM gov_job_certificate")).scalar_one()
    assert "ix_name" in text
    assert "run_to_remove_from_free_pages" in text


@pytest.mark.parametrize(
    ("statement", "name", "code"),
    [
        ("CREATE UNIQUE INDEX ux ON clients (visits)", "visits", "unique:ux"),
        ("CREATE INDEX both_ ON clients (visits, score)", "score", "index:both_"),
        ("CREATE VIEW shown AS SELECT id, born FROM clients", "born", "view:shown"),
    ],
)
def test_what_rests_on_a_column_is_named_and_nothing_begun(office, bench, store, statement, name, code):
    with store.begin() as connection:
        connection.execute(sa.text(statement))
    before = columns(store)
    with pytest.raises(StoreError, match=code):
        plan_encryption(office, bench, bank.ref(name))
    assert columns(store).keys() == before.keys()


def test_keys_unknown_fields_and_tokens_are_refused(office, bench):
    for name in ("id", "person"):
        with pytest.raises(StoreError, match=f"key:{name}"):
            plan_encryption(office, bench, bank.ref(name))
    with pytest.raises(StoreError, match="holds no tokens"):
        plan_decryption(office, bench, bank.ref("name"))
    encrypt(office, bench, "photo")
    with pytest.raises(StoreError, match="column of tokens"):
        plan_encryption(office, bench, bank.ref("photo"))


def test_a_value_that_is_not_of_its_type_stops_the_plan_without_being_shown(office, bench, store):
    if store.dialect.name != "sqlite":
        return  # the others do not let one in
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE clients SET born = 'planted-marker' WHERE id = 7"))
    with pytest.raises(StoreError) as caught:
        plan_encryption(office, bench, bank.ref("born"))
    assert "planted-marker" not in str(caught.value)
    assert "gov_new_f4" not in columns(store)


@pytest.mark.parametrize(
    "text", ['{"planted": 1, "planted": 2}', '{"planted": 1e400}', "[" * 50_000 + "]" * 50_000, "[NaN]"]
)
def test_json_that_would_come_back_as_something_else_stops_the_plan(office, bench, store, text):
    if store.dialect.name != "sqlite":
        return  # PostgreSQL's jsonb keeps the last of two members itself, MariaDB takes what its own check takes
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE clients SET profile = :text WHERE id = 7"), {"text": text})
    with pytest.raises(StoreError, match="of the field's type") as caught:
        plan_encryption(office, bench, bank.ref("profile"))
    assert "planted" not in str(caught.value)


def test_a_changed_table_or_a_hold_needs_a_new_plan(office, bench, store):
    plan = plan_encryption(office, bench, bank.ref("visits"))
    office.holds.place(bank.ref("visits").of, "record", [3], by="p:dpo")
    with pytest.raises(StalePlanError, match="hold"):
        run_conversion(office, bench, plan)
    office.holds.release(office.holds.standing()[0].id, by="p:dpo")
    with store.begin() as connection:
        connection.execute(sa.text("CREATE INDEX later ON clients (visits)"))
    with pytest.raises(StalePlanError, match="schema"):
        run_conversion(office, bench, plan)
    assert bank.raw(store, "visits") == bank.expected("visits", range(1, 41))


def test_what_others_write_meanwhile_is_encrypted_too(office, bench, store):
    """Between two batches somebody changes a value, moves a row's key, adds a row, empties one and deletes one."""
    acts = iter(
        [
            "UPDATE clients SET name = 'changed' WHERE id = 1",
            "UPDATE clients SET id = 901 WHERE id = 2",
            "UPDATE clients SET name = NULL WHERE id = 3",
            "UPDATE clients SET name = '' WHERE id = 4",
            "DELETE FROM clients WHERE id = 5",
            "INSERT INTO clients (id, person, name) VALUES (0, 'p1', 'early'), (999, 'p1', 'late')",
            "UPDATE clients SET name = 'CHANGED' WHERE id = 1",
        ]
    )

    def meanwhile(*_):
        for act in itertools.islice(acts, 1):
            with store.begin() as connection:
                connection.execute(sa.text(act))

    encrypt(office, bench, "name", pace=Pace(batch_rows=5), on_progress=meanwhile)
    assert next(acts, None) is None
    wanted = bank.expected("name", range(1, 41))
    wanted[901] = wanted.pop(2)
    del wanted[5]
    wanted |= {1: "CHANGED", 3: None, 4: "", 0: "early", 999: "late"}
    assert bank.opened(bench, "name") == wanted


def test_a_writer_that_never_rests_loses_nothing(office, bench, store, store_url):
    stop, wrote, faults = threading.Event(), {}, []

    def write():
        own = sa.create_engine(store_url, connect_args={"timeout": 20} if store_url.startswith("sqlite") else {})
        for turn in itertools.count():
            number, value = 1 + turn % 40, f"turn {turn}"
            try:
                with own.begin() as connection:
                    if own.dialect.name == "sqlite":
                        connection.exec_driver_sql("BEGIN IMMEDIATE")
                    if stop.is_set() or _is_switched(connection):
                        break
                    change = sa.text("UPDATE clients SET name = :value WHERE id = :id")
                    if connection.execute(change, {"value": value, "id": number}).rowcount != 1:
                        faults.append("a row that was not there")
            except sa.exc.SQLAlchemyError:  # a column of tokens takes no text where the store has types
                break
            wrote[number] = value
            time.sleep(0.002)
        own.dispose()

    thread = threading.Thread(target=write)
    thread.start()
    time.sleep(0.1)
    encrypt(office, bench, "name", pace=Pace(batch_rows=4))
    stop.set()
    thread.join()
    assert not faults
    assert wrote
    cells = bank.raw(store, "name")
    late = {n for n, cell in cells.items() if cell is not None and not bytes_of(cell).startswith(HEADER)}
    assert len(late) <= (store.dialect.name == "mysql")  # written between its look at the schema and the switch
    with store.begin() as connection:
        for number in late:
            with pytest.raises(DecryptionError):
                bank.opened(bench, "name")
            connection.execute(sa.text("UPDATE clients SET name = NULL WHERE id = :id"), {"id": number})
    opened = bank.opened(bench, "name")
    assert {number: opened[number] for number in wrote if number not in late} == {
        number: value for number, value in wrote.items() if number not in late
    }


def bytes_of(cell):
    return cell.encode() if isinstance(cell, str) else bytes(cell)


def _is_switched(connection):
    return str(columns(connection)["name"]["type"]).upper() in ("BLOB", "LONGBLOB", "BYTEA")


def test_a_wrong_token_stops_the_job_and_the_clear_column_stays(office, bench, store):
    plan = plan_encryption(office, bench, bank.ref("name"))
    before = bank.raw(store, "name")
    end_step = Journal.end_step

    def spoil(self, number, outcome):
        end_step(self, number, outcome)
        if number == 1:
            with store.begin() as connection:
                other = sa.text("SELECT gov_new_f3 FROM clients WHERE id = 9")
                token = connection.execute(other).scalar_one()
                connection.execute(sa.text("UPDATE clients SET gov_new_f3 = :token WHERE id = 12"), {"token": token})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "end_step", spoil)
        with pytest.raises((StoreError, DecryptionError)):
            run_conversion(office, bench, plan)
    assert bank.raw(store, "name") == before
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE clients SET gov_new_f3 = NULL WHERE id = 12"))
    assert run_conversion(office, bench, plan).state == "done"
    assert bank.opened(bench, "name") == bank.expected("name", range(1, 41))


def test_no_value_is_in_what_a_job_leaves(office, bench, store, records):
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE clients SET name = 'planted-marker' WHERE id < 9"))
    plan = plan_encryption(office, bench, bank.ref("name"))
    run_conversion(office, bench, plan)
    assert "planted-marker" not in plan.text()
    assert "planted-marker" not in repr(conversion_module.Batch(payload=None))
    records.dispose()
    for file in Path(records.url.database).parent.glob("gov.db*"):
        assert b"planted-marker" not in file.read_bytes()


class Killed(BaseException):
    """Ends a run where a kill would."""


@pytest.mark.parametrize(
    ("moment", "time_"), [("intend", 3), ("settle", 1), ("settle", 4), ("end_step", 1), ("end_step", 3), ("finish", 1)]
)
def test_a_conversion_that_ends_anywhere_goes_on(office, bench, store, moment, time_):
    plan = plan_encryption(office, bench, bank.ref("name"))
    real, seen = getattr(Journal, moment), []

    def die(self, *arguments, **named):
        seen.append(True)
        if len(seen) == time_ and moment == "settle":
            raise Killed
        found = real(self, *arguments, **named)
        if len(seen) == time_:
            raise Killed
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, moment, die)
        with contextlib.suppress(Killed):
            run_conversion(office, bench, plan, pace=Pace(batch_rows=9))
    found = run_conversion(office, bench, plan, pace=Pace(batch_rows=9))
    assert found.state == "done"
    assert found.total("done") == plan.rows
    assert bank.opened(bench, "name") == bank.expected("name", range(1, 41))


def test_a_conversion_killed_at_any_instant_loses_and_doubles_nothing(records, store_url, tmp_path):
    store = sa.create_engine(store_url)
    rows = 200 * KILLS  # enough that the last kill still meets work to do
    bank.fill(store, rows=rows)
    office, bench = bank.make_office(records), bank.make_bench(store, tmp_path)
    plan = plan_encryption(office, bench, bank.ref("name"))
    kills = killed(plan, store_url, tmp_path, "planning.run_conversion", times=KILLS)
    assert kills >= KILLS // 2, f"{kills} kills: the conversion was done before the others"
    office = bank.make_office(open_records(f"sqlite:///{tmp_path / 'gov.db'}"))
    found = run_conversion(office, bench, plan)
    assert found.total("done") == plan.rows
    assert bank.opened(bench, "name") == bank.expected("name", range(1, rows + 1))
    assert sum(event.counts["rows"] for event in office.ledger.events("job.batch")) == plan.rows
    store.dispose()


def test_a_declared_blind_index_is_filled_and_emptied_with_the_column(office, store, tmp_path):
    with store.begin() as connection:
        binary = {"sqlite": "BLOB", "postgresql": "BYTEA", "mysql": "VARBINARY(64)"}[store.dialect.name]
        connection.execute(sa.text(f"ALTER TABLE clients ADD COLUMN name_bidx {binary}"))
    index = "blind_index: {field: name_bidx, normalise: text, few_values: a test of few names}"
    declared = bank.CATALOG.replace(
        "          name: {id: f3, category: user.content, type: string, status: confirmed}",
        "          name_bidx: {id: f90, category: user.content, status: confirmed}\n"
        "          name: {id: f3, category: user.content, type: string, status: confirmed, encrypted: true, "
        f"{index}}}",
    )
    assert declared != bank.CATALOG
    bench = bank.Bench(bank.parse_catalog(declared), bank.make_keyring(tmp_path), store)
    encrypt(office, bench, "name")
    protector = bench.protector(bank.ref("name"))
    sought = protector.search_cells(bank.ref("name"), "欧阳修", "string")
    found = {number for number, cell in bank.raw(store, "name_bidx").items() if cell and bytes(cell) in sought}
    assert found == {number for number, value in bank.expected("name", range(1, 41)).items() if value == "欧阳修"}
    decrypt(office, bench, "name")
    assert set(bank.raw(store, "name_bidx").values()) == {None}
    assert bank.raw(store, "name") == bank.expected("name", range(1, 41))
