"""Rows of `customers` and `households`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from random import Random
from typing import Any

from governance.demo import identifiers, phones
from governance.demo.moments import later, moment, years_before
from governance.demo.names import draw_name
from governance.demo.notes import written_birthday
from governance.demo.people import Person, draw_email, draw_people, national_id
from governance.demo.tally import Tally
from governance.demo.wordlists import word_list

Row = dict[str, Any]

CLINIC_SHARE = 0.12
"""Share of customers who are patients of the clinic line."""
DUPLICATE_SHARE = 0.015
"""Share of customer rows that repeat an earlier person."""
ID_ENTITIES = {"CN": "CN_RESIDENT_ID", "TW": "TW_NATIONAL_ID", "HK": "HK_ID", "US": "US_SSN"}
"""The entity of `national_id` by country; the other countries' people have none."""
_REGIONS = {"DE": "EU"}
_GENDERS = {True: ("M", "M", "男", "male", "Male", "1"), False: ("F", "F", "女", "female", "Female", "2")}
TIERS = ("bronze", "silver", "gold", "platinum")
"""The words that the shop means by a tier."""
EMAIL_PLACEHOLDERS = ("test@test.com", "no@no.no", "无", "n/a", "abc@@qq.com")
"""What clerks type when an e-mail address is demanded and none is known."""
_WRONG_TIERS = ("Gold ", "golden", "sliver", "金卡", "platinium", "BRONZE")
_ALLERGIES = ("peanut", "latex", "花生", "青霉素", "盤尼西林", "nickel", "乳糖", "fragrance")
_LANGUAGES = {"CN": "zh-CN", "TW": "zh-TW", "HK": "zh-HK", "US": "en-US", "UK": "en-GB", "DE": "de-DE"}


def draw_customers(
    rng: Random, count: int, as_of: dt.date, logins: Sequence[str], tally: Tally
) -> tuple[list[Person], list[Row]]:
    """The people behind the customer rows and the rows, in the same order; the last ones repeat earlier people."""
    repeated = int(count * DUPLICATE_SHARE)
    people = draw_people(rng, count - repeated, as_of)
    rows = [_customer(rng, number, person, as_of, logins, tally) for number, person in enumerate(people, start=1)]
    tally.people["customers"] = list(range(len(people)))
    for _ in range(repeated):
        original = rng.randrange(len(people))
        tally.about("customers", tally.people["customers"][original])
        number = len(rows) + 1
        row = _customer(rng, number, people[original], as_of, logins, tally)
        rows.append(_as_duplicate(rng, row, rows[original], people[original], tally))
        people.append(people[original])
    for person, row in zip(people, rows, strict=True):
        _plant_faults(rng, row, as_of, tally)
        tally.hide("customers", "national_id", [ID_ENTITIES[person.country]] if row["national_id"] else [])
    return people, rows


def _customer(rng: Random, number: int, person: Person, as_of: dt.date, logins: Sequence[str], tally: Tally) -> Row:
    created = moment(rng, years_before(as_of, 7), as_of)
    next_day = created.date() + dt.timedelta(days=1)
    seen = None if rng.random() < 0.05 else moment(rng, next_day, as_of + dt.timedelta(days=1))
    clinic = rng.random() < CLINIC_SHARE
    return {
        "id": number,
        "customer_no": f"C{number:08d}",
        "name": person.name.written,
        "gender": rng.choice(_GENDERS[person.male]) if rng.random() < 0.9 else rng.choice((None, None, "U", "未知")),
        "birth_date": person.birth if rng.random() < 0.8 else None,
        "email": person.email if rng.random() < 0.86 else None,
        "phone": _phone(rng, person),
        "country": person.country,
        "region": _REGIONS.get(person.country, person.country),
        "city": person.address.city,
        "address": person.address.line if rng.random() < 0.93 else None,
        "postal_code": person.address.postal_code if rng.random() < 0.9 else None,
        **_papers(rng, person, clinic=clinic),
        "wechat": _wechat(rng, person),
        "tier": rng.choices(TIERS, (60, 25, 12, 3))[0],
        "household_id": None,
        "newsletter_opt_in": rng.choice((True, False, False, None)),
        "clinic": clinic,
        "profile": _profile(rng, person, tally),
        "status": rng.choices(("active", "dormant", "closed", "blocked"), (80, 14, 5, 1))[0],
        "ip_last_login": identifiers.ip_address(rng) if seen and rng.random() < 0.7 else None,
        "created_at": created,
        "created_by": rng.choice(logins) if rng.random() < 0.5 else rng.choice(("web", "app", "import")),
        "updated_at": seen or created,
        "last_seen_at": seen,
        "verified_at": later(rng, created, 150, as_of) if rng.random() < 0.6 else None,
    }


def _phone(rng: Random, person: Person) -> str | None:
    chance = rng.random()
    if chance < 0.06:
        return None
    return phones.landline(rng, person.country, person.address.place) if chance < 0.14 else person.mobile


def _papers(rng: Random, person: Person, *, clinic: bool) -> Row:
    number = passport_no = kind = None
    paper = national_id(rng, person) if rng.random() < (0.9 if clinic else 0.45) else None
    if paper:
        entity, number = paper
        kind = {"CN_RESIDENT_ID": "身份证", "TW_NATIONAL_ID": "身分證", "HK_ID": "HKID", "US_SSN": "SSN"}[entity]
    elif rng.random() < 0.12:
        passport_no, kind = identifiers.passport(rng, person.country), "passport"
    return {"national_id": number, "passport_no": passport_no, "id_type": kind}


