"""The package that a person gets: their own data, told why, without other people, and values nowhere else."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from governance.app import Governance
from governance.flows.audits.declaring_automated import Declared
from governance.flows.subjects.exporting_subjects import Exported, Wanted, export_subject
from governance.flows.subjects.tracing_subjects import trace_subject
from governance.requests.traced import Identifier
from policies.errors import AccessRefusedError, BadInputError, ConfigError

ANNA = [Identifier("email", "anna@example.com")]
BERND = [Identifier("email", "bernd@example.com")]


def export(gov, tmp_path: Path, identifiers=ANNA, *, follow=True, **options) -> tuple[Exported, Path]:
    output = tmp_path / options.pop("name", "package")
    trace = trace_subject(gov, identifiers, follow=follow)
    asked = {"principal": "olga", "purpose": "answer_requests", "models": "off", "confirmed": True} | options
    return export_subject(gov, trace, identifiers, Wanted(output, **asked)), output


def data(folder: Path) -> dict[str, list[dict]]:
    document = json.loads((folder / "data.json").read_text(encoding="utf-8"))
    return {each["dataset"]: each["rows"] for each in document["datasets"]}


def test_a_package_has_the_persons_data_and_nobody_elses(gov, tmp_path: Path) -> None:
    done, folder = export(gov, tmp_path)
    found = data(folder)
    assert {each["id"] for each in found["crm.customers"]} == {1, 4}
    assert {each["id"] for each in found["crm.orders"]} == {100, 101}
    assert [each["line"] for each in found["crm.order_lines"]] == [1, 2]  # a key of two fields
    assert done.records == {"crm.customers": 2, "crm.orders": 2, "crm.order_lines": 2, "crm.tickets": 2}
    everything = "".join(each.read_text(encoding="utf-8") for each in folder.iterdir())
    for marker in ("bernd@example.com", "Bernd Muster", "kai@example.com", "spouse_email", "王小明", "same for me"):
        assert marker not in everything
    assert ("crm.contacts", "refused") in done.left_out
    assert ("files.survey.csv", "refused") in done.left_out


def test_other_people_in_texts_go_and_the_person_stays(lite_gov, tmp_path: Path) -> None:
    done, folder = export(lite_gov, tmp_path, [Identifier("id", "C-0003-C")])
    (order,) = data(folder)["crm.orders"]
    assert "王小明" in order["note"]
    assert "０９１２３４５６７８" in order["note"]
    assert done.redacted == 0
    done, folder = export(lite_gov, tmp_path, BERND, name="bernd")
    (order,) = data(folder)["crm.orders"]
    assert "anna@EXAMPLE.com" not in order["note"]
    assert "2765 4321" not in order["note"]
    assert done.redacted >= 2


@pytest.mark.parametrize(
    ("lang", "title"), [("en", "Your personal data"), ("zh-Hans", "您的个人信息"), ("zh-Hant", "您的個人資料")]
)
def test_the_page_tells_what_the_laws_demand(lite_gov, tmp_path: Path, lang: str, title: str) -> None:
    done, folder = export(lite_gov, tmp_path, language=lang)
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert f'<html lang="{lang}">' in page
    assert title in page
    for article in ("15(1)(a)", "45", "1798.110(a)(1)", "3, 10"):
        assert article in page
    assert not re.search(r"<script|(?:src|href)=[\"']?(?:https?:)?//|@import|url\(", page)
    assert ("gdpr", "recipients") in done.not_told
    assert "Deliver what was ordered." in page


def test_the_organisation_is_told_where_it_is_recorded(lite_gov, lite: Path, tmp_path: Path) -> None:
    text = """
version: 1
controller: {id: x, name: Tee GmbH, address: Berlin, country: DE, contact: dpo@tee.example}
authority: BlnBDI, Berlin
recipients:
  post:
    {id: p, name: Paket AG, address: Bonn, contact: post@paket.example, country: DE, role: processor,
     contract: AV-7, purposes: [service]}
transfers:
  post-us: {recipient: post, country: US, mechanism: scc}
