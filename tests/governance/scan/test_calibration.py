"""A calibrated confidence keeps the order of scores, and trusts agreement more than a lone signal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.scan.calibration import agreement, settled, stretched
from governance.scan.evidence import Evidence
from governance.scan.result import Signal
from governance.scan.shares import Around

NAME = Signal("name", True, 0.85, "the name says `city`")
VALUE = Signal("value", True, 0.85, "90% of the values are towns")
AGAINST = Signal("value", False, 0.9, "the values do not have its form")
UNNAMED, NAMED, TRUSTED = Around(), Around(named=True), Around(named=True, trusted=True)
SCORES = st.floats(0.0, 1.0)


def evidence(*signals, entity="CITY", column=0.9):
    return Evidence(entity, column, 0.0, 9, signals)


@pytest.mark.parametrize(
    ("signals", "around", "kind"),
    [
        ((NAME, VALUE), NAMED, "both"),
        ((NAME, AGAINST), NAMED, "name"),
        ((VALUE,), UNNAMED, "values"),
        ((VALUE,), NAMED, "strange"),
        ((VALUE,), TRUSTED, "against"),
        ((NAME, VALUE), TRUSTED, "both"),
        ((AGAINST,), NAMED, ""),
    ],
)
def test_agreement_names_who_speaks(signals, around, kind):
    assert agreement(evidence(*signals), around) == kind


def test_values_under_a_name_that_means_something_else_count_less():
    trusted, named, unnamed = (settled(evidence(VALUE), each).column for each in (TRUSTED, NAMED, UNNAMED))
    assert trusted < named < unnamed


def test_entities_with_a_form_of_their_own_keep_their_score():
    email = evidence(VALUE, entity="EMAIL_ADDRESS", column=0.97)
    assert settled(email, NAMED) == email


def test_nothing_stays_nothing():
    assert settled(evidence(column=0.0), NAMED).column == 0


@given(SCORES, SCORES, st.floats(-2, 2), st.floats(0.1, 3))
def test_order_of_scores_never_changes(one, other, shift, slope):
    low, high = sorted((one, other))
    assert 0 < stretched(low, shift, slope) <= stretched(high, shift, slope) < 1
