"""A clinic whose patients and staff share numbers: consent and restriction of one are not taken for the other's."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from governance.app import Governance
from governance.consent.events import Subject
from governance.flows.consent import kinds_of_persons
from governance.flows.consent.exchanging_consent import import_consent
from governance.flows.consent.judging_consent import audit_consent, consent_coverage
from governance.flows.opening.doctor import State, examine_project
from governance.flows.opening.setup import create_state
from governance.flows.subjects.restricting_traced import lift_traced, restrict_traced
from governance.flows.subjects.tracing_subjects import trace_subject
from governance.project import Project
from governance.requests.traced import Identifier, Unreached
from policies.errors import AccessRefusedError, BadInputError
from policies.nouns import DatasetRef

BOTH = [5, 6]
"""Numbers that are a patient's and a staff member's."""
PURPOSES = """
version: 1
purposes:
  care: {basis: {gdpr: contract}}
  analytics: {basis: {gdpr: legitimate_interests}}
  news: {basis: {gdpr: consent}}
"""
ID = "id: {id: f1, category: none, status: confirmed, type: integer}"
TABLES = {
    "patients": ("id", "name VARCHAR(30)", "record_key: id"),
    "staff": ("id", "name VARCHAR(30)", "record_key: id"),
    "appointments": ("patient_id", "patient_id INTEGER REFERENCES patients (id)", "record_key: id"),
    "payslips": ("staff_id", "staff_id INTEGER REFERENCES staff (id)", "record_key: id"),
    "notes": ("person", "person INTEGER", "record_key: id"),
    "waiting": ("patient_id", "", "joins: [{fields: patient_id, to: clinic.patients, referred: id}]"),
    "rota": ("staff_id", "", "joins: [{fields: staff_id, to: clinic.staff, referred: id}]"),
}
"""By dataset the subject key, a column and what else the catalog says; the last two are views without a key."""
OF_PATIENTS, OF_STAFF, UNTOLD = ("patients", "appointments", "waiting"), ("staff", "payslips", "rota"), ("notes",)


class Base(DeclarativeBase):
    """Of the mapped classes."""


class Payslip(Base):
    __tablename__ = "payslips"
    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int]


class Appointment(Base):
    __tablename__ = "appointments"
    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int]


def catalog(persons: str = "", tables=TABLES) -> str:
    lines = ["version: 1", "stores:", "  clinic:", "    id: s1", *([f"    persons: {persons}"] if persons else [])]
    lines.append("    datasets:")
    for number, (name, (key, _, more)) in enumerate(tables.items(), start=1):
        lines += [f"      {name}:", f"        id: d{number}", f"        subject_key: {key}", f"        {more}"]
        lines += ["        fields:", *([f"          {ID}"] if "joins" not in more else [])]
        if key != "id":
            lines.append(f"          {key}: {{id: f2, category: none, status: confirmed, type: integer}}")
        elif "record_key" in more:
            lines.append("          name: {id: f2, category: user.name, status: confirmed, type: string}")
    return "\n".join([*lines, ""])


class Clinic:
    """One opened project and its raw store."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.raw = folder, sa.create_engine(url)
        with self.raw.begin() as connection:
            for name, (key, column, _) in TABLES.items():
                if column:
                    connection.exec_driver_sql(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, {column})")
                    for number in BOTH:
                        value = "'planted-zorblatt'" if key == "id" else number
                        connection.exec_driver_sql(f"INSERT INTO {name} VALUES ({number}, {value})")
            connection.exec_driver_sql("CREATE VIEW waiting AS SELECT patient_id FROM appointments")
            connection.exec_driver_sql("CREATE VIEW rota AS SELECT staff_id FROM payslips")
        policies = folder / "policies"
        policies.mkdir(parents=True)
        lines = [f"p, desk, {purpose}, {action}, clinic, clear, allow," for purpose in ("care", "analytics", "news")
                 for action in ("read", "write")]  # fmt: skip
        (policies / "access.csv").write_text("\n".join([*lines, "g, ann, desk", ""]))
        (policies / "principals.yaml").write_text("version: 1\nprincipals:\n  ann: {}\n")
        (policies / "purposes.yaml").write_text(PURPOSES)
        self.config = folder / "governance.yaml"
        self.config.write_text(
            f"version: 1\nstores:\n  clinic: {{url: '{url}'}}\nlaws: [gdpr]\n"
            "keyring: {provider: file, passphrase_file: .governance/passphrase}\n"
        )
        self.declare("")
        create_state(Project.read(self.config, {}))
        self.gov = Governance.open(self.config, actor="desk", env={})
        assert self.gov.consent_conditions.create_projection("clinic")

    def declare(self, persons: str, tables=TABLES) -> None:
        (self.folder / "policies" / "catalog.yaml").write_text(catalog(persons, tables))

    def numbers(self, purpose: str, dataset: str) -> list[int]:
        """Whose rows a statement sees."""
        with self.gov.session("clinic", principal="ann", purpose=purpose) as db:
            key = TABLES[dataset][0]
            return [row[0] for row in db.execute(sa.text(f"SELECT {key} FROM {dataset} ORDER BY 1"))]

    def refusal(self, purpose: str, dataset: str) -> str:
        with pytest.raises(AccessRefusedError) as caught:
            self.numbers(purpose, dataset)
        return f"{caught.value.found} {caught.value.expected} {caught.value.next_step}"

    def agree(self, *numbers: int) -> None:
        for number in numbers:
            self.gov.consent.given(Subject(f"patient-{number}", {"clinic": number}), "news")

    def restrict(self, number: int) -> None:
        subject = Subject(f"patient-{number}", {"clinic": number})
        self.gov.restrict(subject, reason="accuracy_contested", basis="gdpr:18(1)(a)")

    def trace(self, key: str):
        return trace_subject(self.gov, [Identifier("key", key)], text=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def clinic(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clinic]:
    lite = request.param == "sqlite"
    made = Clinic(tmp_path, f"sqlite:///{tmp_path}/clinic.db" if lite else request.getfixturevalue("postgres_url"))
    yield made
    made.gov.close()
    made.raw.dispose()


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Clinic]:
    made = Clinic(tmp_path, f"sqlite:///{tmp_path}/clinic.db")
    yield made
    made.gov.close()
    made.raw.dispose()


