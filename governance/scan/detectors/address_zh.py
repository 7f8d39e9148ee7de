"""Postal addresses in Chinese: province, city, district, road, number, building, floor, room."""

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


def _check_chinese(match: str, _text: str, _context: FieldContext) -> int | None:
    if not re.search(rf"{_ROAD}.*{_UNIT}|{_ROAD}", match):
        return 45 if re.search("省|自治区|市", match) else None
    return 82


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
