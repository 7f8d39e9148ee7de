"""A firm with an account of the Zoho fake and a shop's database; Ann, who is invented, is in both."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.cli.main import main
from governance.cli.project_option import actor

from ...connectors.crm.zoho_account import CLIENT, NOW, Account, Module, made_field  # noqa: TID252 beside its connector
from ...connectors.crm.zoho_fake import OWNER, id_of, seed  # noqa: TID252 as above

ANN = "ann.marker-zorblatt@example.com"
CONTACT = id_of(777)
CONFIG = """
version: 1
stores:
  sales: {{kind: zoho, address: "{address}", client: env:C, secret: env:S, token: env:T, write: true}}
  shop: {{url: "sqlite:///shop.db"}}
keyring: {{provider: file, passphrase_file: .governance/passphrase}}
laws: [gdpr, pipl]
scan: {{regions: [DE, CN]}}
jobs: {{batch_rows: 1}}
"""
CATALOG = """
version: 1
stores:
  sales:
    id: s1
    datasets:
      Contacts:
        id: d1
        subject_key: id
        fields:
          id: {id: f1, category: user.unique_id, status: confirmed}
          Last_Name: {id: f2, category: user.name, status: confirmed}
          Email: {id: f3, category: user.contact.email, status: confirmed}
          Phone: {id: f4, category: user.contact.phone_number, status: confirmed}
          Account_Name.id: {id: f5, category: none, status: confirmed}
          Created_Time: {id: f6, category: none, status: confirmed}
          Owner.email: {id: f7, category: user.contact.email, status: confirmed}
      Deals:
        id: d2
        subject_key: Contact_Name.id
        fields:
          id: {id: f1, category: none, status: confirmed}
          Contact_Name.id: {id: f2, category: user.unique_id, status: confirmed}
          Deal_Name: {id: f3, category: user.content.private, status: confirmed}
      Notes:
        id: d3
        fields:
          id: {id: f1, category: none, status: confirmed}
          Parent_Id.id: {id: f2, category: none, status: confirmed}
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
"""


def seeded() -> Account:
    """The account: a crowd of invented people, and Ann with three deals and three notes."""
    account = seed(230)
    account.modules["Contacts"].rows[CONTACT] = {
        **dict.fromkeys(each["api_name"] for each in account.modules["Contacts"].fields),
        "Last_Name": "Ann Zorblatt",
        "Email": ANN,
        "Phone": "+49 151 27654321",
        "Owner": OWNER,
        "Created_Time": NOW,
    }
    deals = Module(
        "Deals",
        [
            made_field("Deal_Name", "text", "Deal Name"),
            made_field("Contact_Name", "lookup", "Contact", lookup={"module": {"api_name": "Contacts", "id": "1"}}),
        ],
        label="Deals",
    )
    account.modules["Deals"] = deals
    hers = {"id": CONTACT, "name": "Ann Zorblatt"}
    for place in range(3):
        deals.rows[id_of(40_000_000 + place)] = {"Deal_Name": f"zorblatt {place}", "Contact_Name": hers}
        account.modules["Notes"].rows[id_of(50_000_000 + place)] = {
            "Note_Title": "call",
            "Note_Content": f"zorblatt {place}",
            "Parent_Id": {**hers, "module": {"api_name": "Contacts", "id": "1"}},
            "Owner": OWNER,
            "Created_Time": NOW,
        }
    return account


def write_firm(folder: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project's files and the shop; the process must stand in the folder."""
    for name, word in (("C", "client"), ("S", "secret"), ("T", "token")):
        monkeypatch.setenv(name, CLIENT[word])
    (folder / "policies").mkdir()
    (folder / "governance.yaml").write_text(CONFIG.format(address=address), encoding="utf-8")
    principals = f"version: 1\nprincipals:\n  {actor()}: {{}}\n"
    files = {"catalog": CATALOG, "purposes": PURPOSES, "principals": principals, "retention": "version: 1\n"}
    for name, text in files.items():
        (folder / "policies" / f"{name}.yaml").write_text(text, encoding="utf-8")
    grants = [f"sales.{name}" for name in ("Contacts", "Deals", "Notes")] + ["shop.customers"]
    lines = [f"p, desk, answer_requests, export, {each}, clear, allow,\n" for each in grants]
    lines += [f"g, {actor()}, desk\n", f"g, {actor()}, impersonate\n"]
    (folder / "policies" / "access.csv").write_text("".join(lines), encoding="utf-8")
    assert main(["init"]) == 0
    engine = sa.create_engine("sqlite:///shop.db")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, tel TEXT)"))
        insert = sa.text("INSERT INTO customers VALUES (:id, :email, :tel)")
        connection.execute(
            insert, [{"id": 7, "email": ANN, "tel": None}, {"id": 8, "email": "x@example.net", "tel": None}]
        )
    engine.dispose()
