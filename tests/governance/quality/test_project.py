"""Quality over a whole project: what is recorded and kept, who may list rows, and what never leaves."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from pathlib import Path

import pytest

from governance.app import Governance
from policies.errors import CatalogError, ConfigError

MARKER = re.compile(r"zebulon|quagmire|欧阳测桩|planted\.marker|zebra-quagga|7654321|19491231|zorblatt", re.IGNORECASE)
EXPORT = """
p, support, support, export, crm.customers, clear, allow, region == principal.region
p, support, support, export, category:user.contact, mask:redact, allow,
"""


@pytest.fixture
def gov(shared_project: Path):
    with Governance.open(shared_project / "governance.yaml", env={}) as opened:
        yield opened


@pytest.fixture
def rules(shared_project: Path):
    """Writes `quality.yaml`, and takes it away again."""
    path = shared_project / "policies" / "quality.yaml"
    yield lambda text: path.write_text(text, encoding="utf-8")
    path.unlink()


def _measured(run, *arguments: str) -> dict:
    found = run("quality", "crm", "--format", "json", *arguments)
    assert found.code == 0, found.err
    return json.loads(found.out)


def test_a_first_answer_needs_no_rules_and_the_next_run_tells_how_it_moved(project: Path, run) -> None:
    some = _measured(run, "--rule", "uniqueness")
    assert {each["dimension"] for each in some["measures"]} == {"uniqueness"}
    document = _measured(run)
    faulty = {(each["place"], each["dimension"]): each["faulty"] for each in document["measures"]}
    assert document["rows"] == {"crm.customers": 40}
    assert faulty["crm.customers", "uniqueness"] == 39
    assert faulty["crm.customers", "freshness"] == 3
    assert faulty["crm.customers.email", "validity"] == 0
    assert document["last_run"] is None  # a run of some rules is not kept
    assert {each["place"] for each in document["not_seen"]} >= {"crm.customers.national_id", "crm.customers.profile"}
    with sqlite3.connect(project / "crm.db") as store:
        store.execute("UPDATE customers SET email = 'test@test.com' WHERE id <= 10")
    store.close()
    text = run("quality", "crm")
    assert "as before" in text.out
    assert "-25.0 points" in text.out
    assert "a filler instead of a value: 10" in text.out


def test_the_read_is_decided_before_and_closed_after(gov: Governance) -> None:
    result = gov.measure_quality(["crm"])
    decision, close = list(gov.ledger.events())[-2:]
    assert (decision.id, decision.kind, decision.purpose) == (result.decision, "decision", "governance.quality")
    assert "crm.customers.email" in {each.ref for each in decision.objects}
    assert close.closes == decision.id
    assert close.counts["rows"] == 40


def test_a_ledger_that_cannot_be_written_stops_the_read(gov: Governance, monkeypatch) -> None:
    from policies.errors import LedgerError

    def refuse(*_: object) -> None:
        raise LedgerError("ledger", found="a full disk", expected="room", next_step="make room")

    assert gov.ledger
    monkeypatch.setattr(type(gov.ledger), "decide", refuse)
    monkeypatch.setattr("connectors.sql.store.SqlStore.read", lambda *_: pytest.fail("read without record"))
    with pytest.raises(LedgerError):
        gov.measure_quality(["crm"])


@pytest.mark.parametrize(("gate", "code"), [("uniqueness", 1), ("validity.checksum", 0), ("score", 1), ("validity", 0)])
def test_a_gate_fails_only_on_what_it_names(shared_project: Path, run, gate: str, code: int) -> None:
    assert run("quality", "crm", "--fail-on", gate).code == code


def test_a_store_that_is_down_is_reported_and_beats_the_gate(project: Path, run) -> None:
    (project / "crm.db").unlink()
    found = run("quality", "crm", "--fail-on", "uniqueness", "--format", "json")
    assert found.code == 2
    assert json.loads(found.out)["failed"][0]["place"] == "crm"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--rule", "prettiness"],
        ["--fail-on", "nothing"],
        ["--work-list", "x.csv"],
        ["--work-list", "x.csv", "--as", "alice"],
        ["--format", "xml"],
    ],
)
def test_a_wrong_option_is_usage(shared_project: Path, run, arguments: list[str]) -> None:
    assert run("quality", "crm", *arguments).code == 2
    assert not (shared_project / "x.csv").exists()


def test_a_store_that_nobody_reviewed_or_named_is_refused(shared_project: Path) -> None:
    with Governance.open(shared_project / "governance.yaml", env={}) as gov:
        with pytest.raises(CatalogError, match="governance scan"):
            gov.measure_quality(["files"])
        with pytest.raises(ConfigError):
            gov.measure_quality(["nosuch"])


def _list(run, project: Path, who: str = "alice", purpose: str = "support"):
    path = project / "list.csv"
    found = run("quality", "crm", "--work-list", path, "--as", who, "--purpose", purpose)
    return found, list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())) if path.exists() else None


def test_a_work_list_holds_what_its_reader_may_export_and_nothing_else(project: Path, run) -> None:
    access = project / "policies" / "access.csv"
    access.write_text(access.read_text(encoding="utf-8") + EXPORT, encoding="utf-8")
    with sqlite3.connect(project / "crm.db") as store:
        store.execute("UPDATE customers SET phone = '12' WHERE id IN (4, 6)")
    store.close()
    found, rows = _list(run, project)
    assert found.code == 0, found.err
    assert rows is not None
    listed = {(row["record"], row["rule"]) for row in rows}
    assert ("id=4", "validity.form") in listed
    assert ("id=6", "validity.form") not in listed  # of another region, which alice does not see
    assert {row["value"] for row in rows if row["field"] == "phone"} == {"[REDACTED]"} or all(
        row["value"] != "12" for row in rows
    )
    assert not MARKER.search(found.out + found.err)
    assert not MARKER.search((project / "list.csv").read_text(encoding="utf-8"))
    assert "records left out of the work list" in found.out
    with Governance.open(project / "governance.yaml", env={}) as gov:
        exports = [each for each in gov.ledger.events("decision") if each.action == "export"]
    assert [each.outcome for each in exports] == ["allowed"] * len(exports)
    assert exports


@pytest.mark.parametrize(
    ("who", "purpose"),
    [("alice", "support"), ("mallory", "support"), ("nobody", "support"), ("alice", "no_such_purpose")],
)
def test_a_work_list_for_somebody_who_may_not_export_is_refused(
    shared_project: Path, run, who: str, purpose: str
) -> None:
    found, rows = _list(run, shared_project, who, purpose)
    assert (found.code, rows) == (1, None)
    assert not MARKER.search(found.out + found.err)


def test_no_run_leaves_a_file_with_values(shared_project: Path, run) -> None:
    run("quality", "crm")
    for file in filter(Path.is_file, (shared_project / ".governance").rglob("*")):
        for marker in ("planted.marker", "欧阳测桩", "7654321", "Quagmire"):
            assert marker.encode() not in file.read_bytes(), file.name


def test_a_record_is_checked_before_it_is_written(gov: Governance, rules) -> None:
    rules("required: {crm.customers.email: [marketing.email], crm.customers.phone: [support]}\n")
    found = gov.validate(
        {"name": "Zebulon Quagmire", "email": "planted.marker@@zebra-quagga.example"}, dataset="crm.customers"
    )
    assert {(each.place, each.rule) for each in found} == {
        ("crm.customers.email", "validity.form"),
        ("crm.customers.phone", "completeness.missing"),
    }
    assert not MARKER.search(repr(found) + "".join(map(str, found)))
    good = {"name": "Zebulon Quagmire", "email": "planted.marker@zebra-quagga.example", "phone": "+49 1512 7654321"}
    assert gov.validate(good, dataset="crm.customers") == ()
    with pytest.raises(CatalogError):
        gov.validate({}, dataset="crm.nosuch")


def test_a_required_field_without_a_purpose_is_a_finding(rules, run) -> None:
    rules("required: {crm.customers.phone: []}\n")
    measures = {(each["place"], each["dimension"]): each["rules"] for each in _measured(run)["measures"]}
    assert measures["crm.customers.phone", "completeness"] == {"completeness.no_purpose": 1}


def test_a_channel_needs_its_address(project: Path, run) -> None:
    access = project / "policies" / "access.csv"
    lines = "p, support, marketing.email, read, crm.customers, clear, allow,\n"
    access.write_text(access.read_text(encoding="utf-8") + lines, encoding="utf-8")
    with sqlite3.connect(project / "crm.db") as store:
        store.execute("UPDATE customers SET email = NULL WHERE id = 1")
        store.execute("UPDATE customers SET email = 'n/a' WHERE id = 2")
    store.close()
    measures = {(each["place"], each["dimension"]): each["rules"] for each in _measured(run)["measures"]}
    assert measures["crm.customers.email", "completeness"] == {"completeness.missing": 2}
