"""Postal addresses: the grammar of streets in Chinese, English and German, with house number, floor and room."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext, PatternDetector

_HAN = r"[\u4e00-\u9fff]"
_NUMBER = r"(?:[0-9]{1,5}(?:[-–之、/][0-9]{1,4})?|[一二三四五六七八九十百零〇]{1,5}|[A-Za-z][0-9]{0,3})"
_ROAD = (
    r"(?:大道|大街|大路|胡同|路|街|道|巷|弄|里|村|屯|组|段|圍|围|苑|坊|花园|花園|小区|小區|新村|新城|广场"
    r"|廣場|大厦|大廈|公寓|中心|邨)"
)
_UNIT = r"(?:号楼|號樓|号院|号|號|弄|栋|棟|幢|座|楼|樓|层|層|室|单元|單元|户|戶|房|F|f|門|门)"
_CHINESE = (
    rf"(?:{_HAN}{{2,8}}?(?:省|自治区|特别行政区|市|州|盟))?(?:{_HAN}{{1,8}}?(?:市|区|區|县|縣|旗|镇|鎮|乡"
    rf"|鄉))?(?:{_HAN}{{1,6}}?(?:区|區|镇|鎮|乡|鄉|街道))?[{_HAN[1:-1]}A-Za-z0-9]{{1,12}}?{_ROAD}"
    rf"(?:{_HAN}{{0,6}}?{_NUMBER} ?{_UNIT}){{1,5}}(?:{_NUMBER})?"
)
_REGION = (
    rf"{_HAN}{{2,6}}(?:省|自治区)?{_HAN}{{2,6}}(?:市|州|县|縣){_HAN}{{1,6}}(?:区|區|县|縣|市|镇|鎮|鄉"
    rf"|乡)[{_HAN[1:-1]}0-9A-Za-z]{{0,30}}"
)
_SUFFIX = (
    r"(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|circle|cir|place|pl|terrace"
    r"|ter|way|highway|hwy|square|sq|parkway|pkwy|trail|trl|close|crescent|cres|grove|gardens|mews|row"
    r"|alley|loop|pike|path|walk|hill|green)"
)
_UNIT_EN = r"(?:,?\s*(?:apt|apartment|suite|ste|unit|flat|room|rm|floor|fl|#)\.?\s*[A-Za-z]?\d{0,5}[A-Za-z]?)?"
_WORD = r"[A-Za-zÀ-ÿ0-9'’.-]+"
_ENGLISH = (
    rf"(?:(?:flat|rm|room|unit|suite|apt)\.?\s*[A-Za-z0-9]{{1,6}},?\s*)?"
    rf"(?:\d{{1,3}}/F\.?,?\s*)?\d{{1,6}}[A-Za-z]?(?:-\d{{1,6}})?,?\s+(?:{_WORD}\s+){{1,5}}?{_SUFFIX}"
    rf"(?![A-Za-z])\.?{_UNIT_EN}"
)
_BOX = r"(?:p\.?\s?o\.?\s?box|postfach|postbus|apartado)\s*\d{1,6}"
_GERMAN = (
    r"[A-ZÄÖÜ][A-Za-zäöüß.-]*(?: [A-ZÄÖÜ][A-Za-zäöüß.-]*){0,3}?(?:[Ss]tra(?:ß|ss)e|[Ss]tr\.|[Ww]eg"
    r"|[Pp]latz|[Aa]llee|[Gg]asse|[Rr]ing|[Dd]amm|[Uu]fer)\s+\d{1,4}\s?[a-zA-Z]?(?![A-Za-z0-9])"
)
_NOT = re.compile(
    r"(?i)^\d+\s+(?:[a-z]+\s+)?(?:way|way|place|row|drive|walk|path|close)s?$|\b(?:minutes?|hours?|days?|weeks?|times|people|items|orders?|pieces?|percent)\b"
)


def _check_latin(match: str, _text: str, _context: FieldContext) -> int | None:
    return 0 if _NOT.search(match) else 80


def _check_chinese(match: str, _text: str, _context: FieldContext) -> int | None:
    if not re.search(rf"{_ROAD}.*{_UNIT}|{_ROAD}", match):
        return 45 if re.search("省|自治区|市", match) else None
    return 82


ADDRESS = PatternDetector(
    name="address",
    entity="ADDRESS",
    prefilter=rf"(?i)\d[a-z]?,?\s+(?:\S+\s+){{1,5}}{_SUFFIX}(?:[^A-Za-z]|$)|{_BOX}|(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|ring|damm|ufer)\s+\d",
    pattern=re.compile(rf"(?<![A-Za-z0-9])(?P<hit>(?i:{_ENGLISH})|(?i:{_BOX})|{_GERMAN})"),
    check=_check_latin,
    longest=65_536,
)
ADDRESS_ZH = PatternDetector(
    name="address_zh",
    entity="ADDRESS",
    prefilter=(
        r"[路街道巷弄里村屯组段圍围苑坊园園区區城场場厦廈寓邨胡同心][\x{4e00}-\x{9fff}]{0,6}"
        r"(?:[0-9一二三四五六七八九十百零〇]{1,5}|[A-Za-z])[-0-9之、/ ]*"
        r"(?:号|號|弄|栋|棟|幢|座|楼|樓|层|層|室|单|單|户|戶|房|F|門|门)"
        r"|[市州县縣][\x{4e00}-\x{9fff}]{1,6}[区區县縣市镇鎮鄉乡]"
    ),
    pattern=re.compile(rf"(?P<hit>{_CHINESE}|{_REGION})"),
    check=_check_chinese,
    longest=65_536,
)
