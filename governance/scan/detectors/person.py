"""Names of people without a model: surnames, given names, titles and the words that announce a name.

A value that is a name as a whole and a name inside a text are different questions, so they are two detectors.
"""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext, PatternDetector
from governance.scan.lexicon import lexicon

_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
_LATIN = r"[A-Za-zÀ-ÖØ-öø-ÿĀ-ž][A-Za-zÀ-ÖØ-öø-ÿĀ-ž'’.-]*"
_CAPITAL = r"[A-ZÀ-ÖØ-Þ][A-Za-zÀ-ÖØ-öø-ÿĀ-ž'’-]+"
_HONORIFIC = r"(?:Mrs?|Ms|Miss|Dr|Prof|Herr|Frau|Mme|Sir|Madam)\.?"
_TITLE_ZH = r"(?:先生|女士|小姐|太太|医生|醫生|醫師|医师|老师|老師|经理|經理|主任|同学|同學|阿姨|大爷|大爺)"
_KIN_ZH = (
    r"(?:姓名|名字叫?|名叫|叫做?|我是|我叫|联系人|聯絡人|聯繫人|收件人|收货人|收貨人|患者|病人|客户|客戶"
    r"|会员|會員|用户|用戶|丈夫|妻子|老婆|老公|太太|爱人|愛人|儿子|兒子|女儿|女兒|母亲|母親|父亲|父親|妈妈"
    r"|媽媽|爸爸|本人)"
)
_KIN_EN = (
    r"(?i:(?<![a-z])(?:name(?:\s+is|:|\s+of)|my\s+(?:wife|husband|son|daughter|mother|father|brother|sister|partner|spouse|boss|colleague)"
    r"|(?:his|her)\s+(?:wife|husband|son|daughter|mother|father|partner)|customer|patient|client|contact|spoke\s+(?:to|with)|called\s+by|regards,?|sincerely,?|dear|i\s+am|i'm|this\s+is))"
)
_ANNOUNCES = re.compile(rf"{_KIN_EN}\s*[:,]?\s*$")
_SURNAME_FIRST = re.compile(rf"({_LATIN}(?: {_LATIN})?), ?({_LATIN}(?: {_LATIN}){{0,2}})")


def chinese_name(text: str) -> int | None:
    """How much 2 to 4 Chinese characters look like surname and given name; None when they do not begin so."""
    words = lexicon()
    surname = text[:2] if text[:2] in words.surnames_zh and len(text) > 2 else text[:1]
    given = text[len(surname) :]
    if surname not in words.surnames_zh or not 1 <= len(given) <= 2:
        return None
    if text in words.not_names_zh:
        return 0
    common = sum(sign in words.given_zh for sign in given)
    if common == len(given):
        return 65 if len(given) == 2 or len(surname) == 2 else 58
    return 30


def latin_name(text: str) -> int | None:
    """How much one to five Latin words look like a person's name."""
    turned = _SURNAME_FIRST.fullmatch(text)
    parts = re.sub(rf"^{_HONORIFIC} ", "", f"{turned[2]} {turned[1]}" if turned else text).split()
    lower = [part.casefold().strip(".,'’") for part in parts]
    words = lexicon()
    if not 1 <= len(parts) <= 5 or any(len(part) > 20 for part in parts):
        return None
    if any(part in words.not_names_latin and part not in words.given_latin for part in lower):
        return 0
    given = lower[0] in words.given_latin or lower[0].split("-")[0] in words.given_latin
    family = lower[-1] in words.surnames_latin
    if len(parts) == 1:
        return 35 if given or family else 10
    if parts[0].islower() and parts[-1].islower():
        return 40 if given and family else None
    swapped = lower[0] in words.surnames_latin and (lower[-1] in words.given_latin or len(lower[-1]) > 1)
    return 80 if given and family else 60 if given else 45 if family else 40 if swapped else 15


def _check_whole(match: str, _text: str, context: FieldContext) -> int | None:
    name = match.strip()
    if re.fullmatch(rf"{_HAN}{{2,4}}", name):
        score = chinese_name(name)
    elif "·" in name or "•" in name:
        score = 60
    elif re.search(_HAN, name):
        inner = re.search(rf"{_HAN}{{2,4}}", name)
        score = chinese_name(inner[0]) if inner else None
    else:
        score = latin_name(name)
    if score and score < 50 and "PERSON" in context.hints:
        return 55
    return score


