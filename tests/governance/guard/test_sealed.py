# ruff: noqa: E501 one case a line
"""Encrypted fields: opened for `clear` in the plain result of the outermost SELECT, nowhere else."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Integer, String, select, text
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from governance.guard.query import run_query
from governance.protect.encrypted_type import Encrypted, Plain
from policies.catalog import CatalogDataset, CatalogField, CatalogStore
from policies.errors import DecryptionError, KeyringError, StatementRefusedError
from policies.nouns import LabelStatus

from .hands import CONTEXT, EU, HandPermits, dataset_permit
from .worlds import FIXTURES, KINDS, guard


class Base(DeclarativeBase):
    pass


class Patient(Base):
    __tablename__ = "patients"
    code = mapped_column(String(80), primary_key=True)
    visit = mapped_column(Integer, primary_key=True)
    name = mapped_column(String(80))
    region = mapped_column(String(80))
    diagnosis = mapped_column(Encrypted(String))
    remark = mapped_column(Encrypted(String))


ROWS = [("a", 1, "Ann", "EU", "flu", "x"), ("b", 1, "Bob", "EU", None, "y"), ("b", 2, "Cid", "EU", "cold", None),
        ("c", 1, "Dee", "US", "gout", "z")]  # fmt: skip


class FakeDecryptor:
    """Tokens name their field and record, so that a moved one is noticed."""

    def decrypt_column(self, field, tokens, record_keys):
        values = []
        for token, key in zip(tokens, record_keys, strict=True):
            place, _, value = bytes(token).decode().partition("|")
            if place != f"{field.field}:{key}":
                raise DecryptionError("token", found="a moved token", expected="its place", next_step="restore it")
            values.append(value)
        return values


def token(field, key, value):
    return None if value is None else f"{field}:{key}|{value}".encode()


CATALOG = CatalogStore(
    id="s1",
    datasets={
        "patients": CatalogDataset(
            id="d1",
            record_key=("code", "visit"),
            fields={
                name: CatalogField(
                    id=f"f{place}", category="none", status=LabelStatus.CONFIRMED, type="string" if place > 4 else None,
                    encrypted=name in ("diagnosis", "remark"),
                )
                for place, name in enumerate(("code", "visit", "name", "region", "diagnosis", "remark"), 1)
            },
        )
    },
)  # fmt: skip


@pytest.fixture(params=KINDS)
def ward(request, tmp_path: Path):
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/ward.db" if sqlite else request.getfixturevalue(f"{FIXTURES[request.param]}_url")
    engine = sa.create_engine(url)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for code, visit, name, region, diagnosis, remark in ROWS:
            connection.execute(
                text("INSERT INTO patients VALUES (:a, :b, :c, :d, :e, :f)"),
                {"a": code, "b": visit, "c": name, "d": region, "e": token("diagnosis", (code, visit), diagnosis),
                 "f": token("remark", (code, visit), remark)},
            )  # fmt: skip
    engine.dispose()
    permits = HandPermits(
        {
            "patients": dataset_permit(
                "patients", {"name": "clear", "diagnosis": "clear", "remark": "mask:redact"}, EU,
                hidden={"code": "no_rule", "visit": "no_rule", "region": "no_rule"},
            )
        }
    )  # fmt: skip
    world = guard(url, CATALOG, permits=permits, decryptor=FakeDecryptor())
    yield world
    world.store.close()


def test_bare_field_is_opened_and_its_key_stays_inside(ward):
    names, rows = ward.rows("SELECT diagnosis, name FROM patients ORDER BY name")
    assert names == ("diagnosis", "name")
    assert [(row[0].value if row[0] else None, row[1]) for row in rows] == [
        ("flu", "Ann"),
        (None, "Bob"),
        ("cold", "Cid"),
    ]
    assert repr(rows[0][0]) == "Plain(...)"


def test_star_gives_visible_fields_opened(ward):
    answer = run_query(ward.store, CONTEXT, "SELECT p.*, p.name AS again FROM patients p ORDER BY p.name")
    assert answer.columns == ("name", "diagnosis", "remark", "again")
    assert list(answer.rows) == [("Ann", "flu", None, "Ann"), ("Bob", None, None, "Bob"), ("Cid", "cold", None, "Cid")]


def test_join_binds_each_token_to_its_own_record(ward):
    answer = run_query(
        ward.store, CONTEXT, "SELECT a.diagnosis AS x, b.diagnosis AS y FROM patients a LEFT JOIN patients b ON a.name < b.name"
        " ORDER BY a.name, b.name",
    )  # fmt: skip
    assert list(answer.rows) == [("flu", None), ("flu", "cold"), (None, "cold"), ("cold", None)]


@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_batches_of_any_size_give_all_rows(ward, size):
    cursor = ward.store.connect(CONTEXT).cursor().execute("SELECT name, diagnosis FROM patients ORDER BY name")
    first = cursor.fetchone()
    rows = [first, *itertools.chain.from_iterable(iter(lambda: cursor.fetchmany(size), []))]
    assert [row[0] for row in rows] == ["Ann", "Bob", "Cid"]
    assert ward.recorder.closes == [("e1", "done", {"rows": 3})]


def test_null_can_be_asked_for(ward):
    assert ward.rows("SELECT name FROM patients WHERE diagnosis IS NULL")[1] == [("Bob",)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM patients WHERE diagnosis = 'flu'", "SELECT name FROM patients ORDER BY diagnosis",
        "SELECT diagnosis, name FROM patients ORDER BY 1", "SELECT DISTINCT diagnosis FROM patients",
        "SELECT diagnosis, count(*) FROM patients GROUP BY diagnosis", "SELECT max(diagnosis) FROM patients",
        "SELECT length(diagnosis) FROM patients", "SELECT coalesce(diagnosis, 'x') FROM patients",
        "SELECT diagnosis FROM patients UNION SELECT name FROM patients",
        "SELECT d FROM (SELECT diagnosis AS d FROM patients) t", "WITH t AS (SELECT diagnosis FROM patients) SELECT * FROM t",
        "SELECT (SELECT p.diagnosis) FROM patients p", "SELECT a.name FROM patients a JOIN patients b USING (diagnosis)",
        "SELECT a.name FROM patients a JOIN patients b ON a.diagnosis = b.diagnosis",
        "SELECT CASE WHEN diagnosis IS NULL THEN name ELSE diagnosis END FROM patients",
        "SELECT name, row_number() OVER (ORDER BY diagnosis) FROM patients", "SELECT gov_key_0 FROM patients",
        "SELECT name FROM patients GROUP BY name HAVING min(diagnosis) IS NULL",
        "SELECT diagnosis || 'x' FROM patients", "SELECT CAST(diagnosis AS TEXT) FROM patients",
    ],
)  # fmt: skip
def test_field_is_refused_anywhere_else(ward, sql):
    with pytest.raises(StatementRefusedError):
        ward.rows(sql)


def test_star_in_a_sub_query_leaves_it_out(ward):
    cursor = ward.store.connect(CONTEXT).cursor().execute("SELECT * FROM (SELECT * FROM patients) t ORDER BY name")
    assert [each[0] for each in cursor.description] == ["name", "remark"]
    assert "crm.patients.diagnosis" in {str(each) for each in cursor.omitted}


def test_orm_reads_clear_values(ward):
    with ward.store.session(CONTEXT) as session:
        assert session.execute(select(Patient.name, Patient.diagnosis).order_by(Patient.name)).all() == [
            ("Ann", "flu"), ("Bob", None), ("Cid", "cold"),
        ]  # fmt: skip


def test_moved_token_is_noticed_and_the_use_failed(ward):
    engine = sa.create_engine(ward.url)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE patients SET diagnosis = :t WHERE name = 'Ann'"), {"t": token("diagnosis", ("b", 2), "cold")}
        )
    engine.dispose()
    with pytest.raises(DecryptionError):
        ward.rows("SELECT diagnosis FROM patients")
    assert ward.recorder.closes == [("e1", "failed", {"rows": 0})]


def test_masked_or_null_field_needs_no_key(ward):
    ward.permits.permits["patients"] = dataset_permit("patients", {"name": "clear", "diagnosis": "null"}, EU)
    assert ward.rows("SELECT name, diagnosis FROM patients ORDER BY diagnosis, name LIMIT 1")[1] == [("Ann", None)]


def test_store_without_keys_refuses(ward):
    world = guard(ward.url, CATALOG, permits=ward.permits)
    try:
        with pytest.raises(KeyringError):
            world.rows("SELECT diagnosis FROM patients")
    finally:
        world.store.close()


def test_real_tokens_written_by_the_unit_of_work_are_read_through_the_guard(tmp_path):
    from governance.protect.keyring.file import FileKeyring
    from governance.protect.protector import Protector
    from governance.protect.unit_of_work import install
    from policies.catalog import Catalog

    made = FileKeyring.create(tmp_path / "keys", "correct horse", scrypt_n=2**14)
    protector = Protector(made, Catalog(stores={"crm": CATALOG}))
    url = f"sqlite:///{tmp_path}/real.db"
    engine = sa.create_engine(url)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        install(session, protector, "crm")
        session.add(Patient(code="a", visit=1, name="Ann", region="EU", diagnosis="flu"))
        session.commit()
    engine.dispose()
    permits = HandPermits({"patients": dataset_permit("patients", {"name": "clear", "diagnosis": "clear"}, EU)})
    world = guard(url, CATALOG, permits=permits, decryptor=protector)
    try:
        assert [row[1].value for row in world.rows("SELECT name, diagnosis FROM patients")[1]] == ["flu"]
        assert isinstance(world.rows("SELECT diagnosis FROM patients")[1][0][0], Plain)
    finally:
        world.store.close()
