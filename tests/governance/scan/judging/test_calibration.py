"""The file of verdicts: what stood there stays, to the letter, and what is wrong in it is refused with its line."""

from __future__ import annotations

import datetime as dt

import pytest

from governance.scan.judging.calibration import (
    EMPTY,
    Judgement,
    add_judgement,
    read_calibration,
    set_outcome,
    verdicts_of,
)
from governance.scan.judging.cases import cases_of
from governance.scan.judging.estimates import Quality
from policies.errors import ConfigError

DAY = dt.date(2026, 11, 22)


def case(made, told=("user.name", 0.634)):
    return cases_of(made({"x": told}))[0]


def judged(made, verdict, text=EMPTY, told=("user.name", 0.634)):
    return add_judgement(text, Judgement(case(made, told), verdict, "dpo", DAY, "2026.11"))


def read(tmp_path, text):
    path = tmp_path / "calibration.yaml"
    path.write_text(text, encoding="utf-8")
    return read_calibration(path)


@pytest.mark.parametrize(
    ("verdict", "told", "truth"),
    [
        ("yes", ("user.name", 0.6), "user.name"),
        ("no", ("user.name", 0.6), "none"),
        ("user.contact.email", ("user.name", 0.6), "user.contact.email"),
        ("yes", None, "none"),
        ("user.contact.email", None, "user.contact.email"),
    ],
)
def test_a_verdict_says_what_a_field_is(made, tmp_path, verdict, told, truth):
    known = read(tmp_path, judged(made, verdict, told=told))
    assert known.truth("crm.things.x") == truth
    assert [each.truth for each in verdicts_of([case(made, told)], known)] == [truth]
    assert known.truth("crm.things.other") is None


def test_a_judgement_is_one_line_that_says_who_and_when(made):
    line = "  - {shown: user.name, confidence: 0.63, verdict: yes, by: dpo, at: 2026-11-22, scan: '2026.11'}"
    assert line in judged(made, "yes").splitlines()


def test_what_stood_there_stays_and_the_last_verdict_counts(made, tmp_path):
    before = judged(made, "no") + "# a person's remark\n"
    after = judged(made, "yes", text=before)
    assert all(line in after.splitlines() for line in before.splitlines())
    known = read(tmp_path, after)
    assert [each.verdict for each in known.judgements["crm.things.x"]] == ["no", "yes"]
    assert known.truth("crm.things.x") == "user.name"


def test_an_outcome_replaces_the_last_one_and_no_judgement(made, tmp_path):
    text = judged(made, "yes")
    first = set_outcome(text, Quality(None, None, 3), {"*": 0.7}, 0.95)
    second = set_outcome(first, Quality(None, None, 0), {"user.name": 0.8}, 0.9)
    known = read(tmp_path, second)
    assert (known.target_precision, dict(known.thresholds)) == (0.9, {"user.name": 0.8})
    assert known.judgements == read(tmp_path, text).judgements
    assert read(tmp_path, set_outcome(second, Quality(None, None, 0), {}, None)).thresholds == {}


def test_a_missing_file_holds_nothing(tmp_path):
    assert read_calibration(tmp_path / "calibration.yaml").judgements == {}


@pytest.mark.parametrize(
    "text",
    ["version: 2\n", "version: 1\nsurprise: 1\n", "- a\n", "target_precision: 2\n", "judgements: {x: [{shown: a}]}\n"],
)
def test_a_file_that_is_wrong_is_refused_with_its_place(made, tmp_path, text):
    with pytest.raises(ConfigError, match=r"calibration\.yaml"):
        read(tmp_path, text)
    if text == "- a\n":
        with pytest.raises(ConfigError, match="no keys"):
            judged(made, "yes", text=text)
