"""A firm with a CRM and a shop: Ann is in both, her colleague Bo in the CRM alone, Eve owns their records."""

from __future__ import annotations

import datetime as dt
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa

from connectors.base import Dataset, DatasetKind, Field, ForeignKey
from connectors.crm import opening
from connectors.crm.base import Linked
from governance.app import Governance
from governance.cli.main import main
from governance.cli.project_option import actor
from governance.protect.keyring.passphrase import PassphraseProvider

from .memory_crm import MemoryCrm

NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
MARKER = "planted-marker-zorblatt"
ANN, BO, EVE = "ann.marker-zorblatt@example.com", "bo.marker-zorblatt@example.com", "eve.marker-zorblatt@example.com"
ANNS_PHONE = "+49 151 27654321"
CONFIG = """
version: 1
stores:
  sales: {kind: zoho, client: env:C, secret: env:S, token: env:T, write: true}
  shop: {url: "sqlite:///shop.db"}
keyring: {provider: file, passphrase_file: .governance/passphrase}
laws: [gdpr, pipl]
scan: {regions: [DE, CN]}
jobs: {batch_rows: 2}
time_zone: Asia/Shanghai
"""
CATALOG = """
version: 1
stores:
  sales:
    id: s1
    datasets:
      Accounts:
        id: d1
        fields:
          id: {id: f1, category: none, status: confirmed}
          Account_Name: {id: f2, category: none, status: confirmed}
      Contacts:
        id: d2
        subject_key: id
        joins: [{fields: Account, to: sales.Accounts, referred: id, direction: up}]
        fields:
          id: {id: f1, category: user.unique_id, status: confirmed}
          Last_Name: {id: f2, category: user.name, status: confirmed}
          Email: {id: f3, category: user.contact.email, status: confirmed}
          Phone: {id: f4, category: user.contact.phone_number, status: confirmed}
          Account: {id: f5, category: none, status: confirmed}
          Description: {id: f6, category: user.content.private, status: confirmed}
          Region: {id: f7, category: none, status: confirmed}
          Owner.email: {id: f8, category: user.contact.email, status: confirmed}
          Created: {id: f9, category: none, status: confirmed}
      Deals:
        id: d3
        subject_key: Contact
        fields:
          id: {id: f1, category: none, status: confirmed}
          Contact: {id: f2, category: user.unique_id, status: confirmed}
          Deal_Name: {id: f3, category: user.content.private, status: confirmed}
          Closing: {id: f4, category: none, status: confirmed}
      Cases:
        id: d4
        subject_key: Contact
        fields:
          id: {id: f1, category: none, status: confirmed}
          Contact: {id: f2, category: user.unique_id, status: confirmed}
          Subject: {id: f3, category: user.content.private, status: confirmed}
      Notes:
        id: d5
        fields:
          id: {id: f1, category: none, status: confirmed}
          Parent: {id: f2, category: none, status: confirmed}
          Note_Content: {id: f3, category: user.content.private, status: confirmed}
  shop:
    id: s2
    datasets:
      customers:
        id: d1
        subject_key: id
        fields:
          id: {id: f1, category: user.unique_id, status: confirmed}
          email: {id: f2, category: user.contact.email, status: confirmed}
          tel: {id: f3, category: user.contact.phone_number, status: confirmed}
"""
PURPOSES = """
version: 1
purposes:
  answer_requests: {text: Answer people., basis: {gdpr: legal_obligation, pipl: legal_obligation}}
  rectification: {text: Correct what is wrong., basis: {gdpr: legal_obligation, pipl: legal_obligation}}
"""
ACCESS = """
p, desk, answer_requests, export, sales.Contacts, clear, allow,
p, desk, answer_requests, export, sales.Deals, clear, allow,
p, desk, answer_requests, export, sales.Notes, clear, allow,
p, desk, answer_requests, export, shop.customers, clear, allow,
p, desk, rectification, read, sales.Contacts, clear, allow,
p, desk, rectification, write, sales.Contacts, clear, allow, Region == "EU"
"""


def _dataset(name: str, fields: tuple[Field, ...], links: tuple[tuple[str, str], ...] = ()) -> Dataset:
    keys = tuple(ForeignKey((field,), to, ("id",)) for field, to in links)
    return Dataset(name, DatasetKind.MODULE, (Field("id", "string", "bigint", nullable=False), *fields), ("id",), keys)


def _text(name: str, native: str = "text", *, nullable: bool = True) -> Field:
    return Field(name, "string", native, nullable=nullable)


DATASETS = (
    _dataset("Accounts", (_text("Account_Name"),)),
    _dataset(
        "Contacts",
        (
            _text("Last_Name", nullable=False),
            _text("Email", "email"),
            _text("Phone", "phone"),
            _text("Account", "lookup"),
            _text("Description", "textarea"),
            _text("Region"),
            _text("Owner.email", "email"),
            Field("Created", "datetime", "datetime"),
        ),
        (("Account", "Accounts"),),
    ),
    _dataset(
        "Deals",
        (_text("Contact", "lookup"), _text("Deal_Name"), Field("Closing", "date", "date")),
        (("Contact", "Contacts"),),
    ),
    _dataset("Cases", (_text("Contact", "lookup"), _text("Subject")), (("Contact", "Contacts"),)),
    _dataset("Notes", (_text("Parent", "lookup"), _text("Note_Content", "textarea")), (("Parent", "Contacts"),)),
)


