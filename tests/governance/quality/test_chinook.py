"""Chinook, a real small store that is not carried here: what is known to be wrong in it, where the file is at hand."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import phonenumbers
import pytest

from connectors.sql.store import SqlStore
from policies.catalog import parse_catalog

FOLDER = Path(os.environ.get("GOVERNANCE_MEASURE_DATA", Path(__file__).parents[4] / "shared" / "data"))
FILE = FOLDER / "stores" / "Chinook_Sqlite.sqlite"
PEOPLE = {
    "FirstName": "user.name.first",
    "LastName": "user.name.last",
    "Address": "user.contact.address.street",
    "Country": "user.contact.address.country",
    "PostalCode": "user.contact.address.postal_code",
    "Phone": "user.contact.phone_number",
    "Fax": "user.contact.fax_number",
    "Email": "user.contact.email",
}

pytestmark = pytest.mark.skipif(not FILE.exists(), reason="the measuring data is not on this machine")


def _catalog() -> str:
    lines = ["version: 1", "stores:", "  chinook:", "    id: s1", "    datasets:"]
    for number, (dataset, key) in enumerate((("Customer", "CustomerId"), ("Employee", "EmployeeId")), start=1):
        fields = {key: "user.unique_id", **PEOPLE}
        if dataset == "Employee":
            fields |= {"BirthDate": "user.demographic.date_of_birth", "HireDate": "none"}
        lines += [f"      {dataset}:", f"        id: d{number}", f"        subject_key: {key}", "        fields:"]
        lines += [
            f"          {name}: {{id: f{n}, category: {category}, status: confirmed}}"
            for n, (name, category) in enumerate(fields.items(), start=1)
        ]
    return "\n".join(lines)


def test_chinook_is_as_good_as_it_is_known_to_be(look_at) -> None:
    store = SqlStore("chinook", f"sqlite:///{FILE}")
    found = look_at({store: parse_catalog(_catalog()).stores["chinook"]})
    store.close()
    checked = {(each.place, each.dimension): each.checked for each in found.measures}
    filled = sqlite3.connect(FILE).execute("SELECT count(Phone), count(Fax) FROM Customer").fetchone()
    assert (checked["chinook.Customer.Phone", "validity"], checked["chinook.Customer.Fax", "validity"]) == filled
    assert checked["chinook.Customer", "uniqueness"] == 59
    phones = sqlite3.connect(FILE).execute("SELECT CustomerId, Phone FROM Customer WHERE Phone IS NOT NULL").fetchall()
    unreached = {str(key) for key, text in phones if not _is_valid(text)}
    assert found.keys("chinook.Customer.Phone", "validity.region") == unreached
    wrong = {place for (place, rule) in found.rows if rule.startswith(("validity", "uniqueness"))}
    assert wrong == {"chinook.Customer.Phone"}


def _is_valid(text: str) -> bool:
    """All of them are written with the prefix of their country."""
    return phonenumbers.is_valid_number(phonenumbers.parse(text, "US"))
