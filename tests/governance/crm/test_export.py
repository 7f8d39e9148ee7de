"""The package of a person holds the records of a CRM, treated by the policy, other people taken out."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from governance.app import Governance
from governance.cli.project_option import actor
from governance.flows.subjects.exporting_subjects import export_subject
from governance.flows.subjects.tracing_subjects import as_identifiers, trace_subject
from governance.requests.packages import Exported, Wanted

from .conftest import ANN, BO, EVE, MARKER
from .memory_crm import MemoryCrm


def exported(gov: Governance, folder: Path, language: str = "en") -> Exported:
    named = as_identifiers(gov, [ANN])
    wanted = Wanted(folder, actor(), "answer_requests", language, models="off")
    return export_subject(gov, trace_subject(gov, named), named, wanted)


def data(folder: Path) -> dict[str, dict[str, object]]:
    document = json.loads((folder / "data.json").read_text(encoding="utf-8"))
    return {each["dataset"]: each for each in document["datasets"]}


def test_records_of_crm_and_database_are_in_one_package(gov: Governance, tmp_path: Path) -> None:
    done = exported(gov, tmp_path / "package")
    assert done.records == {"sales.Contacts": 1, "sales.Deals": 2, "sales.Notes": 1, "shop.customers": 1}
    found = data(tmp_path / "package")
    (ann,) = found["sales.Contacts"]["rows"]
    assert ann["Email"] == ANN
    assert ann["Created"].startswith("2020-05-01")
    assert {row["Closing"] for row in found["sales.Deals"]["rows"]} == {"2012-03-01", "2026-03-01"}


def test_what_the_policy_does_not_give_is_named_and_left_out(gov: Governance, tmp_path: Path) -> None:
    assert ("sales.Cases", "refused") in exported(gov, tmp_path / "package").left_out


def test_employees_and_others_in_texts_are_left_out(gov: Governance, tmp_path: Path) -> None:
    exported(gov, tmp_path / "package")
    text = "".join(each.read_text(encoding="utf-8") for each in (tmp_path / "package").iterdir())
    assert EVE not in text
    assert BO not in text
    assert "Owner.email" not in text


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
def test_what_hangs_on_a_record_is_named(gov: Governance, tmp_path: Path, language: str) -> None:
    exported(gov, tmp_path / "package", language)
    linked = data(tmp_path / "package")["sales.Contacts"]["linked"]
    assert [each["kind"] for each in linked] == ["attachment", "email", "email"]
    assert linked[0] == {
        "record": "12",
        "kind": "attachment",
        "name": f"cv-of-{MARKER}.pdf",
        "time": "2024-01-02T03:04:05+00:00",
    }
    assert f"cv-of-{MARKER}.pdf" in (tmp_path / "package" / "index.html").read_text(encoding="utf-8")


def test_what_hangs_on_a_record_that_the_policy_hides_is_not_named(gov: Governance, firm: Path, crm: MemoryCrm) -> None:
    access = firm / "policies" / "access.csv"
    line = "p, desk, answer_requests, export, sales.Contacts, clear, allow,"
    access.write_text(access.read_text(encoding="utf-8").replace(line, f'{line} Region == "EU"'), encoding="utf-8")
    crm.rows["Contacts"]["12"]["Region"] = "CN"
    done = exported(gov, firm / "package")
    assert ("sales.Contacts", "hidden") in done.left_out
    assert "cv-of" not in (firm / "package" / "data.json").read_text(encoding="utf-8")


def test_ledger_and_logs_hold_no_value(gov: Governance, firm: Path) -> None:
    with capture_logs() as logs:
        done = exported(gov, firm / "package")
    assert "zorblatt" not in repr(done) + str(logs)
    with sqlite3.connect(firm / ".governance" / "gov.db") as records:
        assert "zorblatt" not in "".join(records.iterdump())
