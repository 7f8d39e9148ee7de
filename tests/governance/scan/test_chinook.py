"""Chinook, a real small store that is not carried here: every label, where the file is at hand."""

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

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
    ("Customer", "State"): "STATE",
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
    ("Employee", "State"): "STATE",
    ("Employee", "Country"): "COUNTRY",
    ("Employee", "PostalCode"): "POSTAL_CODE",
    ("Employee", "Phone"): "PHONE_NUMBER",
    ("Employee", "Fax"): "FAX",
    ("Employee", "Email"): "EMAIL_ADDRESS",
    ("Invoice", "BillingAddress"): "ADDRESS",
    ("Invoice", "BillingCity"): "CITY",
    ("Invoice", "BillingState"): "STATE",
    ("Invoice", "BillingCountry"): "COUNTRY",
    ("Invoice", "BillingPostalCode"): "POSTAL_CODE",
}


needs_file = pytest.mark.skipif(not FILE.exists(), reason="the measuring data is not on this machine")


@needs_file
def test_every_label_of_chinook_is_right():
    assert _labels(f"sqlite:///{FILE}") == EXPECTED


def _labels(url):
    store = SqlStore("chinook", url)
    try:
        found = scan_store(store, ScanOptions())
    finally:
        store.close()
    return {
        (data.dataset, each.field): each.label.entity for data in found.datasets for each in data.fields if each.label
    }


def _copied(url):
    """The tables and rows of Chinook in another database, keys and foreign keys included."""
    source, target = sa.create_engine(f"sqlite:///{FILE}"), sa.create_engine(url)
    metadata = sa.MetaData()
    metadata.reflect(source)
    for table in metadata.tables.values():
        for column in table.columns:
            column.type = column.type.as_generic()
            if isinstance(column.type, sa.Unicode | sa.String) and column.type.length:
                column.type = sa.Unicode(column.type.length)
    with source.connect() as reader, target.begin() as writer:
        metadata.create_all(writer)
        for table in metadata.sorted_tables:
            rows = [dict(row) for row in reader.execute(sa.select(table)).mappings()]
            writer.execute(sa.insert(table), sorted(rows, key=lambda row: row.get("ReportsTo") or 0))
    source.dispose()
    target.dispose()
    return url


@needs_file
def test_postgresql_gives_the_same_labels(postgres_url):
    assert _labels(_copied(postgres_url)) == EXPECTED


@needs_file
def test_mariadb_gives_the_same_labels(mysql_url):
    assert _labels(_copied(mysql_url)) == EXPECTED
