"""`governance subject erase` and `subject reapply --persons`."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from governance.flows.subjects import reapplying_erasure, running_erasure, tracing_subjects

spec = importlib.util.spec_from_file_location("company_of_commands", Path(__file__).parent / "conftest.py")
club = importlib.util.module_from_spec(spec)
spec.loader.exec_module(club)
MARKERS = ("zebra-quagga", "Quagmire", "7654321", "Zorblatt")


def by(patch, tracer):
    for module in (tracing_subjects, running_erasure, reapplying_erasure):
        patch.setattr(module, "trace_subject", tracer)


@pytest.fixture
def _by_hand(monkeypatch):
    by(monkeypatch, club.trace)
    monkeypatch.setattr(tracing_subjects, "as_identifiers", club.guess)


def clean(outcome):
    assert not any(each in outcome.out + outcome.err for each in MARKERS)
    return outcome


@pytest.mark.usefixtures("_by_hand")
def test_plan_then_run_then_reapply(lite_company, run):
    shutil.copy("crm.db", "backup.db")
    text = clean(run("subject", "erase", club.MARKER.format(6)))
    assert text.code == 0
    assert "crm.customers: 1 delete" in text.out
    assert 6 in lite_company.ids("customers")
    assert clean(run("subject", "erase", club.MARKER.format(6), "--format", "json", "--output", "erase.json")).code == 0
    done = clean(run("subject", "erase", "--plan", "erase.json"))
    assert (done.code, "looked again: passed" in done.out) == (0, True)
    assert 6 not in lite_company.ids("customers")
    lite_company.crm.dispose()
    shutil.copy("backup.db", "crm.db")
    assert "stay" in clean(run("subject", "reapply", "crm", "--persons")).err
    again = ("subject", "reapply", "crm", "--persons")
    assert clean(run(*again, "--undecided", "--format", "json", "--output", "again.json")).code == 0
    assert clean(run(*again, "--plan", "again.json")).code == 0
    assert 6 not in lite_company.ids("customers")


@pytest.mark.usefixtures("_by_hand")
def test_what_is_left_exits_one_and_says_so(lite_company, run, monkeypatch):
    def blind(gov, identifiers, **_):
        whole = club.trace(gov, identifiers)
        return club.Trace(tuple(each for each in whole.records if each.dataset.store == "crm"), whole.subject_keys)

    with monkeypatch.context() as patch:
        by(patch, blind)
        run("subject", "erase", club.MARKER.format(2), "--format", "json", "--output", "erase.json")
    outcome = clean(run("subject", "erase", "--plan", "erase.json"))
    assert (outcome.code, "LEFT shop.accounts: 1" in outcome.out, "FAILED" in outcome.err) == (1, True, True)
    job = json.loads(Path("erase.json").read_text())["id"]
    certificate = clean(run("job", "certificate", job, "--lang", "zh-Hans"))
    assert (certificate.code, "删除个人信息主体的数据" in certificate.out) == (0, True)


@pytest.mark.usefixtures("_by_hand")
def test_files_and_kept_records_are_named(lite_company, run):
    outcome = clean(run("subject", "erase", club.MARKER.format(1)))
    assert "crm.orders: 1 keep, kept by retention:invoices until 2034-03-01" in outcome.out
    assert "BY HAND exports.leads.csv: 1 rows of a file" in outcome.out


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("zh-Hans", ("crm.orders：保留 1 条，依据 retention:invoices，至 2034-03-01", "文件中 1 行", "未作任何更改")),
        ("zh-Hant", ("crm.orders：保留 1 筆，依據 retention:invoices，至 2034-03-01", "檔案中 1 列", "未作任何變更")),
    ],
)
@pytest.mark.usefixtures("_by_hand")
def test_plan_and_outcome_are_told_in_chinese(lite_company, run, lang, words):
    plan = clean(run("subject", "erase", club.MARKER.format(1), "--lang", lang)).out
    assert [each for each in words if each not in plan] == []
    assert clean(run("subject", "erase", club.MARKER.format(6), "--format", "json", "--output", "erase.json")).code == 0
    done = clean(run("subject", "erase", "--plan", "erase.json", "--lang", lang)).out
    assert ("通过" in done or "通過" in done, "looked" in done, "certificate" in done) == (True, False, False)


@pytest.mark.parametrize(
    "arguments",
    [("erase",), ("erase", "x@example.org", "--plan", "governance.yaml"), ("reapply", "crm", "--undecided")],
)
@pytest.mark.usefixtures("_by_hand")
def test_wrong_use_exits_two(lite_company, run, arguments):
    assert run("subject", *arguments).code == 2


@pytest.mark.usefixtures("_by_hand")
def test_nobody_is_a_clear_error(lite_company, run):
    outcome = run("subject", "erase", "nobody@example.org")
    assert (outcome.code, "no record of the person" in outcome.err) == (2, True)


def test_the_projects_own_tracer_finds_them_and_what_it_cannot_see_stays_open(lite_company, run):
    assert clean(run("subject", "erase", club.MARKER.format(6), "--format", "json", "--output", "erase.json")).code == 0
    done = clean(run("subject", "erase", "--plan", "erase.json"))
    assert (done.code, "looked again: open" in done.out) == (0, True)
    assert 6 not in lite_company.ids("customers")
