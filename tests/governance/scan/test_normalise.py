"""Folding keeps places, agrees between columns and texts, and leaves words of other scripts alone."""

import time

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.scan.normalise import fold, fold_all, fold_with_places

SIGNS = "aZ09@._%+- \u0430\u0435\u043e\u041f\u042f\u03b1\u03b2\u03c9\u0131１Ａ\u200b\u00ad\u0000①𝟏١中　－\u2013，"


@pytest.mark.parametrize(
    ("given_text", "folded"),
    [
        ("１３８－００１３", "138-0013"),
        ("ｚｈａｎｇ＠ｔｅｓｔ．ｃｏｍ", "zhang@test.com"),
        ("①③⑧", "138"),
        ("𝟏𝟑𝟖", "138"),
        ("١٣٨", "138"),
        ("1\u200b3\u200c8", "138"),
        ("zh\u0430ng@test.com", "zhang@test.com"),
        ("\u0430@test.com", "a@test.com"),
    ],
)
def test_other_forms_become_ascii(given_text, folded):
    assert fold(given_text) == folded


@pytest.mark.parametrize("text", ["Привет, мир", "с 5 до 6", "α-blocker", "Ωμέγα", "B2B в Москве", "張偉 三號"])
def test_words_of_other_scripts_stay(text):
    assert fold(text) == text


@given(st.text(alphabet=SIGNS, max_size=12))
def test_columns_and_texts_fold_alike_and_places_lead_back(text):
    folded = fold_with_places(text)
    assert folded.text == fold(text) == fold_all(pa.array([text]))[0].as_py()
    for place in range(len(folded.text)):
        low, high = folded.place(place, place + 1)
        assert high == low + 1
        assert folded.text[place] == fold(text[low:high]) or text[low] in SIGNS


@given(st.text(max_size=30))
def test_any_text_is_folded_alike(text):
    assert fold_with_places(text).text == fold(text) == fold_all(pa.array([text]))[0].as_py()


@pytest.mark.parametrize("piece", ["\u0430", "a.\u0430", "\u0430.", "\u0430@", "a\u041f"])
def test_long_texts_take_linear_time(piece):
    before = time.process_time()
    fold(piece * 50_000)
    assert time.process_time() - before < 2
