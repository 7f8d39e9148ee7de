"""A field that refers to people says so, lends weight to birth dates beside it, and gets no label for it."""

import datetime as dt

import pytest

from connectors.base import Dataset, DatasetKind, Field, ForeignKey
from governance.scan.classifier import Rules, classify, read_names
from governance.scan.profile import ColumnProfile
from governance.scan.weights import NATIONAL
from policies.taxonomy import load_taxonomy

RULES = Rules(load_taxonomy(dt.date(2026, 11, 22)), ())
KEY, AMOUNT = Field("customer_id", "integer"), Field("amount", "decimal")


def orders(*keys):
    return Dataset("orders", DatasetKind.TABLE, (KEY, AMOUNT), foreign_keys=keys)


def scanned(dataset, field):
    return classify(ColumnProfile(), field, read_names(dataset), RULES, rows_total=None)


def test_reference_to_people_is_said_in_the_scan():
    found = scanned(orders(ForeignKey(("customer_id",), "customers", ("id",))), KEY)
    assert [each["signal"] for each in found.to_json()["signals"]] == ["foreign_key"]
    assert found.label is None


@pytest.mark.parametrize(
    "key",
    [ForeignKey(("customer_id",), "products", ("id",)), ForeignKey(("customer_id", "amount"), "customers", ("a",))],
)
def test_other_references_are_not(key):
    assert "signals" not in scanned(orders(key), KEY).to_json()


def test_fields_beside_the_key_are_not_keys():
    found = scanned(orders(ForeignKey(("customer_id",), "customers", ("id",))), AMOUNT)
    assert found.signals == ()


def test_rows_that_refer_to_people_count_as_about_people():
    with_key = read_names(orders(ForeignKey(("customer_id",), "customers", ("id",))))
    without = read_names(orders())
    assert with_key.known_of("amount", (), with_key.around).people
    assert not without.known_of("amount", (), without.around).people


def test_national_ids_of_many_countries_count_as_one_kind():
    assert {"CN_RESIDENT_ID", "US_SSN", "FR_NIR", "PL_PESEL", "IN_AADHAAR"} <= NATIONAL
    assert not {"CREDIT_CARD", "US_EIN", "PASSPORT"} & NATIONAL
