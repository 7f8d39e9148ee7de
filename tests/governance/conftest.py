"""A small project with planted values: whatever a command prints, none of them may be in it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from governance.cli.main import main
from governance.protect.keyring.backup import write_backup
from governance.protect.keyring.file import FileKeyring
from governance.protect.keyring.passphrase import PassphraseProvider

CHEAP = 2**14
"""The least cost of scrypt that a key file may name."""

MARKERS = {
    "name": "Zebulon Quagmire",
    "zh": "欧阳测桩",
    "email": "planted.marker@zebra-quagga.example",
    "phone": "+49 1512 7654321",
    "ric": "11010519491231002X",
    "card": "4929 1234 5678 9011",
    "note": "allergic to zorblatt pollen",
    "iban": "DE89370400440532013000",
}
"""Values that stand in the store and nowhere else."""

ACCESS = """
p, support, support, read, crm.customers, clear, allow, region == principal.region
p, support, support, read, category:user.contact, mask:redact, allow,
p, support, support, read, crm.customers.email, mask:email, allow,
p, contractor, *, *, crm.customers, , deny,
g, alice, support
g, {actor}, impersonate
g, mallory, contractor
"""
PRINCIPALS = "version: 1\nprincipals:\n  alice: {{region: EU}}\n  mallory: {{region: EU}}\n  {actor}: {{}}\n"
PURPOSES = """
version: 1
purposes:
  support: {basis: {gdpr: contract, pipl: contract}}
  marketing: {basis: {gdpr: consent, pipl: consent}}
  marketing.email: {parent: marketing, channels: [email]}
"""
CATALOG = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      customers:
        id: d1
        subject_key: id
        record_key: id
        fields:
          id: {id: f1, category: none, status: confirmed, type: integer}
          name: {id: f2, category: user.name, status: confirmed, type: string}
          email: {id: f3, category: user.contact.email, status: confirmed, type: string}
          phone: {id: f4, category: user.contact.phone_number, status: confirmed, type: string}
          region: {id: f5, category: none, status: confirmed, type: string}
          notes: {id: f6, category: user.health_and_medical, status: confirmed, type: string}
          created_at: {id: f7, category: none, status: confirmed, type: string}
"""
CONFIG = """
version: 1
stores:
  crm: {url: "sqlite:///crm.db", migrations: [migrations/]}
  files: {path: "exports/*"}
keyring: {provider: file, passphrase_file: .governance/passphrase}
laws: [gdpr, pipl]
"""
ACCESS_TESTS = """
version: 1
tests:
  masked: {who: alice, purpose: support, object: crm.customers.email, expect: mask:email}
  kept out: {who: mallory, purpose: support, object: crm.customers, expect: refused}
"""
RETENTION = """
version: 1
rules:
  customers-ten-years: {dataset: crm.customers, start: created_at, period: P10Y, action: delete, basis: tax}
"""


@dataclass(frozen=True)
class Outcome:
    """What one run of the command left."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


def _fill_store(path: Path) -> None:
    with sqlite3.connect(path) as store:
        store.execute(
            "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT, phone TEXT, region TEXT,"
            " notes TEXT, national_id TEXT, card TEXT, iban TEXT, profile JSON, created_at TEXT)"
        )
        profile = f'{{"{MARKERS["email"]}": {{"holder": "{MARKERS["name"]}"}}}}'
        rows = [
            (
                number,
                MARKERS["name"] if number % 2 else MARKERS["zh"],
                MARKERS["email"],
                MARKERS["phone"],
                "EU" if number % 3 else "CN",
                MARKERS["note"],
                MARKERS["ric"],
                MARKERS["card"],
                MARKERS["iban"],
                profile,
                "2011-01-01" if number < 4 else "2026-01-01",
            )
            for number in range(1, 41)
        ]
        store.executemany(f"INSERT INTO customers VALUES ({', '.join('?' * 11)})", rows)
    store.close()


def build_project(folder: Path) -> None:
    """A project in a folder, made ready by `governance init`; the process must stand in the folder."""
    from governance.cli.project_option import actor

    _fill_store(folder / "crm.db")
    exports = folder / "exports"
    exports.mkdir()
    (exports / f"{MARKERS['email']}.csv").write_text(f"name,email\n{MARKERS['name']},{MARKERS['email']}\n" * 3)
    (exports / "broken.jsonl").write_text(f'{{"email": "{MARKERS["email"]}"}}\n{{"name": "{MARKERS["name"]}\n')
    (folder / "migrations").mkdir()
    (folder / "migrations" / "1.sql").write_text(
        f"ALTER TABLE customers ADD COLUMN ssn TEXT DEFAULT '{MARKERS['card']}';\nUPDATE x SET y = '{MARKERS['name']}'"
    )
    policies = folder / "policies"
    policies.mkdir()
    (folder / "governance.yaml").write_text(CONFIG)
    (policies / "access.csv").write_text(ACCESS.format(actor=actor()))
    (policies / "principals.yaml").write_text(PRINCIPALS.format(actor=actor()))
    (policies / "purposes.yaml").write_text(PURPOSES)
    (policies / "catalog.yaml").write_text(CATALOG)
    (policies / "retention.yaml").write_text(RETENTION)
    (policies / "access_tests.yaml").write_text(ACCESS_TESTS)
    assert main(["init"]) == 0


@pytest.fixture(scope="session", autouse=True)
def _cheap_passphrases() -> Iterator[None]:
    """Passphrases cost an eighth of what they cost outside: scrypt was two thirds of what the command's tests took."""
    with pytest.MonkeyPatch.context() as patch:
        for each in (PassphraseProvider.__init__, FileKeyring.create, write_backup):
            patch.setitem(each.__kwdefaults__, "scrypt_n", CHEAP)
        yield


@pytest.fixture(scope="session")
def built_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that nobody uses: the others are copies of it, for it takes twenty times as long to make one."""
    folder = tmp_path_factory.mktemp("built") / "project"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        build_project(folder)
    return folder


@pytest.fixture
def project(built_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh project; the process stands in its folder."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(built_project, tmp_path, dirs_exist_ok=True))


@pytest.fixture(scope="module")
def shared_project(built_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One project for the tests of a file, which leave its files as they are; the process stands in its folder."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(built_project, folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process and give what it printed."""

    def _run(*arguments: str | os.PathLike[str]) -> Outcome:
        capfd.readouterr()
        code = main([os.fspath(each) for each in arguments])
        printed = capfd.readouterr()
        return Outcome(code, printed.out, printed.err)

    return _run