def _check_inside(match: str, text: str, _context: FieldContext) -> int | None:
    if match.strip() == text.strip():
        return None
    if re.search(_HAN, match):
        return _chinese_inside(match)
    bare = re.sub(rf"^{_HONORIFIC}\s+", "", match)
    score = latin_name(bare)
    if bare != match:
        return 65 if score is None or score > 0 else None
    if score is not None and 60 <= score < 80:
        return 60 if _announced_before(match, text) else None
    return 65 if score is not None and score >= 80 else None


def _announced_before(match: str, text: str) -> bool:
    """Whether a word that announces a person stands just before the match."""
    place = text.find(match)
    return _ANNOUNCES.search(text[max(0, place - 24) : place]) is not None


def _chinese_inside(match: str) -> int | None:
    name = re.sub(rf"{_TITLE_ZH}$", "", match)
    if len(name) == 1:
        return 55 if name in lexicon().surnames_zh else None
    score = chinese_name(name)
    if score is None or score == 0 or (name == match and score < 50):
        return None
    return 65


def _check_announced(match: str, _text: str, _context: FieldContext) -> int | None:
    """A name behind a word that announces one: three characters if they fit, else two."""
    for name in (match[:3], match[:2]):
        score = chinese_name(name) if len(name) > 1 else None
        if score is not None and score >= 58:
            return 60
    return None


PERSON = PatternDetector(
    name="person",
    entity="PERSON",
    prefilter=r"^[^0-9@:/\\_=<>{}\[\]]{2,80}$",
    pattern=re.compile(
        rf"^\s*(?P<hit>{_HAN}{{2,4}}|{_HAN}{{1,8}}[·•]{_HAN}{{1,12}}|{_LATIN}(?:,? {_LATIN}){{0,4}}"
        rf"(?: ?[(]?{_HAN}{{2,4}}[)]?)?|{_HAN}{{2,4}} ?[(]?{_LATIN}(?: {_LATIN}){{0,3}}[)]?)\s*$"
    ),
    check=_check_whole,
    longest=80,
)
PERSON_ANNOUNCED = PatternDetector(
    name="person_announced",
    entity="PERSON",
    prefilter=rf"{_KIN_ZH}\s*[:：是叫为為]?\s*[\x{{4e00}}-\x{{9fff}}]{{2}}",
    pattern=re.compile(rf"{_KIN_ZH}\s*[:：是叫为為]?\s*(?P<hit>{_HAN}{{2,3}})"),
    check=_check_announced,
    longest=65_536,
)


def make_person_in_text() -> PatternDetector:
    """The detector of names inside texts, over the pack's surnames."""
    return PatternDetector(
        name="person_in_text",
        entity="PERSON",
        prefilter=rf"{_TITLE_ZH}|"
        rf"{_KIN_ZH}|[A-Z\x{{c0}}-\x{{de}}][^ ]+ (?:[A-Z]\. )?[A-Z\x{{c0}}-\x{{de}}]"
        rf"|{_HONORIFIC} *[A-Z\x{{c0}}-\x{{de}}]",
        pattern=re.compile(
            rf"(?:(?<=[^\u4e00-\u9fff])|(?<={_HAN})|^)(?P<hit>{_surname()}{_HAN}{{0,2}}?{_TITLE_ZH}"
            rf"|(?:{_HONORIFIC}\s+)?{_CAPITAL}(?: [A-Z]\.)? {_CAPITAL}|{_HONORIFIC}\s+{_CAPITAL})(?![A-Za-z])"
        ),
        check=_check_inside,
        longest=65_536,
    )


def _surname() -> str:
    """An expression of every Chinese surname, longer ones first."""
    words = sorted(lexicon().surnames_zh, key=lambda each: (-len(each), each))
    single = "".join(word for word in words if len(word) == 1)
    return f"(?:{'|'.join(word for word in words if len(word) > 1)}|[{single}])"
