"""Invented postal addresses in the forms of six countries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from governance.demo.wordlists import word_list


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives, in the parts that a shop's table has."""

    place: Any
    """The row of `data/places.yaml` it lies in."""
    city: str
    """City or district as the customer wrote it."""
    line: str
    """Street, number and what else the customer put into the address cell."""
    postal_code: str | None
    """Postal code; None where the country has none or it was left out."""


def draw_address(rng: Random, country: str) -> Address:
    """An address of the country."""
    place = rng.choice(word_list("places")[country])
    return _BY_COUNTRY[country](rng, place)


def _cn(rng: Random, place: Any) -> Address:
    words = word_list("places")
    _, province, city, county, postcode, *_ = place
    road, number = rng.choice(words["cn_roads"]), rng.randrange(1, 1200)
    flat = rng.choice(
        (
            f"{rng.randrange(1, 40)}栋{rng.randrange(1, 5)}单元{rng.randrange(1, 33)}0{rng.randrange(1, 6)}室",
            f"{rng.randrange(1, 40)}号楼{rng.randrange(101, 3306)}",
            f"{rng.randrange(1, 60)}-{rng.randrange(1, 4)}-{rng.randrange(101, 2804)}",
            f"{rng.randrange(2, 30)}层",
            "",
        )
    )
    estate = rng.choice(words["cn_estates"]) if rng.random() < 0.45 else ""
    lane = f"{number}弄" if "上海" in city and rng.random() < 0.5 else f"{number}号"
    head = rng.choice(
        (
            f"{province if province != city else ''}{city}{county}",
            f"{city}{county}",
            f"{city}{county}",
            county,
            f"{province.rstrip('省市')} {city.rstrip('市')} {county} ",
        )
    )
    return Address(place, rng.choice((city, city, city.rstrip("市"))), f"{head}{road}{lane}{estate}{flat}", postcode)


def _tw(rng: Random, place: Any) -> Address:
    city, district, code, _, _, latin = place
    road, number = rng.choice(word_list("places")["tw_roads"]), rng.randrange(1, 400)
    section = rng.choice(("", "", "一段", "二段", "三段", "四段", "2段"))
    lane = f"{rng.randrange(2, 300)}巷" if rng.random() < 0.35 else ""
    floor = rng.choice(
        (
            "",
            f"{rng.randrange(2, 15)}樓",
            f"{rng.randrange(2, 15)}樓之{rng.randrange(1, 6)}",
            f" {rng.randrange(2, 15)}F",
        )
    )
    line = rng.choice(("", city, city, f"{code}{city}")) + f"{district}{road}{section}{lane}{number}號{floor}"
    return Address(
        place,
        latin if rng.random() < 0.05 else city,
        line,
        f"{code}{rng.randrange(1, 99):02d}" if rng.random() < 0.4 else code,
    )


def _hk(rng: Random, place: Any) -> Address:
    area, district, road, _, district_en, road_en = place
    name, name_en = rng.choice(word_list("places")["hk_buildings"])
    number, floor, flat = rng.randrange(1, 900), rng.randrange(1, 40), rng.choice("ABCDEFGH")
    style = rng.random()
    if style < 0.55:
        line = f"{area}{district}{road}{number}號{name}{floor}樓{flat}室"
    elif style < 0.9:
        line = f"{rng.choice(('Flat', 'Rm', 'Unit'))} {flat}, {floor}/F, {name_en}, {number} {road_en}, {district_en}"
    else:
        line = f"{district}{road} {number} 號 {name_en} {floor}/F {flat}"
    return Address(place, rng.choice((district, area, district_en if style >= 0.55 else district)), line, None)


def _us(rng: Random, place: Any) -> Address:
    city, state, code, _ = place
    line = f"{rng.randrange(1, 9900)} {rng.choice(word_list('places')['us_streets'])}"
    line += rng.choice(
        (
            "",
            "",
            f" Apt {rng.randrange(1, 40)}{rng.choice('ABCD')}",
            f", Unit {rng.randrange(1, 300)}",
            f" #{rng.randrange(1, 99)}",
        )
    )
    if rng.random() < 0.15:
        line += f", {city}, {state}"
    if rng.random() < 0.03:
        line = f"P.O. Box {rng.randrange(10, 9999)}"
    return Address(place, city, line, f"{code}-{rng.randrange(1000, 9999)}" if rng.random() < 0.15 else code)


def _uk(rng: Random, place: Any) -> Address:
    city, outward, _ = place
    line = f"{rng.randrange(1, 240)} {rng.choice(word_list('places')['uk_streets'])}"
    line = rng.choice(
        (
            line,
            line,
            f"Flat {rng.randrange(1, 20)}, {line}",
            f"{rng.choice(('Rose Cottage', 'The Old Mill', 'Ivy House'))}, {line}",
        )
    )
    inward = f"{rng.randrange(1, 10)}{rng.choice('ABDEFGHJLNPQRSTUWXYZ')}{rng.choice('ABDEFGHJLNPQRSTUWXYZ')}"
    return Address(place, city, line, f"{outward} {inward}" if rng.random() < 0.85 else f"{outward}{inward}".lower())


def _de(rng: Random, place: Any) -> Address:
    city, code, *_ = place
    street = rng.choice(word_list("places")["de_streets"])
    line = f"{street} {rng.randrange(1, 200)}{rng.choice(('', '', '', 'a', 'b', ' c'))}"
    if rng.random() < 0.1:
        line += f", {code} {city}"
    return Address(place, city, line, code)


_BY_COUNTRY: dict[str, Callable[[Random, Any], Address]] = {
    "CN": _cn,
    "TW": _tw,
    "HK": _hk,
    "US": _us,
    "UK": _uk,
    "DE": _de,
}
