"""Free text as agents type it, in three languages, and what is hidden in it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from governance.demo import identifiers, phones
from governance.demo.addresses import draw_address
from governance.demo.names import draw_name
from governance.demo.people import Person, draw_email, plate
from governance.demo.wordlists import word_list

_SLOT = re.compile(r"\{([a-z]+)\}")
SLOT_ENTITIES = {
    "phone": "PHONE_NUMBER",
    "email": "EMAIL_ADDRESS",
    "address": "ADDRESS",
    "birthday": "DATE_OF_BIRTH",
    "person": "PERSON",
    "plate": "VEHICLE_PLATE",
    "url": "URL",
    "ip": "IP_ADDRESS",
    "secret": "SECRET",
    "password": "SECRET",
    "card": "CREDIT_CARD",
}
"""What each slot of a sentence hides; the other slots are harmless."""
_KINDS = ("harmless", "health", "contact", "birthday", "secret", "card")
_KIND_SHARES = (8600, 330, 850, 190, 22, 8)


@dataclass(frozen=True, slots=True)
class Note:
    """A text, and what it hides."""

    text: str
    """What the agent typed."""
    hidden: frozenset[str]
    """Entities that stand in the text."""


def draw_note(rng: Random, person: Person, as_of: dt.date) -> Note:
    """One to three sentences about a customer, in the customer's language, sometimes with a second one mixed in."""
    tongue = language(rng, person)
    sentences: list[str] = []
    hidden: set[str] = set()
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
        kind = rng.choices(_KINDS, _KIND_SHARES)[0]
        text = fill(rng, rng.choice(word_list("notes")[tongue][kind]), person, as_of, hidden)
        if kind == "health":
            hidden.add("HEALTH")
        sentences.append(text)
    if rng.random() < 0.2:
        sentences.append(fill(rng, rng.choice(word_list("notes")["mixed"]), person, as_of, hidden))
    opener = rng.choice(word_list("notes")["openers"][tongue])
    return Note(opener + rng.choice((" ", "\n", " ")).join(sentences), frozenset(hidden))


def language(rng: Random, person: Person) -> str:
    """The language in which staff write about the person."""
    if rng.random() < 0.06:
        return "en"
    return {"CN": "zh-Hans", "TW": "zh-Hant", "HK": "zh-Hant"}.get(person.country, "en")


def fill(rng: Random, template: str, person: Person, as_of: dt.date, hidden: set[str]) -> str:
    """The sentence with every slot filled; adds to `hidden` what the slots hide."""

    def value(match: re.Match[str]) -> str:
        slot = match.group(1)
        text = _MAKERS[slot](rng, person, as_of)
        if slot in SLOT_ENTITIES:
            hidden.add(SLOT_ENTITIES[slot])
        return text

    return _SLOT.sub(value, template)


def order_number(rng: Random, day: dt.date) -> str:
    """An order number of 16 to 19 digits, by channel: none is a card, many look like one."""
    style = rng.random()
    if style < 0.5:
        return f"{day:%Y%m%d}{rng.randrange(86400):05d}{rng.randrange(10**5):05d}"
    if style < 0.8:
        return f"{rng.randrange(2, 5)}{rng.randrange(10**18):018d}"
    return f"6{rng.randrange(10**15):015d}"


def written_birthday(rng: Random, day: dt.date) -> str:
    """A day of birth in one of the many ways people write one."""
    return rng.choice(
        (
            f"{day:%Y-%m-%d}",
            f"{day.year}年{day.month}月{day.day}日",
            f"{day.year}/{day.month}/{day.day}",
            f"{day:%Y.%m.%d}",
            f"{day.day} {day:%b} {day.year}",
            f"{day:%Y%m%d}",
            f"{day:%d/%m/%Y}",
        )
    )


