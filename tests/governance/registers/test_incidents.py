"""Incidents: whom they concern in three stores, whether keys protect, which clocks run, and who may be told once."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from audits.rendering import formats_for, render
from governance.app import Governance
from governance.flows.audits.incident_scope import AccessWindow, Leaked
from governance.ledger.log import Ledger
from governance.registers.incidents import Incident, Incidents
from policies.errors import AccessRefusedError, BadInputError, LedgerError, PredicateError, RecordsError

AWARE = dt.datetime(2026, 11, 27, 6, tzinfo=dt.UTC)
REASON = "laptop stolen from the office"
MARKERS = ("Zebulon Quagmire", "planted.marker@zebra-quagga.example", "zorblatt", "+49 1512 7654321", "欧阳测桩")
ORDERS = """
      orders:
        id: d2
        subject_key: customer
        record_key: id
        fields:
          id: {id: f1, category: none, status: confirmed, type: integer}
          customer: {id: f2, category: none, status: confirmed, type: string}
          iban: {id: f3, category: user.financial.bank_account, status: confirmed, type: string}
"""
CUSTOMER_ROWS = [
    (number, name, "planted.marker@zebra-quagga.example" if number % 2 else None, "EU" if number % 3 else "cn")
    for number, name in enumerate(["Zebulon Quagmire", "欧阳测桩"] * 3, 1)
]
ORDER_ROWS = [(1, "1", "x"), (2, "1", "x"), (3, "9", "x"), (4, None, "x")]


class Clock:
    def __init__(self) -> None:
        self.now = dt.datetime(2026, 11, 27, 8, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture(scope="module")
def made(shared_project: Path) -> Path:
    catalog = shared_project / "policies/catalog.yaml"
    told = "        jurisdiction: {field: region, map: {EU: gdpr, CN: pipl}}\n        fields:"
    catalog.write_text(catalog.read_text().replace("        fields:", told, 1) + ORDERS.removeprefix("\n"))
    return shared_project


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "p"))


@pytest.fixture
def gov(project: Path) -> Iterator[Governance]:
    with Governance.open(project / "governance.yaml", clock=Clock()) as opened:
        yield opened


def fill(url: str) -> None:
    """Six customers under two laws, and orders of one of them, of somebody else and of nobody."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS customers"))
        names = "name VARCHAR(80), email VARCHAR(80), phone VARCHAR(80), region VARCHAR(9), notes VARCHAR(80)"
        connection.execute(sa.text(f"CREATE TABLE customers (id INTEGER PRIMARY KEY, {names}, created_at VARCHAR(20))"))
        connection.execute(
            sa.text("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer VARCHAR(9), iban VARCHAR(40))")
        )
        for row in CUSTOMER_ROWS:
            said = dict(zip(("id", "name", "email", "region"), row, strict=True))
            connection.execute(
                sa.text("INSERT INTO customers (id, name, email, region) VALUES (:id, :name, :email, :region)"), said
            )
        for order in ORDER_ROWS:
            said = dict(zip(("id", "customer", "iban"), order, strict=True))
            connection.execute(sa.text("INSERT INTO orders VALUES (:id, :customer, :iban)"), said)
    engine.dispose()


def opened(gov: Governance, *places: str, **more: Any) -> Incident:
    return gov.open_incident(Leaked(places or ("crm.customers",), **more), aware=AWARE, reason=REASON)


def clocks(gov: Governance, incident: str) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in gov.audit_incident(incident).data["incidents"][0]["clocks"]}


