"""Every value of a form is judged exactly as its exemplar: the detectors themselves, value by value, say the same."""

import random
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.scan.detection import detect, detect_each
from governance.scan.detectors.base import FieldContext, mask
from governance.scan.detectors.registry import default_registry
from governance.scan.forms.all import FORMS
from governance.scan.forms.base import Placed, Written
from governance.scan.lexicon import lexicon
from governance.scan.makeup import makeup_of

DETECTORS = tuple(default_registry())
CONTEXTS = [
    FieldContext(),
    FieldContext(hints=frozenset({"PHONE_NUMBER"}), words=frozenset({"phone"})),
    FieldContext(hints=frozenset({"CREDIT_CARD"}), words=frozenset({"card"})),
    FieldContext(hints=frozenset({"US_SSN"}), words=frozenset({"ssn"})),
    FieldContext(hints=frozenset({"DATE_OF_BIRTH"}), words=frozenset({"born"})),
    FieldContext(hints=frozenset({"PERSON"}), words=frozenset({"name"})),
    FieldContext(hints=frozenset({"ADDRESS"}), words=frozenset({"address"})),
    FieldContext("integer"),
]


def card(rng, head, length=16):
    body = head + "".join(rng.choice("0123456789") for _ in range(length - 1 - len(head)))
    total = sum(int(sign) * (2 - place % 2) - 9 * (int(sign) * (2 - place % 2) > 9) for place, sign in enumerate(body))
    return body + str(-total % 10)


def resident_id(rng):
    body = f"{rng.choice((11, 31, 44, 51))}010{rng.randint(1, 9)}{rng.randint(1950, 2009)}{rng.randint(1, 12):02d}"
    body += f"{rng.randint(1, 28):02d}{rng.randint(0, 999):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(w * int(sign) for w, sign in zip(weights, body, strict=True)) % 11]


def words(rng, count):
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(count))


MAKERS = {
    "card": lambda rng: card(rng, rng.choice(("4", "52", "55", "62"))),
    "card grouped": lambda rng: rng.choice("- ").join(re.findall("....", card(rng, rng.choice(("4", "51", "62"))))),
    "resident id": resident_id,
    "ssn": lambda rng: f"{rng.randint(1, 899):03d}-{rng.randint(0, 99):02d}-{rng.randint(0, 9999):04d}",
    "phone cn": lambda rng: f"{rng.choice(('', '+86'))}1{rng.randint(0, 10**10 - 1):010d}",
    "phone us": lambda rng: "+1{0}{1}{0}{2}{0}{3:04d}".format(
        rng.choice(" -"), rng.randint(200, 999), rng.randint(200, 999), rng.randint(0, 9999)
    ),
    "phone us at home": lambda rng: rng.choice(
        ("({}) {}-{:04d}", "{}-{}-{:04d}", "{}.{}.{:04d}", "+1 ({}) {}-{:04d}")
    ).format(rng.randint(200, 999), rng.randint(100, 999), rng.randint(0, 9999)),
    "phone of one digit": lambda rng: "+1 {0}{0}{0} {0}{0}{1} {0}{0}{0}{1}".format(
        rng.choice("23456789"), rng.choice("01")
    ),
    "ip": lambda rng: ".".join(str(rng.randint(0, 255)) for _ in range(4)),
    "ip private": lambda rng: (
        f"{rng.choice(('10.1', '192.168', '172.20', '127.0'))}.{rng.randint(0, 255)}.{rng.randint(0, 255)}"
    ),
    "email": lambda rng: (
        f"{words(rng, 4)}{rng.choice('._-+')}{words(rng, 3)}{rng.randint(0, 10**6)}@{words(rng, 5)}.com"
    ),
    "date": lambda rng: f"{rng.randint(1930, 2009)}-{rng.randint(1, 12):02d}-{rng.randint(1, 31):02d}",
    "moment": lambda rng: (
        f"20{rng.randint(10, 29)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}T08:{rng.randint(0, 59):02d}:11"
    ),
    "name": lambda rng: " ".join(
        rng.choice(sorted(each)).title() for each in (lexicon().given_latin, lexicon().surnames_latin)
    ),
    "name with initial": lambda rng: (
        f"{rng.choice(sorted(lexicon().given_latin)).title()} {rng.choice('ABC')}. {words(rng, 7).title()}"
    ),
    "name zh": lambda rng: (
        rng.choice("王李张刘陈") + "".join(rng.choice(sorted(lexicon().given_zh)) for _ in range(rng.randint(1, 2)))
    ),
    "street": lambda rng: f"{rng.randint(1, 99999)} {words(rng, 5).title()} {rng.choice(('Street', 'Ave', 'Road'))}",
}


