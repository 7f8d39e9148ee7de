"""The sample: deterministic, nested, bounded, and most of it where the scan is least sure."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.scan.judging.cases import FINDING, NAMED, QUIET, STRATA, cases_of
from governance.scan.judging.sampling import draw
from governance.scan.result import DatasetScan, FieldScan, Finding, Label, ScanResult, StoreScan
from policies.nouns import LabelStatus, Sensitivity


def _label(confidence):
    return Label("PERSON", "user.name", Sensitivity.CONFIDENTIAL, False, confidence, LabelStatus.PROPOSED)


def _cases(confidences, silent=0):
    fields = [
        FieldScan(f"x{number}", "string", 9, 0.0, 9, _label(each), (), 0.0) for number, each in enumerate(confidences)
    ]
    fields += [FieldScan(f"q{number}", "string", 9, 0.0, 9, None, (), 0.0) for number in range(silent)]
    dataset = DatasetScan("things", 9, 9, "full", tuple(fields))
    return cases_of(ScanResult((StoreScan("crm", "memory", (dataset,)),), "x"))


MIXED = _cases([0.55] * 30 + [0.7] * 30 + [0.85] * 30 + [0.97] * 300, silent=1_000)


@given(st.lists(st.floats(0.5, 1.0), max_size=60), st.integers(0, 60), st.integers(1, 80))
def test_a_sample_has_no_field_twice_and_is_as_large_as_it_can_be(confidences, silent, limit):
    cases = _cases(confidences, silent)
    sample = draw(cases, limit)
    assert len({each.ref for each in sample.cases}) == len(sample.cases) == min(limit, len(cases))
    assert all(0 < sample.chance(each) <= 1 for each in sample.cases)


def test_the_same_scan_gives_the_same_sample_in_any_order_of_fields():
    assert draw(MIXED, 40).cases == draw(MIXED[::-1], 40).cases
    assert draw(MIXED, 40).cases != draw(MIXED, 40, seed=1).cases


def test_a_larger_sample_contains_the_smaller_one():
    assert {each.ref for each in draw(MIXED, 40).cases} <= {each.ref for each in draw(MIXED, 80).cases}


def test_doubtful_labels_have_the_greater_chance_and_every_kind_has_one():
    sample = draw(MIXED, 40)
    chances = {each.stratum: sample.chance(each) for each in sample.cases}
    assert list(chances.values()) == sorted(chances.values(), reverse=True)
    drawn = Counter(each.stratum for each in sample.cases)
    assert set(drawn) == {each.stratum for each in MIXED}
    assert sum(drawn[name] for name in STRATA[:4]) >= 20
    assert drawn[QUIET] >= 2


def test_every_field_of_a_stratum_has_the_same_chance():
    cases = _cases([0.55] * 20)
    times = Counter(each.ref for seed in range(400) for each in draw(cases, 5, seed=seed).cases)
    assert len(times) == 20
    assert all(55 < count < 150 for count in times.values()), "100 times of 400 are expected"


@pytest.mark.parametrize(
    ("name", "findings", "stratum"),
    [
        ("qty", (), QUIET),
        ("customer_name", (), NAMED),
        ("qty", (Finding("US_SSN", "user.government_id", 0.9, 0.001, 0.0, 0.1, 1, (), ()),), FINDING),
    ],
)
def test_fields_without_a_label_are_told_apart_by_what_speaks_against_that(name, findings, stratum):
    dataset = DatasetScan("things", 9, 9, "full", (FieldScan(name, "string", 9, 0.0, 9, None, findings, 0.0),))
    (case,) = cases_of(ScanResult((StoreScan("crm", "memory", (dataset,)),), "x"))
    assert (case.stratum, case.shown, case.labelled) == (stratum, "none", False)


def test_a_field_whose_name_is_a_value_is_never_put_into_a_file():
    fields = (FieldScan("99999999999", "string", 9, 0.0, 9, _label(0.9), (), 0.0, name_shaped=True),)
    shaped = DatasetScan(
        "aaa@aaa.aaa", 9, 9, "full", (FieldScan("x", "string", 9, 0.0, 9, None, (), 0.0),), name_shaped=True
    )
    store = StoreScan("crm", "memory", (DatasetScan("t", 9, 9, "full", fields), shaped))
    assert cases_of(ScanResult((store,), "x")) == ()
