"""The invented people of the demo: who they are, before any table writes them down."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from random import Random

from governance.demo import identifiers, phones
from governance.demo.addresses import Address, draw_address
from governance.demo.names import Name, draw_name
from governance.demo.wordlists import word_list

COUNTRIES = ("CN", "TW", "HK", "US", "UK", "DE")
"""Where customers live; `UK` as the shop writes it, not the ISO code."""
_SHARES = (40, 20, 12, 13, 8, 7)


@dataclass(frozen=True, slots=True)
class Person:
    """One invented person."""

    country: str
    """One of `COUNTRIES`."""
    male: bool
    """Whether the person is a man."""
    name: Name
    """The name with its variants."""
    birth: dt.date
    """Day of birth; everybody is of age."""
    address: Address
    """Where the person lives."""
    email: str
    """A valid address; unique only by chance."""
    mobile: str
    """A valid number in one of the country's notations."""


def draw_people(rng: Random, count: int, as_of: dt.date) -> list[Person]:
    """That many people, in no order. The same source gives the same people."""
    countries = rng.choices(COUNTRIES, weights=_SHARES, k=count)
    return [draw_person(rng, country, as_of) for country in countries]


def draw_person(rng: Random, country: str, as_of: dt.date) -> Person:
    """One person of the country, between 18 and 92 years old on the day."""
    male = rng.random() < 0.45
    name = draw_name(rng, country, male=male)
    age_days = int(rng.triangular(18.1, 92, 36) * 365.25)
    birth = as_of - dt.timedelta(days=age_days)
    return Person(
        country,
        male,
        name,
        birth,
        draw_address(rng, country),
        draw_email(rng, name, birth, country),
        phones.mobile(rng, country),
    )


def draw_email(rng: Random, name: Name, birth: dt.date, country: str) -> str:
    """An e-mail address such as the person would choose."""
    words = word_list("names")
    domain = rng.choice(words["email_domains"][country])
    if domain == "qq.com" and rng.random() < 0.8:
        return f"{rng.randrange(10**7, 4 * 10**9)}@qq.com"
    first, last = name.latin_first, name.latin_last
    local = rng.choice(
        (
            f"{first}.{last}",
            f"{first}{last}",
            f"{first[0]}{last}{rng.randrange(1, 999)}",
            f"{last}{first}{birth:%y}",
            f"{first}_{last}{birth:%m%d}",
            f"{rng.choice(words['nicknames'])}.{last}{rng.randrange(10, 9999)}",
            f"{last}.{first[0]}",
            f"{first}+shop",
            f"{first}{birth.year}",
        )
    )
    if rng.random() < 0.03:
        local = local.title()
    return f"{local}@{domain}"


def national_id(rng: Random, person: Person) -> tuple[str, str] | None:
    """The entity and number of the person's id paper; None where the shop asks for none."""
    if person.country == "CN":
        return "CN_RESIDENT_ID", identifiers.cn_resident_id(
            rng, person.address.place[0], person.birth, male=person.male
        )
    if person.country == "TW":
        return "TW_NATIONAL_ID", identifiers.tw_national_id(rng, person.address.place[4], male=person.male)
    if person.country == "HK":
        return "HK_ID", identifiers.hk_identity_card(rng)
    if person.country == "US":
        return "US_SSN", identifiers.us_ssn(rng)
    return None


def plate(rng: Random, person: Person) -> str | None:
    """A vehicle plate of the person's place; None where the country's plates are too free in form."""
    place = person.address.place
    makers = {
        "CN": lambda: identifiers.cn_plate(rng, place[6]),
        "TW": lambda: identifiers.tw_plate(rng),
        "HK": lambda: identifiers.hk_plate(rng),
        "UK": lambda: identifiers.uk_plate(rng),
        "DE": lambda: identifiers.german_plate(rng, place[3]),
    }
    return makers[person.country]() if person.country in makers else None
