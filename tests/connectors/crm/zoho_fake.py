"""A loopback Zoho CRM that keeps its state: `running(account)` serves it, `seed(...)` fills it with invented people.

It is written from the vendor's published description and help pages; it stands for no account that ever was.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from urllib.parse import unquote, urlsplit

from connectors.crm.http.pace import Clock
from connectors.crm.settings import CrmSettings
from connectors.crm.zoho.opening import open_store
from connectors.crm.zoho.store import ZohoStore
from governance.demo.people import draw_people

from .scripted import Paper
from .zoho_account import CLIENT, NOW, Account, Asked, Module, Told, made_field

AS_OF = dt.date(2026, 3, 1)
OWNER = {"name": "Invented Clerk", "id": "9001", "email": "clerk@example.com"}


@dataclass
class Fault:
    """What goes wrong with one request."""

    kind: str
    """`before`: cut before anything is done; `after`: done, then cut; `half`: done, half the answer; `slow`: done,
    answered after `seconds`; `tell`: `told` in place of the answer."""
    seconds: float = 0.0
    told: Told | None = None


Faults = Callable[[int, Asked], Fault | None]
"""Which fault the request of that number has, counted from 0."""


@contextmanager
def running(account: Account, faults: Faults | None = None, date_shift_seconds: float = 0) -> Iterator[str]:
    """The address of the account, served by threads until the block ends."""
    lock, count = threading.Lock(), iter(range(10**9))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            url = unquote(parts.path) + (f"?{parts.query}" if parts.query else "")
            asked = Asked(self.command, url, {name.lower(): value for name, value in self.headers.items()}, body)
            with lock:
                number = next(count)
            fault = faults(number, asked) if faults is not None else None
            if fault is not None and fault.kind == "before":
                self.close_connection = True
                return
            told = fault.told if fault is not None and fault.told is not None else account.answer(asked)
            if fault is not None and fault.kind == "after":
                self.close_connection = True
                return
            if fault is not None and fault.kind == "slow":
                time.sleep(fault.seconds)
            self.tell(told, half=fault is not None and fault.kind == "half")

        def tell(self, told: Told, *, half: bool) -> None:
            raw = told.raw if told.raw is not None else b"" if told.body is None else json.dumps(told.body).encode()
            self.send_response(told.status)
            for name, value in {"Content-Type": "application/json;charset=UTF-8", **told.headers}.items():
                self.send_header(name, value)
            if told.status != 204:
                self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw[: len(raw) // 2] if half else raw)
            self.close_connection = self.close_connection or half

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 the names of http.server

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate((timestamp or time.time()) + date_shift_seconds, usegmt=True)

        def log_message(self, *_words: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_who: object) -> None:
            """A client that went away is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    account.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield account.address
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def settings(address: str, **other: object) -> CrmSettings:
    """Settings that reach the account at an address."""
    return replace(CrmSettings("zoho", dict(CLIENT), address=address, timeout_seconds=10), **other)  # type: ignore[arg-type] # tests set fields by name


def id_of(number: int) -> str:
    """The id of the number-th record, as long as the vendor's."""
    return str(5_000_000_000_000_000_000 + number)


def _common() -> list[dict[str, object]]:
    return [
        made_field("Owner", "ownerlookup", "Contact Owner", system_mandatory=True),
        made_field("Created_Time", "datetime", "Created Time"),
        made_field("Modified_By", "ownerlookup", "Modified By"),
    ]


