from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from policies.access_names import Names
from policies.access_tests import read_access_tests
from policies.catalog import parse_catalog
from policies.errors import PolicyFileError
from policies.nouns import Action
from policies.principals import PrincipalsFile
from policies.purposes import PurposesFile
from policies.taxonomy import load_taxonomy

CATALOG = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      customers:
        id: d1
        fields:
          email: {id: f1, category: user.contact.email, status: confirmed, type: string}
"""
GOOD = """version: 1
tests:
  one:
    who: alice
    purpose: support
    object: crm.customers.email
    expect: [mask:email, clear]
    rows: region==principal.region
  two:
    who: alice
    purpose: support
    action: export
    object: crm.customers
    row: {region: EU, born: 2001-02-03}
    expect: absent
"""


@pytest.fixture(scope="module")
def names() -> Names:
    return Names(
        PurposesFile.model_validate({"purposes": {"support": {}}}),
        PrincipalsFile.model_validate({"principals": {"alice": {}}}),
        parse_catalog(CATALOG),
        load_taxonomy(dt.date(2026, 11, 22)),
    )


def read(tmp_path: Path, names: Names, text: str):
    path = tmp_path / "access_tests.yaml"
    path.write_text(text, encoding="utf-8")
    return read_access_tests(path, names)


def test_a_good_file_is_read_with_lines_and_canonical_rows(tmp_path, names):
    one, two = read(tmp_path, names, GOOD)
    assert (one.line, one.action, one.expect) == (3, Action.READ, {"mask:email", "clear"})
    assert one.rows == {"region == principal.region"}
    assert (two.line, two.action, two.rows) == (9, Action.EXPORT, None)
    assert two.row == {"region": "EU", "born": dt.date(2001, 2, 3)}


def test_all_rows_is_no_condition(tmp_path, names):
    text = GOOD.replace("region==principal.region", "all")
    assert read(tmp_path, names, text)[0].rows == frozenset()


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("who: alice", "who: mallory", "`who` that principals.yaml does not have"),
        ("purpose: support", "purpose: fun", "purpose that purposes.yaml does not have"),
        ("crm.customers.email", "crm.customers.mail", "OBJECT that the catalog does not have"),
        ("crm.customers.email", "category:user.contact", "no field and no dataset"),
        ("[mask:email, clear]", "mask:emial", "`expect` that this object cannot answer"),
        ("[mask:email, clear]", "[mask:email, hidden]", "`expect` that this object cannot answer"),
        ("[mask:email, clear]", "[]", "`expect` that this object cannot answer"),
        ("[mask:email, clear]", "absent", "`expect` that this object cannot answer"),
        ("expect: absent", "expect: clear", "`expect` that this object cannot answer"),
        ("region==principal.region", "region ===", "expression"),
        ("action: export", "action: steal", "fault"),
        ("    who: alice\n", "    whom: alice\n", "fault"),
    ],
)
def test_a_wrong_test_is_named_with_its_line(tmp_path, names, old, new, found):
    with pytest.raises(PolicyFileError) as caught:
        read(tmp_path, names, GOOD.replace(old, new))
    assert found in caught.value.found
    assert "access_tests.yaml:" in caught.value.place


def test_a_missing_file_is_said(tmp_path, names):
    with pytest.raises(PolicyFileError) as caught:
        read_access_tests(tmp_path / "none.yaml", names)
    assert caught.value.found == "no file"
