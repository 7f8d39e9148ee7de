"""What stands left and right of a candidate, as the name of a piece of evidence."""

from __future__ import annotations

from governance.scan.detectors.chinese.segments import Segments, is_han, part_of_speech
from governance.scan.lexicon_zh import Surroundings


def left_of(segments: Segments, start: int, words: Surroundings) -> str:
    """What stands before a place, as a key of the weights."""
    if not start:
        return "left_start"
    text, sign, word = segments.text, segments.text[start - 1], segments.before(start)
    if (announced := _announced(text, start, words)) is not None:
        return announced
    if not is_han(sign):
        return _left_sign(text, start, sign, words)
    if word in words.lists:
        return "left_list"
    if word in words.announcing:
        return "left_announcing"
    if word in words.roles:
        return "left_role"
    if word in words.before:
        return "left_small"
    if word is None or segments.at(start) is None:
        return "left_inside_word"
    if len(word) > 1 and word[-1] in words.role_endings:
        return "left_like_role"
    return "left_" + _kind(word, "nvpd", "nv")


def right_of(segments: Segments, end: int, words: Surroundings) -> str:
    """What stands behind a place, as a key of the weights."""
    text = segments.text
    if end >= len(text):
        return "right_end"
    sign, word, pair = text[end], segments.at(end), text[end : end + 2]
    if sign in ":、":
        return "right_list" if sign == "、" else "right_colon"
    if word in words.lists:
        return "right_list"
    if word in words.titles or pair in words.titles:
        return "right_title"
    if word in words.verbs or pair in words.verbs:
        return "right_verb"
    if not is_han(sign):
        return "right_latin" if sign.isalnum() else "right_sign"
    if word in words.behind:
        return "right_small"
    if sign in words.place_endings:
        return "right_place"
    return "right_inside_word" if word is None else "right_" + _kind(word, "nvpd", "nvd")


def _announced(text: str, start: int, words: Surroundings) -> str | None:
    for length in (4, 3, 2):
        if start >= length:
            word = text[start - length : start]
            if word in words.announcing:
                return "left_announcing"
            if word in words.roles:
                return "left_role"
    return None


def _left_sign(text: str, start: int, sign: str, words: Surroundings) -> str:
    if sign == "、":
        return "left_list"
    if sign == "@":
        return "left_at"
    if sign in ": ":
        heads = (text[max(0, start - 1 - length) : start - 1] for length in (4, 3, 2))
        if any(head in words.announcing for head in heads):
            return "left_field" if sign == ":" else "left_announcing"
        return "left_colon" if sign == ":" else "left_sign"
    return "left_latin" if sign.isalnum() else "left_sign"


def _kind(word: str, short: str, long: str) -> str:
    """One character or more, and the part of speech where it says something."""
    tag = part_of_speech(word)[:1]
    told = short if len(word) == 1 else long
    return ("short_" if len(word) == 1 else "word_") + (tag if tag and tag in told else "x")
