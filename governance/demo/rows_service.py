"""Rows of `tickets`, `clinic_visits`, `staff`, `devices` and `audit_log`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from random import Random
from typing import Any

from governance.demo import identifiers, phones
from governance.demo.moments import later, moment, some_day, years_before
from governance.demo.names import draw_name
from governance.demo.notes import draw_note, fill, language
from governance.demo.people import Person, draw_people, national_id, plate
from governance.demo.tally import Tally
from governance.demo.wordlists import word_list

Row = dict[str, Any]

_ROLES = (
    "support agent",
    "support lead",
    "marketing",
    "warehouse",
    "nurse",
    "pharmacist",
    "buyer",
    "DBA",
    "门店店长",
    "客服主管",
)
_AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/125.0.6422.113 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 13; V2307A) MicroMessenger/8.0.49.2600 NetType/WIFI Language/zh_CN",
)


def draw_staff(rng: Random, count: int, as_of: dt.date, tally: Tally) -> list[Row]:
    """Employees; their logins stand in the audit columns of other tables."""
    people = [person for person in draw_people(rng, count * 2, as_of) if person.country in {"CN", "TW", "HK"}][:count]
    return [_employee(rng, number, person, as_of, tally) for number, person in enumerate(people, start=1)]


def _employee(rng: Random, number: int, person: Person, as_of: dt.date, tally: Tally) -> Row:
    paper = national_id(rng, person)
    tally.hide("staff", "id_card_no", [paper[0]] if paper else [])
    first, last = person.name.latin_first, person.name.latin_last
    login = f"{first[0]}{last}{number}" if rng.random() < 0.5 else f"{first}.{last}{number}"
    return {
        "id": number,
        "login": login,
        "name": person.name.written,
        "email": f"{login}@bella-shop.example.com",
        "phone": person.mobile,
        "id_card_no": paper[1] if paper else None,
        "vehicle_plate": plate(rng, person) if rng.random() < 0.45 else None,
        "password_hash": "$2b$12$"
        + "".join(rng.choices("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", k=53)),
        "api_token": identifiers.api_key(rng) if rng.random() < 0.3 else None,
        "role": rng.choice(_ROLES),
        "hired_at": some_day(rng, years_before(as_of, 12), as_of),
    }


def draw_tickets(
    rng: Random, people: Sequence[Person], agents: int, count: int, as_of: dt.date, tally: Tally
) -> list[Row]:
    """Support tickets; exactly one hides a resident id."""
    rows = [_ticket(rng, number, people, agents, as_of, tally) for number in range(1, count + 1)]
    row = rows[rng.randrange(count // 4, count)]
    body = identifiers.cn_resident_id(rng, "310104", dt.date(1987, 11, 23), male=False)
    row["body"] += f"\n客户补传资料，{body} 已核对，请补录档案。"
    tally.hide("tickets", "body", ["CN_RESIDENT_ID"])
    tally.needle = ("tickets", "body", row["id"])
    return rows


def _ticket(rng: Random, number: int, people: Sequence[Person], agents: int, as_of: dt.date, tally: Tally) -> Row:
    index = rng.randrange(len(people))
    person = people[index]
    note = draw_note(rng, person, as_of)
    tally.hide("tickets", "body", note.hidden)
    opened = moment(rng, years_before(as_of, 4), as_of)
    return {
        "id": number,
        "customer_id": index + 1 if rng.random() < 0.97 else None,
        "opened_at": opened,
        "subject": fill(rng, rng.choice(word_list("notes")["subjects"][language(rng, person)]), person, as_of, set()),
        "body": note.text,
        "agent_id": rng.randrange(1, agents + 1),
        "status": rng.choices(("closed", "open", "pending"), (85, 10, 5))[0],
        "priority": rng.randrange(1, 5),
        "closed_at": later(rng, opened, 900, as_of) if rng.random() < 0.85 else None,
    }


def draw_visits(
    rng: Random, people: Sequence[Person], patients: Sequence[int], count: int, as_of: dt.date, tally: Tally
) -> list[Row]:
    """Visits of the clinic line's patients; `patients` are customer ids."""
    doctors = [_doctor(rng) for _ in range(14)]
    return [_visit(rng, number, rng.choice(patients), people, doctors, as_of, tally) for number in range(1, count + 1)]


