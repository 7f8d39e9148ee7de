"""Precision and recall from a sample: unbiased, intervals that hold the truth, exact when everything was judged."""

from __future__ import annotations

import random
from statistics import mean

import pytest

from governance.scan.judging.cases import cases_of
from governance.scan.judging.estimates import Verdict, estimate_quality
from governance.scan.judging.sampling import draw
from governance.scan.judging.thresholds import reaches

HARMLESS, NAME = "none", "user.name"


def world(made, seed=4):
    """A scan of 620 fields with the truth: sure labels are mostly right, unsure ones often wrong, some are missed."""
    rng = random.Random(seed)
    told, truth = {}, {}
    for number in range(220):
        confidence = rng.choice([0.55, 0.7, 0.85, 0.96])
        told[f"x{number}"] = (NAME, confidence)
        truth[f"x{number}"] = NAME if rng.random() < confidence - 0.05 else HARMLESS
    for number in range(400):
        told[f"q{number}"] = None
        truth[f"q{number}"] = NAME if rng.random() < 0.05 else HARMLESS
    return cases_of(made(told)), truth


def verdicts(cases, truth):
    return [Verdict(each, truth[each.ref.field]) for each in cases]


def shares(cases, truth):
    """The true precision and recall."""
    right = sum(each.labelled and truth[each.ref.field] == each.shown for each in cases)
    personal = sum(each != HARMLESS for each in truth.values())
    return right / sum(each.labelled for each in cases), right / personal


def test_judging_everything_leaves_nothing_to_guess(made):
    cases, truth = world(made)
    quality = estimate_quality(verdicts(cases, truth), cases)
    precision, recall = shares(cases, truth)
    for estimate, share in ((quality.precision, precision), (quality.recall, recall)):
        assert estimate is not None
        assert (estimate.share, estimate.low, estimate.high) == (round(share, 4),) * 3
    assert quality.uncovered == 0


def test_estimates_are_unbiased_and_their_intervals_hold_the_truth(made):
    cases, truth = world(made)
    precision, recall = shares(cases, truth)
    rounds = [draw(cases, 80, seed=seed) for seed in range(150)]
    found = [estimate_quality(verdicts(each.cases, truth), cases) for each in rounds]
    assert mean(each.precision.share for each in found) == pytest.approx(precision, abs=0.02)
    assert mean(each.recall.share for each in found) == pytest.approx(recall, abs=0.04)
    held = mean(each.precision.low <= precision <= each.precision.high for each in found)
    assert held >= 0.9
    held = mean(each.recall.low <= recall <= each.recall.high for each in found)
    assert held >= 0.9


def test_without_weights_the_doubtful_sample_would_lie(made):
    cases, truth = world(made)
    precision, _ = shares(cases, truth)
    plain = mean(
        mean(each.right for each in verdicts(draw(cases, 80, seed=seed).cases, truth) if each.case.labelled)
        for seed in range(100)
    )
    assert plain < precision - 0.02


def test_a_label_of_the_wrong_kind_is_a_false_one_and_a_missed_one(made):
    cases = cases_of(made({"a": (NAME, 0.9), "b": (NAME, 0.9)}))
    quality = estimate_quality(verdicts(cases, {"a": NAME, "b": "user.contact.email"}), cases)
    assert quality.precision.share == 0.5
    assert quality.recall.share == 0.5


def test_labels_below_a_threshold_count_as_not_given(made):
    cases = cases_of(made({"a": (NAME, 0.95), "b": (NAME, 0.6), "c": (NAME, 0.6)}))
    truth = {"a": NAME, "b": HARMLESS, "c": NAME}
    quality = estimate_quality(verdicts(cases, truth), cases, lambda case: reaches(case, {"*": 0.8}))
    assert quality.precision.share == 1.0
    assert quality.recall.share == 0.5


def test_nothing_judged_says_nothing(made):
    cases = cases_of(made({"a": (NAME, 0.9), "b": None}))
    quality = estimate_quality([], cases)
    assert (quality.precision, quality.recall, quality.uncovered) == (None, None, 2)


def test_few_verdicts_give_a_wide_interval_even_when_all_are_right(made):
    cases = cases_of(made({f"x{number}": (NAME, 0.95) for number in range(200)}))
    sample = draw(cases, 5)
    estimate = estimate_quality([Verdict(each, NAME) for each in sample.cases], cases).precision
    assert estimate is not None
    assert estimate.share == estimate.high == 1.0
    assert estimate.low < 0.7
