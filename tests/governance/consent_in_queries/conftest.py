"""A small project over a store of each kind: people of several laws, and what was ordered for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.app import Governance
from governance.consent import event_log
from governance.consent.events import ConsentEvent, Subject
from governance.flows.opening.setup import create_state
from governance.project import Project
from governance.records.transactions import writing

COUNTRIES = ("DE", "CN", "US", "BR", None, "DE", "CN", "US")
"""Of the people 1 to 8: laws that rest marketing on consent, in two forms; one that does not; unknown ones."""
PURPOSES = """
version: 1
purposes:
  care: {basis: {gdpr: contract, pipl: contract, ccpa: contract}}
  analytics: {basis: {gdpr: legitimate_interests, pipl: contract, ccpa: contract}}
  claims: {basis: {gdpr: legal_obligation}, under_restriction: true}
  offers: {basis: {gdpr: contract, pipl: contract, ccpa: contract}, direct_marketing: true}
  marketing: {basis: {gdpr: consent, pipl: consent, ccpa: legitimate_interests}}
  marketing.email: {parent: marketing, channels: [email], consent: {pipl: separate}}
"""
CATALOG = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      people:
        id: d1
        subject_key: id
        record_key: id
        jurisdiction: {field: country, map: {DE: gdpr, CN: pipl, US: ccpa}}
        fields:
          id: {id: f1, category: none, status: confirmed, type: integer}
          name: {id: f2, category: user.name, status: confirmed, type: string}
          country: {id: f3, category: none, status: confirmed, type: string}
          opt_in: {id: f4, category: none, status: confirmed, type: string}
      orders:
        id: d2
        subject_key: person_id
        record_key: id
        fields:
          id: {id: f1, category: none, status: confirmed, type: integer}
          person_id: {id: f2, category: none, status: confirmed, type: integer}
      shelves:
        id: d3
        record_key: id
        fields:
          id: {id: f1, category: none, status: confirmed, type: integer}
"""
USES = ("care", "analytics", "claims", "offers", "marketing")


@dataclass
class Shop:
    """One opened project and the raw store behind its guard."""

    gov: Governance
    raw: sa.Engine
    folder: Path

    def ids(self, purpose: str, statement: str = "SELECT id FROM people ORDER BY id") -> list[int]:
        with self.gov.session("crm", principal="ann", purpose=purpose) as db:
            return [row[0] for row in db.execute(sa.text(statement))]

    def run(self, purpose: str, statement: str) -> int:
        """Rows that one guarded write reaches."""
        with self.gov.session("crm", principal="ann", purpose=purpose, writes=True) as db:
            count = db.execute(sa.text(statement)).rowcount
            db.commit()
        return count

    def person(self, number: int) -> Subject:
        return Subject(f"internal-{number}", {"crm": number})

    def object_to(self, number: int, purpose: str, channel: str = "*") -> None:
        """Put down an event of the kind `objected`, as the book does for other kinds."""
        self.event(number, purpose, channel, "objected")

    def event(self, number: int, purpose: str, channel: str, kind: str) -> None:
        given = self.gov.consent.given(self.person(number), "care")  # ties the person to the store
        with writing(self.gov.records) as connection:
            row = {name: getattr(given, name) for name in given.__dataclass_fields__}
            epoch = event_log.next_epoch(connection)
            row |= {"id": f"o{epoch}", "epoch": epoch, "kind": kind, "purpose": purpose, "channel": channel}
            event_log.add_event(connection, ConsentEvent(**row))
            event_log.touch(connection, given.subject_ref, epoch)


def build(folder: Path, url: str, store: str = "") -> Path:
    """A project in a folder; gives its configuration."""
    policies = folder / "policies"
    policies.mkdir(parents=True)
    lines = [f"p, staff, {each}, {action}, crm.{dataset}, clear, allow,"
             for each in USES for action in ("read", "export", "write", "delete")
             for dataset in ("people", "orders", "shelves")]  # fmt: skip
    (policies / "access.csv").write_text("\n".join([*lines, "g, ann, staff", ""]))
    (policies / "principals.yaml").write_text("version: 1\nprincipals:\n  ann: {}\n")
    (policies / "purposes.yaml").write_text(PURPOSES)
    (policies / "catalog.yaml").write_text(CATALOG)
    config = folder / "governance.yaml"
    config.write_text(
        f"version: 1\nstores:\n  crm: {{url: '{url}'{store}}}\n"
        "keyring: {provider: file, passphrase_file: .governance/passphrase}\nlaws: [gdpr, pipl, ccpa]\n"
    )
    create_state(Project.read(config, {}))
    return config


def fill(url: str) -> sa.Engine:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(40), country VARCHAR(2), opt_in VARCHAR(3))"
        )
        connection.exec_driver_sql("CREATE TABLE orders (id INTEGER PRIMARY KEY, person_id INTEGER)")
        connection.exec_driver_sql("CREATE TABLE shelves (id INTEGER PRIMARY KEY)")
        people = sa.text("INSERT INTO people VALUES (:id, 'planted-zorblatt', :country, :opt)")
        for number, country in enumerate(COUNTRIES, start=1):
            opt = ("yes", "no", None)[number % 3]
            connection.execute(people, {"id": number, "country": country, "opt": opt})
            connection.exec_driver_sql(f"INSERT INTO orders VALUES ({number * 10}, {number})")
            connection.exec_driver_sql(f"INSERT INTO shelves VALUES ({number})")
    return engine


Open = Callable[..., Shop]


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def open_shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the project over one kind of store."""
    made: list[Shop] = []
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'crm.db'}"
    else:
        url = str(request.getfixturevalue("postgres_url" if request.param == "postgresql" else "mysql_url"))

    def open_(*, store: str = "", projected: bool = True) -> Shop:
        raw = fill(url)
        config = build(tmp_path, url, store)
        gov = Governance.open(config, actor="shop", env={})
        if projected:
            assert gov.consent_conditions.create_projection("crm")
        made.append(Shop(gov, raw, tmp_path))
        return made[-1]

    yield open_
    for each in made:
        each.gov.close()
        each.raw.dispose()


@pytest.fixture
def shop(open_shop: Open) -> Shop:
    return open_shop()