def _doctor(rng: Random) -> str:
    country = rng.choice(("CN", "TW", "HK", "UK"))
    name = draw_name(rng, country, male=rng.random() < 0.5).written
    return rng.choice({"CN": (name, f"{name}医生"), "TW": (name, f"{name} 醫師")}.get(country, (name, f"Dr. {name}")))


def _visit(
    rng: Random,
    number: int,
    patient: int,
    people: Sequence[Person],
    doctors: Sequence[str],
    as_of: dt.date,
    tally: Tally,
) -> Row:
    person = people[patient - 1]
    words, tongue = word_list("notes"), language(rng, person)
    remarks = _remarks(rng, person, tongue, as_of, tally)
    record = patient * 7 % 10**7
    return {
        "id": number,
        "customer_id": patient,
        "visit_date": some_day(rng, years_before(as_of, 5), as_of),
        "department": rng.choice(words["departments"][tongue]),
        "diagnosis": rng.choice(words["diagnoses"][tongue]) if rng.random() < 0.95 else None,
        "medical_record_no": f"MR{record:07d}" if patient % 3 else f"B{record % 97:02d}-{record:07d}",
        "doctor_name": rng.choice(doctors),
        "remarks": remarks,
        "fee": rng.randrange(2000, 90000) / 100,
        "created_by": rng.choice(("his_sync", "clinic01", "clinic02")),
    }


def _remarks(rng: Random, person: Person, tongue: str, as_of: dt.date, tally: Tally) -> str | None:
    chance = rng.random()
    if chance < 0.3:
        return None
    kind = "visit_plain" if chance < 0.45 else "visit_remarks"
    text = fill(rng, rng.choice(word_list("notes")[kind][tongue]), person, as_of, set())
    if rng.random() < 0.05:
        text += f" ☎ {phones.mobile(rng, person.country)}"
        tally.hide("clinic_visits", "remarks", ["PHONE_NUMBER"])
    tally.hide("clinic_visits", "remarks", ["HEALTH"] if kind == "visit_remarks" else [])
    return text


def draw_devices(rng: Random, customers: int, count: int, as_of: dt.date) -> list[Row]:
    """Phones and browsers that customers used."""
    return [
        {
            "id": number,
            "customer_id": rng.randrange(1, customers + 1),
            "ip": identifiers.ip_address(rng),
            "mac": identifiers.mac_address(rng) if rng.random() < 0.6 else None,
            "user_agent": rng.choice(_AGENTS),
            "session_token": identifiers.hex_token(rng, rng.choice((32, 40, 64))),
            "app_version": f"{rng.randrange(2, 9)}.{rng.randrange(20)}.{rng.randrange(10)}.{rng.randrange(250)}",
            "last_seen": moment(rng, years_before(as_of, 2), as_of),
        }
        for number in range(1, count + 1)
    ]


def draw_audit_log(
    rng: Random, people: Sequence[Person], logins: Sequence[str], count: int, as_of: dt.date, tally: Tally
) -> list[Row]:
    """Who changed what; a tenth of the details quote the old and new telephone number or e-mail."""
    rows = []
    for number in range(1, count + 1):
        index = rng.randrange(len(people))
        rows.append(
            {
                "id": number,
                "table_name": rng.choice(("customers", "customers", "orders", "tickets", "households")),
                "row_id": index + 1,
                "action": rng.choice(("insert", "update", "update", "delete", "login")),
                "at": moment(rng, years_before(as_of, 3), as_of),
                "actor_login": rng.choice(logins),
                "detail": _detail(rng, people[index], tally),
            }
        )
    return rows


def _detail(rng: Random, person: Person, tally: Tally) -> str | None:
    chance = rng.random()
    if chance < 0.5:
        return None
    if chance < 0.55:
        tally.hide("audit_log", "detail", ["PHONE_NUMBER"])
        return f"phone: {person.mobile} -> {phones.mobile(rng, person.country)}"
    if chance < 0.6:
        tally.hide("audit_log", "detail", ["EMAIL_ADDRESS"])
        return f"set email='{person.email}'"
    return rng.choice(
        (
            "status: active -> dormant",
            "tier: silver -> gold",
            "批量导入 batch 20251103",
            "household merged",
            f"retry {rng.randrange(9)} of 10",
            "newsletter_opt_in: 0 -> 1",
            "verified_at set",
            f"ticket #{rng.randrange(9999)} closed",
        )
    )
