"""A store that must not be written: temporary sets give what the projection gives, and leave nothing in the store."""

from __future__ import annotations

import random

import pytest
import sqlalchemy as sa

from governance.app import Governance
from governance.consent.events import Subject
from policies.errors import AccessRefusedError

ASKED = (
    "SELECT id FROM people ORDER BY id",
    "SELECT count(*) FROM people",
    "SELECT o.person_id FROM orders o JOIN people p ON p.id = o.person_id ORDER BY 1",
    "SELECT o.person_id, p.name FROM orders o LEFT JOIN people p ON p.id = o.person_id ORDER BY 1",
    "SELECT 100 / person_id FROM orders ORDER BY 1",
)
PURPOSES = ("marketing.email", "marketing", "analytics", "offers", "care", "claims")


def switch(shop, how):
    config = shop.folder / "governance.yaml"
    text = config.read_text().replace(", consent: temporary", "")
    config.write_text(text.replace("'}", f"', consent: {how}}}") if how == "temporary" else text)
    return Governance.open(config, actor="shop", env={})


def answers(gov):
    found = {}
    for purpose in PURPOSES:
        with gov.session("crm", principal="ann", purpose=purpose) as db:
            for statement in ASKED:
                found[purpose, statement] = [tuple(row) for row in db.execute(sa.text(statement))]
        records = [{"id": number, "country": land} for number, land in ((1, "DE"), (2, "CN"), (3, "US"), (4, None))]
        kept = gov.filter(records, dataset="crm.people", principal="ann", purpose=purpose)
        found[purpose, "filter"] = [each["id"] for each in kept]
    return found


def change(shop, chance):
    number = chance.randint(1, 8)
    purpose = chance.choice(("marketing", "marketing.email"))
    match chance.randint(0, 5):
        case 0 | 1:
            shop.gov.consent.given(shop.person(number), purpose, form=chance.choice(("given", "separate", "written")))
        case 2:
            shop.gov.consent.withdrawn(shop.person(number), purpose)
        case 3:
            shop.object_to(number, chance.choice(("analytics", "offers", "marketing")))
        case 4 if shop.gov.restrictions.standing(f"internal-{number}"):
            shop.gov.lift_restriction(shop.person(number), told=True)
        case _:
            shop.gov.restrictions.restrict(shop.person(number), reason="legal_claims")


def test_temporary_sets_and_projection_give_the_same(shop):
    chance = random.Random(7)
    with switch(shop, "temporary") as here:
        assert here.consent_conditions.temporary == {"crm"}
        for _ in range(6):
            for _ in range(4):
                change(shop, chance)
            assert answers(here) == answers(shop.gov)


def test_nothing_of_ours_is_in_the_store(open_shop):
    shop = open_shop(store=", consent: temporary", projected=False)
    shop.gov.consent.given(shop.person(1), "marketing.email", "email", form="separate")
    shop.gov.restrict(shop.person(3), reason="legal_claims")
    assert shop.ids("marketing.email") == [1, 8]
    assert shop.ids("care") == [1, 2, 4, 5, 6, 7, 8]
    assert sorted(sa.inspect(shop.raw).get_table_names()) == ["orders", "people", "shelves"]
    assert not shop.gov.consent_conditions.create_projection("crm")


def test_a_withdrawal_holds_at_the_next_statement_of_an_open_session(open_shop):
    shop = open_shop(store=", consent: temporary", projected=False)
    shop.gov.consent.given(shop.person(1), "marketing.email", "email", form="separate")
    asked = sa.text("SELECT id FROM people WHERE id < 3")
    with shop.gov.session("crm", principal="ann", purpose="marketing.email") as db:
        assert list(db.scalars(asked)) == [1]
        shop.gov.consent.withdrawn(shop.person(1), "marketing.email", "email")
        assert list(db.scalars(asked)) == []
        shop.gov.consent.given(shop.person(1), "marketing.email", "email", form="separate")
        assert list(db.scalars(asked)) == [1]
        db.rollback()
        shop.gov.consent.withdrawn(shop.person(1), "marketing.email", "email")
        assert list(db.scalars(asked)) == []


def test_what_is_taken_back_with_a_transaction_is_brought_again(open_shop):
    shop = open_shop(store=", consent: temporary", projected=False)
    shop.gov.consent.given(shop.person(1), "marketing.email", "email", form="separate")
    with shop.gov.session("crm", principal="ann", purpose="marketing.email") as db:
        asked = sa.text("SELECT id FROM people WHERE id < 3")
        assert list(db.scalars(asked)) == [1]
        shop.gov.consent.withdrawn(shop.person(1), "marketing.email", "email")
        assert list(db.scalars(asked)) == []
        db.rollback()
        assert list(db.scalars(asked)) == []


def test_a_forgotten_person_is_gone_from_every_set_although_the_key_is_erased(open_shop):
    shop = open_shop(store=", consent: temporary", projected=False)
    for number in (1, 2):
        shop.gov.consent.given(shop.person(number), "marketing.email", "email", form="separate")
    with switch(shop, "temporary") as other:
        assert shop.ids("marketing.email") == [1, 2, 3, 8]
        with other.session("crm", principal="ann", purpose="marketing.email") as db:
            assert list(db.scalars(sa.text("SELECT id FROM people ORDER BY id"))) == [1, 2, 3, 8]
        shop.gov.consent.forget("internal-1")
        assert shop.ids("marketing.email") == [2, 3, 8]
        with other.session("crm", principal="ann", purpose="marketing.email") as db:
            assert list(db.scalars(sa.text("SELECT id FROM people ORDER BY id"))) == [2, 3, 8]


def test_writes_obey_the_set(open_shop):
    shop = open_shop(store=", consent: temporary", projected=False)
    shop.gov.restrict(shop.person(3), reason="legal_claims")
    assert shop.run("care", "UPDATE people SET name = 'x' WHERE id IN (2, 3)") == 1
    assert shop.run("care", "DELETE FROM orders WHERE person_id IN (3, 4)") == 1
    with pytest.raises(AccessRefusedError):
        shop.run("care", "INSERT INTO orders (id, person_id) VALUES (99, 3)")


def test_what_is_no_guarded_statement_is_refused(open_shop):
    shop = open_shop(store=", consent: temporary", projected=False)
    shop.gov.consent.given(Subject("planted", {"crm": 1}), "marketing.email", "email")
    with pytest.raises(AccessRefusedError) as refused:
        shop.gov.consent_conditions.prepare("crm", "marketing.email")
    assert "guarded" in str(refused.value)
    assert "planted" not in str(refused.value)
