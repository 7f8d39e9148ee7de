"""Thresholds: the lowest that reach the target, of a category where it asks for its own, and what they take away."""

from __future__ import annotations

import pytest

from governance.scan.judging.cases import cases_of
from governance.scan.judging.estimates import Verdict
from governance.scan.judging.thresholds import LOWEST, reaches, threshold_of, tune, with_thresholds

NAME, PHONE = "user.name", "user.contact.phone_number"


def judged(made, *given):
    """Verdicts on labels given as category, confidence, whether it is right."""
    cases = cases_of(made({f"x{number}": each[:2] for number, each in enumerate(given)}))
    pairs = zip(cases, given, strict=True)
    return [Verdict(case, category if right else "none") for case, (category, _, right) in pairs]


def tuned(made, target, *given):
    verdicts = judged(made, *given)
    return tune(verdicts, [1.0] * len(verdicts), target)


GOOD = [(NAME, 0.6 + number / 50, True) for number in range(18)]


def test_labels_that_are_all_right_need_no_threshold(made):
    assert tuned(made, 0.95, *GOOD) == {"*": LOWEST}


def test_the_threshold_lies_just_above_the_wrong_labels(made):
    wrong = [(NAME, 0.55, False), (NAME, 0.58, False), (NAME, 0.52, False)]
    assert tuned(made, 0.99, *GOOD, *wrong)["*"] == pytest.approx(0.581, abs=0.002)


def test_a_lower_target_asks_for_no_more_than_it_needs(made):
    wrong = [(NAME, 0.9, False), (NAME, 0.51, False)]
    assert tuned(made, 0.9, *GOOD, *wrong)["*"] == LOWEST


def test_a_category_that_is_always_wrong_gets_a_threshold_of_its_own(made):
    phones = [(PHONE, 0.6 + number / 100, False) for number in range(4)] + [(PHONE, 0.97, True)] * 3
    found = tuned(made, 0.8, *GOOD, *GOOD, *phones)
    assert found["*"] == LOWEST
    assert found[PHONE] > 0.6
    assert NAME not in found


def test_few_labels_tune_nothing(made):
    assert tuned(made, 0.95, *GOOD[:9]) is None


def test_a_target_that_no_threshold_reaches_is_not_pretended(made):
    assert tuned(made, 0.95, *[(NAME, 0.6 + number / 40, number != 11) for number in range(12)]) is None
    assert tuned(made, 0.95, *[(NAME, 0.6, False)] * 12) is None


def test_weights_count(made):
    verdicts = judged(made, *GOOD, (NAME, 0.55, False))
    heavy = [1.0] * 18 + [9.0]
    assert tune(verdicts, [1.0] * 19, 0.9) == {"*": LOWEST}
    assert tune(verdicts, heavy, 0.9)["*"] > 0.55


def test_a_parent_lends_its_threshold_and_the_own_one_comes_first():
    given = {"*": 0.6, "user.contact": 0.7, "user.contact.email": 0.9}
    assert threshold_of("user.contact.email", given) == 0.9
    assert threshold_of("user.contact.phone_number", given) == 0.7
    assert threshold_of("user.name", given) == 0.6
    assert threshold_of("user.name", {}) == LOWEST


def test_a_result_keeps_labels_that_reach_their_threshold_and_loses_the_others(made):
    result = made({"a": (NAME, 0.9), "b": (NAME, 0.6), "c": (PHONE, 0.6), "d": None})
    kept = with_thresholds(result, {NAME: 0.8})
    assert [field for _, _, field, _ in kept.labels] == ["a", "c"]
    assert with_thresholds(result, {}) == result
    assert with_thresholds(kept, {NAME: 0.8}) == kept
    before = {case.ref: case for case in cases_of(result)}
    assert {ref.field for ref, case in before.items() if reaches(case, {NAME: 0.8})} == {"a", "c"}
