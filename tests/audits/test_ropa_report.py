"""The record of processing: each gap found once with its rule, numbers recounted, nothing missed silently."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from audits.evidence import Evidence
from audits.rendering import formats_for, render
from audits.report import Count, Report, Table, Tone
from audits.reports.ropa import ropa_report
from audits.reports.ropa_findings import DRIFT, RULES, findings_of
from audits.reports.ropa_items import stated
from policies.processing_forms import ACTIVITY_ITEMS, CLIENT_ITEMS, ORGANISATION_ITEMS, load_processing_forms
from policies.taxonomy import load_taxonomy
from policies.vocabulary import LANGUAGES, Words

TODAY = dt.date(2026, 11, 22)
Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def document(reports: dict[str, Report]) -> dict[str, Any]:
    whole: dict[str, Any] = copy.deepcopy(dict(reports["ropa"].data))
    return whole


def rules(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.rule, each.place) for each in findings_of(document, TODAY)]


def activity(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["activities"] if each["id"] == name)
    return found


def test_every_gap_of_the_evidence_is_found_and_nothing_else(document: dict[str, Any]) -> None:
    assert rules(document) == [
        ("no_purposes", "marketing"),
        ("no_basis", "old.survey"),
        ("basis_not_admitted", "marketing.email"),
        ("no_condition", "care"),
        ("no_retention", "care"),
        ("no_contract", "florist"),
        ("no_contract", "partner"),
        ("no_transfer_ground", "mailer"),  # to IE, under PIPL
        ("no_transfer_ground", "mailer"),  # to US, under PIPL; GDPR has the SCC
        ("no_transfer_ground", "partner"),
        ("no_subjects", "crm.staff"),
        ("dataset_unknown", "crm.tmp_import"),
        ("review_overdue", "care"),
        ("no_storage", ""),
        ("no_data", "old.survey"),
        ("category_unused", "user.government_id.passport_number"),
        ("category_unheld", "user.device.cookie_id"),
        ("dataset_unused", "crm.staff"),
        ("field_unused", "crm.contacts.passport"),
        ("field_gone", "crm.patients.fax"),
    ]


def _set(name: str, key: str, value: Any) -> Change:
    return lambda document: activity(document, name).__setitem__(key, value)


def _drop_contract(document: dict[str, Any]) -> None:
    document["clients"][0]["contract"] = "DPA-9"


def _stated(document: dict[str, Any]) -> None:
    activity(document, "care")["retention"]["stated"] = "P10Y"


def _limited(document: dict[str, Any]) -> None:
    activity(document, "care")["retention"]["without"] = []


def _ground(document: dict[str, Any]) -> None:
    partner = activity(document, "marketing.email")["recipients"][1]
    partner["transfers"] = [{"country": "US", "mechanism": "adequacy", "reference": None}]
    document["transfer_rules"].pop("pipl")


def _condition(document: dict[str, Any]) -> None:
    activity(document, "care")["special"][0]["conditions"]["pipl"] = "separate_consent"


MENDED: list[tuple[str, str, Change]] = [
    ("no_purposes", "marketing", _set("marketing", "text", "Tell people.")),
    ("no_basis", "old.survey", _set("old.survey", "basis", {"gdpr": "consent", "pipl": "consent"})),
    ("basis_not_admitted", "marketing.email", _set("marketing.email", "basis", {"gdpr": "consent", "pipl": "consent"})),
    ("no_condition", "care", _condition),
    ("no_retention", "care", _stated),
    ("no_retention", "care", _limited),
    ("no_contract", "florist", _drop_contract),
    ("no_transfer_ground", "partner", _ground),
    ("no_subjects", "crm.staff", lambda document: document["without_subjects"].clear()),
    ("review_overdue", "care", _set("care", "review_by", "2026-11-22")),
    ("no_storage", "", lambda document: document["organisation"].__setitem__("storage", ["DE"])),
    ("no_data", "old.survey", _set("old.survey", "umbrella", True)),
    ("category_unheld", "user.device.cookie_id", _set("marketing.email", "stated", ["user.contact"])),
    ("category_unused", "user.government_id.passport_number", _set("care", "categories", ["user.government_id"])),
]


@pytest.mark.parametrize(
    ("rule", "place", "mend"), MENDED, ids=[f"{rule}-{at}" for at, (rule, _, _) in enumerate(MENDED)]
)
def test_a_gap_is_gone_once_it_is_mended(document: dict[str, Any], rule: str, place: str, mend: Change) -> None:
    assert (rule, place) in rules(document)
    mend(document)
    assert (rule, place) not in rules(document)


@pytest.mark.parametrize(("item", "rule"), [("controller", "no_controller"), ("measures", "no_measures")])
def test_what_the_organisation_does_not_say_is_missed(document: dict[str, Any], item: str, rule: str) -> None:
    document["organisation"][item] = None if item == "controller" else []
    assert (rule, "") in rules(document)


def test_one_gap_names_every_law_that_asks_for_it(document: dict[str, Any]) -> None:
    found = next(each for each in findings_of(document, TODAY) if each.rule == "no_basis")
    assert found.asked == (("gdpr", "6(1), 5(2)"), ("pipl", "13"))


def test_owner_and_day_come_from_the_activity(document: dict[str, Any]) -> None:
    found = {each.rule: each for each in findings_of(document, TODAY) if each.activity}
    assert (found["basis_not_admitted"].owner, found["basis_not_admitted"].due) == ("marketing office", "2027-03-31")
    assert (found["no_retention"].owner, found["no_retention"].due) == ("clinic", None)  # its day is past


def test_numbers_are_recounted_from_the_document(reports: dict[str, Report], document: dict[str, Any]) -> None:
    facts = {each.label.key: each.value for each in reports["ropa"].sections[0].blocks[0].items}
    names = {each["name"] for one in document["activities"] for each in one["recipients"]}
    found = document["findings"]
    assert facts["ropa.activities"] == len(document["activities"]) == 4
    assert facts["ropa.recipients"] == len(names) == 2
    assert facts["ropa.with_special"] == sum(bool(each["special"]) for each in document["activities"]) == 1
    bad = [each for each in found if RULES[each["rule"].removeprefix("ropa.")] is Tone.BAD]
    assert (facts["ropa.must_mend"], facts["ropa.look_at"]) == (len(bad), len(found) - len(bad))
    assert facts["ropa.differences"] == Count(len(document["drift"]), (document["look"]["event"],))


def test_each_difference_carries_the_event_that_saw_it(reports: dict[str, Report]) -> None:
    [table] = [
        block
        for section in reports["ropa"].sections
        if section.id == "drift"
        for block in section.blocks
        if isinstance(block, Table)
    ]
    assert [row.cells[-1] for row in table.rows] == [Count(1, ("event301",))] * 4


def test_a_complete_record_is_in_order_and_says_what_it_cannot_see(
    evidence: Evidence, document: dict[str, Any]
) -> None:
    care = activity(document, "care") | {"review_by": "2027-01-01", "categories": ["user"]}
    document |= {"activities": [care], "clients": [], "drift": [], "not_seen": [], "without_subjects": []}
    document["organisation"]["storage"] = ["DE"]
    _stated(document)
    _condition(document)
    report = ropa_report(evidence, document)
    assert (report.verdict.tone, report.verdict.tasks) == (Tone.GOOD, ())
    for lang in LANGUAGES:
        assert Words(lang).say("ropa.not_seen_people") in render(report, "text", lang)


def test_a_store_that_did_not_answer_is_never_called_in_order(evidence: Evidence, document: dict[str, Any]) -> None:
    document |= {"activities": [], "clients": [], "held": [], "drift": [], "without_subjects": [], "forms": []}
    assert ropa_report(evidence, document).verdict.tone is Tone.WARN


def test_every_rule_has_its_words() -> None:
    words = Words("en")
    for rule in RULES:
        assert words.has(f"ropa.rule_{rule}")
        assert words.has(f"ropa.task_{rule}")
    assert set(DRIFT) <= set(RULES)


def test_every_item_of_the_pack_can_be_stated_and_missed(document: dict[str, Any]) -> None:
    forms, words = load_processing_forms(TODAY), Words("en")
    facts = {"organisation": document["organisation"], "client": document["clients"][0]}
    for form in forms.forms.values():
        for each in form.items:
            stated(each.item, facts.get(each.of, document["activities"][0]), form.laws, document)
            assert words.has(f"ropa.item_{each.item}")
            covered = each.item in ("categories", "datasets", "client", "client_purposes")  # never empty, or `no_data`
            assert not each.must or covered or f"no_{each.item}" in RULES
    assert {"gdpr", "gdpr-processor", "pipl", "tw-pdpa"} == set(forms.forms)
    assert len({*ORGANISATION_ITEMS, *ACTIVITY_ITEMS, *CLIENT_ITEMS}) == 22


def test_codes_are_of_the_taxonomy_and_cover_what_lies_below() -> None:
    forms, known = load_processing_forms(TODAY), load_taxonomy(TODAY).categories
    assert all(each in known for codes in forms.codes.values() for each in codes)
    assert forms.code("tw-pdpa", "user.health_and_medical.genetic") == "C111"
    assert forms.code("tw-pdpa", "system.operations") is None
    assert forms.code("gdpr", "user.name") is None


def test_no_format_loses_an_activity(reports: dict[str, Report]) -> None:
    for form in formats_for("ropa"):
        for name in ("care", "marketing.email", "old.survey"):
            assert name in render(reports["ropa"], form).replace("<wbr>", "").replace("\\", "")
