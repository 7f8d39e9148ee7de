"""The whole story on each vendor's fake: scanned, labelled, one person found in the CRM and in the database, exported,
erased to the end, verified, in the ledger and in the report.

The fakes are written from published documents; nothing here ever met a live account.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from audits.rendering import render
from audits.report import Count
from connectors.crm import opening
from connectors.crm.base import CrmStore
from connectors.crm.fxiaoke.opening import open_store as open_fxiaoke
from connectors.crm.settings import CrmSettings
from connectors.crm.zoho.opening import open_store as open_zoho
from governance.app import Governance
from governance.cli.main import main
from governance.cli.project_option import actor
from governance.flows.scan.catalog_editing import Decision
from governance.flows.scan.reviewing import catalog_text, open_proposals, with_decisions, write_catalog, write_proposals
from governance.flows.subjects.erasing import plan_erasure
from governance.flows.subjects.exporting_subjects import export_subject
from governance.flows.subjects.running_erasure import run_erasure
from governance.flows.subjects.tracing_subjects import as_identifiers, trace_subject
from governance.protect.keyring.passphrase import PassphraseProvider
from governance.requests.packages import Wanted
from governance.scan.proposals import FieldProposal
from governance.scan.result import EMPLOYEE
from policies.catalog import parse_catalog
from policies.nouns import FieldRef, LabelStatus

from ...connectors.crm import fxiaoke_fake, zoho_fake  # noqa: TID252 the fakes lie beside the tests of their connectors
from ...connectors.crm.fxiaoke_records import made_field as fxiaoke_field  # noqa: TID252 as above
from ...connectors.crm.scripted import Paper  # noqa: TID252 as above
from ...connectors.crm.zoho_account import CLIENT  # noqa: TID252 as above
from .zoho_firm import CONTACT, seeded

ANN, NAME = "ann.marker-zorblatt@example.com", "Ann Zorblatt"
CONFIG = """
version: 1
stores:
  sales: {{kind: {vendor}, address: "{address}", client: env:C, secret: env:S, token: env:T, user: env:U, write: true,
          modules: [{modules}]}}
  shop: {{url: "sqlite:///shop.db"}}
keyring: {{provider: file, passphrase_file: .governance/passphrase}}
laws: [gdpr, pipl]
scan: {{regions: [DE, CN]}}
"""
PURPOSES = """
version: 1
purposes:
  answer_requests: {text: Answer people., basis: {gdpr: legal_obligation, pipl: legal_obligation}}
"""


@dataclass(frozen=True)
class World:
    """One vendor's fake with Ann in it."""

    vendor: str
    people: str
    """The module of persons."""
    things: str
    """A module whose records refer to them."""
    key: str
    email: str
    """The field of e-mail addresses."""
    staff: str
    """A field of an employee inside a person's record."""
    link: str
    """The field by which things refer to persons."""
    secrets: dict[str, str]
    running: Callable[[], AbstractContextManager[str]]
    open_store: Callable[[str, CrmSettings], CrmStore]
    left: Callable[[], list[Any]]
    """What the vendor still has of Ann anywhere, bins included."""
    notes: tuple[str, ...] = ()
    """A module of notes on persons, where the fake has one."""
    withheld: tuple[str, ...] = ()
    """Fields whose values the vendor keeps to itself, so that nobody can say that Ann is not in them."""

    @property
    def modules(self) -> tuple[str, ...]:
        return (self.people, self.things, *self.notes)


def zoho() -> World:
    account = seeded()

    def left() -> list[Any]:
        rows = [row for module in account.modules.values() for row in module.rows.values()]
        return [row for row in (*rows, *account.bin.values()) if "zorblatt" in str(row).casefold()]

    return World(
        "zoho",
        "Contacts",
        "Deals",
        CONTACT,
        "Email",
        "Owner.email",
        "Contact_Name.id",
        {**CLIENT, "user": "none"},
        lambda: zoho_fake.running(account),
        lambda name, settings: open_zoho(name, settings, Paper().clock()),
        left,
        ("Notes",),
        ("sales.Contacts.Passport",),
    )


