"""Impact assessments: each trigger with its evidence, each state at each day, changes by place, numbers recounted."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest

from audits.evidence import Evidence
from audits.rendering import formats_for, render
from audits.report import Report, Tone
from audits.reports.dpia import dpia_report
from audits.reports.dpia_facts import STATES, changes, changes_of, is_high, worked_out
from audits.reports.dpia_tables import TONES
from audits.reports.dpia_triggers import ASK, MET, NOT_MET, need_of, triggers_of
from policies.assessment_rules import DECLARED, load_assessment_rules
from policies.taxonomy import load_taxonomy
from policies.vocabulary import LANGUAGES, Words

TODAY = dt.date(2026, 11, 22)


@pytest.fixture
def document(reports: dict[str, Report]) -> dict[str, Any]:
    whole: dict[str, Any] = copy.deepcopy(dict(reports["dpia"].data))
    return whole


def activity(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["activities"] if each["id"] == name)
    return found


def state(document: dict[str, Any], name: str, trigger: str) -> str:
    triggers = triggers_of(activity(document, name), document)
    return next(str(each["state"]) for each in triggers if each["trigger"] == trigger)


def stands(document: dict[str, Any], today: dt.date = TODAY) -> dict[str, str]:
    return {each["id"]: each["state"] for each in worked_out(document, today)}


def test_every_activity_stands_as_the_evidence_says(document: dict[str, Any]) -> None:
    assert stands(document) == {
        "care": "stale",
        "marketing": "ask",
        "marketing.email": "open",
        "old.survey": "not_needed",
        "scores": "signed",
    }
    assert [each["need"] for each in worked_out(document, TODAY)] == [
        "needed",
        "perhaps",
        "needed",
        "not_needed",
        "needed",
    ]


@pytest.mark.parametrize(("people", "found"), [(9_999, NOT_MET), (10_000, MET)])
def test_scale_begins_with_the_number_of_the_pack(document: dict[str, Any], people: int, found: str) -> None:
    document["counts"]["crm.patients"]["people"] = people
    assert state(document, "care", "wp248-5-scale") == found
    assert state(document, "care", "gdpr-special") == found


def test_special_rows_count_for_themselves_alone(document: dict[str, Any]) -> None:
    activity(document, "care")["special_in"] = {"crm.patients": "rows"}
    assert state(document, "care", "gdpr-special") == NOT_MET
    document["counts"]["crm.patients"]["special"] = 10_000
    assert state(document, "care", "gdpr-special") == MET


def test_what_was_not_counted_has_to_be_asked(document: dict[str, Any]) -> None:
    del document["counts"]["crm.patients"]
    assert state(document, "care", "wp248-5-scale") == state(document, "care", "gdpr-special") == ASK


@pytest.mark.parametrize(
    ("declares", "found"), [({}, ASK), ({"monitoring": True}, MET), ({"monitoring": False}, NOT_MET)]
)
def test_what_nobody_declared_has_to_be_asked(document: dict[str, Any], declares: dict[str, bool], found: str) -> None:
    activity(document, "care")["declares"] = declares
    assert state(document, "care", "wp248-3-monitoring") == found


@pytest.mark.parametrize(
    ("trigger", "change", "found"),
    [
        ("pipl-sensitive", {"special": [], "subjects": ["child"]}, MET),
        ("pipl-sensitive", {"special": [], "subjects": ["customer"]}, NOT_MET),
        ("wp248-4-sensitive", {"special": [], "categories": ["user.financial.bank_account"]}, MET),
        ("wp248-4-sensitive", {"special": [], "categories": ["user.financials"]}, NOT_MET),
        ("wp248-7-vulnerable", {"subjects": []}, ASK),
        ("wp248-7-vulnerable", {"subjects": [], "datasets": []}, NOT_MET),
        ("wp248-7-vulnerable", {"subjects": ["customer"]}, NOT_MET),
        ("pipl-given", {"involves": ["publication"]}, MET),
        ("pipl-given", {"involves": ["cross_border"]}, NOT_MET),
        ("pipl-abroad", {"involves": ["cross_border"]}, MET),
        ("pipl-abroad", {}, NOT_MET),
    ],
)
def test_registers_decide_a_trigger(document: dict[str, Any], trigger: str, change: dict[str, Any], found: str) -> None:
    activity(document, "care").update(change)
    assert state(document, "care", trigger) == found


def test_the_register_of_automated_decisions_outweighs_what_was_declared(document: dict[str, Any]) -> None:
    activity(document, "scores")["declares"]["automated"] = False
    found = next(each for each in activity(document, "scores")["triggers"] if each["trigger"] == "pipl-automated")
    assert found["evidence"] == ["automated.tiers", "event500"]
    assert state(document, "scores", "pipl-automated") == MET
    assert state(document, "care", "pipl-automated") == NOT_MET  # its procedure there has no effect on people
    document["automated"] = []
    assert state(document, "scores", "pipl-automated") == NOT_MET


@pytest.mark.parametrize(("sold", "found"), [(None, ASK), (True, MET), (False, NOT_MET)])
def test_california_asks_whether_data_is_sold(document: dict[str, Any], sold: bool | None, found: str) -> None:  # noqa: FBT001 a case
    rules = load_assessment_rules(TODAY)[1].model_dump(mode="json")
    document["rules"] |= {"groups": {"ccpa": rules["groups"]["ccpa"]}, "triggers": rules["triggers"]}
    activity(document, "scores")["sold"] = sold
    assert state(document, "scores", "ccpa-sold") == found


def test_two_of_the_nine_criteria_ask_and_one_does_not(document: dict[str, Any]) -> None:
    met = {"trigger": "a", "group": "wp248", "state": MET}
    other = {"trigger": "b", "group": "wp248", "state": NOT_MET}
    rules = document["rules"]
    assert need_of([met, other], rules)["wp248"] == "not_needed"
    assert need_of([met, other | {"state": ASK}], rules)["wp248"] == "perhaps"
    assert need_of([met, other | {"state": MET}], rules)["wp248"] == "needed"


def test_every_met_trigger_names_its_evidence(document: dict[str, Any]) -> None:
    found = [each for one in document["activities"] for each in one["triggers"] if each["state"] == MET]
    assert len(found) == 12
    assert all(each["evidence"] for each in found)


def test_a_change_of_schema_or_purpose_makes_it_stale_and_says_what(document: dict[str, Any]) -> None:
    care = next(each for each in document["assessments"] if each["id"] == "as02")
    assert [(each["kind"], each["place"]) for each in changes_of(document, care)] == [
        ("removed", "field:crm.patients.fax"),
        ("added", "field:crm.patients.genome"),
        ("changed", "purpose:basis.gdpr"),
    ]
    document["now"]["care"] = care["looked_at"]
    assert stands(document)["care"] == "signed"
    del document["now"]["care"]
    assert stands(document)["care"] == "stale"  # the purpose is gone


def test_fields_of_a_store_that_was_not_seen_are_no_change() -> None:
    before, after = {"field:crm.a.b": "string", "purpose:text": "x"}, {"purpose:text": "x"}
    assert changes(before, after, ["crm"]) == []
    assert [each["kind"] for each in changes(before, after, ["cr"])] == ["removed"]


def test_it_lapses_after_its_day(document: dict[str, Any]) -> None:
    assert stands(document, dt.date(2027, 3, 31))["scores"] == "signed"
    assert stands(document, dt.date(2027, 4, 1))["scores"] == "lapsed"


def test_a_law_with_a_period_shortens_a_later_day(document: dict[str, Any]) -> None:
    scores = next(each for each in document["assessments"] if each["id"] == "as03")
    scores["signature"]["review_by"] = "2099-01-01"
    document["rules"]["groups"]["wp248"]["review"] = "P3Y"
    assert stands(document, dt.date(2029, 3, 3))["scores"] == "signed"
    assert stands(document, dt.date(2029, 3, 4))["scores"] == "lapsed"


@pytest.mark.parametrize(("likelihood", "severity", "high"), [(2, 4, False), (3, 3, True), (4, 2, False), (4, 4, True)])
def test_a_risk_is_high_by_both_levels(document: dict[str, Any], likelihood: int, severity: int, high: bool) -> None:  # noqa: FBT001 a case
    risk = {"likelihood": 1, "severity": 1, "residual_likelihood": likelihood, "residual_severity": severity}
    assert is_high(risk, document["rules"], residual=True) is high
    assert not is_high(risk, document["rules"], residual=False)


def test_a_high_risk_that_stays_asks_for_the_authority(evidence: Evidence, document: dict[str, Any]) -> None:
    def asked() -> bool:
        return any(task.what.key == "dpia.task_consult" for task in dpia_report(evidence, document).verdict.tasks)

    assert asked()
    scores = next(each for each in document["assessments"] if each["id"] == "as03")
    scores["signature"]["authority_consulted"] = "2026-03-01"
    assert not asked()


def test_numbers_are_recounted_from_the_document(reports: dict[str, Report], document: dict[str, Any]) -> None:
    report = reports["dpia"]
    facts = {each.label.key: each.value for each in report.sections[0].blocks[0].items}
    now = stands(document)
    assert {name: facts[f"dpia.state_{name}"] for name in STATES} == {
        name: list(now.values()).count(name) for name in STATES
    }
    assert facts["dpia.largest"].value == max(each["people"] for each in document["counts"].values()) == 12_000
    assert facts["dpia.largest"].evidence == ("event301", "event302")
    for row in report.flat.rows:
        triggers = activity(document, row.cells[0].text)["triggers"]
        assert row.cells[4:6] == tuple(sum(each["state"] == one for each in triggers) for one in (MET, ASK))


def test_erased_words_leave_a_reference_and_the_levels(reports: dict[str, Report]) -> None:
    for lang in LANGUAGES:
        said = render(reports["dpia"], "text", lang)
        assert Words(lang).say("dpia.erased", ref="n:3") in said
        assert "stolen laptop" in said  # of the one that was not erased


def test_a_signed_project_is_in_order(evidence: Evidence, document: dict[str, Any]) -> None:
    document["activities"] = [activity(document, "scores"), activity(document, "old.survey")]
    document["assessments"] = [each for each in document["assessments"] if each["purpose"] == "scores"]
    document["assessments"][0]["signature"]["risks"] = []
    document["not_seen"] = []
    report = dpia_report(evidence, document)
    assert (report.verdict.tone, report.verdict.tasks) == (Tone.GOOD, ())


def test_the_pack_and_the_words_fit_together() -> None:
    _, rules = load_assessment_rules(TODAY)
    known = load_taxonomy(TODAY).categories
    assert set(rules.highly_personal) <= set(known)
    assert sum(each.group == "wp248" for each in rules.triggers.values()) == 9
    for lang in LANGUAGES:
        words = Words(lang)
        assert all(words.has(f"dpia.test_{each.test}") for each in rules.triggers.values())
        assert all(words.has(f"dpia.test_{each}") for each in DECLARED)
        assert all(words.has(f"dpia.state_{each}") for each in (*STATES, "closed", "replaced"))
    assert set(TONES) == set(STATES)


def test_no_format_loses_an_activity(reports: dict[str, Report]) -> None:
    for form in formats_for("dpia"):
        for name in ("care", "marketing.email", "old.survey"):
            assert name in render(reports["dpia"], form).replace("<wbr>", "").replace("\\", "")
