# ruff: noqa: E501  the cases read as a table; Chinese characters count twice
"""Membership in closed sets: what counts, what does not, and that parts add up to the whole."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.scan.detectors.value_sets import memberships
from governance.scan.makeup import makeup_of

IN = [
    ("Denver", "set.CITY"), ("MÜNCHEN", "set.CITY"), ("北京市", "set.CITY"), ("New Jersey", "set.STATE"), ("CA", "set.STATE.maybe"),
    ("Deutschland", "set.COUNTRY"), ("Female", "set.GENDER"), ("M", "set.GENDER.maybe"), ("已婚", "set.MARITAL_STATUS"),
    ("Roman Catholic", "set.RELIGION"), ("汉族", "set.ETHNICITY"), ("本科", "set.EDUCATION"), ("Master's degree", "set.EDUCATION"),
    ("Nicholas", "set.GIVEN"), ("NICHOLAS J.", "set.GIVEN"), ("Hernandez", "set.SURNAME"), ("HERNANDEZ,MARIA L", "set.TURNED_NAME"),
    ("Jr.", "set.NAME_SUFFIX"), ("yes", "set.YES_NO"), ("July", "set.CALENDAR"), ("Program Technician II", "last.JOB_TITLE"),
    ("Inspector", "last.JOB_TITLE"), ("Mayor", "last.JOB_TITLE"), ("spayed", "set.ANIMAL"),
    ("8400  E 55 ST", "form.street"), ("11025 - 84 Street NW", "form.street"), ("W 13 ST/MAIN ST", "form.street"), ("Acme Holdings LLC", "last.ORGANIZATION"), ("Accomack County", "last.COUNTY"),
    ("Suite 300", "form.unit"), ("PO Box 12", "form.unit"), ("#104", "form.unit"), ("25-34", "form.band"), ("85 years and older", "form.band"),
    ("35", "form.age"), ("80504", "form.zip5"), ("10036-7703", "form.zip9"), ("41.791722", "form.degrees"), ("780-691-3387", "form.phone"),
]  # fmt: skip
OUT = [
    ("Denver", "set.GENDER"), ("green", "set.SURNAME"), ("NA", "set.GIVEN"), ("J", "last.JOB_TITLE"), ("Acme", "last.ORGANIZATION"),
    ("351", "form.age"), ("Part 3 best", "form.street"), ("12 Angry Men", "form.street"), ("St. 12", "form.street"), ("Houston", "set.ANIMAL"), ("8050", "form.zip5"), ("2016-000001", "form.phone"), ("012-34-5678", "form.phone"), ("41.79", "form.degrees"),
    ("Acme, Berlin", "set.TURNED_NAME"), ("Richmond, Virginia", "set.TURNED_NAME"), ("Denver2", "set.CITY"), ("denver@example.org", "set.CITY"), ("Part 300", "form.unit"),
]  # fmt: skip


def traits(*values):
    column = pa.array(values, pa.string())
    return memberships(column, np.ones(len(values), np.int64), makeup_of(column))


@pytest.mark.parametrize(("value", "trait"), IN)
def test_value_belongs(value, trait):
    assert traits(value).get(trait) == 1


@pytest.mark.parametrize(("value", "trait"), OUT)
def test_value_does_not_belong(value, trait):
    assert trait not in traits(value)


@settings(deadline=None)
@given(st.lists(st.sampled_from([value for value, _ in IN] + ["x", "", "9", "Walker, Anna", "ß ß"]), max_size=12))
def test_parts_add_up_to_the_whole(values):
    whole = traits(*values)
    parts = [traits(value) for value in values]
    assert whole == {name: sum(part.get(name, 0) for part in parts) for name in whole}
    assert all(name in whole for part in parts for name in part)
