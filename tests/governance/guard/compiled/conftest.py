"""A project over a PostgreSQL store, its policy compiled into it, and people of their own to connect as."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from governance.app import Governance
from governance.flows.access.compiling_policy import check_compiled, compile_policy
from governance.flows.opening.setup import create_state
from governance.guard.compile_script import script_of
from governance.guard.compiled import CompiledPolicy
from governance.project import Project
from policies.errors import GovernanceError
from policies.nouns import Action

CATALOG = """
version: 1
stores:
  crm:
    id: s1
    persons: customers
    datasets:
      customers:
        id: d1
        subject_key: id
        record_key: id
        special_rows: {user.health_and_medical: "clinic == True"}
        fields:
          id: {id: f1, category: none, status: confirmed, type: integer}
          name: {id: f2, category: user.name, status: confirmed, type: string}
          email: {id: f3, category: user.contact.email, status: confirmed, type: string}
          phone: {id: f4, category: user.contact.phone_number, status: confirmed, type: string}
          region: {id: f5, category: none, status: confirmed, type: string}
          tier: {id: f6, category: none, status: confirmed, type: string}
          born: {id: f7, category: user.demographic.date_of_birth, status: confirmed, type: date}
          clinic: {id: f8, category: user.health_and_medical, status: confirmed, type: boolean}
          points: {id: f9, category: none, status: confirmed, type: integer}
          draft: {id: f11, category: user.contact.email, status: proposed, type: string}
      sales.orders:
        id: d2
        subject_key: customer
        fields:
          id: {id: f1, category: none, status: confirmed, type: integer}
          customer: {id: f2, category: user.unique_id, status: confirmed, type: integer}
          amount: {id: f3, category: user.financial, status: confirmed, type: decimal}
          placed: {id: f4, category: none, status: confirmed, type: datetime}
      patients:
        id: d3
        subject_key: id
        special: user.health_and_medical
        fields:
          id: {id: f1, category: none, status: confirmed, type: integer}
"""
PURPOSES = """
version: 1
purposes:
  support: {basis: {gdpr: contract}}
  analytics: {basis: {gdpr: legitimate_interests}}
  newsletter: {basis: {gdpr: consent}, channels: [email]}
  care: {basis: {gdpr: contract}, special: {user.health_and_medical: {gdpr: "9(2)(h)"}}}
"""
CONFIG = """
version: 1
stores: {{crm: {{url: "{url}"}}}}
keyring: {{provider: file, passphrase_file: .governance/passphrase}}
laws: [gdpr]
"""
TABLES = (
    "CREATE SCHEMA sales",
    """CREATE TABLE customers (id int PRIMARY KEY, name text, email varchar(200), phone text, region text, tier text,
    born date, clinic boolean, points int, secret bytea, draft text, unlisted text)""",
    "CREATE TABLE sales.orders (id int PRIMARY KEY, customer int, amount numeric(10, 2), placed timestamp)",
    "CREATE TABLE patients (id int PRIMARY KEY)",
)
CUSTOMERS = [
    (1, "Ann Lee", "ann@x.example", "+4915112345678", "EU", "gold", "1980-02-29", False, 7, b"\x01", "d", "u"),
    (2, "欧阳测试", "bob@x.example", "12345", "EU", None, "2001-12-31", True, -3, None, "d", "u"),
    (3, "O'Neil", "no mail", None, "US", "vip", None, None, 0, b"\x02", "d", "u"),
    (4, None, "d@d@d", "+886912345678", None, "gold", "1970-01-01", False, None, b"\x03", "d", "u"),
    (5, "Eve", "eve@z.example", "+12025550100", "CN", "vip", "1999-09-09", None, 1004, None, "d", "u"),
]
ORDERS = [
    (1, 1, "10.00", "2026-01-01 10:00:00"), (2, 2, "20.50", "2026-06-01 11:00:00"),
    (3, 3, "-1.25", None), (4, None, None, "2025-12-31 23:59:59"), (5, 5, "19999.99", "2026-06-01 11:00:00"),
]  # fmt: skip


@dataclass
class Shop:
    """One project with its store."""

    folder: Path
    url: str
    admin: sa.Engine
    suffix: str
    env: dict[str, str]
    gov: Governance | None = None

    def user(self, name: str) -> str:
        """A user's name, which no other test has."""
        return f"{name}_{self.suffix}"

    def write(self, lines: str, people: dict[str, dict[str, Any]], catalog: str = CATALOG) -> None:
        """The policy, `alice` and the like standing for the names of this test."""
        policies = self.folder / "policies"
        (policies / "catalog.yaml").write_text(catalog, encoding="utf-8")
        for name in people:
            lines = lines.replace(name, self.user(name))
        (policies / "access.csv").write_text(lines, encoding="utf-8")
        rows = "".join(f"  {self.user(name)}: {attributes!r}\n" for name, attributes in people.items())
        (policies / "principals.yaml").write_text(f"version: 1\nprincipals:\n{rows}", encoding="utf-8")

    def open(self) -> AbstractContextManager[Governance]:
        """The project, opened once for the tests of a file; it follows its policy files."""
        self.gov = self.gov or Governance.open(self.folder / "governance.yaml", env=self.env)
        return nullcontext(self.gov)

    def compile(self, gov: Governance, action: Action = Action.READ) -> CompiledPolicy:
        """Compile the policy and bring the database to it."""
        compiled = compile_policy(gov, "crm", action=action)
        self.run(script_of(compiled))
        return compiled

    def run(self, script: str) -> None:
        with self.admin.connect() as connection:
            connection.exec_driver_sql(script, execution_options={"no_parameters": True})

    def logins(self, *names: str) -> None:
        """Database roles for these users."""
        self.run("".join(f'CREATE ROLE "{self.user(name)}" LOGIN;' for name in names))

    def departures(self, gov: Governance, action: Action = Action.READ) -> list[tuple[str, str, str]]:
        found = check_compiled(gov, "crm", action=action)
        return [(each.kind, each.place, each.who) for each in found]

    @contextmanager
    def connected(self, name: str) -> Iterator[sa.Connection]:
        """As a user of the database, past the library."""
        url = sa.make_url(self.url).set(username=self.user(name))
        with sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
            yield connection

    def rows(self, gov: Governance, name: str, purpose: str, dataset: str, action: Action) -> Counter[Any] | None:
        """All that the library gives of a dataset, with the names of its columns; None where it refuses."""
        table = ".".join(f'"{part}"' for part in dataset.split("."))
        try:
            engine = gov.engine("crm", principal=self.user(name), purpose=purpose, action=action)
            with engine.connect() as connection:
                return counted(connection.exec_driver_sql(f"SELECT * FROM {table}"))
        except GovernanceError:
            return None

    def differences(
        self, gov: Governance, compiled: CompiledPolicy, people: Iterable[str]
    ) -> Iterator[tuple[Any, ...]]:
        """Where somebody connected to the database is given another answer than by the library."""
        for name in people:
            uses = {each.purpose: each for each in compiled.uses if self.user(name) in each.logins}
            with self.connected(name) as connection:
                for purpose in gov.policy_files.purposes.purposes:
                    views = {each.name for each in uses[purpose].views} if purpose in uses else set()
                    for dataset in gov.catalog.stores["crm"].datasets:
                        wanted = self.rows(gov, name, purpose, dataset, compiled.action)
                        found = None
                        if dataset in views:
                            place = f'"{uses[purpose].schema}"."{dataset}"'
                            found = counted(connection.exec_driver_sql(f"SELECT * FROM {place}"))
                        if found != wanted:
                            yield name, purpose, dataset, found, wanted


