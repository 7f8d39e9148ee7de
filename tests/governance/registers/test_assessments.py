"""Impact assessments: opened on what there is, signed by a person, stale as soon as schema or purpose is otherwise."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audits.rendering import formats_for, render
from governance.app import Governance
from governance.flows.audits.assessment_skeleton import skeleton
from governance.flows.audits.declaring_automated import Declared
from governance.ledger.log import Ledger
from governance.records.database import create_records
from governance.registers.assessments import Assessment, Assessments
from policies.assessment_answers import AnswersFile, parse_answers
from policies.errors import AccessRefusedError, BadInputError, LedgerError, RecordsError

MARKER = re.compile(r"zebulon|quagmire|欧阳测桩|planted\.marker|zebra-quagga|7654321|zorblatt", re.IGNORECASE)
SPECIAL = """  care: {text: Treat people., basis: {gdpr: contract, pipl: contract},
         special: {user.health_and_medical: {gdpr: "9(2)(h)", pipl: separate_consent}}}
"""
LINE = "p, support, care, read, crm.customers, clear, allow,\n"
RISK = {
    "threat": "a stolen laptop in the office",
    "impact": "shame and trouble at work",
    "measures": "masks, and a ledger of every use",
    "likelihood": 3,
    "severity": 4,
    "residual_likelihood": 1,
    "residual_severity": 4,
}
WORDS = {
    "necessity": "Nobody can be treated without it.",
    "proportionality": "Only who treats somebody sees it.",
    "consulted": "The board of patients was heard.",
    "advice": "Encrypt the notes by the spring.",
}


class Clock:
    def __init__(self) -> None:
        self.now = dt.datetime(2026, 11, 27, 8, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(milliseconds=1)
        return self.now


@pytest.fixture
def project(shared_project: Path, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(shared_project, tmp_path / "p"))
    for name, more in (("purposes.yaml", SPECIAL), ("access.csv", LINE)):
        path = folder / "policies" / name
        path.write_text(path.read_text() + more)
    return folder


@pytest.fixture
def gov(project: Path) -> Iterator[Governance]:
    with Governance.open(project / "governance.yaml", clock=Clock()) as opened:
        yield opened


def answers(about: Assessment, **more: Any) -> AnswersFile:
    said = {"assessment": about.id, "risks": {"access": RISK}, "review_by": dt.date(2027, 11, 27)} | WORDS | more
    return AnswersFile.model_validate(said)


def signed(gov: Governance, purpose: str = "care") -> Assessment:
    found = gov.open_assessment(purpose)
    return gov.sign_assessment(found.id, answers(found), principal="alice")


def activity(gov: Governance, purpose: str = "care") -> dict[str, Any]:
    one: dict[str, Any] = next(each for each in gov.audit_dpia().data["activities"] if each["id"] == purpose)
    return one


def changed(gov: Governance) -> dict[str, str]:
    return {each["place"]: each["kind"] for each in gov.audit_dpia().data["assessments"][-1]["changes"]}


def test_special_data_asks_for_one_and_a_signature_answers(gov: Governance) -> None:
    found = activity(gov)
    assert (found["need"], found["needs"]["pipl"], found["state"]) == ("needed", "needed", "missing")
    assessment = gov.open_assessment("care")
    assert activity(gov)["state"] == "open"
    done = gov.sign_assessment(assessment.id, answers(assessment), principal="alice")
    assert activity(gov)["state"] == "signed"
    assert done.signature is not None
    assert gov.ledger.resolve(done.signature.signer) == "alice"
    events = {each.kind: each for each in gov.ledger.events() if each.kind.startswith("assessment.")}
    assert events["assessment.opened"].id == done.event
    assert events["assessment.signed"].id == done.signature.event
    assert events["assessment.signed"].refs["assessment"] == done.id


def test_people_are_those_that_the_table_holds(gov: Governance, project: Path) -> None:
    with sqlite3.connect(project / "crm.db") as store:
        [people] = store.execute("SELECT count(DISTINCT id) FROM customers").fetchone()
    store.close()
    data = gov.audit_dpia().data
    assert {name: each["people"] for name, each in data["counts"].items()} == {"crm.customers": people}
    event = data["counts"]["crm.customers"]["event"]
    [decision] = gov.ledger.events(ids=(event,))
    assert (decision.purpose, decision.objects[0].ref) == ("governance.dpia", "crm.customers")


def test_special_rows_are_counted_apart(gov: Governance, project: Path) -> None:
    catalog = project / "policies/catalog.yaml"
    told = "subject_key: id\n        special_rows: {user.health_and_medical: \"region == 'CN'\"}"
    catalog.write_text(catalog.read_text().replace("subject_key: id", told))
    with sqlite3.connect(project / "crm.db") as store:
        [people] = store.execute("SELECT count(*) FROM customers WHERE region = 'CN'").fetchone()
    store.close()
    assert gov.audit_dpia().data["counts"]["crm.customers"]["special"] == people == 13


def _new_column(project: Path) -> None:
    with sqlite3.connect(project / "crm.db") as store:
        store.execute("ALTER TABLE customers ADD COLUMN genome TEXT")
    store.close()


def _edit(file: str, old: str, new: str, project: Path) -> None:
    path = project / "policies" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


CHANGES = [
    ("field:crm.customers.genome", "added", _new_column),
    ("purpose:text", "changed", lambda project: _edit("purposes.yaml", "Treat people.", "Sell to people.", project)),
    (
        "purpose:basis.gdpr",
        "changed",
        lambda project: _edit(
            "purposes.yaml", "people., basis: {gdpr: contract", "people., basis: {gdpr: consent", project
        ),
    ),
    (
        "field:crm.customers.phone",
        "changed",
        lambda project: _edit(
            "catalog.yaml",
            "user.contact.phone_number, status: confirmed",
            "user.contact.phone_number, status: rejected",
            project,
        ),
    ),
    (
        "recipient:lab",
        "added",
        lambda project: (project / "policies/organisation.yaml").write_text(
            "version: 1\nrecipients:\n  lab: {id: l, name: Lab, address: R, country: CH, contact: c, role: processor,"
            " purposes: [care]}\n"
        ),
    ),
]


@pytest.mark.parametrize(("place", "kind", "change"), CHANGES, ids=[each[0] for each in CHANGES])
def test_it_is_stale_as_soon_as_what_it_looked_at_is_otherwise(
    gov: Governance, project: Path, place: str, kind: str, change: Any
) -> None:
    signed(gov)
    assert changed(gov) == {}
    change(project)
    found = changed(gov)
    assert found[place] == kind
    assert activity(gov)["state"] == "stale"
    again = signed(gov)
    assert activity(gov)["state"] == "signed"
    assert activity(gov)["assessment"] == again.id


def test_other_purposes_and_rows_change_nothing(gov: Governance, project: Path) -> None:
    signed(gov)
    _edit("purposes.yaml", "support: {", "support: {text: Answer people., ", project)
    with sqlite3.connect(project / "crm.db") as store:
        store.execute("DELETE FROM customers WHERE id > 20")
    store.close()
    assert changed(gov) == {}


def test_a_declared_automated_decision_is_a_trigger_and_a_change(gov: Governance) -> None:
    signed(gov)
    logic = "Who did not come for a year is taken off the list."
    gov.declare_automated("lists", Declared("care", ["crm.customers"], logic, "significant", {"gdpr": "contract"}))
    found = {each["trigger"]: each for each in activity(gov)["triggers"]}
    event = next(each.id for each in gov.ledger.events() if each.kind == "automated.declared")
    assert (found["pipl-automated"]["state"], found["pipl-automated"]["evidence"]) == (
        "met",
        ["automated.lists", event],
    )
    assert changed(gov) == {"automated:lists": "added"}


def test_what_changed_since_it_was_opened_keeps_it_from_being_signed(gov: Governance, project: Path) -> None:
    found = gov.open_assessment("care")
    _new_column(project)
    with pytest.raises(BadInputError, match="otherwise than when it was opened"):
        gov.sign_assessment(found.id, answers(found), principal="alice")
    with pytest.raises(BadInputError, match="open"):
        gov.open_assessment("care")
    gov.close_assessment(found.id, reason="a field came in between")
    assert signed(gov).signature is not None


def test_a_store_that_is_down_stops_opening_and_is_said_in_the_report(gov: Governance, project: Path) -> None:
    signed(gov)
    shutil.move(project / "crm.db", project / "away.db")
    with pytest.raises(BadInputError, match="does not answer"):
        gov.open_assessment("care")
    report = gov.audit_dpia()
    assert "crm" in [each["place"] for each in report.data["not_seen"]]
    assert changed(gov) == {}
    assert report.verdict.tone != "good"
    scale = next(each for each in activity(gov)["triggers"] if each["trigger"] == "wp248-5-scale")
    assert scale["state"] == "ask"


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"assessment": "another"}, "of another assessment"),
        ({"review_by": dt.date(2026, 11, 27)}, "review that is past"),
        ({"authority_consulted": dt.date(2026, 11, 28)}, "will be consulted"),
    ],
)
def test_answers_that_do_not_fit_are_refused(gov: Governance, more: dict[str, Any], match: str) -> None:
    found = gov.open_assessment("care")
    with pytest.raises(BadInputError, match=match):
        gov.sign_assessment(found.id, answers(found, **more), principal="alice")
    assert gov.audit_dpia().data["assessments"][-1]["signature"] is None


def test_nobody_signs_twice_or_as_a_stranger(gov: Governance) -> None:
    found = gov.open_assessment("care")
    with pytest.raises(AccessRefusedError):
        gov.sign_assessment(found.id, answers(found), principal="nobody")
    gov.sign_assessment(found.id, answers(found), principal="alice")
    with pytest.raises(BadInputError, match="signed or closed"):
        gov.sign_assessment(found.id, answers(found), principal="mallory")
    gov.close_assessment(found.id, reason="the purpose was given up")
    with pytest.raises(BadInputError, match="closed"):
        gov.close_assessment(found.id, reason="the purpose was given up")
    with pytest.raises(BadInputError, match="no assessment has"):
        gov.close_assessment("nosuch", reason="the purpose was given up")
    with pytest.raises(BadInputError, match="letters"):
        gov.close_assessment(found.id, reason="so")
    with pytest.raises(BadInputError, match="does not have"):
        gov.open_assessment("nosuch")
    assert activity(gov)["state"] == "missing"


def test_without_its_event_nothing_is_signed(gov: Governance, monkeypatch: pytest.MonkeyPatch) -> None:
    found = gov.open_assessment("care")

    def fail(*_: object) -> None:
        raise LedgerError("ledger", found="nothing", expected="a ledger", next_step="wait")

    monkeypatch.setattr(Ledger, "append_in", fail)
    with pytest.raises(LedgerError):
        gov.sign_assessment(found.id, answers(found), principal="alice")
    assert Assessments(gov.records, gov.ledger).all()[-1].signature is None


def test_records_that_are_gone_are_said(gov: Governance) -> None:
    with gov.records.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gov_assessment RENAME TO elsewhere")
    with pytest.raises(RecordsError, match="cannot be read"):
        gov.audit_dpia()
    with gov.records.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO gov_assessment")


def test_the_register_lives_in_postgresql_too(project: Path, postgres_url: str) -> None:
    url = postgres_url.replace("+psycopg", "")
    create_records(url).dispose()
    config = project / "governance.yaml"
    config.write_text(config.read_text() + f'records: {{url: "{url}"}}\n')
    with Governance.open(config, clock=Clock()) as gov:
        done = signed(gov)
        assert Assessments(gov.records, gov.ledger).all() == (done,)
        assert activity(gov)["state"] == "signed"


def test_words_and_names_lie_in_the_erasable_table_alone(gov: Governance) -> None:
    planted = "Zebulon Quagmire, planted.marker@zebra-quagga.example"
    found = gov.open_assessment("care")
    said = answers(found, consulted=planted, risks={"access": RISK | {"threat": planted}})
    done = gov.sign_assessment(found.id, said, principal="alice")
    assert done.signature is not None
    assert planted in render(gov.audit_dpia(), "json")
    rows = Assessments(gov.records, gov.ledger).all()
    assert not MARKER.search(repr(rows) + repr(list(gov.ledger.events())) + repr(said.assessment))
    assert gov.ledger.erase(done.signature.answers)
    report = gov.audit_dpia()
    for form in formats_for("dpia"):
        for lang in ("en", "zh-Hans", "zh-Hant"):
            written = render(report, form, lang)
            assert written == render(report, form, lang)
            assert not MARKER.search(written)
    assert report.data["assessments"][0]["signature"]["risks"][0]["severity"] == 4


def test_an_unfinished_file_is_refused_at_its_first_gap_and_says_no_answer(gov: Governance) -> None:
    found = gov.open_assessment("care")
    for lang in ("en", "zh-Hans", "zh-Hant"):
        text = skeleton(gov.audit_dpia(), found.id, "care", lang)
        assert "Treat people." in text
        assert "crm.customers" in text
        with pytest.raises(BadInputError, match="necessity"):
            parse_answers(text, "answers")
        planted = text.replace("necessity:", "necessity: Zebulon Quagmire is a patient here")
        with pytest.raises(BadInputError, match="proportionality") as refused:
            parse_answers(planted, "answers")
        assert not MARKER.search(str(refused.value) + repr(refused.value))


def test_the_file_that_is_begun_can_be_finished(gov: Governance) -> None:
    found = gov.open_assessment("care")
    text = skeleton(gov.audit_dpia(), found.id, "care", "en")
    for name, words in WORDS.items():
        text = text.replace(f"\n{name}:", f"\n{name}: {words}")
    for name, value in RISK.items():
        text = text.replace(f"    {name}:\n", f"    {name}: {json.dumps(value)}\n")
    said = parse_answers(text.replace("review_by:", "review_by: 2027-11-27"), "answers")
    assert sorted(said.risks) == ["access", "change", "loss"]
    assert gov.sign_assessment(found.id, said, principal="alice").signature is not None


def test_commands_go_the_whole_way(gov: Governance, project: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    gov.close()
    monkeypatch.chdir(project)
    begun = run("audit", "dpia", "open", "care", "--answers", "care.yaml")
    assert begun.code == 0
    id_ = begun.out.strip()
    assert run("audit", "dpia", "open", "care", "--answers", "care.yaml").code == 2  # never overwritten
    unfinished = run("audit", "dpia", "sign", id_, "--as", "alice", "--answers", "care.yaml")
    assert (unfinished.code, "necessity" in unfinished.err) == (2, True)
    said = {"version": 1, "assessment": id_, "risks": {"access": RISK}, "review_by": "2999-01-01"} | WORDS
    (project / "done.yaml").write_text(json.dumps(said))
    assert run("audit", "dpia", "sign", id_, "--as", "alice", "--answers", "done.yaml").out == "signed\n"
    shown = json.loads(run("audit", "dpia", "show", "--format", "json").out)
    assert [each["state"] for each in shown["activities"] if each["id"] == "care"] == ["signed"]
    assert run("audit", "dpia", "close", id_, "--reason", "the purpose was given up").out == "closed\n"
