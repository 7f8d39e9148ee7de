"""What values are made of, against a count sign by sign; traits and folding that rest on it, against expressions."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.scan import makeup as module
from governance.scan import sketch, traits, words
from governance.scan.detectors.base import mask
from governance.scan.makeup import BEYOND, CONTROL, DIGIT, HAN, LETTER, SPACE, kinds, makeup_of
from governance.scan.normalise import fold

TEXTS = st.lists(
    st.one_of(
        st.text(max_size=20).map(lambda text: text.encode("utf-8", "replace").decode()),
        st.text("0123456789-/. @_aBz'王号，\n\t", max_size=24),
        st.sampled_from(
            [
                "",
                " ",
                "2024-01-02",
                "12345-6789",
                "www.x.y",
                "https://a.b",
                "SW1A 1AA",
                "[1]",
                "一二三四五六七八九十",
                "Done. Next",
                "㐀㐀",
            ]
        ),
    ),
    min_size=1,
    max_size=20,
)


def counted(text, kind):
    return sum(bool(kinds(sign) & kind) for sign in text)


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_makeup_counts_every_sign(texts):
    made = makeup_of(pa.array(texts, pa.string()))
    for row, text in enumerate(texts):
        assert int(made.kinds[row]) == kinds(text)
        assert made.size[row] == len(text.encode())
        found = (made.digits[row], made.spaces[row], made.letters[row], made.han[row])
        assert found == tuple(counted(text, kind) for kind in (DIGIT, SPACE, LETTER, HAN))
        assert (made.first()[row], made.last()[row]) == ((text.encode()[0], text.encode()[-1]) if text else (0, 0))


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace").decode()))
def test_reading_by_words_gives_what_reading_byte_by_byte_gives(texts, long):
    values = pa.array([*texts, long, "x" * 40, ""], pa.string())
    by_byte, hashes = makeup_of(values), sketch.hash_values(values)
    for enough in (1, 3):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(words, "ENOUGH", enough)
            by_word = makeup_of(values)
            assert sketch.hash_values(values).tolist() == hashes.tolist()
        for name in ("kinds", "digits", "spaces", "letters", "han"):
            assert getattr(by_word, name).tolist() == getattr(by_byte, name).tolist()


def test_slices_and_offsets_have_no_effect(monkeypatch):
    texts = [f"{'x' * number}{number}王" for number in range(50)]
    whole = makeup_of(pa.array(texts))
    hashes = sketch.hash_values(pa.array(texts))
    monkeypatch.setattr(module, "_STEP", 64)
    for values in (pa.array(texts), pa.array(["gone", *texts]).slice(1), pa.array(texts, pa.large_string())):
        assert makeup_of(values).kinds.tolist() == whole.kinds.tolist()
        assert makeup_of(values).digits.tolist() == whole.digits.tolist()
        assert sketch.hash_values(values).tolist() == hashes.tolist()


def test_long_values_do_not_overflow_their_counters():
    made = makeup_of(pa.array(["7" * 200_000 + " a" * 70_000, "12"]))
    assert (made.digits.tolist(), made.spaces.tolist(), made.letters.tolist()) == (
        [200_000, 2],
        [70_000, 0],
        [70_000, 0],
    )


def test_signs_are_the_bytes_at_some_places():
    made = makeup_of(pa.array(["abc", "x", "def"]))
    assert made.signs(np.array([0, 2]), (2, 0)).tolist() == [[*b"cf"], [*b"ad"]]


def test_no_values_have_no_makeup():
    assert len(makeup_of(pa.array([], pa.string()))) == 0


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_traits_are_those_of_their_expressions(texts):
    values = pa.array(sorted(set(texts)), pa.string())
    ones = np.ones(len(values), np.int64)
    lengths = np.asarray(pc.utf8_length(values)).astype(np.int64)
    wanted = {name: int(mask(values, form).sum()) for name, form in traits._FORMS.items()}
    wanted |= {"latin": int(mask(values, "[A-Za-z]").sum()), "long": int((lengths >= 30).sum())}
    assert traits.traits_of(values, ones, makeup_of(values), lengths) == {name: n for name, n in wanted.items() if n}


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_folding_leaves_text_in_plain_signs_alone(text):
    if not kinds(text) & (BEYOND | CONTROL):
        assert fold(text) == text


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_hashes_of_different_texts_differ(one, other):
    one, other = (text.encode("utf-8", "replace").decode() for text in (one, other))
    first, second = sketch.hash_values(pa.array([one, other], pa.string())).tolist()
    assert (first == second) is (one == other)


def test_hashes_are_the_same_on_every_machine():
    made = sketch.hash_values(pa.array(["", "a", "eight by", "nine byte", "王小明", "x" * 100]))
    assert [f"{each:016x}" for each in made.tolist()] == HASHES


def test_hashes_of_near_texts_spread_over_the_whole_range():
    hashes = np.sort(sketch.hash_values(pa.array([f"user{number:06d}@example.com" for number in range(20_000)])))
    assert len(np.unique(hashes)) == 20_000
    assert abs(float(np.mean(hashes.astype(np.float64))) / 2**64 - 0.5) < 0.01


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=200), st.integers(1, 16))
def test_smallest_hashes_are_the_smallest_distinct_ones(hashes, size):
    doubled = np.array([*hashes, *hashes[::2]], np.uint64)
    assert sketch.smallest(doubled, size) == tuple(sorted(set(hashes))[:size])


HASHES = [
    "e220a8397b1dcdaf",
    "008dbfb7f6a331de",
    "951abf3b37ec7eb1",
    "eb9103f19b5caf1f",
    "a5b0694d08c413e9",
    "d18cc72ae8bac3e7",
]


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_classes_tell_of_values_what_their_makeup_tells(texts):
    values = pa.array([*texts, "x1 y", "王", ""] * 60)
    made = makeup_of(values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_FEW", 1)
        classes = made.classes()
    for name in ("kinds", "size", "digits", "spaces", "letters", "han"):
        assert getattr(classes.alike, name)[classes.codes].tolist() == getattr(made, name).tolist()
    assert len(classes.alike) <= len(texts) + 3
    chosen = classes.alike.has(DIGIT)
    assert classes.spread(chosen).tolist() == made.has(DIGIT).tolist()
    assert classes.rows(chosen).tolist() == np.flatnonzero(made.has(DIGIT)).tolist()
    weights = classes.weigh(np.arange(len(values)))
    assert weights[chosen].sum() == np.arange(len(values))[made.has(DIGIT)].sum()
    part = made.take(np.arange(0, len(values), 2)).classes()
    assert part.spread(chosen).tolist() == made.has(DIGIT)[::2].tolist()