def test_without_a_declaration_consent_opens_nothing(clinic: Clinic) -> None:
    clinic.agree(5)
    for dataset in TABLES:
        told = clinic.refusal("news", dataset)
        assert "keys of several kinds of persons `persons:` for the store in catalog.yaml" in told
    assert clinic.numbers("care", "staff") == BOTH


def test_without_a_declaration_a_restriction_goes_on_hiding_by_number(clinic: Clinic) -> None:
    clinic.restrict(5)
    for dataset in TABLES:
        assert clinic.numbers("care", dataset) == [6]


def test_consent_of_a_patient_is_not_that_of_staff(clinic: Clinic) -> None:
    clinic.declare("patients")
    clinic.agree(5)
    for dataset in OF_PATIENTS:
        assert clinic.numbers("news", dataset) == [5]
    for dataset in OF_STAFF:
        assert "another kind of persons" in clinic.refusal("news", dataset)
    assert "nothing tells whose it is" in clinic.refusal("news", "notes")
    with clinic.gov.session("clinic", principal="ann", purpose="news") as db:
        assert [each.id for each in db.scalars(sa.select(Appointment))] == [5]
        with pytest.raises(AccessRefusedError, match="another kind of persons"):
            db.scalars(sa.select(Payslip)).all()
    news = clinic.gov.session("clinic", principal="ann", purpose="news")
    with news as db, pytest.raises(AccessRefusedError, match="another kind of persons"):
        db.execute(sa.text("SELECT p.id FROM patients p JOIN staff s ON s.id = p.id"))


def test_a_restriction_of_a_patient_hides_no_staff_and_whoever_nobody_can_tell(clinic: Clinic) -> None:
    clinic.declare("patients")
    clinic.restrict(5)
    for dataset in (*OF_PATIENTS, *UNTOLD):
        assert clinic.numbers("care", dataset) == [6]
    for dataset in OF_STAFF:
        assert clinic.numbers("care", dataset) == BOTH
    with clinic.gov.session("clinic", principal="ann", purpose="care", writes=True) as db:
        assert db.execute(sa.text("UPDATE staff SET name = 'planted-new'")).rowcount == 2
        assert db.execute(sa.text("UPDATE patients SET name = 'planted-new'")).rowcount == 1
        db.rollback()


def test_an_objection_of_a_patient_hides_no_staff(clinic: Clinic) -> None:
    clinic.declare("patients")
    clinic.gov.consent.given(Subject("patient-5", {"clinic": 5}), "news")
    clinic.gov.consent.record("objected", Subject("patient-5"), "analytics")
    assert [clinic.numbers("analytics", each) for each in ("patients", "notes", "staff")] == [[6], [6], BOTH]


