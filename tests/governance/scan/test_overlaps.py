"""What overlaps is always given, and what lies far away is not looked at."""

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.scan.overlaps import Overlaps
from governance.scan.text.spans import Span, settle

PLACES = st.tuples(st.integers(0, 2_000), st.integers(1, 300)).map(lambda each: (each[0], sum(each)))


@settings(deadline=None)
@given(st.lists(PLACES, max_size=30), PLACES)
def test_everything_that_overlaps_is_given(places, asked):
    known = Overlaps()
    for each in places:
        known.add(*each, each)
    near = set(known.near(*asked))
    assert {each for each in places if each[0] < asked[1] and asked[0] < each[1]} <= near
    assert all(each[0] - 64 < asked[1] and asked[0] - 64 < each[1] for each in near)


def test_ten_thousand_places_are_settled_without_comparing_all_of_them(monkeypatch):
    asked = []
    overlaps = Span.overlaps
    monkeypatch.setattr(Span, "overlaps", lambda own, other: asked.append(1) or overlaps(own, other))
    spans = [Span(40 * place, 40 * place + 20, "PERSON", 0.95) for place in range(10_000)]
    assert settle(spans) == tuple(spans)
    assert len(asked) < 4 * len(spans)
