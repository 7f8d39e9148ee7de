"""The demo's own policy, compiled: each of its people gets from the views what the library gives them."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import registry

from governance.app import Governance
from governance.demo.project import make_project
from governance.flows.access.compiling_policy import check_compiled, compile_policy
from governance.guard.compile_script import removal_of, script_of
from governance.guard.compiled import CompiledPolicy, CompiledUse, CompiledView


@pytest.fixture(scope="module")
def prefix() -> str:
    return f"d{uuid.uuid4().hex[:8]}_"


@pytest.fixture(scope="module")
def gov(tmp_path_factory: pytest.TempPathFactory, postgres_module_url: str) -> Iterator[Governance]:
    folder = tmp_path_factory.mktemp("demo")
    make_project(folder, customers=100, seed=7, owner="nobody", env={}, url=postgres_module_url)
    with Governance.open(folder / "governance.yaml", env={}) as opened:
        yield opened


@pytest.fixture(scope="module")
def compiled(gov: Governance, prefix: str) -> Iterator[CompiledPolicy]:
    people = [prefix + name for name in gov.policy_files.policy.principals.principals]
    made = compile_policy(gov, "crm", login_prefix=prefix)
    _run(gov, "".join(f'CREATE ROLE "{name}" LOGIN;' for name in people) + script_of(made))
    yield made
    _run(gov, removal_of(made) + "".join(f'DROP OWNED BY "{name}"; DROP ROLE "{name}";' for name in people))


def _run(gov: Governance, script: str) -> None:
    engine = sa.create_engine(gov.project.store_target("crm"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(script, execution_options={"no_parameters": True})
    engine.dispose()


def _both(gov: Governance, prefix: str, use: CompiledUse, login: str, view: CompiledView) -> tuple[Counter, Counter]:
    """The rows of a view for somebody who is connected to the database, and of the same columns by the library."""
    url = sa.make_url(gov.project.store_target("crm")).set(username=login)
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        found = connection.exec_driver_sql(f'SELECT * FROM "{use.schema}"."{view.name}"')
        columns, by_view = list(found.keys()), Counter(map(repr, found))
    named = ", ".join(f'"{each}"' for each in columns)
    engine = gov.engine("crm", principal=login.removeprefix(prefix), purpose=use.purpose)
    with engine.connect() as connection:
        return by_view, Counter(map(repr, connection.exec_driver_sql(f'SELECT {named} FROM "{view.name}"')))


def test_each_person_gets_the_same_rows_by_view_and_by_library(gov: Governance, prefix: str, compiled) -> None:
    shown = 0
    for use in compiled.uses:
        for login in use.logins:
            for view in use.views:
                by_view, by_library = _both(gov, prefix, use, login, view)
                assert by_view == by_library, (use.purpose, login, view.name)
                shown += by_view.total()
    assert shown > 500
    assert {use.purpose for use in compiled.uses} >= {"support", "care", "analytics", "oversight", "refunds"}


def test_nothing_leads_past_the_views(gov: Governance, prefix: str, compiled) -> None:
    assert check_compiled(gov, "crm", login_prefix=prefix) == []


def test_only_what_the_library_alone_can_give_is_left_out(compiled) -> None:
    assert {each.place for each in compiled.left_out} <= {"crm.refund_accounts.account"}


def test_every_way_gives_one_person_one_answer(gov: Governance, prefix: str, compiled) -> None:
    told = []
    for use in compiled.uses:
        views = [each for each in use.views if each.name == "customers"]
        for login, view in itertools.product(use.logins, views):
            answers = _answers(gov, prefix, use, login, view)
            assert [way for way, answer in answers.items() if answer != answers["view"]] == [], (use.purpose, login)
            told.append(len(answers["view"]))
    assert len(told) > 2
    assert max(told) > 20


def _answers(gov: Governance, prefix: str, use: CompiledUse, login: str, view: CompiledView) -> dict[str, list[str]]:
    """What one person is told of the texts of a dataset, by the way that is asked."""
    url = sa.make_url(gov.project.store_target("crm")).set(username=login)
    who = {"principal": login.removeprefix(prefix), "purpose": use.purpose}
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        found = connection.exec_driver_sql(f'SELECT * FROM "{use.schema}"."{view.name}"').mappings().all()
    shown = list(found[0]) if found else []
    names = [each for each in shown if each == "id" or all(isinstance(row[each], str | None) for row in found)]
    if "id" not in names or found[0]["id"] is None:  # no entity can be loaded
        return {"view": []}
    table = sa.Table(view.name, sa.MetaData(), *(sa.Column(each, primary_key=each == "id") for each in names))
    record = type("Record", (), {})
    registry().map_imperatively(record, table)
    text, engine = f"SELECT {', '.join(names)} FROM {view.name}", gov.engine("crm", **who)
    with gov.session("crm", **who) as db, engine.connect() as connection:
        rows = {
            "view": [tuple(row[each] for each in names) for row in found],
            "orm": [tuple(getattr(each, name) for name in names) for each in db.scalars(sa.select(record))],
            "core": list(connection.execute(sa.select(table))),
            "text": list(connection.execute(sa.text(text))),
            "driver": gov.connect("crm", **who).cursor().execute(text).fetchall(),
            "pandas": pd.read_sql(text, connection).astype(object).replace({np.nan: None}).itertuples(index=False),
        }
    return {way: sorted(repr(tuple(row)) for row in given) for way, given in rows.items()}