def contact(key: str, name: str, email: str | None, **more: object) -> dict[str, object]:
    """A contact of the EU, owned by Eve."""
    row = {"id": key, "Last_Name": name, "Email": email, "Region": "EU", "Owner.email": EVE}
    return {**row, "Created": dt.datetime(2020, 5, 1, 9, tzinfo=dt.UTC), **more}


def filled() -> MemoryCrm:
    """The CRM: Ann is contact 12, with a deal, a case and a note; a crowd of others fills more than one page."""
    rows: dict[str, list[dict[str, object]]] = {
        "Accounts": [{"id": "1", "Account_Name": "Beispiel GmbH"}, {"id": "2", "Account_Name": "Other"}],
        "Contacts": [
            contact("12", f"Ann {MARKER}", ANN, Phone=ANNS_PHONE, Account="1", Description=f"called {BO}"),
            contact("13", f"Bo {MARKER}", BO, Account="1"),
            contact("14", "Somebody", None, Description=f"her number is 0151 / 2765 43 21 {MARKER}"),
            *(contact(str(each), f"Crowd {each}", f"crowd{each}@example.net") for each in range(1000, 1240)),
        ],
        "Deals": [
            {"id": "31", "Contact": "12", "Deal_Name": f"old {MARKER}", "Closing": dt.date(2012, 3, 1)},
            {"id": "32", "Contact": "12", "Deal_Name": f"new {MARKER}", "Closing": dt.date(2026, 3, 1)},
            {"id": "33", "Contact": "13", "Deal_Name": "Bo's", "Closing": dt.date(2012, 3, 1)},
        ],
        "Cases": [{"id": "41", "Contact": "12", "Subject": MARKER}, {"id": "42", "Contact": "13", "Subject": "x"}],
        "Notes": [
            {"id": "51", "Parent": "12", "Note_Content": MARKER},
            {"id": "52", "Parent": "13", "Note_Content": f"mail to {ANN.upper()}"},
            {"id": "53", "Parent": "13", "Note_Content": "nobody"},
        ],
    }
    crm = MemoryCrm(
        "sales",
        {each.name: each for each in DATASETS},
        {name: {str(row["id"]): row for row in found} for name, found in rows.items()},
    )
    crm.hanging["Contacts", "12"] = [
        Linked("attachment", "a1", f"cv-of-{MARKER}.pdf", "2024-01-02T03:04:05+00:00"),
        Linked("email", "m1"),
        Linked("email", "m2"),
    ]
    return crm


def fill_shop() -> None:
    """The database: Ann as customer 7, under the same phone, written otherwise."""
    engine = sa.create_engine("sqlite:///shop.db")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, tel TEXT)"))
        insert = sa.text("INSERT INTO customers VALUES (:id, :email, :tel)")
        connection.execute(insert, {"id": 7, "email": f"private-{ANN}", "tel": "0151-27 65 43 21"})
        connection.execute(insert, {"id": 8, "email": BO, "tel": None})
    engine.dispose()


def write_project(folder: Path) -> None:
    """The files of the project; the process must stand in its folder."""
    (folder / "policies").mkdir()
    (folder / "governance.yaml").write_text(CONFIG, encoding="utf-8")
    principals = f"version: 1\nprincipals:\n  {actor()}: {{}}\n"
    files = {"catalog": CATALOG, "purposes": PURPOSES, "principals": principals, "retention": "version: 1\n"}
    for name, text in files.items():
        (folder / "policies" / f"{name}.yaml").write_text(text, encoding="utf-8")
    access = f"{ACCESS}g, {actor()}, desk\ng, {actor()}, impersonate\n"
    (folder / "policies" / "access.csv").write_text(access, encoding="utf-8")
    assert main(["init"]) == 0


@pytest.fixture
def crm() -> MemoryCrm:
    """The CRM behind the store `sales`."""
    return filled()


@pytest.fixture
def firm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crm: MemoryCrm) -> Path:
    """The project's folder, in which the process stands."""
    vendor = ModuleType("vendor_of_tests")
    vendor.open_store = lambda name, settings: crm  # type: ignore[attr-defined]  # noqa: ARG005 as the connectors' own
    monkeypatch.setitem(sys.modules, vendor.__name__, vendor)
    monkeypatch.setitem(opening.VENDORS, "zoho", vendor.__name__)
    monkeypatch.setitem(PassphraseProvider.__init__.__kwdefaults__, "scrypt_n", 2**14)
    for name in ("C", "S", "T"):
        monkeypatch.setenv(name, f"secret-{MARKER}-{uuid.uuid4().hex}")
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path)
    fill_shop()
    return tmp_path


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of the project."""
    return Clock()


@pytest.fixture
def gov(firm: Path, clock: Clock) -> Iterator[Governance]:
    """The project, opened."""
    with Governance.open(
        firm / "governance.yaml", actor=actor(), clock=clock, new_id=lambda: uuid.uuid4().hex
    ) as opened:
        yield opened