@pytest.mark.parametrize("where", ["sqlite", "postgresql", "mariadb"])
def test_people_are_distinct_by_law_and_category(project: Path, where: str, request: pytest.FixtureRequest) -> None:
    fixture = {"sqlite": "sqlite_url", "postgresql": "postgres_url", "mariadb": "mysql_url"}[where]
    url = request.getfixturevalue(fixture)
    fill(url)
    config = project / "governance.yaml"
    config.write_text(config.read_text().replace("sqlite:///crm.db", url))
    with Governance.open(config, clock=Clock()) as gov:
        figures = opened(gov, "crm").figures
        assert figures["not_seen"] == []
        # 6 customers, one more who only ordered; `cn` is not `CN` in any collation, and 1 ordered twice
        assert (figures["people"], figures["laws"], figures["unknown"]) == (7, {"gdpr": 4}, 3)
        assert figures["categories"] == {
            "user.contact.email": 3,
            "user.contact.phone_number": 0,
            "user.financial.bank_account": 2,
            "user.health_and_medical": 0,
            "user.name": 6,
        }
        assert figures["records"] == {"crm.customers": 6, "crm.orders": 4}
        assert figures["nobody"] == 1
        some = opened(gov, "crm.customers.email", rows="region == 'EU' and id > 1").figures
        assert (some["people"], some["laws"], some["categories"]) == (3, {"gdpr": 3}, {"user.contact.email": 1})
        assert [(each["field"], each["state"]) for each in some["fields"]] == [("crm.customers.email", "clear")]


def test_the_read_is_recorded_before_and_closed_after(gov: Governance) -> None:
    found = opened(gov)
    decision, close = (next(gov.ledger.events(kind)) for kind in ("decision", "close"))
    assert (decision.purpose, decision.outcome, decision.id) == ("governance.incident", "allowed", found.decision)
    assert (close.refs["decision"], close.counts) == (decision.id, {"people": 40, "rows": 40})
    made = next(gov.ledger.events("incident.opened"))
    assert (made.id, made.refs) == (found.event, {"incident": found.id, "decision": decision.id})


def encrypt(project: Path, run: Any) -> list[str]:
    plan = str(project / "plan.json")
    asked = ("protect", "plan", "encrypt", "crm", "customers", "phone", "--format", "json", "--output", plan)
    done = run("protect", "encrypt", "crm", "customers", "phone", "--format", "json", "--output", plan)
    assert done.code == 0, (done.err, asked)
    ran = run("protect", "run", "--plan", plan, "--format", "json")
    assert ran.code == 0, ran.err
    with Governance.open(project / "governance.yaml") as gov:
        return [each.id for each in gov.keyring.list() if each.of == "s1/d1"]


