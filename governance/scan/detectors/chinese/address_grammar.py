"""The parts of a Chinese address in their order, on texts in simplified characters: division, road, estate, number.

A part is looked for where the one before it ended, so nothing behind an address is taken in; only what stands directly
before the first part can be in doubt, and that is left to the caller.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HAN = "\u4e00-\u9fff"
_NUMERAL = "〇零一二三四五六七八九十百两廿"
_NUMBER = (
    rf"(?:[0-9]{{1,5}}[A-Za-z]{{0,2}}|[A-Za-z]{{1,2}}[0-9]{{0,4}}|[{_NUMERAL}]{{1,5}}|[甲乙丙丁东南西北主副][0-9]{{0,4}})"
    rf"(?:(?:之|[-~、/至&])[0-9A-Za-z{_NUMERAL}]{{1,5}}){{0,3}}"
)
_UNIT = (
    r"(?:号楼|号院|号店|号铺|号房|号库|号门|号|院|弄|支弄|巷|栋|幢|座|塔|期|区|楼|层|室|单元|户|房|铺|店|档|邻|组|队|排|门牌|门|段|衖|阁|梯|斋|坊|村"
    r"|馆|厅|仓|F|/F)(?:之[0-9一二三四五六七八九十]{1,2})?(?:附[0-9]{1,3}号)?"
)
_STOP = (
    r"[的了在到是或把被让给请从住寄送你您我他她它们这那吗呢吧啊很都就还又没说想打叫与及]|电话|手机|联系|微信|邮箱|邮编|电邮|收件|收货|姓名"
    r"|客户|发货|发送|先生|女士|小姐|(?<![祥泰仁颐万])和(?![平谐睦顺兴美田府园安县静])|对面|因为|但是|不(?!夜)|有(?!限)|去|要|可以|会(?=去|在|到)|附近"
)
_FREE = rf"[{HAN}A-Za-z0-9·]"
_CALM = rf"(?:(?!{_STOP}){_FREE})"

DIVISION = re.compile(
    rf"(?:(?:(?!(?:市|省|区|县|镇|乡|街道)){_CALM}){{1,7}}?(?:特别行政区|自治区|自治州|自治县|自治旗|开发区|高新区|新区|工业园区?|产业园区?|科技园区?|保税区|示范区"
    rf"|风景区|管理区|林区|矿区|地区|街道办?|居委会|社区|省|市|(?<!小)区|县|旗|盟|州|镇|乡|村委会|行政村|自然村|村|屯|庄子|嘎查|苏木|团场|农场))"
)
ROAD = re.compile(
    rf"{_CALM}{{1,9}}?(?:大道|大街|大路|马路|公路|国道|省道|县道|环路|干线|胡同|步行街|路|街|道|巷|弄|径|里(?=[0-9{_NUMERAL}])|围(?=[0-9])|坊(?=[0-9]))"
    rf"(?:[东西南北中](?=[0-9{_NUMERAL}段路])(?:路|段)?)?(?:[0-9{_NUMERAL}]{{1,3}}段)?(?:(?:与|和|近){_CALM}{{2,6}}(?:路|街|大道)交[汇叉]处)?"
)
_NAMED = (
    r"小区|花园|花苑|公寓|大厦|大楼|广场|中心|新村|新城|新苑|家园|家苑|公馆|名邸|名苑|名都|雅苑|嘉苑|佳苑|豪庭|华庭|华府|豪苑|丽苑|山庄|别墅|宿舍|家属院|商场|商厦"
    r"|写字楼|创业园|科技园|软件园|工业园|产业园|物流园|市场|医院|大学|学院|中学|小学|幼儿园|酒店|宾馆|国际|时代|银座|天地|世家|屋苑|邨"
)
ESTATE = re.compile(
    rf"{_CALM}{{1,12}}?(?:(?:{_NAMED}){{1,3}}(?![路街道巷])|[苑城阁轩庭湾府园楼厦村里居台](?=[0-9A-Za-z{_NUMERAL}东南西北第]))"
)
UNITS = re.compile(
    rf"(?:[第地]?(?:{_NUMBER})[ ]?(?:{_UNIT})"
    rf"|(?:地下|底商|地库|天台|阁楼|G/F|LG[0-9]?|B[0-9]层)(?![0-9A-Za-z])|[0-9]{{1,3}}/F)"
)
LAST = re.compile(
    r"[A-Za-z]?[0-9]{1,5}[A-Za-z]?(?:-[0-9A-Za-z]{1,5}){0,3}(?![0-9A-Za-z.:年月日元块个人次点时分件斤公米度岁天%]|[-/:][0-9])"
)
ROOM = re.compile(r"[A-Za-z](?![A-Za-z0-9])")
_SIDES = frozenset("东南西北主副")
"""What begins a number behind a road, and a division behind a division."""
_ROAD_BEGINS = frozenset("路街道巷大东西南北中一二三")
_ROAD_ENDING = 3
_BETWEEN = re.compile(r"[ ,]?")


@dataclass(frozen=True, slots=True)
class Parsed:
    """An address that begins at a place."""

    end: int
    """One behind its last character."""
    divisions: int
    """How many divisions it names, gazetteer or not."""
    roads: int
    """How many roads."""
    estates: int
    """How many estates and buildings with a name."""
    numbers: int
    """How many numbers with their unit."""


def parse(text: str, start: int, known: dict[int, int]) -> Parsed:
    """The parts from a place on; `known` gives the ends of the gazetteer's names by their starts."""
    counts = {"divisions": 0, "roads": 0, "estates": 0, "numbers": 0}
    place = end = start
    for _ in range(24):
        if place in known and not counts["numbers"] and not _names_road(text, place, known[place]):
            kind, place = "divisions", known[place]
        else:
            found = _part(text, place, counts)
            if found is None:
                gap = _BETWEEN.match(text, place)
                if place != end or gap is None or gap.end() == place or place == start:
                    break
                place = gap.end()
                continue
            kind, place = found
        counts[kind] += 1
        end = place
    return Parsed(end, **counts)


def _part(text: str, place: int, counts: dict[str, int]) -> tuple[str, int] | None:
    """The nearest part at a place: numbers first; then whatever ends first."""
    named = counts["roads"] or counts["estates"] or (counts["divisions"] and text[place : place + 1] not in _SIDES)
    if named and (found := UNITS.match(text, place)):
        return "numbers", found.end()
    if (room := _room(text, place, counts)) is not None:
        return "numbers", room
    kinds: tuple[tuple[str, re.Pattern[str]], ...] = (("divisions", DIVISION), ("roads", ROAD), ("estates", ESTATE))
    if counts["roads"] or counts["numbers"]:
        kinds = kinds[1:] if not counts["numbers"] else kinds[2:]
    ends = [(match.end(), kind) for kind, part in kinds if (match := part.match(text, place))]
    if not ends:
        return None
    end, kind = min(ends)
    return kind, end


def _names_road(text: str, start: int, end: int) -> bool:
    """Whether a place gives a road its name: 北京东路, 中山路."""
    road = ROAD.match(text, start)
    return road is not None and road.end() <= end + _ROAD_ENDING and text[end : end + 1] in _ROAD_BEGINS


def _room(text: str, place: int, counts: dict[str, int]) -> int | None:
    """The end of a number without a unit behind a building or a floor: B座1204, 2楼A, 大厦1201."""
    before = text[place - 1 : place]
    if counts["numbers"] and before in "楼层座" and (letter := ROOM.match(text, place)):
        return letter.end()
    if before.isdigit() or not (counts["numbers"] or counts["estates"]):
        return None
    last = LAST.match(text, place)
    return last.end() if last else None
