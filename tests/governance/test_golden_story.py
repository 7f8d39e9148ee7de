"""The golden story, end to end, on SQLite and PostgreSQL: find, guard, prove, on the demo's shop with a clinic line.

Only the store, the files and the questions are given here; everything else is what the library does with them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from audits.rendering import render
from audits.report import Count
from connectors.base import FULL
from governance.app import Governance
from governance.consent.events import Subject
from governance.demo.project import STORE, make_project
from governance.demo.refunds import RefundAccount
from governance.protect.masks import MASKS
from policies.errors import AccessRefusedError

CUSTOMERS = 1_000
MAILING = "SELECT name, email FROM customers WHERE email IS NOT NULL"
CARDS = "SELECT id, name, email, phone, address, birth_date, national_id FROM customers ORDER BY id"
MARKETERS = {"tom", "lin", "omni"}
ROLES = ("support", "nurse", "marketing", "analyst", "cashier", "dpo")


@pytest.fixture(params=["sqlite", "postgresql"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    postgres = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    where = {"url": postgres} if postgres else {}
    make_project(tmp_path, customers=CUSTOMERS, seed=7, owner="tester", env={}, **where)
    principals = tmp_path / "policies/principals.yaml"
    principals.write_text(principals.read_text(encoding="utf-8") + "  omni: {region: EU}\n", encoding="utf-8")
    access = tmp_path / "policies/access.csv"
    held = "".join(f"g, omni, {role}\n" for role in ROLES)
    access.write_text(access.read_text(encoding="utf-8") + held, encoding="utf-8")
    return tmp_path


@pytest.fixture
def gov(project: Path) -> Iterator[Governance]:
    with Governance.open(project / "governance.yaml", actor="shop-backend", env={}) as opened:
        yield opened


@pytest.fixture
def raw(gov: Governance) -> Iterator[sa.Connection]:
    """The store past the guard, as its owner sees it."""
    engine = sa.create_engine(gov.project.store_target(STORE))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection
    engine.dispose()


def ask(gov: Governance, who: str, purpose: str, statement: str) -> list[tuple[Any, ...]]:
    with gov.session(STORE, principal=who, purpose=purpose) as db:
        return [tuple(row) for row in db.execute(sa.text(statement))]


def evidence_in(part: Any) -> set[str]:
    """All event ids that a report names, wherever they stand in it."""
    if isinstance(part, Count):
        return set(part.evidence)
    if is_dataclass(part):
        return set().union(*(evidence_in(getattr(part, each.name)) for each in fields(part)))
    if isinstance(part, (tuple, list)):
        return set().union(*(evidence_in(each) for each in part))
    return set()


def masked(row: sa.Row[Any]) -> tuple[Any, ...]:
    """What support may see of a card, computed by hand."""
    mask = {name: each.apply for name, each in MASKS.items()}
    return (
        row.id,
        row.name,
        mask["email"](row.email),
        mask["phone"](row.phone),
        mask["redact"](row.address),
        None,
        mask["last4"](row.national_id),
    )


class Story:
    """The steps; after each, the events that it left are set aside for the end."""

    def __init__(self, gov: Governance, raw: sa.Connection) -> None:
        self.gov = gov
        self.raw = raw
        self.steps: dict[str, set[str]] = {}
        self.people = raw.execute(sa.text("SELECT id, email, clinic FROM customers WHERE id <= 300 ORDER BY id")).all()
        self.patients = {each.email for each in self.people if each.clinic and each.email}
        self.others = {each.email for each in self.people if not each.clinic and each.email}
        assert self.patients - self.others, "the story needs patients"

    def tell(self) -> None:
        steps = (self.find, self.agree, self.market, self.support, self.care, self.withdraw, self.protect, self.retain)
        seen = {event.id for event in self.gov.ledger.events()}
        for step in steps:
            step()
            now = {event.id for event in self.gov.ledger.events()}
            assert now - seen, f"{step.__name__} left no event"
            self.steps[step.__name__], seen = now - seen, now
        self.prove()

    def find(self) -> None:
        """Being in the clinic's table is special, and so is what stands in it."""
        found = self.gov.scan(sample=FULL)
        special = {(each["place"], each["category"]) for each in found.summary["special_datasets"]}
        assert ("crm.clinic_visits", "user.health_and_medical") in special
        labels = {(dataset, field): label for _, dataset, field, label in found.labels}
        assert labels["clinic_visits", "diagnosis"].special
        assert labels["customers", "email"].category == "user.contact.email"

    def agree(self) -> None:
        """Patients agree to marketing too, so that nothing but their being patients can keep them out."""
        for each in self.people:
            subject = Subject(f"customer-{each.id}", {STORE: each.id})
            self.gov.consent.given(subject, "marketing.email", "email", form="separate")

    def market(self) -> None:
        """No role, and not all of them together, sees a patient for marketing."""
        for who in (*self.gov.policy_files.policy.principals.principals, "nobody"):
            for purpose, reached in (("marketing", set()), ("marketing.email", self.others)):
                try:
                    rows = ask(self.gov, who, purpose, MAILING)
                except AccessRefusedError:
                    assert who not in MARKETERS
                    continue
                assert who in MARKETERS
                assert {email for _, email in rows} == reached
                count = "SELECT count(*) FROM customers WHERE email IS NOT NULL"
                assert ask(self.gov, who, purpose, count) == [(len(rows),)]
                with pytest.raises(AccessRefusedError):
                    ask(self.gov, who, purpose, "SELECT customer_id FROM clinic_visits")

    def support(self) -> None:
        """Support sees its own region, contacts masked, and no patients."""
        cards = self.raw.execute(sa.text(CARDS.replace("ORDER", "WHERE region = 'EU' AND NOT clinic ORDER"))).all()
        assert len(cards) > 20
        assert ask(self.gov, "alice", "support", CARDS) == [masked(each) for each in cards]

    def care(self) -> None:
        """The nurse sees the patients, and only them."""
        seen = {number for (number,) in ask(self.gov, "mei", "care", "SELECT id FROM customers")}
        assert seen == set(self.raw.execute(sa.text("SELECT id FROM customers WHERE clinic")).scalars())

    def withdraw(self) -> None:
        """A withdrawal holds from the next statement of the same session on."""
        leaving = next(each for each in self.people if not each.clinic and each.email)
        query = sa.text("SELECT count(*) FROM customers")
        with self.gov.session(STORE, principal="tom", purpose="marketing.email") as db:
            before = db.execute(query).scalar_one()
            self.gov.consent.withdrawn(Subject(f"customer-{leaving.id}"), "marketing.email", "email")
            assert db.execute(query).scalar_one() == before - 1

    def protect(self) -> None:
        """Tokens in the store, clear for the cashier alone."""
        cells = self.raw.execute(sa.text("SELECT account FROM refund_accounts")).scalars()
        assert all(bytes(cell)[:2] == b"\x01\x01" for cell in cells)
        with self.gov.session(STORE, principal="kim", purpose="refunds") as db:
            assert {str(each.account)[:2] for each in db.scalars(sa.select(RefundAccount))} == {"DE"}
        with pytest.raises(AccessRefusedError):
            ask(self.gov, "alice", "support", "SELECT account FROM refund_accounts")

    def retain(self) -> None:
        """Exactly what the plan counted is deleted."""
        (plan,) = self.gov.plan_retention(["tickets-three-years"])
        total = self.raw.execute(sa.text("SELECT count(*) FROM tickets")).scalar_one()
        assert 0 < plan.due < total
        assert self.gov.run_retention(plan.to_text()).deleted == plan.due
        assert self.raw.execute(sa.text("SELECT count(*) FROM tickets")).scalar_one() == total - plan.due

    def prove(self) -> None:
        """The access report counts every event, names every step and every use by id, and the ledger verifies."""
        report = self.gov.audit_access()
        named = evidence_in(report)
        for step, ids in self.steps.items():
            assert not ids or ids & named, step
        kinds = Counter(event.kind for event in self.gov.ledger.events())
        assert report.data["events"] == kinds.total()
        told = {kind: each["value"] for kind, each in report.data["others"].items()}
        assert told == {kind: times for kind, times in kinds.items() if kind not in {"decision", "close"}}
        decisions = {event.id for event in self.gov.ledger.events("decision")}
        uses = json.loads(render(report, "json"))["uses"]
        assert {each["id"] for each in uses} == decisions
        assert {each["outcome"] for each in uses} == {"done", "refused"}
        page = render(report, "html", "zh-Hant")
        assert all(each in page for each in decisions)
        assert not any(each in page for each in self.patients | self.others)
        assert self.gov.ledger.verify(self.gov.ledger.checkpoint()).status == "anchored"


def test_the_chain_holds_from_scan_to_report(gov: Governance, raw: sa.Connection) -> None:
    Story(gov, raw).tell()


def test_the_demo_policy_has_no_questionable_line(project: Path) -> None:
    from governance.access.lint import lint

    with Governance.open(project / "governance.yaml", env={}) as opened:
        assert lint(opened.policy_files.policy) == []