def _birthday(rng: Random, person: Person, as_of: dt.date) -> str:
    day = as_of - dt.timedelta(days=rng.randrange(8000, 26000))
    if person.country in {"US", "UK", "DE"}:
        return rng.choice(
            (f"{day:%B} {day.day}, {day.year}", f"{day.day} {day:%b} {day.year}", f"{day:%m/%d/%Y}", f"{day:%Y-%m-%d}")
        )
    if person.country == "TW" and rng.random() < 0.3:
        return f"民國{day.year - 1911}年{day.month}月{day.day}日"
    return rng.choice(
        (
            f"{day.year}年{day.month}月{day.day}日",
            f"{day:%Y-%m-%d}",
            f"{day.year}/{day.month}/{day.day}",
            f"{day:%Y.%m.%d}",
        )
    )


def _url(rng: Random, *_: object) -> str:
    return f"https://shop.example.com/{rng.choice(('account?user=', 'u/', 'reset?uid='))}{rng.randrange(10**5, 10**6)}"


def _recent(rng: Random, person: Person, as_of: dt.date) -> str:
    day = as_of + dt.timedelta(days=rng.randrange(-300, 30))
    if person.country in {"US", "UK", "DE"}:
        return rng.choice((f"{day.day} {day:%b}", f"{day:%d/%m}", f"{day:%Y-%m-%d}"))
    return rng.choice((f"{day.month}月{day.day}日", f"{day.month}/{day.day}", f"{day:%Y-%m-%d}"))


def _product(rng: Random, person: Person, _: dt.date) -> str:
    row: list[str] = rng.choice(word_list("notes")["products"])
    return row[{"CN": 1, "TW": 2, "HK": 2}.get(person.country, 0)]


def _number(low: int, high: int) -> Callable[[Random, Person, dt.date], str]:
    return lambda rng, _person, _day: str(rng.randrange(low, high))


def _tracking(rng: Random, *_: object) -> str:
    return f"{rng.choice(('SF', 'YT', 'JD', '1Z', 'DHL'))}{rng.randrange(10**12):012d}"


_MAKERS: dict[str, Callable[[Random, Person, dt.date], str]] = {
    "phone": lambda rng, person, _: phones.mobile(rng, person.country),
    "email": lambda rng, person, _: draw_email(rng, person.name, person.birth, person.country),
    "address": lambda rng, person, _: draw_address(rng, person.country).line,
    "birthday": _birthday,
    "person": lambda rng, person, _: draw_name(rng, person.country, male=not person.male).written,
    "plate": lambda rng, person, _: plate(rng, person) or identifiers.uk_plate(rng),
    "url": _url,
    "ip": lambda rng, *_: identifiers.ip_address(rng),
    "secret": lambda rng, *_: identifiers.api_key(rng),
    "password": lambda rng, *_: (
        f"{rng.choice(('Sunny', 'qwer', 'Dragon', 'iloveu'))}{rng.randrange(100, 9999)}{rng.choice('!@#')}"
    ),
    "card": lambda rng, *_: identifiers.payment_card(rng),
    "she": lambda _, person, __: "he" if person.male else "she",
    "her": lambda _, person, __: "his" if person.male else "her",
    "order": lambda rng, _, as_of: order_number(rng, as_of - dt.timedelta(days=rng.randrange(400))),
    "product": _product,
    "n": _number(2, 90),
    "day": _number(10, 29),
    "amount": lambda rng, *_: f"{rng.randrange(900, 250000) / 100:.2f}",
    "date": _recent,
    "version": lambda rng, *_: f"{rng.randrange(2, 9)}.{rng.randrange(20)}.{rng.randrange(10)}",
    "tracking": _tracking,
    "serial": lambda rng, *_: f"SN{rng.randrange(10**9):09d}",
    "drug": lambda rng, person, _: rng.choice(
        word_list("notes")["drugs"][{"CN": "zh-Hans", "TW": "zh-Hant", "HK": "zh-Hant"}.get(person.country, "en")]
    ),
}
