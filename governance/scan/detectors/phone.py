"""Phone numbers of every region: the patterns of phonenumbers, compiled once for each region."""

from __future__ import annotations

import re
from functools import cache

from governance.scan.detectors.base import NUMERIC, FieldContext, PatternDetector

_PLACE = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9][.:/-])(?P<hit>(?:\+|00)?\(?\d{1,4}\)?(?:[ .()/-]{0,2}\d){5,14})"
    r"(?![0-9A-Za-z]|[.:/-][0-9]|:)"
)
_WORDS = re.compile(
    r"(?i)(?<![a-z])(?:phone|mobile|cell|tel|telephone|call|fax|whatsapp|contact|reach|dial|handy|ring|sms|text)(?![a-z])"
    r"|电话|電話|手机|手機|致电|致電|联系|聯繫|聯絡|打给|打給|来电|來電|回电|回電|号码|號碼|微信"
)
_DATE = re.compile(
    r"(?:19|20)\d{2}[-/.]?(?:0[1-9]|1[0-2])[-/.]?(?:0[1-9]|[12]\d|3[01])|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d{2}"
)
_GROUPS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|\d{2}(?:-\d{2}){5}")
"""Four numbers with dots are an IP address, six pairs with dashes a MAC address."""
_CN_MOBILE = re.compile(r"1(?:3\d|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8\d|9[0-35-9])\d{8}")
_TW_MOBILE = re.compile(r"09\d{8}")
_TRUNK = ["CN", "TW", "GB", "DE", "HK"]


def _check(match: str, text: str, context: FieldContext) -> int | None:
    digits = re.sub(r"\D", "", match)
    if not 7 <= len(digits) <= 15 or _DATE.fullmatch(match) or _GROUPS.fullmatch(match) or len(set(digits)) < 3:
        return None
    written = len(digits) < len(match)
    hinted = "PHONE_NUMBER" in context.hints or _WORDS.search(text) is not None
    if match.startswith(("+", "00")) and (international := _international(digits, match)) is not None:
        plain = match.startswith("00") and not written and not hinted
        return 0 if not international else 45 if plain else 92
    if _CN_MOBILE.fullmatch(digits) and "CN" in context.regions:
        return _mobile_score(context, hinted=hinted, written=written)
    if not any(national(digits, region) for region in context.regions):
        return 0
    return _national_score(match, digits, context, hinted=hinted)


def _mobile_score(context: FieldContext, *, hinted: bool, written: bool) -> int:
    """Eleven digits of a Chinese mobile prefix: a third of all 11-digit numbers that begin with 1 look the same."""
    if context.type in ("integer", "decimal") and not hinted:
        return 45
    return 85 if hinted or written else 75


def _national_score(match: str, digits: str, context: FieldContext, *, hinted: bool) -> int:
    if hinted:
        return 75
    if _TW_MOBILE.fullmatch(digits) and "TW" in context.regions:
        return 60 if context.type in ("string", "json", "other") else 40
    grouped = re.fullmatch(r"\(\d{2,5}\) ?\d[\d -]{4,}\d|\d{3}[-. ]\d{3}[-. ]\d{4}|0\d{1,4}[-/ ]\d[\d -]{4,}\d", match)
    return 60 if grouped else 25


def _international(digits: str, match: str) -> bool | None:
    """Whether a number with a country code is one of that country; None when it has no country code after all."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    digits = digits[2:] if match.startswith("00") else digits
    for length in (1, 2, 3):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length] or 0), ())
        if any(national(digits[length:].removeprefix("0"), region, abroad=True) for region in regions):
            return True
    return False if match.startswith("+") else None


def national(digits: str, region: str, *, abroad: bool = False) -> bool:
    """Whether bare digits are a number of one region; only a call from abroad leaves a trunk prefix `0` out."""
    pattern, prefix = _region(region)
    if pattern is None:
        return False
    if prefix and digits.startswith(prefix) and pattern.fullmatch(digits[len(prefix) :]):
        return True
    needs_trunk = not abroad and prefix == "0" and not _CN_MOBILE.fullmatch(digits)
    return not needs_trunk and pattern.fullmatch(digits) is not None


@cache
def _region(region: str) -> tuple[re.Pattern[str] | None, str]:
    from phonenumbers import PhoneMetadata

    data = PhoneMetadata.metadata_for_region(region)
    if data is None:
        return None, ""
    kinds = (data.mobile, data.fixed_line, data.voip, data.toll_free, data.shared_cost, data.personal_number)
    patterns = {kind.national_number_pattern for kind in kinds if kind is not None and kind.national_number_pattern}
    return re.compile("|".join(f"(?:{each})" for each in sorted(patterns))), data.national_prefix or ""


PHONE = PatternDetector(
    name="phone",
    entity="PHONE_NUMBER",
    prefilter=r"\d(?:[ .()/-]{0,2}\d){6}",
    pattern=_PLACE,
    check=_check,
    digits=7,
    chance=0.3,
    types=NUMERIC,
    whole=(
        r"^\+86[ -]?1[3-9]\d[ -]?\d{4}[ -]?\d{4}$|^\+1[ -]?\(?[2-9][0-8]\d\)?[ -]?[2-9]\d{2}[ -]?\d{4}$"
        r"|^\+886[ -]?9\d{2}[ -]?\d{3}[ -]?\d{3}$"
    ),
    whole_score=92,
)
