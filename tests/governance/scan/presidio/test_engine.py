"""The pattern engine beside Presidio's own: equal spans and scores, on made texts of every script."""

import random
import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine
from presidio_analyzer.predefined_recognizers import IbanRecognizer

from governance.scan.presidio import REPLACED, UNLIKE, PatternEngine, pattern_recognizers
from governance.scan.presidio.engine import settled
from governance.scan.presidio.prefilter import Prefilter, conditions_of

ALPHABETS = (
    "0123456789", "ABCDEFGHXYZ", "abcxyz", " -./:", "张伟的卡号，。", "０１９", "٠١٢", "éüßİıſK",
    "\U0001e4f0\U0001f600", "\n\t",
)  # fmt: skip
CUES = ("rx no: ", "claim # ", "member id ", "NHS ", "passport ", "Steuer-ID ", "prior auth ", "referral no. ", "卡号")


@cache
def both():
    recognizers = pattern_recognizers(UNLIKE)
    for each in recognizers:
        each.supported_language = "en"
    registry = RecognizerRegistry(recognizers=list(recognizers))
    no_model = NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}])
    no_model.load()
    theirs = AnalyzerEngine(registry=registry, nlp_engine=no_model, supported_languages=["en"])
    return PatternEngine(recognizers), theirs, recognizers


def differing(texts):
    """The texts on which both differ; those on which a validator of Presidio raises have no answer to compare with."""
    ours, theirs, _ = both()
    wanted = [answer(theirs, text) for text in texts]
    pairs = enumerate(zip(ours.analyze(texts), wanted, strict=True))
    return [number for number, (one, other) in pairs if other is not None and sorted(one) != sorted(other)]


def answer(theirs, text):
    try:
        return [(each.start, each.end, each.entity_type, each.score) for each in theirs.analyze(text, "en")]
    except ValueError:
        return None


def shaped(rng, pattern):
    """A text like a pattern: its letters and digits drawn anew, with a cue before and signs around."""
    body = re.sub(
        r"\\[bdsSwWD]|\(\?[^)]*\)|[\\(){}|?*+^$\[\]]", lambda m: rng.choice("0189A") if "d" in m[0] else "", pattern
    )
    drawn = "".join(rng.choice("0123456789") if sign.isdigit() and rng.random() < 0.8 else sign for sign in body[:40])
    signs = [rng.choice(rng.choice(ALPHABETS)) for _ in range(2)]
    return f"{rng.choice(CUES)}{signs[0]}{drawn}{signs[1]} {rng.randrange(10 ** rng.randrange(1, 16))}"


def test_texts_like_every_pattern_give_the_same_spans_and_scores():
    rng = random.Random(11)
    regexes = [pattern.regex for recognizer in both()[2] for pattern in recognizer.patterns]
    assert differing([shaped(rng, regex) for regex in regexes]) == []


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(ALPHABETS).flatmap(lambda signs: st.text(signs, min_size=1, max_size=9)), max_size=9))
def test_any_mixture_of_scripts_gives_the_same_spans_and_scores(parts):
    assert differing(["".join(parts), f"member id {''.join(parts)}"]) == []


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60))
def test_any_text_gives_the_same_spans_and_scores(text):
    assert differing([text]) == []


def test_numbers_of_every_length_in_every_dress_give_the_same_spans_and_scores():
    rng = random.Random(3)
    texts = []
    for length in range(1, 20):
        digits = "".join(rng.choice("0123456789") for _ in range(length))
        texts += [
            digits,
            f"AB{digits}",
            f"{digits}X",
            f"A{digits[:3]}-{digits[3:]}",
            f"号{digits}码",
            f"É{digits} {digits}",
        ]
    assert differing(texts) == []


def test_a_lone_surrogate_and_a_nul_hide_nothing():
    hits = both()[0].analyze(["\ud800 A1234567 \x00 401-023-2137"])[0]
    assert "UK_NHS" in {entity for _, _, entity, _ in hits}


def test_digits_that_a_validator_of_presidio_breaks_on_hide_nothing_else():
    text = "000" + "\U0001e4f0" * 6 + " and 401-023-2137"
    assert answer(both()[1], text) is None
    assert [entity for _, _, entity, score in both()[0].analyze([text])[0] if score == 1.0] == ["UK_NHS"]


def test_no_entity_that_gave_way_to_ours_is_among_the_recognizers():
    assert not {each.supported_entities[0] for each in pattern_recognizers()} & set(REPLACED)


def test_a_recognizer_with_its_own_analyze_is_refused():
    with pytest.raises(ValueError, match="more than run patterns"):
        PatternEngine([IbanRecognizer()])


def test_most_texts_need_no_pattern_at_all():
    prefilter = Prefilter([pattern.regex for recognizer in both()[2] for pattern in recognizer.patterns])
    assert list(prefilter.patterns("Nothing of the kind is said in this sentence.")) == []
    assert list(prefilter.patterns("这句话里什么也没有说，2009年也一样。")) == []


def test_a_number_inside_a_longer_one_is_only_kept_when_it_is_surer():
    assert settled([(0, 9, "A", 0.5), (1, 5, "A", 0.5), (2, 6, "A", 0.9)]) == [(2, 6, "A", 0.9), (0, 9, "A", 0.5)]


def test_hits_of_two_entities_on_one_place_both_stay():
    assert len(settled([(0, 9, "A", 0.5), (0, 9, "B", 0.1), (0, 9, "B", 0.1)])) == 2


@pytest.mark.parametrize(
    ("pattern", "condition"),
    [
        (r"(?<!\d)\d{10}(?!\d)", r"(?is)(?:\A|[^0-9])(?:[\d]){10,10}(?:[^0-9]|\z)"),
        (r"(?<=rx )\d", r"(?is)rx\x{20}[\d]"),
        (r"\b(?=[A-Z-]*\d)[A-Z]x", r"(?is)\b[A-Z](?:[A-Z\x{2d}])*[\d]"),
    ],
)
def test_what_stands_around_a_match_is_a_condition_too(pattern, condition):
    assert condition in conditions_of(pattern)


def test_a_pattern_that_cannot_be_read_is_always_run():
    assert conditions_of(r"(?P>x)\p{Han}") == ()
    assert list(Prefilter([r"\p{Han}+x"]).patterns("abc")) == [0]
