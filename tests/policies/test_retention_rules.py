"""Periods of the calendar, and rules that are checked."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.errors import ConfigError, PredicateError
from policies.nouns import DatasetRef
from policies.retention_rules import parse_period, read_retention

RULE = """
version: 1
rules:
  orders:
    dataset: crm.sales.orders
    start: placed_at
    period: P6Y
    where: status == "closed"
    basis: commercial law
"""


def write(tmp_path, text):
    path = tmp_path / "retention.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_rule_is_read_with_its_parts(tmp_path):
    rule = read_retention(write(tmp_path, RULE))["orders"]
    assert rule.dataset == DatasetRef("crm", "sales.orders")
    assert (rule.rule_id, rule.period.text, rule.where.text) == ("retention:orders", "P6Y", "status == 'closed'")


def test_no_file_has_no_rules(tmp_path):
    assert read_retention(tmp_path / "retention.yaml") == {}


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("P6Y", "6 years", ConfigError),
        ("P6Y", "P", ConfigError),
        ("P6Y", "P0Y", ConfigError),
        ("P6Y", "PT12H", ConfigError),
        ("P6Y", "-P1Y", ConfigError),
        ("P6Y", "P1.5Y", ConfigError),
        ("crm.sales.orders", "orders", ConfigError),
        ("    basis: commercial law\n", "", ConfigError),
        ("    start: placed_at\n", "", ConfigError),
        ("basis: commercial law", "basis: law\n    action: shred", ConfigError),
        ("basis: commercial law", "basis: law\n    start_zone: Mars/Olympus", ConfigError),
        ("basis: commercial law", "basis: law\n    stat: x", ConfigError),
        ("  orders:", "  Orders!:", ConfigError),
        ('status == "closed"', "status == principal.region", ConfigError),
        ('status == "closed"', "status.lower() == 'x'", PredicateError),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place(tmp_path, old, new, error):
    with pytest.raises(error, match=r"retention\.yaml"):
        read_retention(write(tmp_path, RULE.replace(old, new)))


def test_the_digest_follows_what_decides(tmp_path):
    first = read_retention(write(tmp_path, RULE))["orders"]
    for old, new in (("P6Y", "P5Y"), ("closed", "open"), ("placed_at", "paid_at"), ("sales.orders", "sales.bills")):
        assert read_retention(write(tmp_path, RULE.replace(old, new)))["orders"].digest != first.digest
    assert read_retention(write(tmp_path, RULE.replace("commercial law", "tax law")))["orders"].digest == first.digest


@pytest.mark.parametrize(
    ("period", "day", "last"),
    [
        ("P1M", "2024-01-31", "2024-02-29"),
        ("P1M", "2023-01-31", "2023-02-28"),
        ("P1M", "2024-02-29", "2024-03-29"),
        ("P1Y", "2024-02-29", "2025-02-28"),
        ("P4Y", "2024-02-29", "2028-02-29"),
        ("P3Y", "2020-05-17", "2023-05-17"),
        ("P1Y6M", "2023-08-31", "2025-02-28"),
        ("P30D", "2024-02-15", "2024-03-16"),
        ("P2W", "2024-12-25", "2025-01-08"),
        ("P1M1D", "2024-01-31", "2024-03-01"),
        ("P9000Y", "2024-01-31", "9999-12-31"),
    ],
)
def test_a_period_ends_where_the_calendar_says(period, day, last):
    assert parse_period(period).after(dt.date.fromisoformat(day)) == dt.date.fromisoformat(last)


def test_a_record_is_due_on_the_day_after_its_period():
    period = parse_period("P1M")
    assert period.cutoff(dt.date(2024, 2, 29)) == dt.date(2024, 1, 29)  # of 29 January: ends today, not due
    assert period.cutoff(dt.date(2024, 3, 1)) == dt.date(
        2024, 2, 1
    )  # all of January ended on 29 February at the latest


DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2200, 1, 1))
PERIODS = st.sampled_from(["P1M", "P6M", "P1Y", "P3Y", "P1Y6M", "P30D", "P2W", "P1M1D"])


@given(DAYS, DAYS, PERIODS)
def test_the_cutoff_parts_days_by_their_own_period(day, today, text):
    period = parse_period(text)
    assert (day < period.cutoff(today)) == (period.after(day) < today)
