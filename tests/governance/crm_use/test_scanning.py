"""Scan, review and catalog on a CRM, as on a database."""

from __future__ import annotations

import json
import random
import tracemalloc
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from connectors.base import FULL, ReadLimits, Sample
from connectors.notes import Notes
from connectors.passing import Opened, Pass
from connectors.sampling import EveryRow
from governance.app import Governance
from governance.flows.scan.reviewing import open_proposals
from governance.flows.scan.scanning import scan_stores
from governance.scan.options import ScanOptions
from governance.scan.proposals import FieldProposal
from policies.catalog import read_catalog
from policies.errors import StoreError
from policies.nouns import DatasetRef

from ..crm.memory_crm import MemoryCrm  # noqa: TID252 the fake lies beside its protocol
from .conftest import FIELDS, MARKERS, Run, clean, contact, make_crm, write_catalog


def test_every_store_is_scanned_and_a_label_helps(run: Run) -> None:
    found = run("scan", "--format", "json")
    assert found.code == 2  # `books` is not there
    document = json.loads(found.out)
    (dataset,) = next(each for each in document["stores"] if each["store"] == "sales")["datasets"]
    labels = {each["field"]: (each["label"] or {}).get("category") for each in dataset["fields"]}
    assert labels["Email"] == "user.contact.email"
    assert labels["UDF7"] == "user.contact.phone_number"
    assert "store books was not scanned" in found.err


def test_a_label_of_the_crm_speaks_for_a_field_without_values(gov: Governance, crm: MemoryCrm) -> None:
    crm.rows["Contacts"].clear()
    (dataset,) = gov.scan(["sales"]).stores[0].datasets
    found = next(each for each in dataset.fields if each.field == "UDF7")
    assert [each.signal for finding in found.findings for each in finding.signals if each.speaks_for] == ["comment"]
    assert found.findings[0].entity == "PHONE_NUMBER"


def test_a_withheld_field_is_not_seen_and_never_harmless(gov: Governance) -> None:
    result = gov.scan(["sales"])
    (dataset,) = result.stores[0].datasets
    assert ("sales.Contacts.Passport", "not_seen.withheld_by_vendor") in [(e.place, e.reason) for e in dataset.not_seen]
    for each in dataset.fields:
        assert each.field != "Passport" or each.label is not None


def test_a_withheld_field_without_a_telling_name_is_left_out(gov: Governance, crm: MemoryCrm) -> None:
    crm.flagged["Contacts", "Rating"] = crm.flagged["Contacts", "Passport"]
    for row in crm.rows["Contacts"].values():
        row["Rating"] = None
    (dataset,) = gov.scan(["sales"]).stores[0].datasets
    assert "Rating" not in [each.field for each in dataset.fields]


