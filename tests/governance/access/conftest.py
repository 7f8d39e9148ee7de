"""A shop with a clinic line: catalog, purposes and principals that the access tests share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from governance.access.policy import AccessPolicy
from policies.access_lines import parse_access
from policies.access_names import Names
from policies.catalog import Catalog, parse_catalog
from policies.principals import PrincipalsFile
from policies.purposes import PurposesFile
from policies.taxonomy import Taxonomy, load_taxonomy

CATALOG = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      customers:
        id: d1
        subject_key: id
        special_rows: {user.health_and_medical: "clinic == True"}
        fields:
          id: {id: f1, category: user.unique_id, status: confirmed, type: integer}
          email: {id: f2, category: user.contact.email, status: confirmed, type: string}
          phone: {id: f3, category: user.contact.phone_number, status: confirmed, type: string}
          region: {id: f4, category: none, status: confirmed, type: string}
          tier: {id: f5, category: none, status: confirmed, type: string}
          clinic: {id: f6, category: user.health_and_medical, status: confirmed, type: boolean}
          born: {id: f7, category: user.demographic.date_of_birth, status: confirmed, type: date}
          note: {id: f8, category: user.content.private, status: confirmed, type: string}
          draft: {id: f9, category: user.contact.email, status: proposed, type: string}
      orders:
        id: d2
        fields:
          id: {id: f1, category: none, status: confirmed, type: integer}
          customer: {id: f2, category: user.unique_id, status: confirmed, type: integer}
          amount: {id: f3, category: user.financial, status: confirmed, type: decimal}
          placed: {id: f4, category: none, status: confirmed, type: date}
      patients:
        id: d3
        special: user.health_and_medical
        fields:
          id: {id: f1, category: user.unique_id, status: confirmed, type: integer}
          email: {id: f2, category: user.contact.email, status: confirmed, type: string}
  files:
    id: s2
    datasets:
      a.b.csv:
        id: d1
        fields:
          mail: {id: f1, category: user.contact.email, status: confirmed, type: string}
"""

PURPOSES = PurposesFile.model_validate(
    {
        "purposes": {
            "service": {"basis": {"gdpr": "contract"}},
            "support": {"parent": "service"},
            "marketing": {"basis": {"gdpr": "consent"}},
            "care": {
                "basis": {"gdpr": "contract"},
                "special": {"user.health_and_medical": {"gdpr": "9(2)(h)"}},
            },
        }
    }
)

PRINCIPALS = PrincipalsFile.model_validate(
    {"principals": {"alice": {"region": "EU"}, "bob": {}, "carol": {"region": "US"}, "dave": {}}}
)


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return load_taxonomy(dt.date(2026, 11, 22))


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return parse_catalog(CATALOG)


@pytest.fixture(scope="session")
def names(taxonomy: Taxonomy, catalog: Catalog) -> Names:
    return Names(PURPOSES, PRINCIPALS, catalog, taxonomy)


@pytest.fixture(scope="session")
def make(names: Names) -> Callable[[str], AccessPolicy]:
    """A policy of lines."""

    def build(text: str) -> AccessPolicy:
        lines = parse_access(text, "access.csv", names)
        return AccessPolicy(lines, names.purposes, names.principals, names.catalog, names.taxonomy, ("gdpr", "pipl"))

    return build