"""
    (lite / "policies" / "organisation.yaml").write_text(text, encoding="utf-8")
    done, folder = export(lite_gov, tmp_path)
    page = (folder / "index.html").read_text(encoding="utf-8")
    for told in ("Tee GmbH", "Paket AG", "DE, US", "AV-7, scc", "BlnBDI, Berlin"):
        assert told in page
    assert done.not_told == ()


def test_procedures_that_decide_with_the_persons_data_are_named(lite_gov, tmp_path: Path) -> None:
    logic = "the slot follows from earlier returns"
    lite_gov.declare_automated("slot", Declared("service", ["crm.orders.id"], logic, "none"))
    lite_gov.declare_automated("other", Declared("service", ["crm.products"], logic, "none"))
    _, folder = export(lite_gov, tmp_path)
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert logic in page
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["automated"] == ["slot"]
    lite_gov.end_automated("slot", reason="people give the slots again")
    _, folder = export(lite_gov, tmp_path, name="later")
    assert logic not in (folder / "index.html").read_text(encoding="utf-8")


def test_retention_is_told_with_rule_date_and_verdict(lite_gov, lite: Path, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(lite / "shop.db") as store:
        store.execute("ALTER TABLE tickets ADD COLUMN opened TEXT DEFAULT '2020-05-17'")
    store.close()
    catalog = lite / "policies" / "catalog.yaml"
    body = "          body: {id: f5, category: user.content.private, status: confirmed}\n"
    opened = "          opened: {id: f6, category: none, status: confirmed}\n"
    catalog.write_text(catalog.read_text(encoding="utf-8").replace(body, body + opened), encoding="utf-8")
    rule = "{dataset: crm.tickets, start: opened, period: P3Y, action: delete, basis: claims lapse}"
    rules = f"version: 1\nrules:\n  t: {rule}\n"
    (lite / "policies" / "retention.yaml").write_text(rules, encoding="utf-8")
    _, folder = export(lite_gov, tmp_path)
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "kept no longer than 3 years: claims lapse" in page
    assert "17 May 2023" in page
    assert "2 of them are due" in page


def test_what_the_person_provided_can_be_taken_along(lite_gov, tmp_path: Path) -> None:
    done, folder = export(lite_gov, tmp_path, portable=True)
    found = data(folder)
    assert set(found) == {"crm.customers", "crm.orders"}  # tickets are used for no purpose that rests on a contract
    assert set(found["crm.customers"][0]) == {"name", "email", "phone"}
    assert not (folder / "index.html").exists()
    assert done.not_told == ()


def test_a_zip_holds_the_same_files(lite_gov, tmp_path: Path) -> None:
    _, output = export(lite_gov, tmp_path, name="package.zip")
    with zipfile.ZipFile(output) as archive:
        names = archive.namelist()
        manifest = json.loads(archive.read("manifest.json"))
    assert {"index.html", "data.json", "manifest.json"} < set(names)
    assert set(manifest["sha256"]) == set(names) - {"manifest.json"}
    assert output.stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_formulas_in_cells_are_made_harmless(lite_gov, lite: Path, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(lite / "shop.db") as store:
        store.execute("UPDATE customers SET name = '=HYPERLINK(1)' WHERE id = 1")
    store.close()
    _, folder = export(lite_gov, tmp_path)
    file = next(folder.glob("*customers.csv"))
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    assert "'=HYPERLINK(1)" in {each["name"] for each in rows}


def test_several_subject_keys_need_a_human(lite_gov, tmp_path: Path) -> None:
    with pytest.raises(AccessRefusedError, match="2 subject keys"):
        export(lite_gov, tmp_path, confirmed=False)
    assert not (tmp_path / "package").exists()
    done, _ = export(lite_gov, tmp_path, confirmed=False, follow=False)
    assert done.records["crm.customers"] == 1


@pytest.mark.parametrize(("principal", "purpose"), [("carl", "service"), ("olga", "marketing"), ("nobody", "service")])
def test_whoever_has_no_grant_gets_nothing(lite_gov, tmp_path: Path, principal: str, purpose: str) -> None:
    with pytest.raises(AccessRefusedError):
        export(lite_gov, tmp_path, principal=principal, purpose=purpose)
    assert not (tmp_path / "package").exists()


def test_a_taken_place_and_an_unknown_person_are_refused(lite_gov, tmp_path: Path) -> None:
    (tmp_path / "package").write_text("mine")
    with pytest.raises(BadInputError, match="something there already"):
        export(lite_gov, tmp_path)
    assert (tmp_path / "package").read_text() == "mine"
    with pytest.raises(BadInputError, match="no record"):
        export(lite_gov, tmp_path, [Identifier("email", "nobody@example.com")], name="none")


def test_ledger_and_logs_hold_counts_and_no_value(lite_gov, tmp_path: Path, capsys, caplog) -> None:
    caplog.set_level("DEBUG")
    done, folder = export(lite_gov, tmp_path)
    events = list(lite_gov.ledger.events())
    event = next(each for each in events if each.kind == "subject.exported")
    assert event.counts["records"] == sum(done.records.values())
    shown = b"".join(each.leaf() for each in events).decode() + caplog.text + "".join(capsys.readouterr()) + repr(done)
    for marker in ("anna", "27654321", "Beispiel", "ring twice"):
        assert marker.lower() not in shown.lower()
    assert "Anna Beispiel" in (folder / "data.json").read_text(encoding="utf-8")


GRANTS = """
p, reader, answer_requests, export, crm.customers, clear, allow, id < 4
p, reader, answer_requests, export, crm.customers.phone, mask:phone, allow,
p, reader, answer_requests, export, crm.customers.name, null, allow,
p, reader, answer_requests, export, files.survey.csv, clear, allow,
p, reader, answer_requests, export, files.points.jsonl, clear, allow,
p, keyless, answer_requests, export, crm.customers, null, allow,
p, keyless, answer_requests, export, crm.customers.email, clear, allow,
g, rita, reader
g, kurt, keyless
"""


@pytest.fixture
def granted(lite: Path) -> Path:
    """The shop with two people who may see a part."""
    access, principals = lite / "policies" / "access.csv", lite / "policies" / "principals.yaml"
    access.write_text(access.read_text(encoding="utf-8") + GRANTS, encoding="utf-8")
    principals.write_text("version: 1\nprincipals: {olga: {}, carl: {}, rita: {}, kurt: {}}\n", encoding="utf-8")
    return lite


def test_what_the_policy_hides_or_masks_is_said(granted: Path, tmp_path: Path) -> None:
    with Governance.open(granted / "governance.yaml", actor="rita") as gov:
        done, folder = export(gov, tmp_path, principal="rita")
    (row,) = data(folder)["crm.customers"]  # the second of her rows is hidden
    assert row["id"] == 1
    assert "27654321" not in str(row["phone"])
    assert row["name"] is None
    assert {("crm.customers", "hidden"), ("crm.customers.phone", "masked"), ("crm.customers.name", "masked")} <= set(
        done.left_out
    )
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "some records or fields are hidden" in page


def test_files_are_treated_by_the_same_policy(granted: Path, tmp_path: Path) -> None:
    with Governance.open(granted / "governance.yaml", actor="rita") as gov:
        done, folder = export(gov, tmp_path, principal="rita")
        decisions = [each for each in gov.ledger.events() if each.rules == ("subject.export_file",)]
    found = data(folder)
    assert found["files.survey.csv"] == [{"mail": "ANNA@example.com", "answer": "fine"}]
    assert [each["no"] for each in found["files.points.jsonl"]] == ["1"]
    assert ("files.calls.parquet", "refused") in done.left_out
    assert [each.objects[0].ref for each in decisions] == ["files.survey.csv", "files.points.jsonl"]


def test_without_the_record_key_in_clear_nothing_is_exported(granted: Path, tmp_path: Path) -> None:
    with (
        Governance.open(granted / "governance.yaml", actor="kurt") as gov,
        pytest.raises(AccessRefusedError, match="record key"),
    ):
        export(gov, tmp_path, principal="kurt")


def test_taking_along_needs_a_law_that_knows_it(lite: Path, tmp_path: Path) -> None:
    config = lite / "governance.yaml"
    config.write_text(config.read_text().replace("laws: [gdpr, pipl, tw-pdpa, ccpa]", "laws: [tw-pdpa]"))
    with Governance.open(config, actor="olga") as gov, pytest.raises(BadInputError, match="no such right"):
        export(gov, tmp_path, portable=True)


def test_a_package_that_cannot_be_finished_leaves_nothing(lite_gov, lite: Path, tmp_path: Path, monkeypatch) -> None:
    from governance.flows.subjects import packing_subjects

    def fail(*_: object) -> str:
        raise OSError("planted anna@example.com")

    monkeypatch.setattr(packing_subjects, "_digest", fail)
    with pytest.raises(ConfigError) as refusal:
        export(lite_gov, tmp_path)
    assert "anna" not in str(refusal.value)
    assert [each.name for each in tmp_path.iterdir() if each.name != lite.name] == []
    event = next(each for each in lite_gov.ledger.events() if each.kind == "subject.exported")
    assert event.outcome == "failed"


def test_a_dataset_that_drifted_is_closed_and_said(lite_gov, lite: Path, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(lite / "shop.db") as store:
        store.execute("ALTER TABLE tickets RENAME COLUMN body TO text")
    store.close()
    done, folder = export(lite_gov, tmp_path)
    assert ("crm.tickets", "closed") in done.left_out
    assert set(done.records) == {"crm.customers", "crm.orders", "crm.order_lines"}
    assert "closed until somebody has reviewed how it changed" in (folder / "index.html").read_text(encoding="utf-8")