def test_a_key_protects_while_it_is_not_compromised(project: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    keys = encrypt(project, run)
    with Governance.open(project / "governance.yaml", clock=Clock()) as gov:

        def phone(**more: Any) -> str:
            return str(opened(gov, "crm.customers.phone", **more).figures["fields"][0]["state"])

        assert phone() == "protected"
        assert phone(compromised_keys=tuple(keys)) == phone(compromised_keys=("all",)) == "compromised"
        with pytest.raises(BadInputError, match="does not have"):
            phone(compromised_keys=("00112233aabbccdd",))
        with sqlite3.connect(project / "crm.db") as store:
            store.execute("UPDATE customers SET phone = 'x' WHERE id = 1")
        store.close()
        assert phone() == "partly"


def test_a_window_of_accesses_is_what_the_ledger_says(gov: Governance) -> None:
    with gov.session("crm", principal="alice", purpose="support") as db:
        db.execute(sa.text("SELECT email FROM customers WHERE id < 3")).all()
    since = gov.clock.now - dt.timedelta(hours=1)
    gov.clock.now += dt.timedelta(hours=1)
    window = AccessWindow("alice", since, gov.clock.now)
    found = gov.open_incident(Leaked(access=window), aware=AWARE, reason=REASON)
    use = next(each for each in gov.ledger.events("decision") if each.purpose == "support")
    assert found.scope["access"]["decisions"] == [use.id]
    assert found.scope["access"]["rows"] == 2
    assert {"field": "crm.customers.email", "category": "user.contact.email", "state": "through_guard"} in (
        found.figures["fields"]
    )
    with pytest.raises(BadInputError, match="without a use"):
        gov.open_incident(Leaked(access=AccessWindow("mallory", since, gov.clock.now)), aware=AWARE, reason=REASON)
    with pytest.raises(BadInputError, match="ends before"):
        gov.open_incident(Leaked(access=AccessWindow("alice", since, since)), aware=AWARE, reason=REASON)
    with pytest.raises(AccessRefusedError):
        gov.open_incident(Leaked(access=AccessWindow("nobody", since, gov.clock.now)), aware=AWARE, reason=REASON)


def test_clocks_run_for_the_laws_of_the_people(gov: Governance) -> None:
    every = opened(gov)
    found = clocks(gov, every.id)
    assert {each["law"] for each in found.values()} == {"gdpr", "pipl"}
    assert found["gdpr-authority"]["ends"] == "2026-11-30T06:00:00.000000Z"
    assert (found["gdpr-authority"]["state"], found["gdpr-persons"]["state"]) == ("running", "at_once")
    assert found["cn-grave-incident"]["state"] == "judge"  # 13 people, not a million
    some = opened(gov, rows="region == 'EU'")
    assert {each["law"] for each in clocks(gov, some.id).values()} == {"gdpr"}
    nobody = opened(gov, rows="id > 99")
    assert (nobody.figures["people"], clocks(gov, nobody.id)) == (0, {})


def test_a_store_that_is_down_leaves_every_law_and_a_finding(gov: Governance, project: Path) -> None:
    (project / "crm.db").unlink()
    found = opened(gov)
    assert [each["place"] for each in found.figures["not_seen"]] == ["crm"]
    assert {each["state"] for each in found.figures["fields"]} == {"unread"}
    assert {each["law"] for each in clocks(gov, found.id).values()} == {"gdpr", "pipl"}
    assert clocks(gov, found.id)["cn-grave-incident"]["state"] == "running"  # nobody knows how many people
    assert "incident.task_not_seen" in {task.what.key for task in gov.audit_incident().verdict.tasks}
    assert [each.outcome for each in gov.ledger.events("close")] == ["failed"]


def test_working_days_and_assessment(gov: Governance, project: Path) -> None:
    catalog = project / "policies/catalog.yaml"
    catalog.write_text(catalog.read_text().replace("EU: gdpr, CN: pipl", "EU: br-lgpd, CN: sg-pdpa"))
    config = project / "governance.yaml"
    config.write_text(config.read_text() + "closed_days: [2026-11-30]\ntime_zone: Asia/Singapore\n")
    with Governance.open(config, clock=Clock()) as other:
        incident = opened(other).id
        # Friday; weekend and the closed Monday are not worked: Tuesday, Wednesday, Thursday, whole, in Singapore
        assert clocks(other, incident)["br-authority"]["ends"] == "2026-12-03T16:00:00.000000Z"
        assert clocks(other, incident)["sg-authority"]["state"] == "waiting"
        other.assess_incident(incident, AWARE)
        assert clocks(other, incident)["sg-authority"]["ends"] == "2026-11-30T16:00:00.000000Z"
        assert clocks(other, incident)["sg-authority"]["state"] == "judge"  # fewer than 500


def test_overdue_is_a_finding_until_it_is_told_late(gov: Governance) -> None:
    incident = opened(gov, rows="region == 'EU'").id
    gov.clock.now = AWARE + dt.timedelta(hours=72, microseconds=-1)
    assert clocks(gov, incident)["gdpr-authority"]["state"] == "running"
    gov.clock.now += dt.timedelta(microseconds=1)
    report = gov.audit_incident()
    assert report.verdict.line.key == "incident.overdue"
    assert report.verdict.tasks[0].what.key == "incident.task_overdue"
    gov.notify_incident(incident, "gdpr-authority", at=gov.clock.now)
    assert clocks(gov, incident)["gdpr-authority"]["state"] == "told_late"
    assert "incident.task_overdue" not in {task.what.key for task in gov.audit_incident().verdict.tasks}


def test_states_from_open_to_closed(gov: Governance) -> None:
    incident = opened(gov, rows="region == 'EU'").id

    def state() -> str:
        return str(gov.audit_incident(incident).data["incidents"][0]["state"])

    assert state() == "open"
    with pytest.raises(BadInputError, match="not contained"):
        gov.close_incident(incident, reason=REASON)
    gov.contain_incident(incident, gov.clock.now, reason=REASON)
    assert state() == "contained"
    with pytest.raises(BadInputError, match=r"2 clock\(s\)"):
        gov.close_incident(incident, reason=REASON)
    gov.notify_incident(incident, "gdpr-authority", at=gov.clock.now)
    gov.notify_incident(incident, "gdpr-persons", reason="no high risk to anybody")
    assert state() == "notified"
    gov.close_incident(incident, reason=REASON)
    assert state() == "closed"
    assert gov.audit_incident().verdict.tone == "good"
    with pytest.raises(BadInputError, match="closed"):
        gov.assess_incident(incident, gov.clock.now)
    kinds = [each.kind for each in gov.ledger.events() if each.kind.startswith("incident.")]
    assert kinds == [f"incident.{each}" for each in ("opened", "contained", "notified", "notified", "closed")]


def test_bad_input_changes_nothing(gov: Governance, monkeypatch: pytest.MonkeyPatch) -> None:
    for leaked in (
        Leaked(),
        Leaked(("crm.nowhere",)),
        Leaked(("crm",), rows="id > 1"),
        Leaked(("crm.customers",), access=AccessWindow("alice", AWARE, gov.clock.now)),
    ):
        with pytest.raises(BadInputError):
            gov.open_incident(leaked, aware=AWARE, reason=REASON)
    for rows in ("email.startswith('x')", "nothing == 1", "id == 'Zebulon Quagmire'", "region == principal.region"):
        with pytest.raises(PredicateError) as caught:
            opened(gov, rows=rows)
        assert "Zebulon" not in str(caught.value)
    with pytest.raises(BadInputError, match="to come"):
        gov.open_incident(Leaked(("crm",)), aware=gov.clock.now + dt.timedelta(seconds=1), reason=REASON)
    with pytest.raises(BadInputError, match="letters"):
        gov.open_incident(Leaked(("crm",)), aware=AWARE, reason="lost")
    assert Incidents(gov.records, gov.ledger).all() == ()
    incident = opened(gov).id
    with pytest.raises(BadInputError, match="does not run"):
        gov.notify_incident(incident, "tw-persons", at=gov.clock.now)
    with pytest.raises(BadInputError, match="before anybody knew"):
        gov.notify_incident(incident, "gdpr-authority", at=AWARE - dt.timedelta(seconds=1))
    with pytest.raises(BadInputError, match="before anybody knew"):
        gov.assess_incident(incident, AWARE - dt.timedelta(seconds=1))
    with pytest.raises(BadInputError, match="both or neither"):
        gov.notify_incident(incident, "gdpr-authority")
    with pytest.raises(BadInputError, match="no incident has"):
        gov.audit_incident("nothing")

    def fail(*_: object) -> None:
        raise LedgerError("ledger", found="nothing", expected="a ledger", next_step="wait")

    monkeypatch.setattr(Ledger, "append_in", fail)
    with pytest.raises(LedgerError):
        gov.contain_incident(incident, gov.clock.now, reason=REASON)
    assert Incidents(gov.records, gov.ledger).all()[0].steps == ()


def test_records_that_cannot_be_read_are_an_error(gov: Governance) -> None:
    with gov.records.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gov_incident_step RENAME TO elsewhere")
    with pytest.raises(RecordsError, match="cannot be read"):
        gov.audit_incident()


RACE = """
import sys, datetime as dt
from governance.app import Governance
from policies.errors import BadInputError
with Governance.open(sys.argv[1]) as gov:
    gov.audit_incident(sys.argv[2])
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        gov.notify_incident(sys.argv[2], "gdpr-authority", at=gov.clock())
    except BadInputError as late:
        assert "already" in str(late)
        print("late")
    else:
        print("told")
"""


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_two_processes_that_tell_at_once_leave_one_notice(
    project: Path, where: str, request: pytest.FixtureRequest
) -> None:
    config = project / "governance.yaml"
    if where == "postgresql":
        from governance.records.database import create_records

        url = request.getfixturevalue("postgres_url").replace("+psycopg", "")
        create_records(url).dispose()
        config.write_text(config.read_text() + f'records: {{url: "{url}"}}\n')
    with Governance.open(config) as gov:
        now = gov.clock()
        incident = gov.open_incident(Leaked(("crm.customers",)), aware=now, reason=REASON).id
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(config), incident],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for each in racers:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in racers:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    said = sorted(each.communicate(timeout=60)[0].strip() for each in racers)
    assert said == ["late", "told"]
    with Governance.open(config) as gov:
        assert len(Incidents(gov.records, gov.ledger).all()[0].steps) == 1
        assert len(list(gov.ledger.events("incident.notified"))) == 1


