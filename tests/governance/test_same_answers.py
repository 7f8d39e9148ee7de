"""One principal gets one answer, whatever way the question takes."""

from __future__ import annotations

import asyncio
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from governance.app import Governance
from governance.cli.main import main

SQL = "SELECT id, name, email, region FROM customers ORDER BY id"
ALICE = {"principal": "alice", "purpose": "support"}


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    region: Mapped[str]


FIELDS = (Customer.id, Customer.name, Customer.email, Customer.region)


def _by_asyncio(gov: Governance) -> list[Any]:
    async def read() -> list[Any]:
        async with gov.async_session("crm", **ALICE) as db:
            return [tuple(row) for row in await db.execute(sa.select(*FIELDS).order_by(Customer.id))]

    return asyncio.run(read())


def test_every_way_gives_the_same_answer(shared_project, tmp_path):
    raw = sa.create_engine(f"sqlite:///{shared_project}/crm.db")
    with raw.connect() as connection:
        records = [dict(row) for row in connection.execute(sa.text(SQL)).mappings()]
    raw.dispose()
    with Governance.open(shared_project / "governance.yaml", actor="alice") as gov, gov.session("crm", **ALICE) as db:
        engine = gov.engine("crm", **ALICE)
        given = pd.read_sql(SQL, engine)
        filtered = {"dataset": "crm.customers", **ALICE}
        columns = ("id", "name", "email", "region")
        answers = {
            "orm": [
                (each.id, each.name, each.email, each.region)
                for each in db.scalars(sa.select(Customer).order_by(Customer.id))
            ],
            "core": [tuple(row) for row in engine.connect().execute(sa.select(*FIELDS).order_by(Customer.id))],
            "text": [tuple(row) for row in db.execute(sa.text(SQL))],
            "driver": gov.connect("crm", **ALICE).cursor().execute(SQL).fetchall(),
            "asyncio": _by_asyncio(gov),
            "pandas": [tuple(row) for row in given.itertuples(index=False)],
            "query": list(gov.query("crm", SQL, **ALICE).rows),
            "records": [tuple(each[name] for name in columns) for each in gov.filter(records, **filtered)],
            "frame": [
                tuple(row)
                for row in gov.filter(pd.DataFrame(records), **filtered)[list(columns)].itertuples(index=False)
            ],
            "arrow": [
                tuple(row.values())
                for row in gov.filter(pa.Table.from_pylist(records), **filtered).select(columns).to_pylist()
            ],
        }
    assert len(answers["orm"]) == 27
    assert [name for name, answer in answers.items() if answer != answers["orm"]] == []


@pytest.mark.parametrize("form", ["csv", "json"])
def test_command_gives_it_too(shared_project, capfd, form):
    assert main(["query", "crm", SQL, "--as", "alice", "--purpose", "support", "--format", form]) == 0
    said = capfd.readouterr().out
    assert said.count("EU") == 27
