"""A store with customers and staff: an erasure knows them apart, and refuses where a number is both."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

spec = importlib.util.spec_from_file_location("company_of_kinds", Path(__file__).parent / "conftest.py")
club = importlib.util.module_from_spec(spec)
spec.loader.exec_module(club)
STAFF = """      staff:
        id: d6
        subject_key: id
        fields:
          id: {id: f1, category: none, status: confirmed}
          email: {id: f2, category: user.contact.email, status: confirmed}
"""
JOINS = "        joins: [{fields: %s, to: crm.customers, referred: id}]\n"


def hire(company, number):
    """Staff beside the customers, in the store and in the catalog."""
    company.change("CREATE TABLE staff (id INT PRIMARY KEY, email VARCHAR(90))")
    company.change(f"INSERT INTO staff VALUES ({number}, 'staff@zebra-quagga.example')")
    path = company.folder / "policies" / "catalog.yaml"
    text = path.read_text().replace("  shop:\n    id: s2", STAFF + "  shop:\n    id: s2")
    for field in ("head", "customer"):
        text = text.replace(f"        subject_key: {field}\n", f"        subject_key: {field}\n" + JOINS % field)
    path.write_text(text)


def erase(run, who="crm.customers:6"):
    planned = run("subject", "erase", who, "--kind", "key", "--format", "json", "--output", "erase.json")
    return planned if planned.code else run("subject", "erase", "--plan", "erase.json", "--format", "json")


def test_the_person_is_looked_for_again_among_their_own_kind(company, run):
    hire(company, 60)
    done = erase(run)
    assert done.code == 0, done.err
    assert json.loads(done.out)["findings"]["verification"]["residue"] == {}
    assert 6 not in company.ids("customers")
    assert company.ids("staff") == [60]


def test_a_number_that_is_somebody_elses_too_is_refused_and_nothing_changes(company, run):
    hire(company, 6)
    refused = erase(run)
    assert (refused.code, "another person under the same subject key" in refused.err) == (1, True)
    assert "zebra-quagga" not in refused.out + refused.err
    assert (6 in company.ids("customers"), company.ids("staff")) == (True, [6])


def test_after_a_restore_the_person_goes_again_and_staff_stay(lite_company, run):
    hire(lite_company, 60)
    shutil.copy("crm.db", "backup.db")
    assert erase(run).code == 0
    lite_company.crm.dispose()
    shutil.copy("backup.db", "crm.db")
    again = ("subject", "reapply", "crm", "--persons")
    planned = run(*again, "--undecided", "--format", "json", "--output", "again.json")
    assert planned.code == 0, planned.err
    assert run(*again, "--plan", "again.json").code == 0
    assert 6 not in lite_company.ids("customers")
    assert lite_company.ids("staff") == [60]
