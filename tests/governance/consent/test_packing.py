"""What is packed of a person says what the projection says, whatever stands, in whatever form, until whenever."""

from __future__ import annotations

import dataclasses
import datetime as dt
from functools import lru_cache

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from connectors.base import Field
from governance.access.permits import DatasetPermit, FieldPermit, FieldRule, RowRule
from governance.consent.events import Circumstances, Subject
from governance.consent.packing import PACKED, pack, packed_condition, packed_table, slots_of
from governance.consent.projection import ConsentProjection, SubjectRows
from governance.consent.projection_tables import ENDS, TABLE, TARGET, KeyKind, target_code
from governance.guard.parsing import render
from governance.guard.predicate_sql import MOMENT, Bindings
from governance.guard.schema import TableShape
from governance.guard.treatments import Treating
from policies.errors import AccessRefusedError
from policies.nouns import Action, DatasetRef
from policies.purposes import FORMS, PurposesFile
from policies.row_conditions import ExistsIn

MOMENTS = ("2026-01-01T00:00:00.000000Z", "2026-06-01T00:00:00.000000Z", "2027-01-01T00:00:00.000000Z")
NAMES = [f"purpose{number:02}" for number in range(65)]
PURPOSES = PurposesFile.model_validate(
    {"version": 1, "purposes": {name: {"basis": {"gdpr": "consent"}, "channels": ["email"]} for name in NAMES}}
)
SLOTS = slots_of(PURPOSES)
ASKED = (NAMES[0], NAMES[14], NAMES[15], NAMES[59], NAMES[60])
"""The first and last slots of a word, the last slot of all, and a purpose that has none."""

standings = st.dictionaries(
    st.sampled_from(ASKED),
    st.tuples(
        st.sampled_from(FORMS),
        st.sampled_from(["given", "given", "withdrawn", "objected", "requested"]),
        st.sampled_from(["", *MOMENTS]),
    ),
)


def rows_of(told):
    return tuple((purpose, "email", *standing) for purpose, standing in told.items())


def condition_of(purpose, form):
    among = {TARGET: (target_code(purpose, "email"),), "state": ("given",), "form": FORMS[FORMS.index(form) :]}
    packed = packed_condition(SLOTS, purpose, "email", form)
    return ExistsIn(TABLE, {"subject_key": "id"}, among, "r", ends=ENDS, single=True, packed=packed)


@lru_cache
def made_sql(purpose, form, *, packed, joining):
    condition = condition_of(purpose, form)
    return derived_sql(condition if packed else dataclasses.replace(condition, packed=None), joining=joining)


def derived_sql(condition, *, joining):
    """The derived table as the guard makes it."""
    field = Field("id", "integer", "INTEGER", nullable=False)
    table = TableShape("people", "main", "people", {"id": field}, ("id",))
    fields = {"id": FieldPermit("id", (FieldRule("id", "clear", None),))}
    permit = DatasetPermit(
        DatasetRef("s", "people"), Action.READ, "p", (RowRule("r", None),), (), (), fields, {}, "d"
    )  # fmt: skip
    bindings = Bindings("sqlite", 0)
    made = Treating("sqlite", table, permit, (condition,), bindings, default_schema="main").derived(
        ["id"], joining=joining
    )
    assert bindings.slots == [MOMENT]
    return render(made.order_by(exp.Literal.number(1)), "sqlite").replace(":gov1", ":moment")


@pytest.fixture(scope="module", params=[KeyKind.INTEGER, KeyKind.STRING])
def store(request, tmp_path_factory):
    engine = sa.create_engine(f"sqlite:///{tmp_path_factory.mktemp('packed') / 'crm.db'}")
    with engine.begin() as connection:
        kind = "INTEGER" if request.param is KeyKind.INTEGER else "TEXT"
        connection.exec_driver_sql(f"CREATE TABLE people (id {kind} PRIMARY KEY)")
        for number in range(1, 6):
            connection.exec_driver_sql("INSERT INTO people VALUES (?)", (number,))
    projection = ConsentProjection("s", engine)
    projection.create(request.param)
    yield projection
    engine.dispose()