def test_records_that_were_handed_over_follow_the_same_rule(clinic: Clinic) -> None:
    clinic.declare("patients")
    clinic.agree(5)
    clinic.restrict(6)

    def shown(dataset: str, purpose: str) -> list[int]:
        rows = [{"id": number, "name": "planted-zorblatt"} for number in BOTH]
        told = clinic.gov.filter(rows, dataset=f"clinic.{dataset}", principal="ann", purpose=purpose)
        return [row["id"] for row in told]

    assert [shown("patients", "news"), shown("patients", "care"), shown("staff", "care")] == [[5], [5], BOTH]
    with pytest.raises(AccessRefusedError, match="another kind of persons"):
        shown("staff", "news")


def test_a_view_for_good_follows_the_same_rule(clinic: Clinic) -> None:
    clinic.declare("patients")

    def rules(dataset: str, purpose: str) -> list[str]:
        return [each.rule_id for each in clinic.gov.row_conditions.lasting(DatasetRef("clinic", dataset), purpose)]

    assert rules("patients", "care") == ["restriction"]
    assert rules("payslips", "care") == []
    assert rules("appointments", "news") == ["consent:news:*", "restriction", "objection:news"]
    with pytest.raises(AccessRefusedError, match="another kind of persons"):
        rules("payslips", "news")


def test_several_kinds_may_be_named_where_no_number_is_shared(clinic: Clinic) -> None:
    clinic.declare("[patients, staff]")
    clinic.agree(5)
    assert [clinic.numbers("news", each) for each in ("staff", "rota")] == [[5], [5]]
    assert "nothing tells whose it is" in clinic.refusal("news", "notes")


def test_coverage_leaves_other_persons_out_and_says_so(clinic: Clinic) -> None:
    clinic.declare("patients")
    clinic.agree(5)
    clinic.restrict(6)
    found = consent_coverage(clinic.gov).data
    news = {each["dataset"]: each for each in found["coverage"] if each["purpose"] == "news"}
    assert set(news) == {f"clinic.{each}" for each in OF_PATIENTS}
    assert {(each["basis"], each["restricted"]) for each in news.values()} == {(1, 1)}
    assert found["other_persons"] == [f"clinic.{each}" for each in OF_STAFF]
    assert [each["place"] for each in found["not_seen"]] == ["clinic.notes"]
    clinic.declare("")
    found = audit_consent(clinic.gov).data
    assert (found["coverage"], found["other_persons"], len(found["not_seen"])) == ([], [], len(TABLES))


def test_a_person_of_another_kind_is_not_restricted_by_somebody_elses_number(lite: Clinic) -> None:
    lite.declare("patients")
    with pytest.raises(BadInputError, match="another kind") as caught:
        restrict_traced(lite.gov, lite.trace("clinic.staff:5"), reason="legal_claims")
    assert "`persons`" in caught.value.expected
    assert lite.numbers("care", "patients") == BOTH
    restrict_traced(lite.gov, lite.trace("clinic.patients:5"), reason="legal_claims")
    assert lite.numbers("care", "patients") == [6]
    with pytest.raises(BadInputError, match="another kind"):
        lift_traced(lite.gov, lite.trace("clinic.staff:5"), told=True)
    assert lite.numbers("care", "patients") == [6]


def test_a_person_of_both_kinds_is_restricted_as_the_declared_one_and_the_other_is_listed(lite: Clinic) -> None:
    lite.declare("patients")
    both = [Identifier("key", "clinic.staff:6"), Identifier("key", "clinic.patients:5")]
    done = restrict_traced(lite.gov, trace_subject(lite.gov, both, text=False), reason="legal_claims")
    assert Unreached("clinic.staff", "other_persons") in done.apart
    assert (lite.numbers("care", "patients"), lite.numbers("care", "staff")) == ([6], BOTH)


def test_an_import_takes_no_number_that_may_be_two_persons(lite: Clinic) -> None:
    told = {"subject": "p5", "store_keys": {"clinic": 5}, "purpose": "news", "channel": "*", "kind": "given"}
    told["time"] = "2026-01-02T00:00:00Z"
    file = lite.folder / "told.jsonl"
    file.write_text(json.dumps(told) + "\n")
    done = import_consent(lite.gov, file)
    assert (done.recorded, done.wrong) == (0, 1)
    (fault,) = done.faults
    assert (fault.place, fault.expected) == ("store_keys", "`persons:` for the store in catalog.yaml")
    lite.declare("patients")
    assert import_consent(lite.gov, file).recorded == 1
    assert lite.numbers("news", "patients") == [5]