def rows_of(places):
    return np.stack([places.index, places.start, places.end, places.score, places.found_by])


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("context", CONTEXTS, ids=lambda each: "-".join([each.type, *each.hints]))
def test_values_of_a_form_are_judged_as_by_the_detectors(kind, context):
    rng = random.Random(7)
    values = pa.array(sorted({MAKERS[kind](rng) for _ in range(150)}), pa.string())
    by_form, each = rows_of(detect(values, DETECTORS, context)), rows_of(detect_each(values, DETECTORS, context))
    differing = sorted({*by_form[0].tolist()} ^ {*each[0].tolist()})
    assert [values[row].as_py() for row in differing] == []
    wrong = np.flatnonzero((by_form != each).any(axis=0)) if by_form.shape == each.shape else None
    assert wrong is not None
    assert [values[int(by_form[0][place])].as_py() for place in wrong] == []


def written(form):
    return [form] if isinstance(form, (Written, Placed)) else [getattr(form, "written", None)]


@pytest.mark.parametrize("form", [each for form in FORMS for each in written(form) if each], ids=lambda each: each.name)
def test_exemplar_has_its_own_form(form):
    values = pa.array([form.exemplar, "no such value", f"x {form.exemplar}"], pa.string())
    assert form.rows(values, makeup_of(values), np.arange(3)).tolist() == [0]


@pytest.mark.parametrize("form", [each for each in FORMS if getattr(each, "leads", ())], ids=lambda each: each.name)
def test_values_judged_otherwise_begin_with_the_leads_of_their_form(form):
    octets = range(1, 256)
    values = pa.array([f"{one}.{two}.113.9" for one in octets for two in octets], pa.string())
    otherwise = values.filter(pa.array(mask(values, form.but))).to_pylist()
    assert otherwise
    assert [each for each in otherwise if not each.startswith(form.leads)] == []


def test_a_number_in_fixed_places_has_its_signs_there_and_nowhere_else():
    form = next(each for each in FORMS if each.name == "phone_us_area")
    values = pa.array(["(212) 555-0123", "(212) 5550-123", "212() 555-0123", "(212) 555-0l23", "(112) 555-0123"])
    assert form.rows(values, makeup_of(values), np.arange(5)).tolist() == [0]


def test_names_of_forms_are_distinct():
    names = [each.name for each in FORMS]
    assert len(set(names)) == len(names)


SIGNS = st.text("0123456789 -+.@abZ王明", min_size=1, max_size=20)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.one_of(SIGNS, st.text(min_size=1, max_size=12)), min_size=1, max_size=20, unique=True))
def test_odd_values_are_judged_as_by_the_detectors(values):
    column = pa.array([value.encode("utf-8", "replace").decode() for value in values], pa.string())
    by_form = rows_of(detect(column, DETECTORS, FieldContext()))
    assert by_form.tolist() == rows_of(detect_each(column, DETECTORS, FieldContext())).tolist()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(sorted(MAKERS)), min_size=2, max_size=30), st.integers(1, 29), st.integers(0, 99))
def test_cutting_a_column_changes_no_place(kinds, cut, seed):
    rng = random.Random(seed)
    values = pa.array([MAKERS[kind](rng) for kind in kinds], pa.string())
    whole = rows_of(detect(values, DETECTORS, FieldContext()))
    halves = [rows_of(detect(part, DETECTORS, FieldContext())) for part in (values[:cut], values[cut:])]
    halves[1][0] += min(cut, len(values))
    assert whole.tolist() == np.concatenate(halves, axis=1).tolist()
