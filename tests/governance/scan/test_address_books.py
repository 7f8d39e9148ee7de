"""Address books as phones and mail programs export them get their labels, from generated people."""

import csv
import datetime as dt
import random

import pytest

from connectors.base import FULL
from connectors.files.store import FileStore
from governance.demo.people import draw_person
from governance.scan.engines.local import scan_store
from governance.scan.options import ScanOptions

PEOPLE = 300
AS_OF = dt.date(2026, 11, 22)

# Header of a column, what of a person stands in it, and the label it has to get (None: not personal, or not by itself).
BOOKS = {
    "google": (
        ("First Name", "given", "PERSON"),
        ("Last Name", "family", "PERSON"),
        ("Nickname", "alias", "PERSON"),
        ("Birthday", "birth", "DATE_OF_BIRTH"),
        ("Labels", "* myContacts", None),
        ("E-mail 1 - Label", "Work", None),
        ("E-mail 1 - Value", "email", "EMAIL_ADDRESS"),
        ("Phone 1 - Label", "Mobile", None),
        ("Phone 1 - Value", "mobile", "PHONE_NUMBER"),
        ("Address 1 - Formatted", "address", "ADDRESS"),
        ("Address 1 - Street", "street", "ADDRESS"),
        ("Address 1 - City", "city", "CITY"),
        ("Address 1 - Postal Code", "code", "POSTAL_CODE"),
    ),
    "outlook": (
        ("Job Title", "work", "JOB_TITLE"),
        ("Given Name", "given", "PERSON"),
        ("Surname", "family", "PERSON"),
        ("E-mail Address", "email", "EMAIL_ADDRESS"),
        ("Mobile Phone", "mobile", "PHONE_NUMBER"),
        ("Home Street", "street", "ADDRESS"),
        ("Home City", "city", "CITY"),
        ("Home Postal Code", "code", "POSTAL_CODE"),
        ("Birthday", "birth", "DATE_OF_BIRTH"),
        ("Priority", "Normal", None),
        ("Sensitivity", "Normal", None),
    ),
    "outlook_zh": (
        ("姓", "family", "PERSON"),
        ("名", "given", "PERSON"),
        ("电子邮件地址", "email", "EMAIL_ADDRESS"),
        ("移动电话", "mobile", "PHONE_NUMBER"),
        ("住宅地址 街道", "street", "ADDRESS"),
        ("住宅地址 市/县", "city", "CITY"),
        ("住宅地址 邮政编码", "code", "POSTAL_CODE"),
        ("生日", "birth", "DATE_OF_BIRTH"),
        ("优先级", "普通", None),
    ),
    "wecom": (
        ("姓名", "full", "PERSON"),
        ("帐号", "account", "USERNAME"),
        ("别名", "alias", "PERSON"),
        ("职务", "销售", "JOB_TITLE"),
        ("部门", "销售部/华东", None),
        ("性别", "gender", "GENDER"),
        ("手机", "mobile", "PHONE_NUMBER"),
        ("座机", "mobile", "PHONE_NUMBER"),
        ("个人邮箱", "email", "EMAIL_ADDRESS"),
        ("企业邮箱", "email", "EMAIL_ADDRESS"),
        ("地址", "address", "ADDRESS"),
    ),
}
CHINESE = {"outlook_zh", "wecom"}
ENCODINGS = {"outlook_zh": "gb18030"}
"""What Chinese Windows writes."""


def people(*, chinese):
    rng = random.Random(7)
    return [draw_person(rng, "CN" if chinese else rng.choice(("US", "UK", "DE")), AS_OF) for _ in range(PEOPLE)]


def cell(person, part):
    """A part of a person as an address book writes it; any other text stands for itself."""
    full = person.name.written
    split = full.startswith(person.name.surname) and not full.isascii()
    parts = {
        "full": full,
        "family": person.name.surname,
        "given": full[len(person.name.surname) :] if split else person.name.latin_first.title(),
        "alias": person.name.latin_first.title(),
        "account": f"{person.name.latin_first}.{person.name.latin_last}",
        "birth": person.birth.isoformat(),
        "email": person.email,
        "mobile": person.mobile,
        "address": f"{person.address.line}, {person.address.city}",
        "street": person.address.line,
        "city": person.address.city,
        "code": person.address.postal_code or "",
        "work": ("Sales Manager", "Engineer", "Accountant", "Nurse", "Director")[person.birth.day % 5],
        "gender": "男" if person.male else "女",
    }
    return parts.get(part, part)


def labels(path):
    store = FileStore("book", str(path))
    [dataset] = scan_store(store, ScanOptions(FULL)).datasets
    return {each.field: each.label.entity if each.label else None for each in dataset.fields}


@pytest.mark.parametrize("book", BOOKS)
def test_address_book_gets_its_labels(tmp_path, book):
    columns = BOOKS[book]
    with (tmp_path / "contacts.csv").open("w", encoding=ENCODINGS.get(book, "utf-8-sig"), newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header for header, _, _ in columns)
        writer.writerows([cell(each, part) for _, part, _ in columns] for each in people(chinese=book in CHINESE))
    assert labels(tmp_path / "contacts.csv") == {header: entity for header, _, entity in columns}


def card(person):
    return (
        "BEGIN:VCARD\r\nVERSION:3.0\r\n"
        f"FN:{cell(person, 'full')}\r\nN:{cell(person, 'family')};{cell(person, 'given')};;;\r\n"
        f"TEL;TYPE=CELL:{person.mobile}\r\nEMAIL;TYPE=INTERNET:{person.email}\r\n"
        f"{f'EMAIL:second.{person.email}' + chr(13) + chr(10) if person.male else ''}"
        f"ADR;TYPE=HOME:;;{person.address.line};{person.address.city};;{person.address.postal_code or ''};\r\n"
        f"BDAY:{person.birth.isoformat()}\r\nTITLE:销售\r\nREV:2026-11-22T08:00:00Z\r\nEND:VCARD\r\n"
    )


@pytest.mark.parametrize("chinese", [True, False])
def test_vcard_gets_its_labels(tmp_path, chinese):
    (tmp_path / "contacts.vcf").write_text("".join(map(card, people(chinese=chinese))), encoding="utf-8", newline="")
    assert labels(tmp_path / "contacts.vcf") == {
        "VERSION": None,
        "FN": "PERSON",
        "N.family": "PERSON",
        "N.given": "PERSON",
        "TEL": "PHONE_NUMBER",
        "EMAIL": None,
        "EMAIL:$[*]": "EMAIL_ADDRESS",
        "ADR.street": "ADDRESS",
        "ADR.locality": "CITY",
        "ADR.code": "POSTAL_CODE",
        "BDAY": "DATE_OF_BIRTH",
        "TITLE": "JOB_TITLE",
        "REV": None,
    }