def fxiaoke() -> World:
    account = fxiaoke_fake.seed(120)
    people = account.objects["ContactObj"]
    key = fxiaoke_fake.id_of(777)
    people.add({**people.rows[fxiaoke_fake.id_of(1)], "_id": key, "name": NAME, "email": ANN, "mobile1": "13900001234"})
    deals = account.hold(
        "NewOpportunityObj",
        "商机",
        fxiaoke_field("name", "text", "商机名称"),
        fxiaoke_field("contact_id", "object_reference", "联系人", target_api_name="ContactObj"),
    )
    for number in range(3):
        deals.add({"_id": fxiaoke_fake.id_of(900 + number), "name": f"zorblatt {number}", "contact_id": key})

    def left() -> list[Any]:
        held = [row for each in account.objects.values() for row in (*each.rows.values(), *each.bin.values())]
        return [row for row in held if "zorblatt" in str(row).casefold()]

    secrets = {"client": account.app, "secret": account.secret, "token": account.code, "user": account.user}
    return World(
        "fxiaoke",
        "ContactObj",
        "NewOpportunityObj",
        key,
        "email",
        "owner__r.email",
        "contact_id",
        secrets,
        lambda: fxiaoke_fake.running(account),
        lambda name, settings: open_fxiaoke(name, replace(settings, calls=1_000_000), Paper().clock()),
        left,
    )


@pytest.fixture(params=[zoho, fxiaoke], ids=["zoho", "fxiaoke"])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The vendor's fake, served on loopback, and a project that knows it; nothing is reviewed yet."""
    made: World = request.param()
    vendor = ModuleType("vendor_of_the_story")
    vendor.open_store = made.open_store  # type: ignore[attr-defined]  # as the connectors' own modules
    monkeypatch.setitem(sys.modules, vendor.__name__, vendor)
    monkeypatch.setitem(opening.VENDORS, made.vendor, vendor.__name__)
    monkeypatch.setitem(PassphraseProvider.__init__.__kwdefaults__, "scrypt_n", 2**14)
    for name, word in (("C", "client"), ("S", "secret"), ("T", "token"), ("U", "user")):
        monkeypatch.setenv(name, made.secrets[word])
    monkeypatch.chdir(tmp_path)
    with made.running() as address:
        write_project(tmp_path, made, address)
        yield made


def write_project(folder: Path, world: World, address: str) -> None:
    (folder / "policies").mkdir()
    (folder / "governance.yaml").write_text(
        CONFIG.format(vendor=world.vendor, address=address, modules=", ".join(world.modules)), encoding="utf-8"
    )
    files = {"purposes": PURPOSES, "principals": f"version: 1\nprincipals:\n  {actor()}: {{}}\n"}
    for name, text in {**files, "retention": "version: 1\n", "catalog": "version: 1\nstores: {}\n"}.items():
        (folder / "policies" / f"{name}.yaml").write_text(text, encoding="utf-8")
    access = f"g, {actor()}, impersonate\n"
    (folder / "policies" / "access.csv").write_text(access, encoding="utf-8")
    engine = sa.create_engine("sqlite:///shop.db")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT)"))
        insert = sa.text("INSERT INTO customers VALUES (:id, :email)")
        rows = [{"id": each, "email": f"customer{each}@example.net"} for each in range(100, 160)]
        connection.execute(insert, [{"id": 7, "email": ANN.upper()}, *rows])
    engine.dispose()
    assert main(["init"]) == 0


@pytest.fixture
def gov(world: World) -> Iterator[Governance]:
    """The project, opened."""
    del world
    with Governance.open("governance.yaml", actor=actor(), new_id=lambda: uuid.uuid4().hex) as opened:
        yield opened