def test_no_value_reaches_register_ledger_or_report(gov: Governance, project: Path) -> None:
    incident = opened(gov, rows=f"email == '{MARKERS[1]}' and name == '{MARKERS[0]}'")
    assert incident.figures["people"] == 20
    gov.contain_incident(incident.id, gov.clock.now, reason="zorblatt was called and locked")
    reports = [gov.audit_incident(), gov.audit_incident(incident.id)]
    written = [
        render(each, form, lang)
        for each in reports
        for form in formats_for("incident")
        for lang in ("en", "zh-Hans", "zh-Hant")
    ]
    with gov.records.connect() as connection:
        rows = [*connection.exec_driver_sql("SELECT * FROM gov_incident")]
        rows += [*connection.exec_driver_sql("SELECT * FROM gov_incident_step")]
    kept = [repr(rows), repr(list(gov.ledger.events())), repr(incident), repr(Leaked((), rows=MARKERS[0])), *written]
    assert all(marker not in each for marker in MARKERS for each in kept)


def test_the_audit_of_everything_has_it_only_when_there_is_one(gov: Governance, project: Path) -> None:
    from governance.flows.audits.making_reports import make_reports

    assert "incident" not in {name for name, _ in make_reports(gov, ())[0]}
    opened(gov, rows="region == 'EU'")
    gov.clock.now += dt.timedelta(days=4)
    overview = gov.audit_all(project / "audit")
    control = overview.data["controls"]["incidents"]
    assert (control["state"], control["findings"]) == ("fail", ["incident.task_overdue"])


