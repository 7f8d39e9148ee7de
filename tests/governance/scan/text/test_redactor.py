"""Texts without their personal data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.protect.keyed_hash import HmacKeyedHash
from governance.scan.normalise import fold, fold_with_places
from governance.scan.text.analyzer import TextAnalyzer, TextOptions
from governance.scan.text.operators import OPERATORS
from governance.scan.text.redactor import Redactor
from policies.errors import ConfigError

KEY = HmacKeyedHash(b"k" * 32)
TEXT = "write to planted.marker@zebra-quagga.example or call +49 1512 7654321"
ANALYZER = TextAnalyzer(TextOptions(models="off"))


@pytest.fixture(params=OPERATORS)
def redactor(request):
    return Redactor(ANALYZER, request.param, keyed_hash=KEY)


def test_no_operator_leaves_anything_of_a_finding(redactor):
    redacted = redactor.redact([TEXT])[0]
    assert [each.entity for each in redacted.spans] == ["EMAIL_ADDRESS", "PHONE_NUMBER"]
    assert not any(part in redacted.text for part in ("planted", "quagga", "7654321", "1512"))
    assert redacted.text.startswith("write to ")
    assert "planted" not in repr(redacted)


def test_offsets_are_code_points_of_the_text_as_given():
    text = "😀 手机１３８\u200b００１３８０００ 和 zhang@test.com"
    spans = ANALYZER.spans([text])[0]
    found = {each.entity: text[each.start : each.end] for each in spans}
    assert found == {"PHONE_NUMBER": "１３８\u200b００１３８０００", "EMAIL_ADDRESS": "zhang@test.com"}


def test_a_pseudonym_is_the_same_for_the_same_value_and_key_and_other_under_another():
    texts = ["mail a@x-y.example now", "again A@X-Y.EXAMPLE", "and b@x-y.example"]
    one, same, other = (each.text.split()[1] for each in Redactor(ANALYZER, "pseudonym", keyed_hash=KEY).redact(texts))
    assert one == same
    assert one != other
    foreign = Redactor(ANALYZER, "pseudonym", keyed_hash=HmacKeyedHash(b"x" * 32)).redact(texts)[0].text
    assert one not in foreign


def test_a_keyed_operator_without_a_key_is_refused():
    for operator in ("hash", "pseudonym"):
        with pytest.raises(ConfigError, match="no key"):
            Redactor(ANALYZER, operator)


def test_an_unknown_operator_is_refused():
    with pytest.raises(ConfigError, match="replace mask hash"):
        Redactor(ANALYZER, "encrypt")


def test_equal_texts_get_equal_answers_and_a_text_without_findings_stays_as_it_is():
    first, second, plain = Redactor(ANALYZER).redact([TEXT, TEXT, "nothing here"])
    assert first.text == second.text
    assert plain.text == "nothing here"
    assert plain.spans == ()


@given(st.text(max_size=80))
def test_any_text_gives_places_inside_it(text):
    for span in ANALYZER.spans([text])[0]:
        assert 0 <= span.start < span.end <= len(text)


@given(st.text(max_size=60))
def test_folding_with_places_gives_the_folded_text_and_every_place_points_to_its_source(text):
    folded = fold_with_places(text)
    assert folded.text == fold(text)
    for place in range(len(folded.text)):
        low, high = folded.place(place, place + 1)
        assert 0 <= low < high <= len(text)


def test_only_the_entities_asked_for_are_found():
    analyzer = TextAnalyzer(TextOptions(entities=frozenset({"EMAIL_ADDRESS"}), models="off"))
    assert [each.entity for each in analyzer.spans([TEXT])[0]] == ["EMAIL_ADDRESS"]
