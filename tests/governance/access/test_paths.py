"""A JSON column is shown as a whole, so it is closed where a path inside it is."""

from __future__ import annotations

import pytest

from governance.access.permits import DatasetPermit
from governance.access.policy import AccessPolicy
from policies.access_lines import parse_access
from policies.access_names import Names
from policies.catalog import parse_catalog
from policies.nouns import Action, DatasetRef
from policies.principals import PrincipalsFile
from policies.purposes import PurposesFile
from policies.taxonomy import Taxonomy

CATALOG = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      people:
        id: d1
        fields:
          id: {id: f1, category: none, status: confirmed, type: integer}
          profile: {id: f2, category: none, status: confirmed, type: json}
          "profile:$.email": {id: f3, category: user.contact.email, status: confirmed, type: string}
          "profile:$.illness": {id: f4, category: %s, status: %s, type: string}
"""
BASE = "p, support, support, read, crm.people, clear, allow, \ng, alice, support\n"


PURPOSES = PurposesFile.model_validate({"purposes": {"support": {"basis": {"gdpr": "contract"}}}})
PRINCIPALS = PrincipalsFile.model_validate({"principals": {"alice": {}}})


def _permit(taxonomy: Taxonomy, lines: str = "", category: str = "none", status: str = "confirmed") -> DatasetPermit:
    catalog = parse_catalog(CATALOG % (category, status))
    file = parse_access(BASE + lines, "access.csv", Names(PURPOSES, PRINCIPALS, catalog, taxonomy))
    policy = AccessPolicy(file, PURPOSES, PRINCIPALS, catalog, taxonomy, ("gdpr", "pipl"))
    return policy.permit(policy.principal("alice"), "support", Action.READ, DatasetRef("crm", "people"))


def test_a_column_whose_paths_are_all_as_open_is_shown(taxonomy: Taxonomy) -> None:
    assert "profile" in _permit(taxonomy).fields


@pytest.mark.parametrize(
    "lines",
    [
        "p, support, support, read, category:user.contact, mask:redact, allow, \n",
        "p, support, support, read, category:user.contact, null, allow, \n",
        "p, support, *, *, category:user.contact, , deny, \n",
        "p, support, *, *, crm.people.profile:$.email, , deny, id == 1\n",
        "p, support, support, read, crm.people.profile:$.email, mask:email, allow, id == 1\n",
    ],
)
def test_a_column_with_a_path_that_is_less_open_is_hidden(taxonomy: Taxonomy, lines: str) -> None:
    assert _permit(taxonomy, lines).hidden["profile"] == "path"


def test_a_special_or_unreviewed_path_closes_its_column(taxonomy: Taxonomy) -> None:
    assert _permit(taxonomy, category="user.health_and_medical").hidden["profile"] == "path"
    assert _permit(taxonomy, status="proposed").hidden["profile"] == "path"


def test_a_masked_column_stays_masked(taxonomy: Taxonomy) -> None:
    lines = "p, support, support, read, crm.people.profile, mask:redact, allow, \n"
    permit = _permit(taxonomy, lines, category="user.health_and_medical")
    assert permit.fields["profile"].treatments == ("mask:redact",)
