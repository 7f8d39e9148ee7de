"""Numbers that nothing speaks for: none of them stands by itself, and no two entries claim one equally."""

from collections import Counter
from random import Random

import pyarrow as pa
import pytest

from governance.scan.detectors.base import STRONG, SURE, FieldContext
from governance.scan.detectors.identifiers import make_identifiers
from governance.scan.detectors.identifiers.pack import entries

DETECTORS = make_identifiers()
MANY = 20_000


def scores(values, context):
    """Every hit as (index, start, end), entity and score."""
    column = pa.array(values)
    for detector in DETECTORS:
        hits = detector.find(column, context)
        rows = zip(hits.index.tolist(), hits.start.tolist(), hits.end.tolist(), hits.score.tolist(), strict=True)
        for index, start, end, score in rows:
            yield (index, start, end), detector.entity, score


@pytest.mark.parametrize("length", range(6, 21))
def test_random_digits_are_never_strong_without_a_word(length):
    random = Random(length)
    values = ["".join(random.choices("0123456789", k=length)) for _ in range(MANY // 10)]
    found = list(scores(values, FieldContext()))
    assert [score for _, _, score in found if score >= STRONG] == []


@pytest.mark.parametrize("length", range(6, 21))
def test_numeric_field_without_a_name_is_not_looked_at(length):
    random = Random(length)
    values = [str(random.randrange(10 ** (length - 1), 10**length)) for _ in range(200)]
    assert list(scores(values, FieldContext(type="integer"))) == []


def test_random_digits_in_a_sentence_give_no_hit_at_all():
    random = Random(7)
    values = [f"Yesterday {random.randrange(10**8, 10**16)} came in again" for _ in range(2_000)]
    assert [score for _, _, score in scores(values, FieldContext()) if score] == []


@pytest.mark.parametrize("form", ["AAA-9999-9999", "AA999999", "A99999999", "99999999A", "AAA999999", "999-999-999"])
def test_random_codes_are_seldom_strong(form):
    random = Random(form)
    letters, digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
    values = [
        "".join(random.choice({"A": letters, "9": digits}.get(sign, sign)) for sign in form) for _ in range(2_000)
    ]
    strong = {place for place, _, score in scores(values, FieldContext()) if score >= STRONG}
    assert len(strong) <= 0.05 * len(values)


def test_no_two_entries_claim_a_value_equally_without_a_word(sampler):
    pairs = Counter()
    for entry in entries():
        values = [sampler.valid(entry, seed) for seed in range(6)]
        best = {}
        for place, entity, score in scores(values, FieldContext()):
            if score >= STRONG:
                best.setdefault(place, []).append((score, entity))
        for rivals in best.values():
            top = max(rivals)[0]
            equal = sorted({entity for score, entity in rivals if score == top})
            if len(equal) > 1:
                pairs[tuple(equal)] += 1
    assert {pair for pair, count in pairs.items() if count > 1} == set()


def test_sure_values_are_those_of_a_rich_form(sampler):
    for entry in entries():
        values = [sampler.valid(entry, seed) for seed in range(3)]
        sure = [
            score for _, entity, score in scores(values, FieldContext()) if entity == entry.entity and score >= SURE
        ]
        assert not sure or entry.strength.written >= SURE


DECOYS = [
    "订单号202403151234567 已发货",
    "order 4532015112830366 shipped",
    "tracking 1Z999AA10123456784",
    "运单号SF1381234567890",
    "2024-03-15 10:22:33.123456",
    "1700000000",
    "1700000000000",
    "version 10.0.19045.3803",
    "Chrome/126.0.6478.127",
    "total 1,234,567.89 EUR",
    "¥12,345,678.00",
    "(212) 555-2368",
    "+44 20 7946 0958",
    "138 1234 5678",
    "ISBN 978-3-16-148410-0",
    "invoice 123456782 is due",
    "SKU 046454286",
    "pages 100-200, 300-400",
    "10:30-12:45, 14:00-15:30",
    "12.5 x 30.25 x 100.75",
    "part no. 130-692-544",
    "ticket 9434765919",
    "build 52998224725",
    "序列号 44051401458",
    "流水号110101901307123",
    "d41d8cd98f00b204e9800998ecf8427e",
    "550e8400-e29b-41d4-a716-446655440000",
]


@pytest.mark.parametrize("text", DECOYS)
def test_number_of_another_kind_is_left_alone(text):
    assert [(entity, score) for _, entity, score in scores([text], FieldContext()) if score >= STRONG] == []
