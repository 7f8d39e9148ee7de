"""Chinook, a real small store that is not carried here: every label, where the file is at hand."""

import os
from pathlib import Path

import pytest

from connectors.sql.store import SqlStore
from governance.scan.engines.local import scan_store
from governance.scan.options import ScanOptions

FOLDER = Path(os.environ.get("GOVERNANCE_MEASURE_DATA", Path(__file__).parents[4] / "shared" / "data"))
FILE = FOLDER / "stores" / "Chinook_Sqlite.sqlite"

EXPECTED = {
    ("Customer", "FirstName"): "PERSON",
    ("Customer", "LastName"): "PERSON",
    ("Customer", "Address"): "ADDRESS",
    ("Customer", "City"): "CITY",
    ("Customer", "Country"): "COUNTRY",
    ("Customer", "PostalCode"): "POSTAL_CODE",
    ("Customer", "Phone"): "PHONE_NUMBER",
    ("Customer", "Fax"): "FAX",
    ("Customer", "Email"): "EMAIL_ADDRESS",
    ("Employee", "LastName"): "PERSON",
    ("Employee", "FirstName"): "PERSON",
    ("Employee", "Title"): "JOB_TITLE",
    ("Employee", "BirthDate"): "DATE_OF_BIRTH",
    ("Employee", "Address"): "ADDRESS",
    ("Employee", "City"): "CITY",
    ("Employee", "Country"): "COUNTRY",
    ("Employee", "PostalCode"): "POSTAL_CODE",
    ("Employee", "Phone"): "PHONE_NUMBER",
    ("Employee", "Fax"): "FAX",
    ("Employee", "Email"): "EMAIL_ADDRESS",
    ("Invoice", "BillingAddress"): "ADDRESS",
    ("Invoice", "BillingCity"): "CITY",
    ("Invoice", "BillingCountry"): "COUNTRY",
    ("Invoice", "BillingPostalCode"): "POSTAL_CODE",
}


@pytest.mark.skipif(not FILE.exists(), reason="the measuring data is not on this machine")
def test_every_label_of_chinook_is_right():
    result = scan_store(SqlStore("chinook", f"sqlite:///{FILE}"), ScanOptions())
    labels = {
        (data.dataset, each.field): each.label.entity for data in result.datasets for each in data.fields if each.label
    }
    assert labels == EXPECTED
