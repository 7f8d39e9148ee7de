"""Which form of consent the law of a row asks for, and whom an objection or a restriction stops."""

from __future__ import annotations

import datetime as dt

import pytest

from policies.errors import ConfigError
from policies.purposes import PurposesFile
from policies.restriction_reasons import check_reason, reasons_on
from policies.row_laws import Level, form_under, goes_on_under_restriction, levels

FILE = PurposesFile.model_validate(
    {
        "version": 1,
        "purposes": {
            "care": {"basis": {"gdpr": "contract"}},
            "storage": {"basis": {"gdpr": "legal_obligation"}, "under_restriction": True},
            "storage.claims": {"parent": "storage"},
            "offers": {"basis": {"gdpr": "contract"}, "direct_marketing": True},
            "offers.post": {"parent": "offers"},
            "marketing": {"basis": {"gdpr": "consent", "ccpa": "legitimate_interests", "pipl": "consent"}},
            "marketing.email": {"parent": "marketing", "consent": {"pipl": "separate", "tw-pdpa": "written"}},
        },
    }
)


@pytest.mark.parametrize(
    ("purpose", "law", "form"),
    [
        ("marketing.email", "gdpr", "given"),
        ("marketing.email", "pipl", "separate"),
        ("marketing.email", "ccpa", None),
        ("marketing.email", "uk-gdpr", "written"),
        ("marketing", "uk-gdpr", "given"),
        ("care", "gdpr", None),
        ("care", "pipl", None),
    ],
)
def test_the_form_is_that_of_the_law_and_the_strictest_of_an_unknown_one(purpose, law, form):
    assert form_under(FILE, purpose, law) == form


def test_each_level_spares_the_rows_whose_law_asks_for_less():
    found = levels(FILE, "marketing.email", {"US": "ccpa", "DE": "gdpr", "CN": "pipl", "GB": "uk-gdpr"})
    assert found == (
        Level("given", ("US",)),
        Level("separate", ("DE", "US")),
        Level("written", ("CN", "DE", "US")),
    )
    assert levels(FILE, "marketing.email", {}) == (Level("written", ()),)


def test_objections_are_heeded_by_basis_and_by_direct_marketing_below_it_too():
    heeding = {each for each in FILE.purposes if FILE.may_be_objected(each)}
    assert heeding == {"offers", "offers.post", "marketing", "marketing.email"}


def test_what_goes_on_under_restriction_covers_its_children_alone():
    assert {each for each in FILE.purposes if goes_on_under_restriction(FILE, each)} == {"storage", "storage.claims"}
    assert not goes_on_under_restriction(FILE, "unknown")


def test_reasons_come_from_the_pack_with_law_and_article():
    day = dt.date(2026, 11, 29)
    assert reasons_on(day)["accuracy_contested"]["gdpr"] == "18(1)(a)"
    assert check_reason("legal_claims", day) == "legal_claims"
    with pytest.raises(ConfigError) as refused:
        check_reason("planted words", day)
    assert "planted" not in str(refused.value)