def test_people_who_were_forgotten_under_one_number_are_known_under_another_by_an_import(lite: Clinic) -> None:
    lite.declare("staff")
    lite.gov.consent.given(Subject("p-1", {"clinic": 5}), "news")
    lite.gov.restrict(Subject("p-2", {"clinic": 6}), reason="accuracy_contested", basis="gdpr:18(1)(a)")
    assert (lite.numbers("news", "staff"), lite.numbers("care", "staff")) == ([5], [5])
    for person in ("p-1", "p-2"):
        lite.gov.consent.forget(person)
    lite.declare("patients")
    assert (lite.numbers("news", "patients"), lite.numbers("care", "patients")) == ([], BOTH)
    lines = [
        {"subject": "p-1", "store_keys": {"clinic": 6}, "purpose": "news", "channel": "*", "kind": "given"},
        {"subject": "p-2", "store_keys": {"clinic": 5}, "purpose": "news", "channel": "*", "kind": "refused"},
    ]
    file = lite.folder / "told.jsonl"
    file.write_text("".join(json.dumps({**line, "time": "2026-01-02T00:00:00Z"}) + "\n" for line in lines))
    assert import_consent(lite.gov, file).recorded == 2
    assert (lite.numbers("news", "patients"), lite.numbers("care", "patients")) == ([6], [6])


def test_doctor_says_what_is_not_declared(lite: Clinic) -> None:
    def said() -> list[tuple[State, str]]:
        checks = [
            (each.state, each.to_json()) for each in examine_project(Project.read(lite.config, {}), lite.gov.clock)
        ]
        return [(state, told["found"]) for state, told in checks if told["what"] == "store clinic persons"]

    assert said() == [(State.FINDING, "several kinds of persons, none declared: patients, staff")]
    lite.declare("patients")
    assert said() == [(State.OK, "patients, staff; consent is of patients")]
    lite.declare("", {name: each for name, each in TABLES.items() if name in OF_PATIENTS})
    assert said() == []


def test_one_kind_of_persons_needs_no_declaration(lite: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    lite.declare("", {name: each for name, each in TABLES.items() if name in OF_PATIENTS})
    lite.agree(5)
    lite.restrict(6)
    for dataset in OF_PATIENTS:
        assert (lite.numbers("news", dataset), lite.numbers("care", dataset)) == ([5], [5])
    lite.declare("", {"staff": TABLES["staff"]})
    monkeypatch.setattr(kinds_of_persons, "open_store", None)  # one dataset with a subject key: nothing is asked
    assert lite.numbers("news", "staff") == [5]


def test_a_key_that_refers_to_a_table_nobody_reviewed_is_not_taken_for_the_only_persons(lite: Clinic) -> None:
    without = {name: each for name, each in TABLES.items() if name in ("patients", "appointments", "payslips")}
    lite.declare("", without)
    lite.agree(5)
    assert "keys of several kinds of persons" in lite.refusal("news", "payslips")
    lite.declare("patients", without)
    lite.restrict(6)
    assert lite.numbers("news", "appointments") == [5]
    assert "nothing tells whose it is" in lite.refusal("news", "payslips")
    assert lite.numbers("care", "payslips") == [5]


def test_a_schema_is_read_once_and_again_when_it_changed(lite: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = kinds_of_persons.open_store
    monkeypatch.setattr(
        kinds_of_persons, "open_store", lambda name, *args, **more: read.append(name) or real(name, *args, **more)
    )
    lite.declare("patients")
    lite.restrict(5)
    for _ in range(3):
        assert lite.numbers("care", "notes") == [6]
    assert read == ["clinic"]
    now = dt.datetime.now(dt.UTC)
    kinds = lite.gov.consent_conditions.kinds
    monkeypatch.setattr(kinds, "_clock", lambda: now + dt.timedelta(seconds=31))
    assert lite.numbers("care", "notes") == [6]
    assert read == ["clinic"]
    with lite.raw.begin() as connection:
        connection.exec_driver_sql("DROP TABLE notes")
        connection.exec_driver_sql("CREATE TABLE notes (id INTEGER PRIMARY KEY, person INTEGER REFERENCES staff (id))")
        connection.exec_driver_sql("INSERT INTO notes VALUES (5, 5), (6, 6)")
    monkeypatch.setattr(kinds, "_clock", lambda: now + dt.timedelta(seconds=62))
    assert lite.numbers("care", "notes") == BOTH
    assert read == ["clinic", "clinic"]
