"""Findings on the demo store against what was planted in it, row by row: precision and recall of every dimension.

What is wrong in a row is what the builder noted when it planted the fault, or what plain Python says of the raw rows;
nothing of `governance.quality` is asked. GOVERNANCE_QUALITY_CUSTOMERS=20000 measures the demo's full size.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import phonenumbers
import pytest

from connectors.sql.store import SqlStore
from governance.demo.phones import PLACEHOLDERS
from governance.demo.refunds import create_refund_table
from governance.demo.reviewed import reviewed_catalog
from governance.demo.rows_customers import EMAIL_PLACEHOLDERS
from governance.demo.store import BuiltStore, build_store
from governance.quality.plan import Needs
from policies.catalog import parse_catalog
from policies.nouns import FieldRef
from policies.quality_rules import QualityFile, read_quality

DEMO = Path(__file__).resolve().parents[3] / "governance" / "demo" / "files" / "policies"
CUSTOMERS = int(os.environ.get("GOVERNANCE_QUALITY_CUSTOMERS", "4000"))
AT_LEAST = 0.95
STALE_BEFORE = "2024-11-01"  # two years before the second of November 2026, in a form that compares as text


@dataclass(frozen=True)
class Measured:
    """The demo store, what was planted, and what was found."""

    rows: dict[str, list[dict[str, Any]]]
    built: BuiltStore
    found: Any
    without_rules: Any


@pytest.fixture(scope="module")
def measured(tmp_path_factory, look_at) -> Measured:
    path = tmp_path_factory.mktemp("quality") / "crm.db"
    built = build_store(f"sqlite:///{path}", customers=CUSTOMERS)
    create_refund_table(f"sqlite:///{path}")
    store = SqlStore("crm", f"sqlite:///{path}")
    text = reviewed_catalog((DEMO / "catalog.yaml").read_text(encoding="utf-8"), "crm", store.datasets())
    catalog = parse_catalog(text).stores["crm"]
    needs = Needs({FieldRef("crm", "customers", "email"): ("marketing.email",)}, frozenset())
    found = look_at({store: catalog}, read_quality(DEMO / "quality.yaml"), needs)
    without = look_at({store: catalog}, QualityFile(), needs, only=("vocabulary",))
    store.close()
    return Measured(_rows(path), built, found, without)


def _rows(path: Path) -> dict[str, list[dict[str, Any]]]:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    wanted = ("customers", "marketing_contacts", "orders", "households")
    found = {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY id")] for name in wanted}
    connection.close()
    return found


Truth = Callable[[Measured], dict[str, set[int]]]
"""By place, the ids of the rows that are wrong there."""


def _validity(m: Measured) -> dict[str, set[int]]:
    planted = m.built.faulty
    kinds = {
        "customers.phone": "customers.phone placeholder",
        "customers.birth_date": "customers.birth_date impossible",
        "customers.updated_at": "customers.updated_at before created_at",
        "customers.email": "customers.email placeholder",
        "customers.national_id": "customers.national_id wrong check digit",
        "households.spouse_birthday": "households.spouse_birthday impossible",
        "orders.ordered_at": "orders.ordered_at in the future",
        "orders.amount": "orders.amount negative",
        "orders.payment_card": "orders.payment_card wrong check digit",
    }
    truth = {place: set(planted.get(kind, ())) for place, kind in kinds.items()}
    late = {row["id"] for row in m.rows["orders"] if row["updated_at"] > "2026-11-03"}
    return truth | {"orders.updated_at": late}  # an order of the future was changed in the future


def _completeness(m: Measured) -> dict[str, set[int]]:
    fillers = {each for each in EMAIL_PLACEHOLDERS if each != "abc@@qq.com"}  # that one is wrong, not missing
    return {"customers.email": {row["id"] for row in m.rows["customers"] if row["email"] in {None, *fillers}}}


def _freshness(m: Measured) -> dict[str, set[int]]:
    customers = {row["id"] for row in m.rows["customers"] if max(_moments(row)) < STALE_BEFORE}
    contacts = {row["id"] for row in m.rows["marketing_contacts"] if row["added_at"] < STALE_BEFORE}
    return {"customers": customers, "marketing_contacts": contacts}


def _moments(row: dict[str, Any]) -> list[str]:
    return [row["updated_at"] or "", row["verified_at"] or ""]


def _vocabulary(m: Measured) -> dict[str, set[int]]:
    return {"customers.tier": set(m.built.faulty["customers.tier unknown word"])}


def _consistency(m: Measured) -> dict[str, set[int]]:
    customers = {row["id"]: row for row in m.rows["customers"]}
    pairs = [(row, customers[row["customer_id"]]) for row in m.rows["marketing_contacts"] if row["customer_id"]]
    return {
        "marketing_contacts.xm": set(),  # every other spelling is of the same name
        "marketing_contacts.email": {
            row["id"]
            for row, led in pairs
            if row["email"] and led["email"] and led["email"] not in EMAIL_PLACEHOLDERS and row["email"] != led["email"]
        },
        "marketing_contacts.mobile": {
            row["id"]
            for row, led in pairs
            if row["mobile"] and led["phone"] and row["mobile"] != led["phone"] and _same_kind(row["mobile"], led)
        },
        "marketing_contacts.consent_flag": {
            row["id"]
            for row, led in pairs
            if row["consent_flag"]
            and led["newsletter_opt_in"] is not None
            and (row["consent_flag"] in ("Y", "1", "是")) != bool(led["newsletter_opt_in"])
        },
    }


def _same_kind(mobile: str, customer: dict[str, Any]) -> bool:
    """Whether the customer's number is of the kind of the contact's: a landline beside a mobile contradicts nothing."""
    if customer["phone"] in PLACEHOLDERS:
        return False
    region = {"UK": "GB"}.get(customer["country"], customer["country"])
    first, second = (phonenumbers.parse(each, region) for each in (mobile, customer["phone"]))
    return phonenumbers.number_type(first) == phonenumbers.number_type(second)


DIMENSIONS: dict[str, Truth] = {
    "completeness": _completeness,
    "validity": _validity,
    "freshness": _freshness,
    "consistency": _consistency,
    "vocabulary": _vocabulary,
}


def _figures(m: Measured) -> Iterator[tuple[str, int, int, int, int]]:
    """For each dimension: planted, planted and found, found, found and right."""
    for dimension, truth in DIMENSIONS.items():
        wrong = {(place, row) for place, rows in truth(m).items() for row in rows}
        found = {
            (place.removeprefix("crm."), int(key[0]))
            for (place, rule), keys in m.found.rows.items()
            if rule.partition(".")[0] == dimension
            for key in keys
        }
        yield dimension, len(wrong), len(wrong & found), len(found), len(wrong & found)
    planted, repeated = _duplicates(m)
    found = {(name, each) for name in repeated for each in m.found.ids(f"crm.{name}", "uniqueness")}
    every = {(name, each) for name, ids in planted.items() for each in ids}
    right = {(name, each) for name, ids in repeated.items() for each in ids}
    yield "uniqueness", len(every), len(every & found), len(found), len(right & found)


def _duplicates(m: Measured) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """By dataset, the rows that were planted as duplicates, and all rows whose person has an earlier one there."""
    planted = {
        "customers": set(m.built.faulty["customers duplicate person"]),
        "marketing_contacts": set(m.built.faulty["marketing_contacts duplicate"]),
    }
    repeated: dict[str, set[int]] = {name: set() for name in planted}
    for name, found in repeated.items():
        seen: set[int] = set()
        for row, person in enumerate(m.built.people[name], start=1):
            if person in seen:
                found.add(row)
            seen.add(person)
    return planted, repeated


def test_precision_and_recall_of_each_dimension_and_in_all(measured: Measured) -> None:
    sums = [0, 0, 0, 0]
    for dimension, *counts in _figures(measured):
        planted, caught, found, right = counts
        print(f"{dimension}: recall {caught}/{planted}, precision {right}/{found}")
        assert caught >= AT_LEAST * planted > 0, dimension
        assert right >= AT_LEAST * found > 0, dimension
        sums = [one + other for one, other in zip(sums, counts, strict=True)]
    planted, caught, found, right = sums
    print(f"all: recall {caught}/{planted}, precision {right}/{found}")
    assert caught >= AT_LEAST * planted
    assert right >= AT_LEAST * found


def test_customers_alone_reach_the_bar_too(measured: Measured) -> None:
    planted, repeated = (each["customers"] for each in _duplicates(measured))
    found = measured.found.ids("crm.customers", "uniqueness")
    assert len(planted & found) >= AT_LEAST * len(planted)
    assert len(repeated & found) >= AT_LEAST * len(found)


def test_the_standard_of_tiers_is_taken_from_use_when_nobody_states_one(measured: Measured) -> None:
    found = measured.without_rules.ids("crm.customers.tier", "vocabulary")
    assert found == measured.built.faulty["customers.tier unknown word"]


def test_numbers_are_those_of_the_rows(measured: Measured) -> None:
    for measure in measured.found.measures:
        for rule, number in measure.broken.items():
            if rule != "completeness.no_purpose":
                assert len(measured.found.rows[measure.place, rule]) == number
