"""A project with a database and a CRM in memory, with planted values: whatever is said of it, none may be in it."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.base import Dataset, DatasetKind, Field
from connectors.crm import opening
from connectors.crm.base import CrmStore, VendorFlags, VendorGrant
from connectors.crm.settings import CrmSettings
from governance.app import Governance
from governance.cli.main import main

from ..crm.memory_crm import MemoryCrm  # noqa: TID252 the fake lies beside its protocol

MARKERS = {
    "mail": "planted.marker@zebra-quagga.example",
    "name": "Zebulon Quagmire",
    "zh": "欧阳测桩",
    "phone": "+49 1512 7654321",
    "owner_mail": "quentin.staffer@our-own-firm.example",
    "owner": "Quentin Staffer",
    "id": "4876876000000999007",
    "user": "4876876000000111001",
    "secret": "planted-secret-4711",
}
"""Values that stand in the CRM, its users or its settings and nowhere else."""

CONFIG = """
version: 1
stores:
  sales: {kind: zoho, data_center: eu, client: env:CRM_CLIENT, secret: env:CRM_SECRET, token: env:CRM_TOKEN}
  books: {url: "sqlite:///books.db"}
keyring: {provider: file, passphrase_file: .governance/passphrase}
laws: [gdpr]
"""
FIELDS = (
    Field("id", "string", "bigint", nullable=False),
    Field("Full_Name", "string", "text", comment="Full name"),
    Field("Email", "string", "email", comment="E-mail"),
    Field("UDF7", "string", "text", comment="手机号码"),
    Field("Country", "string", "picklist", comment="Country"),
    Field("Rating", "string", "picklist", comment="Rating"),
    Field("Passport", "string", "text", comment="Passport number"),
    Field("Email_Opt_Out", "boolean", "boolean"),
    Field("Owner.id", "string", "ownerlookup"),
    Field("Owner.name", "string", "ownerlookup"),
    Field("Owner.email", "string", "ownerlookup"),
    Field("Consent.Contact_Through_Email", "boolean", "consent"),
    Field("Consent.Data_Processing_Basis", "string", "consent"),
    Field("Consent.Consent_Date", "date", "consent"),
)
FLAGS = {
    ("Contacts", "Email"): VendorFlags(personal=True, sensitivity="low"),
    ("Contacts", "Full_Name"): VendorFlags(personal=False),
    ("Contacts", "Passport"): VendorFlags(personal=True, sensitivity="high", left_out=True),
}


def contact(number: int, rng: random.Random) -> dict[str, object]:
    """One record; the marked values stand in the first."""
    phone = "+49 1512 " + "".join(rng.choice("0123456789") for _ in range(7))
    return {
        "id": MARKERS["id"] if not number else f"48768760000{number:08d}",
        "Full_Name": rng.choice([MARKERS["name"], "Ada Lovett", "Bruno Keller", MARKERS["zh"]]),
        "Email": MARKERS["mail"] if not number else f"person{number}@mail{number % 7}.example",
        "UDF7": MARKERS["phone"] if not number else phone,
        "Country": rng.choice(["DE", "FR"]),
        "Rating": rng.choice(["Hot", "Cold"]),
        "Passport": None,
        "Email_Opt_Out": number % 4 == 0,
        "Owner.id": MARKERS["user"],
        "Owner.name": MARKERS["owner"],
        "Owner.email": MARKERS["owner_mail"],
        "Consent.Contact_Through_Email": number % 2 == 0,
        "Consent.Data_Processing_Basis": rng.choice(["Consent - Obtained", "Contract"]),
        "Consent.Consent_Date": None,
    }


def make_crm(rows: int = 300) -> MemoryCrm:
    """A CRM with one module of contacts."""
    rng = random.Random(7)
    contacts = [contact(number, rng) for number in range(rows)]
    return MemoryCrm(
        "sales",
        {"Contacts": Dataset("Contacts", DatasetKind.MODULE, FIELDS, ("id",))},
        {"Contacts": {str(each["id"]): each for each in contacts}},
        flagged=dict(FLAGS),
        granted=[VendorGrant(MARKERS["user"], "Sales", "Rep", "Contacts", ("read", "write"))],
    )


@dataclass(frozen=True)
class Outcome:
    """What one run of the command left."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


class _Vendor:
    """What `connectors.crm.opening` takes for the vendor's module."""

    def __init__(self, crm: MemoryCrm) -> None:
        self.crm = crm

    def open_store(self, name: str, settings: CrmSettings) -> CrmStore:
        assert settings.credentials["secret"] == MARKERS["secret"]
        self.crm.name = name
        return self.crm


@pytest.fixture
def crm(monkeypatch: pytest.MonkeyPatch) -> MemoryCrm:
    """The CRM that the store `sales` opens."""
    made = make_crm()
    monkeypatch.setitem(sys.modules, "vendor_of_the_tests", _Vendor(made))  # type: ignore[misc]  # as good as a module
    monkeypatch.setitem(opening.VENDORS, "zoho", "vendor_of_the_tests")
    monkeypatch.setenv("CRM_CLIENT", "client")
    monkeypatch.setenv("CRM_SECRET", MARKERS["secret"])
    monkeypatch.setenv("CRM_TOKEN", "token")
    return made


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crm: MemoryCrm) -> Path:
    """A fresh project; the process stands in its folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "governance.yaml").write_text(CONFIG, encoding="utf-8")
    assert main(["init"]) == 0
    return tmp_path


@pytest.fixture
def gov(project: Path) -> Iterator[Governance]:
    """The project, opened."""
    with Governance.open(project / "governance.yaml") as opened:
        yield opened


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], project: Path) -> Run:
    """Run the command in this process and give what it printed; no marker may be in it."""

    def _run(*arguments: str | os.PathLike[str]) -> Outcome:
        capfd.readouterr()
        code = main([os.fspath(each) for each in arguments])
        printed = capfd.readouterr()
        clean(printed.out + printed.err)
        return Outcome(code, printed.out, printed.err)

    return _run


def clean(text: str) -> None:
    """Return when no planted value is in a text."""
    assert not [name for name, marker in MARKERS.items() if marker in text]


def write_catalog(project: Path, *extra: str) -> None:
    """What somebody reviewed of the CRM."""
    lines = [
        "version: 1",
        "stores:",
        "  sales:",
        "    id: s1",
        "    datasets:",
        "      Contacts:",
        "        id: d1",
        "        subject_key: id",
        "        record_key: id",
        "        jurisdiction: {field: Country, map: {DE: gdpr}}",
        "        employees: [Owner.name, Owner.email]",
        "        fields:",
        "          id: {id: f1, category: user.unique_id, status: confirmed, type: string}",
        "          Full_Name: {id: f2, category: user.name, status: confirmed, type: string}",
        "          Email: {id: f3, category: user.contact.email, status: confirmed, type: string}",
        "          UDF7: {id: f4, category: user.contact.phone_number, status: confirmed, type: string}",
        "          Country: {id: f5, category: none, status: confirmed, type: string}",
        "          Rating: {id: f6, category: none, status: confirmed, type: string}",
        "          Owner.name: {id: f7, category: user.name, status: confirmed, type: string}",
        "          Owner.email: {id: f8, category: user.contact.email, status: confirmed, type: string}",
        *(extra or ("          Email_Opt_Out: {id: f9, category: none, status: confirmed, type: boolean}",)),
    ]
    (project / "policies" / "catalog.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
