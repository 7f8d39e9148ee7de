"""Names of people inside Chinese texts, without a model: surnames, titles, words that announce a name."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext, PatternDetector
from governance.scan.detectors.person import chinese_name
from governance.scan.lexicon import lexicon

_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
_TITLE_ZH = r"(?:先生|女士|小姐|太太|医生|醫生|醫師|医师|老师|老師|经理|經理|主任|同学|同學|阿姨|大爷|大爺)"
_KIN_ZH = (
    r"(?:姓名|名字叫?|名叫|叫做?|我是|我叫|联系人|聯絡人|聯繫人|收件人|收货人|收貨人|患者|病人|客户|客戶"
    r"|会员|會員|用户|用戶|丈夫|妻子|老婆|老公|太太|爱人|愛人|儿子|兒子|女儿|女兒|母亲|母親|父亲|父親|妈妈"
    r"|媽媽|爸爸|本人)"
)


def _check_titled(match: str, text: str, _context: FieldContext) -> int | None:
    return None if match.strip() == text.strip() else _chinese_inside(match)


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


PERSON_ANNOUNCED = PatternDetector(
    name="person_announced",
    entity="PERSON",
    prefilter=rf"{_KIN_ZH}\s*[:：是叫为為]?\s*[\x{{4e00}}-\x{{9fff}}]{{2}}",
    pattern=re.compile(rf"{_KIN_ZH}\s*[:：是叫为為]?\s*(?P<hit>{_HAN}{{2,3}})"),
    check=_check_announced,
    longest=65_536,
)


def make_person_titled() -> PatternDetector:
    """The detector of names with a title behind them, over the pack's surnames."""
    return PatternDetector(
        name="person_titled",
        entity="PERSON",
        prefilter=_TITLE_ZH,
        pattern=re.compile(rf"(?P<hit>{_surname()}{_HAN}{{0,2}}?{_TITLE_ZH})"),
        check=_check_titled,
        longest=65_536,
    )


def _surname() -> str:
    """An expression of every Chinese surname, longer ones first."""
    words = sorted(lexicon().surnames_zh, key=lambda each: (-len(each), each))
    single = "".join(word for word in words if len(word) == 1)
    return f"(?:{'|'.join(word for word in words if len(word) > 1)}|[{single}])"
