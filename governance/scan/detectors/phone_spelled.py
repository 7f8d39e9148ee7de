"""Phone numbers written to be overlooked: in Chinese numerals, letters for digits, other signs between."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.cues import Cue, cue
from governance.scan.detectors.pattern import PatternDetector

_NUMERAL = "0-9零〇一二三四五六七八九壹贰貳叁參肆伍陆陸柒捌玖幺么两兩洞拐"
_LETTERS = "OoQlI|"
_SPLIT = r"[ *~,，、。·_+|/\\-]{0,2}"
_TO_DIGITS = str.maketrans(
    "零〇一二三四五六七八九壹贰貳叁參肆伍陆陸柒捌玖幺么两兩洞拐OoQlI|",
    "001234567891223345667891122070" + "0" + "0" + "111",
)
_PLACE = re.compile(
    rf"(?<![0-9A-Za-z{_NUMERAL}])(?P<hit>(?:[{_NUMERAL}]{_SPLIT}){{10}}[{_NUMERAL}]"
    rf"|(?=[0-9OoQlI|]*[0-9]{{2}})[1lI|][0-9OoQlI|]{{10}}|(?:[0-9] ){{10}}[0-9])(?![0-9A-Za-z{_NUMERAL}])"
)
_MOBILE = re.compile(r"1(?:3\d|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8\d|9[0-35-9])\d{8}|09\d{9}")
_LANDLINE = re.compile(r"0(?:10|2\d)\d{8}|0[3-9]\d{2}\d{7}")
_PLAIN = re.compile(r"[0-9._/ -]+")
_FEW, _MANY = 4, 7
"""So many signs of a number with letters are digits at least, with a word that announces a phone and without."""


def _judge(found: re.Match[str], context: FieldContext) -> int | None:
    match = found["hit"]
    digits = re.sub(r"\D", "", match.translate(_TO_DIGITS))
    if "CN" not in context.regions or len(digits) != 11 or len(set(digits)) < 3 or _PLAIN.fullmatch(match):
        return None
    about = cue(found.string, found.start("hit"), found.end("hit"))
    if match.isascii() and sum(sign.isdigit() for sign in match) < (_FEW if about is Cue.PHONE else _MANY):
        return None
    if _MOBILE.fullmatch(digits):
        return 25 if about is Cue.OTHER else 85 if about is Cue.PHONE else 70
    return 75 if about is Cue.PHONE and _LANDLINE.fullmatch(digits) else None


PHONE_SPELLED = PatternDetector(
    name="phone_spelled",
    entity="PHONE_NUMBER",
    # What makes a number more than a plain one: a Chinese numeral, a letter or an odd sign between digits.
    prefilter=(
        r"[零〇一二三四五六七八九壹贰貳叁參肆伍陆陸柒捌玖幺么两兩洞拐]|[0-9][OoQlI|]|[OoQlI|][0-9]"
        r"|[0-9][ _/-]?[*~,，、。·+|\\][ *~,，、。·_+|/\\-]?[0-9]"
    ),
    pattern=_PLACE,
    judge=_judge,
    longest=1_048_576,
)
