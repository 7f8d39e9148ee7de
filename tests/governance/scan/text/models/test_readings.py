"""What models read of a field does not depend on how it was cut, and is bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.scan.text.models import readings
from governance.scan.text.models.readings import Readings, read_field
from governance.scan.text.spans import Span


class Upper:
    """Calls texts with a capital letter a person."""

    name = "upper"

    def wants(self, _text):
        return True

    def find(self, texts):
        return [(Span(0, 1, "PERSON", 0.9),) if text != text.lower() else () for text in texts]


TEXTS = st.lists(st.sampled_from("abcdefgH").map(lambda sign: f"one two three four {sign}"), unique=True)


@given(TEXTS, st.integers(0, 8))
def test_two_parts_merge_to_the_whole(texts, place):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readings, "MOST", 3)
        hashes = [hash(text) & 0xFFFF for text in texts]
        first = read_field(texts[:place], hashes[:place], [Upper()])
        second = read_field(texts[place:], hashes[place:], [Upper()])
        whole = read_field(texts, hashes, [Upper()])
    assert first.merge(second).entities[:3] == whole.entities == second.merge(first).entities[:3]


def test_short_values_are_not_read():
    assert read_field(["Anna Smith", "张伟明"], [1, 2], [Upper()]) == Readings()
    assert (
        len(read_field(["客户张伟明昨天打过电话来", "she called us twice yesterday"], [1, 2], [Upper()]).entities) == 2
    )


def test_without_models_nothing_is_read():
    assert read_field(["one two three four five"], [1], []) == Readings()
    assert Readings().share("PERSON") == 0


def test_share_counts_texts():
    read = read_field(["one two three four A", "one two three four b"], [1, 2], [Upper()])
    assert read.share("PERSON") == 0.5
