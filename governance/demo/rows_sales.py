"""Rows of `orders`, `products` and `marketing_contacts`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from random import Random
from typing import Any

from governance.demo import identifiers, phones
from governance.demo.addresses import draw_address
from governance.demo.moments import later, moment, some_day, years_before
from governance.demo.names import draw_name
from governance.demo.notes import fill, language, order_number
from governance.demo.people import Person, draw_email
from governance.demo.tally import Tally
from governance.demo.wordlists import word_list

Row = dict[str, Any]

_CURRENCIES = {"CN": "CNY", "TW": "TWD", "HK": "HKD", "US": "USD", "UK": "GBP", "DE": "EUR"}
_CAMPAIGNS = (
    "Mother's Day 2026",
    "双11预热",
    "May White Sale",
    "週年慶",
    "Grace Period Spring",
    "618大促",
    "Winter Rose",
    "老客回流",
    "Jasmine Launch",
)
_SOURCES = ("expo2024", "import_xls", "wechat", "fb_lead", "shop_tablet", "partner:health_fair")


def draw_products(rng: Random, count: int, as_of: dt.date) -> list[Row]:
    """Articles: nothing here is about a person, though much of it looks so."""
    return [_product(rng, number, as_of) for number in range(1, count + 1)]


def _product(rng: Random, number: int, as_of: dt.date) -> Row:
    names = rng.choice(word_list("notes")["products"])
    sku = f"{rng.choice('ABKMT')}{rng.randrange(100, 999)}-{rng.choice(('BL', 'GR', 'S', 'M', 'XL'))}-{number:04d}"
    return {
        "id": number,
        "sku": sku,
        "name": rng.choice((*names, f"{names[1]} {names[0]}")),
        "price": rng.randrange(100, 90000) / 100,
        "ean": identifiers.product_ean(rng),
        "company_name": rng.choice(word_list("notes")["suppliers"]),
        "firmware": f"{rng.randrange(1, 12)}.{rng.randrange(30)}.{rng.randrange(20)}.{rng.randrange(200)}"
        if rng.random() < 0.4
        else None,
        "acid_level": rng.randrange(35, 75) / 10 if rng.random() < 0.5 else None,
        "ip_rating": rng.choice(("IP67", "IP54", "IPX4", None, None)),
        "mac_os_min": rng.choice((None, None, "10.15.7", "11.0.1", "12.6")),
        "email_template": rng.choice(("welcome_v2", "reorder@30d", "care_tips", None)),
        "manual_file_name": f"manual_{sku.lower()}_{rng.choice(('en', 'zh', 'de'))}.pdf",
        "weight_g": rng.randrange(20, 9000),
        "batch_no": int(f"{some_day(rng, years_before(as_of, 2), as_of):%Y%m%d}{rng.randrange(10**6):06d}"),
        "released_on": some_day(rng, years_before(as_of, 9), as_of),
    }


def draw_orders(
    rng: Random, people: Sequence[Person], products: int, count: int, as_of: dt.date, tally: Tally
) -> list[Row]:
    """Orders of random customers."""
    return [
        _order(rng, number, rng.randrange(len(people)), people, products, as_of, tally)
        for number in range(1, count + 1)
    ]


def _order(
    rng: Random, number: int, index: int, people: Sequence[Person], products: int, as_of: dt.date, tally: Tally
) -> Row:
    person = people[index]
    ordered = moment(rng, years_before(as_of, 5), as_of)
    if rng.random() < 0.002:
        ordered += dt.timedelta(days=3650)
        tally.fault("orders.ordered_at in the future", number)
    other = rng.random() < 0.12
    paid = rng.random()
    return {
        "id": number,
        "customer_id": index + 1,
        "order_no": order_number(rng, ordered.date()),
        "amount": _amount(rng, number, tally),
        "currency": _CURRENCIES[person.country],
        "ordered_at": ordered,
        "channel": rng.choice(("web", "app", "store", "phone")),
        "product_id": rng.randrange(1, products + 1),
        "ship_to": draw_name(rng, person.country, male=rng.random() < 0.5).written if other else person.name.written,
        "ship_address": _ship_address(rng, person, tally, elsewhere=other),
        "ship_phone": phones.mobile(rng, person.country) if other or rng.random() < 0.1 else person.mobile,
        "payment_card": _card(rng, number, tally) if paid < 0.03 else None,
        "iban": identifiers.german_iban(rng) if person.country == "DE" and paid > 0.7 else None,
        "invoice_uscc": identifiers.company_credit_code(rng, person.address.place[0])
        if person.country == "CN" and paid > 0.93
        else None,
        "tracking_no": f"{rng.choice(('SF', 'YT', 'JD', ''))}{rng.randrange(10**12):012d}"
        if rng.random() < 0.8
        else None,
        "note": _order_note(rng, person, as_of, tally),
        "extra": _extra(rng, person, tally),
        "updated_at": later(rng, ordered, 400, max(as_of, ordered.date())),
    }


def _amount(rng: Random, number: int, tally: Tally) -> float:
    if rng.random() < 0.001:
        tally.fault("orders.amount negative", number)
        return -rng.randrange(100, 90000) / 100
    return round(rng.lognormvariate(5.2, 0.9), 2)


def _card(rng: Random, row: int, tally: Tally) -> str:
    number = identifiers.payment_card(rng)
    if rng.random() < 0.02:
        tally.fault("orders.payment_card wrong check digit", row)
        return identifiers.wrong_check_digit(number)
    return number


def _ship_address(rng: Random, person: Person, tally: Tally, *, elsewhere: bool) -> str:
    address = draw_address(rng, person.country) if elsewhere else person.address
    line = address.line
    if person.country in {"US", "UK", "DE"} and address.city not in line:
        line = (
            f"{line}, {address.city} {address.postal_code}"
            if person.country != "DE"
            else f"{line}, {address.postal_code} {address.city}"
        )
    if rng.random() < 0.03:
        tally.hide("orders", "ship_address", ["PERSON", "PHONE_NUMBER"])
        return f"{line} {person.name.written} {person.mobile}"
    return line


def _order_note(rng: Random, person: Person, as_of: dt.date, tally: Tally) -> str | None:
    chance = rng.random()
    if chance < 0.75:
        return None
    tongue = language(rng, person)
    hidden: set[str] = set()
    words = word_list("notes")
    pool = words["order_notes"][tongue] if chance < 0.985 else words[tongue]["contact"]
    text = fill(rng, rng.choice(pool), person, as_of, hidden)
    tally.hide("orders", "note", hidden)
    return text


def _extra(rng: Random, person: Person, tally: Tally) -> Row | None:
    if rng.random() < 0.82:
        return None
    extra: Row = {"boxes": rng.randrange(1, 4), "ua": rng.choice(("ios", "android", "wx-mini"))}
    if rng.random() < 0.4:
        name = draw_name(rng, person.country, male=rng.random() < 0.5)
        extra["gift"] = {"to": name.written, "tel": phones.mobile(rng, person.country), "wrap": rng.random() < 0.5}
        tally.hide("orders", "extra", ["PERSON", "PHONE_NUMBER"])
    if rng.random() < 0.6:
        keys = {person.email, draw_email(rng, person.name, person.birth, person.country)}
        extra["notify"] = {key: {"via": rng.choice(("mail", "push")), "ok": rng.random() < 0.9} for key in sorted(keys)}
        tally.hide("orders", "extra", ["EMAIL_ADDRESS"])
    return extra


def draw_marketing(rng: Random, people: Sequence[Person], count: int, as_of: dt.date, tally: Tally) -> list[Row]:
    """Contacts from imported lists: customers, some stale, some twice, and strangers."""
    rows: list[Row] = []
    for number in range(1, count + 1):
        if rows and rng.random() < 0.04:
            tally.fault("marketing_contacts duplicate", number)
            original = rng.choice(rows)
            rows.append({**original, "id": number, "source": rng.choice(_SOURCES)})
            tally.about("marketing_contacts", tally.people["marketing_contacts"][original["id"] - 1])
            _count_url(rows[-1]["utm_url"], tally)
            continue
        rows.append(_contact(rng, number, people, as_of, tally))
        _count_url(rows[-1]["utm_url"], tally)
    return rows


def _contact(rng: Random, number: int, people: Sequence[Person], as_of: dt.date, tally: Tally) -> Row:
    index = rng.randrange(len(people))
    person = people[index]
    tally.about("marketing_contacts", tally.people["customers"][index])
    email, mobile = person.email, person.mobile
    if rng.random() < 0.1:
        tally.fault("marketing_contacts stale", number)
        email, mobile = draw_email(rng, person.name, person.birth, person.country), phones.mobile(rng, person.country)
    return {
        "id": number,
        "customer_id": index + 1 if rng.random() < 0.6 else None,
        "xm": rng.choice((person.name.written, person.name.written, person.name.variant, None)),
        "email": email if rng.random() < 0.8 else None,
        "mobile": mobile if rng.random() < 0.7 else None,
        "source": rng.choice(_SOURCES),
        "campaign": rng.choice(_CAMPAIGNS),
        "consent_flag": rng.choice(("Y", "N", "Y", "1", "0", "是", "否", None)),
        "utm_url": _utm_url(rng, email, index),
        "score": rng.randrange(0, 101),
        "added_at": moment(rng, years_before(as_of, 4), as_of),
    }


def _utm_url(rng: Random, email: str, index: int) -> str | None:
    if rng.random() < 0.3:
        return None
    page, source = rng.choice(("", "sale", "zh/promo", "p/1042")), rng.choice(("edm", "wx", "fb"))
    base = f"https://shop.example.com/{page}?utm_source={source}&utm_campaign=c{rng.randrange(99)}"
    if rng.random() < 0.4:
        return f"{base}&email={email.replace('@', rng.choice(('@', '%40')))}"
    return f"{base}&{rng.choice(('uid', 'user_id', 'cid'))}={index + 100000}"


def _count_url(url: str | None, tally: Tally) -> None:
    if url:
        tally.hide("marketing_contacts", "utm_url", ["URL", "EMAIL_ADDRESS"] if "&email=" in url else ["URL"])
