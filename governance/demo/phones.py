"""Telephone numbers as customers type them: valid in their country, in many notations."""

from __future__ import annotations

from random import Random
from typing import Any

from governance.demo.wordlists import word_list

_CN_MOBILE = (
    130,
    131,
    132,
    133,
    135,
    136,
    137,
    138,
    139,
    150,
    151,
    152,
    157,
    158,
    159,
    166,
    173,
    176,
    177,
    178,
    180,
    181,
    182,
    185,
    186,
    187,
    188,
    189,
    191,
    198,
    199,
)
_HK_MOBILE = (
    510,
    514,
    533,
    541,
    551,
    560,
    593,
    601,
    611,
    622,
    633,
    644,
    655,
    660,
    671,
    684,
    692,
    902,
    913,
    926,
    935,
    944,
    952,
    961,
    972,
    983,
)
PLACEHOLDERS = ("13800138000", "00000000000", "13888888888", "0900000000")
"""Numbers that stand for no number."""
_FULL_WIDTH = str.maketrans("0123456789-+() ", "０１２３４５６７８９－＋（）　")


def mobile(rng: Random, country: str) -> str:
    """A mobile number of the country in one of the notations usual there."""
    number = _MOBILE[country](rng)
    return number.translate(_FULL_WIDTH) if country in {"CN", "TW", "HK"} and rng.random() < 0.02 else number


def landline(rng: Random, country: str, place: Any) -> str:
    """A fixed-line number of the place; `place` is a row of `data/places.yaml`."""
    return _LANDLINE[country](rng, place)


def placeholder(rng: Random) -> str:
    """What clerks type when a number is demanded and none is known."""
    return rng.choices(PLACEHOLDERS, (60, 20, 10, 10))[0]


def _digits(rng: Random, count: int) -> str:
    return f"{rng.randrange(10**count):0{count}d}"


def _cn_mobile(rng: Random) -> str:
    a, b, c = str(rng.choice(_CN_MOBILE)), _digits(rng, 4), _digits(rng, 4)
    style = rng.random()
    if style < 0.62:
        return f"{a}{b}{c}"
    if style < 0.74:
        return f"{a} {b} {c}"
    if style < 0.84:
        return f"{a}-{b}-{c}"
    return rng.choice(("+86 ", "+86", "86-", "0086-", "(+86)")) + f"{a}{b}{c}"


def _tw_mobile(rng: Random) -> str:
    a, b, c = f"09{_digits(rng, 2)}", _digits(rng, 3), _digits(rng, 3)
    style = rng.random()
    if style < 0.4:
        return f"{a}-{b}-{c}"
    if style < 0.7:
        return f"{a}{b}{c}"
    if style < 0.82:
        return f"{a}-{b}{c}"
    return rng.choice(("+886 ", "+886-", "(886)", "886")) + f"{a[1:]}{rng.choice(('', ' ', '-'))}{b}{c}"


def _hk_mobile(rng: Random) -> str:
    a, b = f"{rng.choice(_HK_MOBILE)}{_digits(rng, 1)}", _digits(rng, 4)
    prefix = "" if rng.random() < 0.7 else rng.choice(("+852 ", "+852-", "+852", "(+852) "))
    return f"{prefix}{a}{rng.choice(('', ' ', '-'))}{b}"


def _us_number(rng: Random) -> str:
    return _us_style(rng, rng.choice(word_list("places")["US"])[3])


def _us_style(rng: Random, area: str) -> str:
    line = f"01{_digits(rng, 2)}"
    style = rng.choice(
        ("({0}) 555-{1}", "{0}-555-{1}", "{0}.555.{1}", "+1 {0} 555 {1}", "1-{0}-555-{1}", "{0}555{1}", "+1{0}555{1}")
    )
    extension = f" x{rng.randrange(10, 999)}" if rng.random() < 0.04 else ""
    return style.format(area, line) + extension


def _uk_mobile(rng: Random) -> str:
    a, b = rng.choice(("7400 1", "7911 12", "7700 1", "7402 3")), ""
    lead, rest = a.split(" ")
    b = rest + _digits(rng, 6 - len(rest))
    style = rng.choice(("0{0} {1}", "0{0}{1}", "+44 {0} {1}", "+44 (0){0} {1}", "0044 {0} {1}"))
    return style.format(lead, b)


def _de_mobile(rng: Random) -> str:
    lead, rest = rng.choice(
        (("152", "288173"), ("176", "040690"), ("171", "39200"), ("174", "91049"), ("179", "90009"))
    )
    rest += _digits(rng, 2)
    style = rng.choice(("0{0} {1}", "0{0}/{1}", "+49 {0} {1}", "0{0}{1}", "+49{0}{1}", "+49 (0){0} {1}"))
    return style.format(lead, rest)


def _cn_landline(rng: Random, place: Any) -> str:
    local = f"{rng.choice('678')}{rng.randrange(1, 10)}{_digits(rng, 6)}"
    style = rng.choice(("{0}-{1}", "({0}){1}", "{0} {1}", "+86-{2}-{1}", "（{0}）{1}"))
    return style.format(place[5], local, place[5][1:])


def _tw_landline(rng: Random, place: Any) -> str:
    area = place[3]
    local = f"2{_digits(rng, 7)}" if area in {"02", "04"} else f"{'3' if area != '06' else '2'}{_digits(rng, 6)}"
    style = rng.choice(("({0}){1}", "({0}) {2}-{3}", "{0}-{1}", "{0}-{2}-{3}", "+886-{4}-{1}", "({0}){2}-{3}#1{5}"))
    return style.format(area, local, local[:-4], local[-4:], area[1:], rng.randrange(10, 99))


def _hk_landline(rng: Random, _: Any) -> str:
    local = f"{rng.choice((23, 24, 25, 26, 27, 28))}{_digits(rng, 6)}"
    return rng.choice(("", "", "+852 ")) + f"{local[:4]}{rng.choice((' ', '', '-'))}{local[4:]}"


def _us_landline(rng: Random, place: Any) -> str:
    return _us_style(rng, place[3])


def _uk_landline(rng: Random, place: Any) -> str:
    area = place[2]
    local = {"20": "7946 0", "29": "2018 0", "1865": "496 0"}.get(area, "496 0") + _digits(rng, 3)
    if area == "1865":
        local = f"4960{_digits(rng, 2)}"
    return rng.choice(("0{0} {1}", "(0{0}) {1}", "+44 {0} {1}")).format(area, local)


_DE_FICTION = {"30": "23125", "40": "66969", "89": "99998", "221": "47107", "69": "90009"}


def _de_landline(rng: Random, place: Any) -> str:
    area = place[2]
    local = _DE_FICTION.get(area, f"{rng.randrange(2, 9)}{_digits(rng, 4)}") + _digits(
        rng, 3 if area in _DE_FICTION else 2
    )
    return rng.choice(("0{0} {1}", "0{0}/{1}", "+49 {0} {1}", "(0{0}) {1}", "0{0}-{1}")).format(area, local)


_MOBILE = {"CN": _cn_mobile, "TW": _tw_mobile, "HK": _hk_mobile, "US": _us_number, "UK": _uk_mobile, "DE": _de_mobile}
_LANDLINE = {
    "CN": _cn_landline,
    "TW": _tw_landline,
    "HK": _hk_landline,
    "US": _us_landline,
    "UK": _uk_landline,
    "DE": _de_landline,
}
