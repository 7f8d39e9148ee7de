"""RE2 finds what `regex` finds, wherever `linear` says that it does."""

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.scan.detectors.linear import FLAGS, linear

ATOMS = ["a", "B", "i", "I", "s", "K", "1", " ", "-", r"\.", ".", r"\d", r"\w", r"\s", r"\W", "[a-z]", "[^a]", "[0-9_]"]
ATOMS += ["é", "王", "[一-龥]", "^", "$", "ß"]
REPEATS = ["", "", "", "?", "*", "+", "{2}", "{1,3}", "+?", "*?"]


def joined(inner):
    parts = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        parts.map("".join),
        parts.map(lambda each: f"(?:{'|'.join(each)})"),
        st.tuples(inner, st.sampled_from(REPEATS)).map(lambda each: f"(?:{each[0]}){each[1]}"),
    )


PATTERNS = st.recursive(st.sampled_from(ATOMS), joined, max_leaves=8)
TEXTS = st.text(st.sampled_from("aAbBiIİısSſkK1٣ \n\t-._éÉ王ßẞ\x1c\u3000"), max_size=12)


@settings(max_examples=80, deadline=None)
@given(PATTERNS, st.lists(TEXTS, min_size=1, max_size=4))
def test_matches_are_those_of_regex(pattern, texts):
    quick = linear(pattern)
    if quick is None:
        return
    slow = regex.compile(pattern, FLAGS)
    for text in texts:
        expected = [match.span() for match in slow.finditer(text) if match.span()[0] < match.span()[1]]
        assert [match.span() for match in quick.finditer(text) if match.span()[0] < match.span()[1]] == expected


@pytest.mark.parametrize("pattern", [r"M-\d{6}", r"(a+)+b", r"\w+@\w+", "[A-Z]{2}[0-9]{4,12}", "身份证.{0,3}号"])
def test_plain_expressions_run_in_re2(pattern):
    assert linear(pattern) is not None


@pytest.mark.parametrize(
    "pattern", [r"\bM\b", "(?=a)b", "(?<!a)b", r"(a)\1", "(a*)*b", "a*", "a{1,2000}", "(?i:a)", "(", "ı"]
)
def test_what_re2_reads_otherwise_is_left_to_regex(pattern):
    assert linear(pattern) is None


def test_other_flags_are_left_to_regex():
    assert linear("a", 0) is None
