"""Restricted people and people who object are left out of every guarded use, inside the statement."""

from __future__ import annotations

import pytest
import structlog

from governance.consent.events import Subject
from policies.errors import AccessRefusedError, ConfigError
from policies.nouns import Action

ALL = [1, 2, 3, 4, 5, 6, 7, 8]


def restrict(shop, number, reason="accuracy_contested"):
    return shop.gov.restrict(shop.person(number), reason=reason, basis="gdpr:18(1)(a)")


def plan_texts(shop):
    guard = shop.gov.guard("crm")
    return " ".join(each.rewritten.sql for each in guard._shared.planner._plans._values.values())


def test_no_condition_while_nobody_is_restricted_and_one_from_the_next_statement_on(shop):
    assert shop.ids("care") == ALL
    assert "gov_consent" not in plan_texts(shop)
    restrict(shop, 3)
    assert shop.ids("care") == [1, 2, 4, 5, 6, 7, 8]
    assert "gov_consent" in plan_texts(shop)
    assert shop.ids("care", "SELECT count(*) FROM people") == [7]
    assert shop.ids("care", "SELECT person_id FROM orders WHERE person_id < 5 ORDER BY 1") == [1, 2, 4]
    shop.gov.lift_restriction(Subject("internal-3"), told=True)
    assert shop.ids("care") == ALL


def test_an_open_session_obeys_at_its_next_statement(shop):
    with shop.gov.session("crm", principal="ann", purpose="care") as db:
        import sqlalchemy as sa

        asked = sa.text("SELECT id FROM people WHERE id < 4 ORDER BY id")
        assert list(db.scalars(asked)) == [1, 2, 3]
        db.commit()
        restrict(shop, 2)
        assert list(db.scalars(asked)) == [1, 3]


def test_a_purpose_that_goes_on_under_restriction_sees_everybody(shop):
    restrict(shop, 3)
    assert shop.ids("claims") == ALL


def test_a_dataset_about_nobody_is_as_it_was(shop):
    restrict(shop, 3)
    assert shop.ids("care", "SELECT id FROM shelves ORDER BY id") == ALL


def test_a_restriction_holds_against_consent_too(shop):
    for number in ALL:
        shop.gov.consent.given(shop.person(number), "marketing.email", "email", form="separate")
    restrict(shop, 1)
    restrict(shop, 8)
    assert shop.ids("marketing.email") == [2, 3, 4, 5, 6, 7]


def test_writes_deletions_exports_and_records_leave_the_person_out(shop):
    restrict(shop, 3)
    assert shop.run("care", "UPDATE people SET name = 'x' WHERE id IN (2, 3)") == 1
    assert shop.run("care", "DELETE FROM orders WHERE person_id IN (3, 4)") == 1
    with pytest.raises(AccessRefusedError, match="outside of what this use may write"):
        shop.run("care", "INSERT INTO orders (id, person_id) VALUES (99, 3)")
    assert shop.run("care", "INSERT INTO orders (id, person_id) VALUES (98, 4)") == 1
    with shop.gov.session("crm", principal="ann", purpose="care", action=Action.EXPORT) as db:
        from sqlalchemy import text

        assert db.execute(text("SELECT count(*) FROM people WHERE id = 3")).scalar_one() == 0
    kept = shop.gov.filter(
        [{"id": 3, "name": "a"}, {"id": 4, "name": "b"}], dataset="crm.people", principal="ann", purpose="care"
    )
    assert [each["id"] for each in kept] == [4]
    with shop.raw.connect() as connection:
        assert connection.exec_driver_sql("SELECT name FROM people WHERE id = 3").scalar_one() == "planted-zorblatt"


def test_the_rule_stands_in_the_ledger(shop):
    restrict(shop, 3)
    shop.ids("care")
    decision = [each for each in shop.gov.ledger.events(("decision",)) if each.purpose == "care"][-1]
    assert "restriction" in decision.rules
    kinds = [each.kind for each in shop.gov.ledger.events(("restriction.placed", "restriction.lifted"))]
    assert kinds == ["restriction.placed"]


def test_lifting_needs_that_the_person_was_told(shop):
    restrict(shop, 3)
    with pytest.raises(ConfigError, match="told"):
        shop.gov.lift_restriction(shop.person(3), told=False)
    assert 3 not in shop.ids("care")
    with pytest.raises(ConfigError, match="not restricted"):
        shop.gov.lift_restriction(shop.person(4), told=True)


def test_a_reason_or_basis_that_is_a_sentence_is_refused_and_not_repeated(shop):
    for words in ({"reason": "planted words"}, {"reason": "legal_claims", "basis": "planted words"}):
        with pytest.raises(ConfigError) as refused:
            shop.gov.restrict(shop.person(3), **words)
        assert "planted" not in str(refused.value)
    assert shop.ids("care") == ALL


def test_who_holds_a_restriction_is_told_with_its_reason(shop):
    event = restrict(shop, 3)
    assert shop.gov.restrictions.standing("internal-3") == event
    assert event.reason == "accuracy_contested"
    shop.gov.lift_restriction(shop.person(3), told=True)
    assert shop.gov.restrictions.standing("internal-3") is None
    assert [each.kind for each in shop.gov.restrictions.history("internal-3")] == ["restricted", "lifted"]


def test_a_person_of_another_store_closes_nothing_here(shop):
    shop.gov.restrict(Subject("internal-3"), reason="legal_claims")
    assert shop.ids("care") == ALL


def test_a_projection_that_was_never_made_is_made_when_somebody_is_restricted(open_shop):
    shop = open_shop(projected=False)
    assert shop.ids("care") == ALL
    restrict(shop, 3)
    assert shop.ids("care") == [1, 2, 4, 5, 6, 7, 8]


def test_a_store_that_lost_its_projection_is_refused_not_read(shop):
    restrict(shop, 3)
    with shop.raw.begin() as connection:
        connection.exec_driver_sql("DROP TABLE gov_consent_epoch")
    with pytest.raises(AccessRefusedError):
        shop.ids("care")
    assert shop.ids("claims") == ALL


def test_an_objection_stops_legitimate_interests_and_direct_marketing_alone(shop):
    assert shop.ids("analytics") == ALL
    shop.object_to(4, "analytics")
    shop.object_to(5, "offers")
    shop.object_to(6, "care")
    assert shop.ids("analytics") == [1, 2, 3, 5, 6, 7, 8]
    assert shop.ids("offers") == [1, 2, 3, 4, 6, 7, 8]
    assert shop.ids("care") == ALL
    shop.event(4, "analytics", "*", "given")
    assert shop.ids("analytics") == ALL


def test_an_objection_above_stops_the_purpose_below_where_the_row_needs_no_consent(shop):
    assert shop.ids("marketing.email") == [3, 8]
    shop.object_to(3, "marketing")
    assert shop.ids("marketing.email") == [8]
    shop.object_to(8, "marketing", "sms")
    assert shop.ids("marketing.email") == [8]


def test_no_key_or_name_of_a_person_is_in_a_log_an_error_or_a_repr(shop):
    marked = Subject("planted-internal-key", {"crm": 3})
    with structlog.testing.capture_logs() as logs:
        event = shop.gov.restrict(marked, reason="legal_claims")
        shop.ids("care")
        shop.gov.lift_restriction(marked, told=True)
    told = repr(logs) + repr(event) + repr(list(shop.gov.ledger.events()))
    assert len(logs) > 2
    assert "planted" not in told