def test_command_from_open_to_close(gov: Governance, project: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    gov.close()
    monkeypatch.chdir(project)
    base = ("audit", "incident")
    aware = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)).isoformat()
    said = ("--aware", aware, "--reason", REASON)
    assert run(*base, "open", *said).code == 2
    assert run(*base, "open", "crm.customers", "--aware", "soon", "--reason", REASON).code == 2
    assert run(*base, "open", "--accessed-by", "alice", *said).code == 2
    made = run(*base, "open", "crm.customers", "--rows", "region == 'EU'", *said)
    assert made.code == 0, made.err
    assert "27 people, 27 records" in made.err
    incident = made.out.strip()
    assert run(*base, "notify", incident, "gdpr-persons", "--not-needed").code == 2
    assert run(*base, "contain", incident, "--reason", REASON).code == 0
    assert run(*base, "assess", incident).code == 0
    assert run(*base, "close", incident, "--reason", REASON).code == 2
    assert run(*base, "notify", incident, "gdpr-authority").code == 0
    assert run(*base, "notify", incident, "gdpr-authority").code == 2
    assert run(*base, "notify", incident, "gdpr-persons", "--not-needed", "--reason", REASON).code == 0
    assert run(*base, "close", incident, "--reason", REASON).code == 0
    shown = json.loads(run(*base, "show", incident, "--format", "json").out)
    assert [each["state"] for each in shown["incidents"]] == ["closed"]