def _wechat(rng: Random, person: Person) -> str | None:
    if person.country not in {"CN", "HK"} or rng.random() < 0.5:
        return None
    if rng.random() < 0.3:
        return f"wxid_{rng.getrandbits(70):014x}"[:19]
    nickname = rng.choice(word_list("names")["nicknames"])
    return f"{nickname}{rng.choice(('_', '-', ''))}{person.name.latin_last}{rng.randrange(1, 9999)}"


def _profile(rng: Random, person: Person, tally: Tally) -> Row | None:
    if rng.random() < 0.4:
        return None
    profile: Row = {
        "lang": _LANGUAGES[person.country],
        "shoe_size": rng.randrange(35, 47),
        "prefs": {"sms": rng.random() < 0.5},
    }
    if rng.random() < 0.4:
        other = draw_name(rng, person.country, male=not person.male)
        profile["emergency"] = {"name": other.written, "tel": phones.mobile(rng, person.country)}
    if rng.random() < 0.15:
        profile["allergies"] = rng.sample(_ALLERGIES, rng.choice((1, 1, 2)))
    if rng.random() < 0.2:
        profile["line_id"] = f"{person.name.latin_first}{rng.randrange(1, 999)}"
    tally.hide("customers", "profile", ["PERSON", "PHONE_NUMBER"] if "emergency" in profile else [])
    tally.hide("customers", "profile", ["HEALTH"] if "allergies" in profile else [])
    tally.hide("customers", "profile", ["USERNAME"] if "line_id" in profile else [])
    return profile


def _plant_faults(rng: Random, row: Row, as_of: dt.date, tally: Tally) -> None:
    chance = rng.random()
    if chance < 0.006:
        row["phone"] = phones.placeholder(rng)
        tally.fault("customers.phone placeholder", row["id"])
    elif chance < 0.012 and row["birth_date"]:
        row["birth_date"] = rng.choice((dt.date(1900, 1, 1), as_of + dt.timedelta(days=rng.randrange(30, 4000))))
        tally.fault("customers.birth_date impossible", row["id"])
    elif chance < 0.03:
        row["tier"] = rng.choice(_WRONG_TIERS)
        tally.fault("customers.tier unknown word", row["id"])
    elif chance < 0.04:
        row["updated_at"] = row["created_at"] - dt.timedelta(days=rng.randrange(1, 90))
        tally.fault("customers.updated_at before created_at", row["id"])
    elif chance < 0.046:
        row["email"] = rng.choice(EMAIL_PLACEHOLDERS)
        tally.fault("customers.email placeholder", row["id"])
    elif chance < 0.055 and row["national_id"] and row["country"] != "US":
        row["national_id"] = identifiers.wrong_check_digit(row["national_id"])
        tally.fault("customers.national_id wrong check digit", row["id"])


def _as_duplicate(rng: Random, row: Row, original: Row, person: Person, tally: Tally) -> Row:
    row["name"] = rng.choice((person.name.variant, person.name.written))
    row["birth_date"] = original["birth_date"] or person.birth
    row["national_id"], row["id_type"] = original["national_id"], original["id_type"]
    row["passport_no"] = original["passport_no"]
    if rng.random() < 0.5:
        row["email"] = draw_email(rng, person.name, person.birth, person.country)
    tally.fault("customers duplicate person", row["id"])
    return row


def draw_households(
    rng: Random, people: Sequence[Person], customers: Sequence[Row], count: int, as_of: dt.date, tally: Tally
) -> list[Row]:
    """Households of some customers, who are given its id."""
    rows = []
    for number, index in enumerate(rng.sample(range(len(people)), count), start=1):
        customers[index]["household_id"] = number
        rows.append(_household(rng, number, customers[index]["id"], people[index], as_of, tally))
    return rows


def _household(rng: Random, number: int, head: int, person: Person, as_of: dt.date, tally: Tally) -> Row:
    spouse = draw_name(rng, person.country, male=not person.male)
    birth = person.birth + dt.timedelta(days=int(rng.gauss(400, 1200)))
    birthday: str | None = written_birthday(rng, birth) if rng.random() < 0.7 else None
    if birthday and rng.random() < 0.01:
        birthday = rng.choice((f"{birth.year}-02-30", f"{birth.year}-13-01", "0000-00-00"))
        tally.fault("households.spouse_birthday impossible", number)
    return {
        "id": number,
        "head_customer_id": head,
        "spouse_name": spouse.written if rng.random() < 0.9 else None,
        "spouse_birthday": birthday,
        "address": person.address.line,
        "jtdh": phones.landline(rng, person.country, person.address.place) if rng.random() < 0.5 else None,
        "紧急联系人": _emergency_contact(rng, person, tally),
        "members": rng.randrange(1, 7),
        "created_at": moment(rng, years_before(as_of, 6), as_of),
    }


def _emergency_contact(rng: Random, person: Person, tally: Tally) -> str | None:
    if rng.random() < 0.6:
        return None
    name, number = draw_name(rng, person.country, male=rng.random() < 0.5).written, phones.mobile(rng, person.country)
    tally.hide("households", "紧急联系人", ["PERSON", "PHONE_NUMBER"])
    kin = rng.choice(
        {"CN": ("妹妹", "父亲", "同事"), "TW": ("姊姊", "父親", "同事"), "HK": ("姊姊", "father", "家姐")}.get(
            person.country, ("sister", "dad", "mum")
        )
    )
    return rng.choice((f"{name} {number}", f"{name}（{kin}）{number}", f"{kin}: {name}, {number}", f"{name}/{number}"))