def counted(found: sa.CursorResult[Any]) -> Counter[Any]:
    """Rows as a multiset, each with the names of its columns."""
    keys = tuple(found.keys())
    return Counter([(keys, None), *((keys, tuple(row)) for row in found)])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, postgres_module_url: str) -> Iterator[Shop]:
    """A shop of five customers, for the tests of a file; whatever was made on the server is gone afterwards."""
    tmp_path, postgres_url = tmp_path_factory.mktemp("shop"), postgres_module_url
    admin = sa.create_engine(postgres_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for statement in TABLES:
            connection.exec_driver_sql(statement)
        marks = ", ".join(["%s"] * 12)
        for row in CUSTOMERS:
            connection.exec_driver_sql(f"INSERT INTO customers VALUES ({marks})", row)
        for order in ORDERS:
            connection.exec_driver_sql("INSERT INTO sales.orders VALUES (%s, %s, %s, %s)", order)
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "catalog.yaml").write_text(CATALOG)
    (policies / "purposes.yaml").write_text(PURPOSES)
    (tmp_path / "governance.yaml").write_text(CONFIG.format(url=postgres_url))
    made = Shop(tmp_path, postgres_url, admin, uuid.uuid4().hex[:8], {"GOVERNANCE_PASSPHRASE": uuid.uuid4().hex})
    create_state(Project.read(tmp_path / "governance.yaml", made.env))
    before = _roles(admin)
    yield made
    if made.gov is not None:
        made.gov.close()
    _drop_roles(made, before)
    admin.dispose()


def _roles(admin: sa.Engine) -> set[str]:
    with admin.connect() as connection:
        return set(connection.exec_driver_sql("SELECT rolname FROM pg_roles").scalars())


def _drop_roles(shop: Shop, before: set[str]) -> None:
    """Roles outlive their database: ours by their comments, people's by their names."""
    with shop.admin.connect() as connection:
        database = sa.make_url(shop.url).database
        ours = connection.exec_driver_sql(
            "SELECT rolname FROM pg_roles WHERE shobj_description(oid, 'pg_authid') LIKE %s",
            (f"% database {database}",),
        ).scalars()
        people = {name for name in _roles(shop.admin) - before if name.endswith(shop.suffix)}
        for role in {*ours, *people}:
            connection.exec_driver_sql(f'DROP OWNED BY "{role}" CASCADE')
            connection.exec_driver_sql(f'DROP ROLE "{role}"')
