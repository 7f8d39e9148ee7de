"""The report on fairness: every number again from the raw counts, and no claim beyond what they carry."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audits.evidence import Evidence
from audits.report import Report, Tone
from audits.reports.fairness import fairness_report
from audits.reports.fairness_figures import compare, ratio_interval

Z95 = 1.959963984540054
Z_OF_THREE_PAIRS = 2.3939797998
"""Of 1 - 0.05 / 6, from a table of the normal distribution."""


def load(name: str) -> Any:
    return json.loads((Path(__file__).parent / "evidence" / name).read_text(encoding="utf-8"))


def measure(group: str, better: int | None, cases: int | None, *, named: bool = True) -> dict[str, Any]:
    return {
        "id": f"o.d.{group}", "decision": "e1", "outcome": "o", "dimension": "d", "group": group, "named": named,
        "cases": cases, "better": better, "undecided": 0,
    }  # fmt: skip


def wilson(hits: int, n: int, z: float) -> tuple[float, float]:
    """The two roots of the score equation (p - x)^2 = z^2 x (1 - x) / n, found by bisection."""

    def outside(x: float) -> bool:
        return (hits / n - x) ** 2 > z * z * x * (1 - x) / n

    def edge(inside: float, far: float) -> float:
        if not outside(far):
            return far
        for _ in range(200):
            middle = (inside + far) / 2
            inside, far = (inside, middle) if outside(middle) else (middle, far)
        return inside

    return edge(hits / n, 0.0), edge(hits / n, 1.0)


def test_every_number_is_what_the_raw_counts_give(reports: dict[str, Report]) -> None:
    groups = {each["id"]: each for each in reports["fairness"].data["groups"]}
    raw = {each["id"]: each for each in load("fairness.json")["measures"]}
    assert groups.keys() == raw.keys()
    for id_, each in groups.items():
        cases, better = raw[id_]["cases"], raw[id_]["better"]
        assert (each["cases"], each["better"]) == (cases, better)
        if not cases:
            assert (each["share"], each["low"], each["high"]) == (None, None, None)
            continue
        low, high = wilson(better, cases, Z95)
        assert each["share"] == better / cases
        assert (each["low"], each["high"]) == pytest.approx((low, high), abs=1e-9)
    women = groups["upper-tier.gender.women"]
    assert (women["verdict"], women["ratio"]) == ("differs", pytest.approx((82 / 410) / (156 / 390)))
    assert groups["upper-tier.gender.men"]["verdict"] == "best"
    assert {groups[f"upper-tier.age.{each}"]["verdict"] for each in ("<18", "60+")} == {"few"}
    assert groups["upper-tier.age.18-29"]["verdict"] == "same"
    assert groups["fast-ticket.language.English"]["verdict"] == "same"


def test_the_ratio_of_donner_and_zou_is_where_the_difference_of_scaled_shares_is_nought() -> None:
    """The ends are the ratios r at which Newcombe's interval of p - r q touches 0, found by bisection."""
    for one, other in (((82, 410), (156, 390)), ((3, 40), (30, 50)), ((20, 20), (21, 21)), ((0, 30), (9, 30))):
        p, q = one[0] / one[1], other[0] / other[1]
        (pl, pu), (ql, qu) = wilson(*one, Z95), wilson(*other, Z95)

        def lower(r: float, p: float = p, q: float = q, pl: float = pl, qu: float = qu) -> float:
            return p - r * q - math.hypot(p - pl, r * (qu - q))

        def upper(r: float, p: float = p, q: float = q, pu: float = pu, ql: float = ql) -> float:
            return p - r * q + math.hypot(pu - p, r * (q - ql))

        low, high = ratio_interval(one, other, Z95)
        assert high is not None
        assert lower(low) == pytest.approx(0, abs=1e-9)
        assert upper(high) == pytest.approx(0, abs=1e-9)
        assert low <= p / q <= high


def test_more_groups_make_wider_intervals_because_the_best_is_chosen_after_looking() -> None:
    two = compare([measure("a", 40, 100), measure("b", 60, 100)], 20)
    three = compare([measure("a", 40, 100), measure("b", 60, 100), measure("c", 50, 100)], 20)
    assert two[0].ratio_high is not None
    assert three[0].ratio_high is not None
    assert two[0].ratio_high < three[0].ratio_high
    assert three[0].ratio_high == pytest.approx(ratio_interval((40, 100), (60, 100), Z_OF_THREE_PAIRS)[1], abs=1e-6)


def test_equal_groups_are_called_different_in_few_worlds() -> None:
    worlds = np.random.default_rng(5).binomial(120, 0.3, size=(3_000, 5))
    wrong = 0
    for counts in worlds.tolist():
        found = compare([measure(str(n), hits, 120) for n, hits in enumerate(counts)], 20)
        wrong += any(each.verdict == "differs" for each in found)
    assert 0 < wrong / len(worlds) <= 0.05


@pytest.mark.parametrize(
    ("records", "verdicts"),
    [
        ([measure("a", 5, 19), measure("b", 90, 100)], ["few", "few"]),
        ([measure("a", None, None), measure("b", 90, 100), measure("c", 10, 100)], ["few", "best", "differs"]),
        ([measure("a", 0, 50), measure("b", 0, 50)], ["same", "same"]),
        ([measure("a", 1, 100, named=False), measure("b", 90, 100)], ["aside", "few"]),
        ([measure("a", 45, 50), measure("b", 50, 50), measure("c", 0, 50)], ["same", "best", "differs"]),
        ([], []),
    ],
)
def test_the_verdict_is_no_more_than_the_numbers_carry(records: list[dict[str, Any]], verdicts: list[str]) -> None:
    assert [each.verdict for each in compare(records, 20)] == verdicts


def test_an_explained_difference_is_shown_and_is_no_work(reports: dict[str, Report]) -> None:
    report = reports["fairness"]
    assert [each.what.key for each in report.verdict.tasks] == ["fairness.task_differs", "fairness.task_tier"]
    south = next(each for each in report.data["groups"] if each["group"] == "south")
    assert south["verdict"] == "differs"


def test_the_short_answer_follows_what_was_declared_and_read(evidence: Evidence) -> None:
    document = load("fairness.json") | {"requests": [], "not_seen": []}
    equal = [each | {"better": (each["cases"] or 0) // 2} for each in document["measures"] if each["cases"]]
    cases = [
        (document, document["measures"], Tone.BAD, "fairness.line_differs"),
        (document, equal, Tone.GOOD, "fairness.line_good"),
        (document | {"not_seen": [{"place": "a", "found": "b"}]}, equal, Tone.WARN, "fairness.line_unread"),
        (document, [], Tone.WARN, "fairness.too_few"),
        (document | {"outcomes": []}, [], Tone.GOOD, "fairness.none"),
        (document | {"outcomes": [], "declared": False}, [], Tone.WARN, "fairness.undeclared"),
    ]
    for each, measures, tone, key in cases:
        report = fairness_report(replace(evidence, measures=tuple(measures)), each)
        assert (report.verdict.tone, report.verdict.line.key) == (tone, key)