def seed(count: int = 50, *, number: int = 1, account: Account | None = None) -> Account:
    """An account with so many invented contacts, a firm for each ten and a note for each five of them."""
    made = account or Account()
    sensitive = {"restricted": False, "type": "High", "export": False}
    contacts = Module(
        "Contacts",
        [
            made_field("Last_Name", "text", "Last Name 姓", system_mandatory=True),
            made_field("First_Name", "text", "First Name"),
            made_field("Email", "email", "Email", private={"restricted": False, "type": "Low", "export": True}),
            made_field("Phone", "phone", "Phone"),
            made_field("Mailing_Street", "text", "Mailing Street"),
            made_field("Date_of_Birth", "date", "Date of Birth", private=sensitive),
            made_field("Passport", "text", "Passport", private={"restricted": True, "type": "High", "export": False}),
            made_field("Card", "text", "Card", crypt={"mode": "decryption", "status": 1}),
            made_field("Email_Opt_Out", "boolean", "Email Opt Out"),
            made_field("Tags_Chosen", "multiselectpicklist", "Tags"),
            made_field(
                "Account_Name", "lookup", "Account Name", lookup={"module": {"api_name": "Accounts", "id": "1"}}
            ),
            made_field("Data_Processing_Basis_Details", "consent_lookup", "Data Processing Basis"),
            made_field("Record_Image", "profileimage", "Contact Image"),
            *_common(),
        ],
        label="Contacts 联系人",
    )
    accounts = Module("Accounts", [made_field("Account_Name", "text", "Account Name"), *_common()], label="Accounts")
    notes = Module(
        "Notes",
        [
            made_field("Note_Title", "text", "Note Title"),
            made_field("Note_Content", "textarea", "Note Content"),
            made_field(
                "Parent_Id",
                "lookup",
                "Parent ID",
                multi_module_lookup={"modules": [{"api_name": "Contacts"}, {"api_name": "Accounts"}]},
            ),
            *_common(),
        ],
        label="Notes",
        queried=False,
    )
    deals = Module("Deals", [made_field("Deal_Name", "text", "Deal Name"), made_field("Amount", "currency", "Amount")])
    people = draw_people(Random(number), count, AS_OF)
    for place, person in enumerate(people):
        key, firm = id_of(place * 10), id_of(10_000_000 + place // 10)
        accounts.rows.setdefault(firm, {"Account_Name": f"Firm {place // 10}", "Owner": OWNER, "Created_Time": NOW})
        contacts.rows[key] = {
            "Last_Name": person.name.surname or person.name.written,
            "First_Name": person.name.latin_first,
            "Email": person.email,
            "Phone": person.mobile,
            "Mailing_Street": person.address.line,
            "Date_of_Birth": person.birth.isoformat(),
            "Passport": f"X{place:08d}",
            "Card": None,
            "Email_Opt_Out": place % 3 == 0,
            "Tags_Chosen": ["vip", "新客户"] if place % 7 == 0 else [],
            "Account_Name": {"id": firm, "name": f"Firm {place // 10}"},
            "Data_Processing_Basis_Details": _basis(place),
            "Record_Image": "photo" if place % 4 == 0 else None,
            "Owner": OWNER,
            "Created_Time": NOW,
            "Modified_By": OWNER,
        }
        if place % 5 == 0:
            notes.rows[id_of(20_000_000 + place)] = {
                "Note_Title": "电话回访",
                "Note_Content": f"{person.name.written}: {person.mobile}",
                "Parent_Id": {"id": key, "name": person.name.written, "module": {"api_name": "Contacts", "id": "1"}},
                "Owner": OWNER,
                "Created_Time": NOW,
            }
    reports = Module("Reports", [], supported=False)
    made.modules.update({each.name: each for each in (contacts, accounts, notes, deals, reports)})
    _people_of_the_firm(made)
    return made


def _basis(place: int) -> dict[str, object] | None:
    if place % 6 == 5:
        return None
    words = ("Consent - Obtained", "Legitimate Interests", "Consent - Awaiting", "Stop Processing", "Contract")
    said = {"id": id_of(30_000_000 + place), "Data_Processing_Basis": words[place % 5], "Consent_Date": "2026-01-05"}
    return {**said, "Contact_Through_Email": place % 2 == 0, "Contact_Through_Phone": False, "Consent_Through": "Email"}


def _people_of_the_firm(account: Account) -> None:
    def permission(word: str, module: str, *, enabled: bool = True) -> dict[str, object]:
        return {"name": f"Crm_Implied_{word}_{module}", "module": module, "enabled": enabled, "display_label": word}

    account.profiles = [
        {
            "id": "71",
            "name": "Administrator",
            "permissions_details": [
                permission(word, module)
                for module in ("Contacts", "Accounts")
                for word in ("View", "Create", "Edit", "Delete", "Export")
            ],
        },
        {
            "id": "72",
            "name": "Standard",
            "permissions_details": [
                permission("View", "Contacts"),
                permission("Edit", "Contacts"),
                permission("Delete", "Contacts", enabled=False),
            ],
        },
    ]
    account.users = [
        {
            "id": str(9001 + place),
            "full_name": f"Invented {place}",
            "email": f"clerk{place}@example.com",
            "status": "active" if place != 2 else "disabled",
            "profile": {"id": "71" if place == 0 else "72", "name": "Administrator" if place == 0 else "Standard"},
            "role": {"id": "61", "name": "CEO" if place == 0 else "Sales"},
        }
        for place in range(3)
    ]
    account.rules = [
        {
            "id": "51",
            "name": "invented",
            "status": "active",
            "permission_type": "read",
            "module": {"api_name": "Contacts", "name": "Contacts", "id": "1"},
            "shared_from": {"type": "roles", "resource": {"id": "61", "name": "CEO"}, "subordinates": False},
            "shared_to": {"type": "roles", "resource": {"id": "62", "name": "Support"}, "subordinates": False},
        }
    ]


@contextmanager
def opened(
    account: Account, faults: Faults | None = None, *, clock: Clock | None = None, **other: object
) -> Iterator[ZohoStore]:
    """A store on the account, whose waits pass at once."""
    with running(account, faults) as address:
        store = open_store("crm", settings(address, **other), clock or Paper().clock())
        try:
            yield store
        finally:
            store.close()
