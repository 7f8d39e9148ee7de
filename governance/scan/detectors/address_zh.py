"""Postal addresses in Chinese, whole: from the province or the first part that is written to the room.

An address begins at a name of the gazetteer, or at the word that ends in a road or an estate with a number behind it;
what announces it stays outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from governance.scan.detectors.chinese.address_grammar import HAN, Parsed, parse
from governance.scan.detectors.chinese.gazetteer import gazetteer
from governance.scan.detectors.chinese.segments import LONGEST, Segments, part_of_speech, simplified
from governance.scan.detectors.reading import Place, ReadingDetector

_WHOLE, _SURE, _LIKELY, _AREA, _NONE = 88, 82, 65, 52, 0
_NUMBERED = "0-9A-Za-z〇零一二三四五六七八九十百"
_ANCHOR = re.compile(
    rf"(?:大道|大街|马路|公路|胡同|路|街|道|巷|弄|村|小区|花园|公寓|大厦|大楼|广场|中心|新村|苑|城|园|里|邨|围|庄|屯|坊|镇|乡)"
    rf"(?:[{HAN}]{{0,2}}段)?[东西南北中]?[ ]?第?[{_NUMBERED}][-之{_NUMBERED}]{{0,6}}"
    r"(?:号|弄|巷|栋|幢|座|楼|层|室|单元|户|房|组|队|期|院|段)"
)
_PREFILTER = (
    r"[路街道巷弄村屯组組段園园苑城場场厦廈寓邨區区里圍围庄莊坊镇鎮乡鄉同心樓楼][\x{4e00}-\x{9fff}]{0,3}"
    rf" ?第?[{_NUMBERED}][-之{_NUMBERED}]{{0,6}} ?"
    r"(?:号|號|弄|巷|栋|棟|幢|座|楼|樓|层|層|室|单|單|户|戶|房|F|f|門|门|组|組|队|隊|期|院|段)"
    r"|[省市州县縣盟区區][\x{4e00}-\x{9fff}]{1,9}[市区區县縣旗镇鎮鄉乡路街道村]"
)
_GENERIC = re.compile(
    r"(?:道路|马路|公路|线路|电路|思路|铁路|网路|套路|出路|后路|条路|条街|弯道|车道|通道|频道|渠道|轨道|管道|知道|味道|报道|隧道|赛道|跑道|街道|中心|广场|大厦|大楼|小区|公寓|花园|城|园|村|里|个楼)"
    r"第?[0-9A-Za-z〇零一二三四五六七八九十百]|(?:[这那哪每几两]|第.{1,3}号)[条个号]?.?路"
)
"""Words for roads and buildings that name none, when nothing stands before them."""
_CODE = re.compile(r"(?<![0-9A-Za-z.-])[0-9]{3}(?:[0-9]{2,3})? ?$")
"""A postcode before an address, as Taiwan writes it."""
_LONGEST_CODE = 8
_BEFORE = 10
"""An address without a name of the gazetteer begins so many characters before its first ending at most."""
_STOPS = frozenset("在到于至往去住是为址:;,.。，、：；!?！？")


def addresses_in(text: str) -> list[Place]:
    """(start, end, score) of the addresses in one text, in order, none across another."""
    plain = simplified(text)
    known = dict(gazetteer().places(plain))
    found: list[Place] = []
    behind = 0
    for start in sorted({*known, *_starts(plain, known)}):
        if start < behind:
            continue
        parsed = parse(plain, start, known)
        if (score := _score(parsed)) and not (parsed.divisions == 0 and _GENERIC.match(plain, start, parsed.end)):
            code = _CODE.search(plain, max(behind, start - _LONGEST_CODE), start)
            found.append((code.start() if code else start, parsed.end, score))
            behind = parsed.end
    return found


def _starts(text: str, known: dict[int, int]) -> Iterator[int]:
    """Where addresses without a name of the gazetteer may begin."""
    inside = list(known.items())
    for match in _ANCHOR.finditer(text):
        low = max(0, match.start() - _BEFORE)
        low = max(
            [low, *(end for start, end in inside if start < match.start() <= end + _BEFORE and end <= match.start())]
        )
        yield _begin(text, low, match.start())


def _begin(text: str, low: int, anchor: int) -> int:
    """Back from an anchor over the words that can name a road, an estate or a division."""
    segments = Segments(text[low : anchor + 3])
    place, first = anchor - low, True
    at = next((start for start in range(place, -1, -1) if segments.at(start) is not None), place)
    place = at
    while place > 0:
        word = segments.before(place)
        if word is None or not _may_name(word, first=first):
            break
        place -= len(word)
        first = False
    return low + place


def _may_name(word: str, *, first: bool) -> bool:
    if word[-1] in _STOPS or not all("\u4e00" <= sign <= "\u9fff" or sign.isalnum() for sign in word):
        return False
    tag = part_of_speech(word)[:1]
    return first or tag not in "vpucrdy" or word[-1] in "省市区县镇乡村路街道"


def _score(parsed: Parsed) -> int:
    named = parsed.roads + parsed.estates
    if parsed.numbers and named:
        return _WHOLE if parsed.divisions else _SURE
    if parsed.numbers and parsed.divisions:
        return _SURE if parsed.divisions > 1 else _LIKELY
    if named and parsed.divisions:
        return _LIKELY if parsed.divisions > 1 else _AREA
    return _AREA if parsed.divisions > 1 else _NONE


ADDRESS_ZH = ReadingDetector(
    name="address_zh",
    entity="ADDRESS",
    rules=lambda: ((_PREFILTER,), addresses_in),
    longest=LONGEST,
    prefilter=_PREFILTER,
)
