"""E-mail addresses: beside Chinese text, with `%40`, and spelled out (`at`, `dot`, 艾特, 点, `#`)."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.pattern import PatternDetector, by_text

_LOCAL = r"[A-Za-z0-9](?:[A-Za-z0-9._%+'&-]{0,63})"
_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?\.)+(?:[A-Za-z]{2,24}|xn--[a-z0-9-]{2,40})"
_AT = r"(?:@|%40|\s?[\[(]at[\])]\s?)"
_AT_SIGN = re.compile(_AT)
_FILES = frozenset(
    ["png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "json", "md", "py", "txt", "pdf", "html", "htm", "zip"]
)

_ANY_AT = re.compile(r"@|%40|\[at|\(at")
_WORD = string.ascii_letters + string.digits
_SIGNS = f"{_WORD}._%+'&-"
_BEGIN = re.compile(r"[A-Za-z0-9](?<![A-Za-z0-9._%+-].)")
_LONGEST_LOCAL = 64


def _starts(text: str) -> Iterator[int]:
    """The places before an `@`, within reach of it, where a local part may begin."""
    last = -1
    for at in _ANY_AT.finditer(text):
        high = at.start()
        if text[high] in "[(" and text[high - 1 : high].isspace():
            high -= 1
        low = max(0, high - _LONGEST_LOCAL)
        for begin in _BEGIN.finditer(text, low + len(text[low:high].rstrip(_SIGNS)), high):
            if begin.start() > last:
                last = begin.start()
                yield last


def _check(match: str, _text: str, _context: FieldContext) -> int | None:
    local, _, domain = (_AT_SIGN.sub("@", match) if "%" in match or "at" in match else match).rpartition("@")
    if local.endswith(".") or ".." in local or domain.rsplit(".", 1)[-1].lower() in _FILES:
        return 0
    return 95


EMAIL = PatternDetector(
    name="email",
    entity="EMAIL_ADDRESS",
    prefilter=r"@|%40|[\[(]at[\])]",
    pattern=re.compile(rf"(?<![A-Za-z0-9._%+-])(?P<hit>{_LOCAL}{_AT}{_DOMAIN})(?![A-Za-z0-9@])"),
    judge=by_text(_check),
    whole=r"^[A-Za-z0-9](?:[A-Za-z0-9_+-]|\.[A-Za-z0-9_+-])*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+"
    r"(?:com|net|org|edu|gov|io|info|biz|cn|tw|hk|uk|de|fr|us|eu|test|example|jp|sg|kr|in|it|es|nl|ca|au)$",
    whole_score=95,
    starts=_starts,
)

_SPELLED_AT = (
    r"(?: ?[\[({<【] ?(?i:at|@|艾特) ?[\])}>】] ?| (?i:at) | ?(?:艾特|小老鼠|圈[aA]|爱特|@) ?| ?＠ ?|(?P<odd>[#*$!]))"
)
_DOT_WORD = r"(?: ?[\[({<【] ?(?i:dot|\.|点) ?[\])}>】] ?| (?i:dot) | ?[点點。] ?)"
_SPELLED_DOT = rf"(?:\.|{_DOT_WORD})"
_SPELLED_AT_BEGINS = re.compile(
    r" ?[\[({<【] ?(?i:at|@|艾特)| (?i:at)(?= )| ?(?:艾特|小老鼠|圈[aA]|爱特|@)| ?＠|[#*$!]"
)
_DOT_BEFORE = re.compile(rf"{_DOT_WORD}\Z")
_DOT_LONGEST = 9
_SPELLED_SIGNS = f"{_WORD}._+-"
_SPELLED_LONGEST = 1 + 63 * _DOT_LONGEST
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,40}[A-Za-z0-9])?"
_TOP = r"(?i:com|net|org|edu|gov|cn|tw|hk|io|co|info|me|cc|uk|de|us|jp|sg|fr|test|example|mo|top|xyz|vip|biz)"
_ANNOUNCED = re.compile(
    r"(?i)(?:e-?mail|mail|邮箱|郵箱|邮件|郵件|电邮|電郵|信箱|伊妹儿)[^A-Za-z0-9]{0,8}(?:是|为|為)?[^A-Za-z0-9]{0,3}$"
)
_COMMON_WORDS = frozenset(
    ["look", "arrived", "me", "him", "her", "us", "them", "meet", "it", "is", "are", "was", "were", "here"]
)


def _spelled_starts(text: str) -> Iterator[int]:
    """The places where the words begin that are tied by spelled dots and stand before something like an `@`."""
    for at in _SPELLED_AT_BEGINS.finditer(text):
        found, high = [], at.start()
        lowest = max(0, high - _SPELLED_LONGEST)
        while (low := lowest + len(text[lowest:high].rstrip(_SPELLED_SIGNS))) < high:
            found.append(low)
            dot = _DOT_BEFORE.search(text, max(0, low - _DOT_LONGEST), low)
            if dot is None:
                break
            high = dot.start()
        yield from reversed(found)


def _judge(found: re.Match[str], _context: FieldContext) -> int | None:
    match, text = found["hit"], found.string
    announced = _ANNOUNCED.search(text, max(0, found.start("hit") - 24), found.start("hit")) is not None
    plain = found["odd"] is None and "@" in match and re.search(r"[ 点點。\[({]", match) is None
    if plain or (found["odd"] and not announced):
        return None
    local = re.split(r"[^A-Za-z0-9._+-]", match, maxsplit=1)[0].lower()
    if " at " in match.lower() and not announced and (local in _COMMON_WORDS or " dot " not in match.lower()):
        return None
    return 85


EMAIL_SPELLED = PatternDetector(
    name="email_spelled",
    entity="EMAIL_ADDRESS",
    prefilter=(
        r"(?i)[a-z0-9_] ?(?:[\[({<【] ?(?:at|@|艾特) ?[\])}>】]|\bat\b|艾特|小老鼠|圈a|爱特| @|@ |[#*$!])"
        r" ?[a-z0-9][a-z0-9-]* ?(?:[\[({<【]|dot|点|點|\.|。)"
        r"|@[a-z0-9][a-z0-9.-]* ?(?:[\[({<【]|dot|点|點|。)"
        r"|(?:[\])}>】]| dot|点|點|。) ?[a-z0-9][a-z0-9._+-]*@"
    ),
    pattern=re.compile(
        rf"(?<![A-Za-z0-9._%+-])(?P<hit>[A-Za-z0-9](?:[A-Za-z0-9._+-]|{_DOT_WORD}(?=[A-Za-z0-9])){{0,63}}{_SPELLED_AT}"
        rf"{_LABEL}(?:{_SPELLED_DOT}{_LABEL}){{0,3}}{_SPELLED_DOT}{_TOP})(?![A-Za-z0-9@])"
    ),
    judge=_judge,
    starts=_spelled_starts,
)