def test_flags_that_do_not_come_are_said(gov: Governance, crm: MemoryCrm, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise StoreError("store sales", found="code 500", expected="flags", next_step="try again")

    monkeypatch.setattr(crm, "flags", fail)
    scan = gov.scan(["sales"]).stores[0]
    assert [each.reason for each in scan.not_seen] == ["not_seen.failed"]
    assert scan.datasets[0].fields


def test_progress_is_told(gov: Governance) -> None:
    told: list[str] = []
    gov.scan(["sales"], on_progress=lambda _done, _all, word: told.append(word))
    assert set(told) == {"sales.Contacts"}


def test_employees_are_a_second_kind_of_person(run: Run, project: Path) -> None:
    found = run("scan", "--store", "sales", "--format", "html", "--lang", "zh-Hans")
    assert "客户记录中的员工个人信息" in found.out
    found = run("scan", "--store", "sales")
    assert "Personal data of employees inside customer rows" in found.out
    with Governance.open() as gov:
        proposals = {each.ref.field: each for each in open_proposals(gov) if isinstance(each, FieldProposal)}
    assert {name for name, each in proposals.items() if each.about} == {"Owner.id", "Owner.name", "Owner.email"}
    found = run("catalog", "review", "--confirm", "sales.Contacts.*", "--by", "dpo")
    assert found.code == 0
    entry = read_catalog(project / "policies" / "catalog.yaml").decided(DatasetRef("sales", "Contacts"))
    assert set(entry.employees) == {"Owner.id", "Owner.name", "Owner.email"}
    assert set(entry.third_persons) == set(entry.employees)
    assert entry.record_key == ("id",)
    clean((project / "policies" / "catalog.yaml").read_text(encoding="utf-8"))
    clean((project / "policies" / "catalog.proposed.yaml").read_text(encoding="utf-8"))


def test_a_rejected_or_harmless_field_is_no_employee(run: Run, project: Path) -> None:
    run("scan", "--store", "sales")
    run("catalog", "review", "--harmless", "sales.Contacts.Owner.id", "--by", "dpo")
    entry = read_catalog(project / "policies" / "catalog.yaml").decided(DatasetRef("sales", "Contacts"))
    assert entry.employees == ()


def test_the_catalog_is_compared_with_the_crm(run: Run, project: Path) -> None:
    write_catalog(project)
    found = run("catalog", "diff", "--store", "sales", "--format", "json")
    differences = {each["place"]: each["kind"] for each in json.loads(found.out)["drift"]}
    assert differences["sales.Contacts.Consent.Consent_Date"] == "new"
    assert "sales.Contacts.Email" not in differences
    assert "gone" not in differences.values()


def test_a_withheld_field_that_was_reviewed_is_not_gone(run: Run, project: Path) -> None:
    write_catalog(
        project, "          Passport: {id: f9, category: user.government_id, status: confirmed, type: string}"
    )
    found = run("catalog", "diff", "--store", "sales", "--format", "json")
    assert not [each for each in json.loads(found.out)["drift"] if each["place"].endswith("Passport")]


def test_calibration_and_baseline_know_a_crm(run: Run, project: Path) -> None:
    run("scan", "--store", "sales", "--save-baseline")
    assert '"Email"' in (project / "policies" / "scan_baseline.json").read_text(encoding="utf-8")
    assert run("scan", "--store", "sales", "--fail-on-drift").code == 0


def test_quality_measures_a_crm_and_takes_no_employee_for_the_customer(run: Run, project: Path) -> None:
    write_catalog(project)
    found = run("quality", "sales", "--format", "json")
    assert found.code == 0
    document = json.loads(found.out)
    assert document["rows"] == {"sales.Contacts": 300}
    duplicates = [each for each in document["measures"] if each.get("rule") == "uniqueness.person"]
    assert not [each for each in duplicates if each.get("faulty")]


class _Stream(MemoryCrm):
    """A CRM that makes its records as they are read, page by page."""

    count = 0

    def read(self, dataset: str, fields: Sequence[str], sample: Sample) -> Pass:
        assert sample.full

        @contextmanager
        def opener(_: Notes) -> Iterator[Opened]:
            yield Opened(self._batches(dataset, fields), EveryRow(), None, whole=True)

        return Pass(f"{self.name}.{dataset}", opener, ReadLimits())

    def _batches(self, dataset: str, fields: Sequence[str]) -> Generator[pa.RecordBatch, None, None]:
        rng = random.Random(3)
        shape = pa.schema([pa.field(each, self._type(dataset, each)) for each in fields])
        for start in range(0, self.count, 200):
            rows = [contact(number, rng) for number in range(start, start + 200)]
            yield pa.RecordBatch.from_pylist([{each: row[each] for each in fields} for row in rows], schema=shape)


def test_a_scan_of_20_000_records_is_flat() -> None:
    """The peak stays far under what the records take together, which is more than 20 MB as Python objects."""
    module = replace(make_crm(1).described["Contacts"], fields=FIELDS[:3])
    store = _Stream("sales", {"Contacts": module}, {})
    store.count = 20_000
    tracemalloc.start()
    result = scan_stores([store], ScanOptions(sample=FULL, workers=1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.stores[0].datasets[0].rows_read == 20_000
    assert peak < 8_000_000, peak


def test_nothing_planted_is_in_result_or_ledger(gov: Governance) -> None:
    result = gov.scan(["sales"])
    for lang in ("en", "zh-Hans", "zh-Hant"):
        clean(json.dumps(result.to_json(), ensure_ascii=False) + lang)
    clean(repr(result) + repr(gov) + repr(gov.crm("sales").flags()))
    assert MARKERS["secret"] not in repr(gov.project.crm_settings("sales"))
    assert isinstance(gov.scan_options(), ScanOptions)
