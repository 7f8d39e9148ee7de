"""Which of overlapping places stays."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from governance.scan.text.spans import Span, settle

SPANS = st.lists(
    st.builds(
        lambda start, size, entity, score: Span(start, start + size, entity, score / 100),
        st.integers(0, 30),
        st.integers(1, 12),
        st.sampled_from(["PERSON", "ADDRESS", "PHONE_NUMBER"]),
        st.integers(50, 100),
    ),
    max_size=12,
)


@given(SPANS)
def test_no_two_settled_places_share_a_code_point_and_they_stand_in_order(spans):
    settled = settle(spans)
    assert all(one.end <= other.start for one, other in itertools.pairwise(settled))


@given(SPANS, st.randoms())
def test_the_order_of_findings_has_no_effect(spans, rng):
    shuffled = list(spans)
    rng.shuffle(shuffled)
    assert settle(shuffled) == settle(spans)


@given(SPANS)
def test_every_place_that_went_away_lies_across_one_that_stayed(spans):
    settled = settle(spans)
    assert all(any(span.overlaps(kept) for kept in settled) for span in spans)


def test_a_sure_place_wins_over_a_longer_one_that_cuts_it():
    card, name = Span(5, 21, "CREDIT_CARD", 0.95), Span(0, 30, "PERSON", 0.6)
    assert settle([Span(0, 12, "PERSON", 0.6), card]) == (card,)
    assert settle([name, card]) == (name,)


def test_a_span_shows_no_text():
    assert "Anna" not in repr(Span(0, 4, "PERSON", 0.9))