def review(gov: Governance, world: World) -> None:
    """A person confirms what the scan proposed, calls all else harmless, and says whom the records are about."""
    result = gov.scan()
    write_proposals(gov, result)
    proposed = {each.ref: each for each in open_proposals(gov) if isinstance(each, FieldProposal)}
    decisions = []
    for store in result.stores:
        for dataset in store.datasets:
            for each in dataset.fields:
                ref = FieldRef(store.store, dataset.dataset, each.field)
                known = proposed.get(ref)
                category = known.category if known is not None else "none"
                employee = known is not None and known.about == EMPLOYEE
                day = gov.clock().date()
                decisions.append(
                    Decision(ref, category, LabelStatus.CONFIRMED, actor(), day, type=each.type, employee=employee)
                )
    text = with_decisions(gov, catalog_text(gov), decisions)
    subjects = {f"      {world.people}:": "id" if world.vendor == "zoho" else "_id"}
    subjects |= {f"      {world.things}:": world.link, "      customers:": "id"}
    lines = []
    for line in text.splitlines():
        lines.append(line)
        if line in subjects:
            lines.append(f"        subject_key: {subjects[line]}")
    text = "\n".join(lines) + "\n"
    parse_catalog(text, "catalog.yaml")
    write_catalog(gov, text, decisions)
    with (Path("policies") / "access.csv").open("a", encoding="utf-8") as access:
        for place in (*(f"sales.{each}" for each in world.modules), "shop.customers"):
            access.write(f"p, desk, answer_requests, export, {place}, clear, allow,\n")
        access.write(f"g, {actor()}, desk\n")


def evidence_in(part: Any) -> set[str]:
    """All event ids that a report names, wherever they stand in it."""
    if isinstance(part, Count):
        return set(part.evidence)
    if is_dataclass(part):
        return set().union(*(evidence_in(getattr(part, each.name)) for each in fields(part)))
    if isinstance(part, (tuple, list)):
        return set().union(*(evidence_in(each) for each in part))
    return set()


def test_one_person_from_scan_to_report(gov: Governance, world: World, tmp_path: Path) -> None:
    review(gov, world)
    people = gov.catalog.stores["sales"].datasets[world.people]
    assert people.fields[world.email].category == "user.contact.email"
    assert world.staff in people.employees, "an employee inside a customer's record is a second kind of person"

    named = as_identifiers(gov, [ANN])
    trace = trace_subject(gov, named)
    own = {f"sales.{world.people}": 1, f"sales.{world.things}": 3, "shop.customers": 1}
    own |= {f"sales.{each}": 3 for each in world.notes}
    assert trace.counts() == own
    assert trace.subject_keys == {"sales": frozenset({(world.key,)}), "shop": frozenset({(7,)})}

    wanted = Wanted(tmp_path / "package", actor(), "answer_requests", "zh-Hans", models="off")
    assert export_subject(gov, trace, named, wanted).records == own
    package = (tmp_path / "package" / "data.json").read_text(encoding="utf-8")
    assert ANN in package
    assert "clerk@example.com" not in package

    plan = plan_erasure(gov, trace, named)
    found = run_erasure(gov, plan.text())
    assert (found.of.state, found.of.total("done"), found.of.total("left")) == ("done", plan.rows, 0)
    verified = found.findings["verification"]
    assert verified["residue"] == {}
    assert verified["unreached"] == [{"place": each, "reason": "withheld_by_vendor"} for each in world.withheld]
    assert verified["status"] == ("open" if world.withheld else "passed")
    assert world.left() == []
    with sa.create_engine("sqlite:///shop.db").connect() as shop:
        assert shop.execute(sa.text("SELECT count(*) FROM customers WHERE id = 7")).scalar_one() == 0
    assert not any(trace_subject(gov, named).own())

    events = list(gov.ledger.events())
    kinds = {each.kind for each in events}
    assert {"scan", "catalog.decided", "subject.exported", "job.planned", "job.batch", "job.done"} <= kinds
    assert gov.ledger.verify(gov.ledger.checkpoint()).status == "anchored"
    report = gov.audit_access()
    told = evidence_in(report)
    for kind in ("subject.exported", "job.done"):
        assert {each.id for each in events if each.kind == kind} <= told, kind
    shown = [plan.text(), repr(found), repr(trace), json.dumps(found.to_json())]
    shown += [render(report, "html", language) for language in ("en", "zh-Hans", "zh-Hant")]
    with sqlite3.connect(tmp_path / ".governance" / "gov.db") as records:
        shown += records.iterdump()
    assert "zorblatt" not in "".join(shown).casefold()
    assert not [each for each in world.secrets.values() if each != "none" and each in "".join(shown)]