@settings(deadline=None, max_examples=60)
@given(people=st.lists(standings, max_size=5), moment=st.sampled_from(MOMENTS), form=st.sampled_from(FORMS))
def test_packed_and_plain_give_the_same_people(store, people, moment, form):
    head = store.head()
    changes = [SubjectRows(number, rows_of(told)) for number, told in enumerate(people, start=1)]
    assert store.move(head, dataclasses.replace(head, epoch=head.epoch + 1), changes, wipe=True, slots=SLOTS)
    with store.engine.connect() as connection:
        for purpose in ASKED:
            asked = [
                sa.text(made_sql(purpose, form, packed=packed, joining=joining))
                for packed in (True, False)
                for joining in (True, False)
            ]
            found = [[row[0] for row in connection.execute(each, {"moment": moment})] for each in asked]
            wanted = [
                number
                for number, told in enumerate(people, start=1)
                if purpose in told and stands(*told[purpose], form, moment)
            ]
            assert [[int(key) for key in each] for each in found] == [wanted] * 4


def stands(form, state, ends, least, moment):
    return state == "given" and FORMS.index(form) >= FORMS.index(least) and (not ends or ends > moment)


def test_a_purpose_beyond_the_last_slot_is_looked_up_in_the_projection():
    assert packed_condition(SLOTS, NAMES[60], "email", "given") is None
    assert PACKED not in derived_sql(condition_of(NAMES[60], "given"), joining=True)
    assert PACKED in derived_sql(condition_of(NAMES[59], "given"), joining=True)


def test_nothing_is_kept_of_whom_nothing_stands():
    assert pack(rows_of({NAMES[0]: ("written", "withdrawn", "")}), SLOTS) is None
    assert pack(rows_of({NAMES[60]: ("written", "given", "")}), SLOTS) is None


def test_sqlite_walks_the_packed_rows_by_their_own_number(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'crm.db'}")
    ConsentProjection("s", engine).create(KeyKind.INTEGER)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE people (id INTEGER PRIMARY KEY)")
        asked = sa.text(f"EXPLAIN QUERY PLAN {derived_sql(condition_of(NAMES[0], 'given'), joining=True)}")
        plan = [row[3] for row in connection.execute(asked, {"moment": MOMENTS[0]})]
    assert plan[:2] == ["SCAN gov_row", "SEARCH gov_c USING INTEGER PRIMARY KEY (rowid=?)"]
    engine.dispose()


def test_what_ends_is_in_no_packed_answer_behind_its_end(world):
    how = Circumstances(valid_time=world.clock() - dt.timedelta(days=1), duration="P1M")
    world.book.given(Subject("internal-1", {"crm": 1}), "marketing.email", "email", how=how)
    world.conditions.prepare("crm", "marketing.email")
    with world.store.connect() as connection:
        (until,) = connection.exec_driver_sql(f"SELECT until FROM {PACKED}").scalars()
    assert until.startswith("20")
    world.book.withdrawn(Subject("internal-1"), "marketing.email", "email")
    world.conditions.prepare("crm", "marketing.email")
    with world.store.connect() as connection:
        assert connection.exec_driver_sql(f"SELECT count(*) FROM {PACKED}").scalar() == 0


def test_a_projection_without_the_packed_table_is_refused_until_it_is_made_anew(world):
    world.book.given(Subject("internal-1", {"crm": 1}), "marketing.email", "email")
    world.conditions.prepare("crm", "marketing.email")
    with world.store.begin() as connection:
        packed_table(KeyKind.INTEGER).drop(connection)
        connection.exec_driver_sql("UPDATE gov_consent_epoch SET tree = 'of the release before'")
    assert not world.projection.is_made_now()
    with pytest.raises(AccessRefusedError, match="no packed table"):
        world.conditions.prepare("crm", "marketing.email")
    world.projection.create(KeyKind.INTEGER)
    world.conditions.prepare("crm", "marketing.email")
    with world.store.connect() as connection:
        assert connection.exec_driver_sql(f"SELECT count(*) FROM {PACKED}").scalar() == 1
