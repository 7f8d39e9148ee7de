"""What goes with a person's key: search cells, pairs of pseudonyms; what keeps it; persons told by several fields."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from governance import Governance
from governance.copies.pairs import learn_pairs, pairs_path
from governance.copies.source import read_source
from governance.flows.opening.offices import ROW_LISTS, office_of
from governance.flows.protect.copying import _places, pseudonym_key
from governance.flows.protect.keeping_keys import destroy_subjects
from governance.protect.keyring.passphrase import PassphraseProvider
from governance.protect.protector import Protector
from governance.protect.pseudonyms import Assignments
from policies.copy_rules import parse_copy_rules
from policies.errors import AccessRefusedError
from policies.nouns import DatasetRef

CUSTOMERS = DatasetRef("crm", "customers")
MASKS = """
version: 1
domains:
  mail: {kind: email, one_to_one: true}
datasets:
  customers:
    fields: {name: pseudonym:mail}
"""


@pytest.fixture(autouse=True)
def _cheap(monkeypatch):
    monkeypatch.setitem(PassphraseProvider.__init__.__kwdefaults__, "scrypt_n", 2**14)


def declare(project: Path, subject_key: str = "id") -> None:
    """E-mail under persons' keys, searched by a blind index."""
    path = project / "policies" / "catalog.yaml"
    label = "category: user.contact.email, status: confirmed"
    index = "encrypted: subject, blind_index: {field: email_bidx, normalise: email, few_values: a test}"
    lines = path.read_text().replace("subject_key: id", f"subject_key: {subject_key}").splitlines()
    for at, line in enumerate(lines):
        if line.strip().startswith("email: {"):
            lines[at] = f"          email: {{id: f3, {label}, {index}}}\n          email_bidx: {{id: f30, {label}}}"
    path.write_text("\n".join(lines) + "\n")


def write(gov: Governance, project: Path, subjects: list[object]) -> None:
    """Encrypt the e-mail of the first rows under their persons' keys, with cells to find them by."""
    with sqlite3.connect(project / "crm.db") as store:
        store.execute("ALTER TABLE customers ADD COLUMN email_bidx BLOB")
        rows = store.execute("SELECT id, email FROM customers ORDER BY id LIMIT ?", [len(subjects)]).fetchall()
        sealed = Protector(gov.keyring, gov.catalog).seal_columns(
            CUSTOMERS, {"email": [row[1] for row in rows]}, [(row[0],) for row in rows], subjects=subjects
        )
        store.executemany(
            "UPDATE customers SET email = ?, email_bidx = ? WHERE id = ?",
            zip(sealed["email"], sealed["email_bidx"], (row[0] for row in rows), strict=True),
        )
    store.close()
    assert gov.ledger


def cells(project: Path) -> list[bytes | None]:
    with sqlite3.connect(project / "crm.db") as store:
        found = [row[0] for row in store.execute("SELECT email_bidx FROM customers ORDER BY id LIMIT 3")]
    store.close()
    return found


@pytest.fixture
def gov(project: Path):
    declare(project)
    with Governance.open(project / "governance.yaml") as opened:
        write(opened, project, [1, 2, 3])
        yield opened


def test_search_cells_of_a_destroyed_person_are_emptied_and_counted(gov, project):
    assert None not in cells(project)
    (done,) = destroy_subjects(gov, "crm", ["2"])
    first, second, third = cells(project)
    assert second is None
    assert first is not None
    assert third is not None
    event = list(gov.ledger.events("key.destroyed"))[-1]
    assert (done.index_cells, event.counts["index_cells"]) == (1, 1)
    (again,) = destroy_subjects(gov, "crm", ["2"])
    assert (again.key, again.index_cells) == (None, 0)


def test_a_kill_after_the_cells_were_emptied_is_made_good(gov, project, monkeypatch):
    real = gov.keyring.subjects.destroy
    monkeypatch.setattr(gov.keyring.subjects, "destroy", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        destroy_subjects(gov, "crm", ["2"])
    assert cells(project)[1] is None
    monkeypatch.setattr(gov.keyring.subjects, "destroy", real)
    (done,) = destroy_subjects(gov, "crm", ["2"])
    assert done.key is not None
    assert gov.keyring.subjects.counts() == {"active": 2, "destroyed": 1}


def test_pseudonyms_of_a_destroyed_person_are_forgotten(gov, project):
    (project / "policies" / "masks.yaml").write_text(MASKS)
    folder = project / ".governance" / ROW_LISTS
    folder.mkdir(exist_ok=True)
    pairs = Assignments(pseudonym_key(gov), "mail", "email")
    with sqlite3.connect(project / "crm.db") as store:
        names = pa.array([row[0] for row in store.execute("SELECT DISTINCT name FROM customers ORDER BY name")])
        mine = store.execute("SELECT name FROM customers WHERE id = 2").fetchone()[0]
    store.close()
    pairs.column(names)
    pairs_path(folder, "mail").write_bytes(pairs.seal())
    assert [each.pairs for each in destroy_subjects(gov, "crm", ["2"])] == [1]
    left = Assignments(pseudonym_key(gov), "mail", "email")
    left.unseal(pairs_path(folder, "mail").read_bytes())
    assert len(left) == len(names) - 1
    assert left.reverse(pairs.column(pa.array([mine]))).to_pylist() == [None]


def test_a_later_copy_learns_no_pair_of_a_person_with_a_tombstone(gov, project, tmp_path):
    rules = parse_copy_rules(MASKS)
    store = sa.create_engine(f"sqlite:///{project / 'crm.db'}")
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE customers SET name = 'planted-marker' WHERE id = 2"))
    destroy_subjects(gov, "crm", ["2"])
    config = project / "governance.yaml"
    config.write_text(config.read_text().replace("stores:\n", 'stores:\n  test: {url: "sqlite:///test.db"}\n'))
    with Governance.open(config) as again, _places(again, "crm", "test") as places, store.connect() as connection:
        tables = read_source(connection, "crm", ["customers"], {"customers": ("id",)})
        learned = Assignments(pseudonym_key(again), "mail", "email")
        learn_pairs(connection, tmp_path, "mail", learned, (tables, rules), places.barred)
        names = connection.execute(sa.text("SELECT count(DISTINCT name) FROM customers")).scalar_one()
        assert len(learned) == names - 1
        assert learned.forget(pa.array(["planted-marker"])) == 0
    store.dispose()


@pytest.mark.parametrize(("scope", "key"), [("dataset", []), ("record", [2]), ("subject", ["2"])])
def test_a_hold_keeps_the_key_of_its_person(gov, project, scope, key):
    holds = office_of(gov).holds
    hold = holds.place(CUSTOMERS, scope, key, by="p:dpo")
    with pytest.raises(AccessRefusedError, match="hold"):
        destroy_subjects(gov, "crm", ["2"])
    assert None not in cells(project)
    assert list(gov.ledger.events("key.destroyed")) == []
    if scope != "dataset":
        assert destroy_subjects(gov, "crm", ["3"])[0].key is not None
    holds.release(hold.id, by="p:dpo")
    assert destroy_subjects(gov, "crm", ["2"])[0].key is not None


def test_a_person_told_by_two_fields_is_destroyed_and_barred(project, run):
    declare(project, subject_key="[region, id]")
    with Governance.open(project / "governance.yaml") as gov:
        write(gov, project, [("EU", 1), ("EU", 2), ("CN", 3)])
    assert run("keys", "destroy", "--store", "crm", "--yes", "--subject", "2").code == 2
    assert run("keys", "destroy", "--store", "crm", "--yes", "--subject", "[2]x").code == 2
    found = run("keys", "destroy", "--store", "crm", "--yes", "--subject", '["EU", 2]', "--format", "json")
    assert found.code == 0, found.err
    (row,) = json.loads(found.out)["destroyed"]
    assert row["index_cells"] == 1
    assert [each is None for each in cells(project)] == [False, True, False]
    with Governance.open(project / "governance.yaml") as gov:
        grave = office_of(gov).grave
        refs = {each.ref for each in _standing(gov)}
        assert grave("crm", ("EU", 2)) in refs
        assert grave("crm", ("EU", 1)) not in refs
        assert grave("crm", (None, 2)) is None


def test_a_person_whom_the_store_cannot_hold_has_no_rows_there(gov, project):
    gov.keyring.subjects.batch("s1", ["planted-marker"])
    (done,) = destroy_subjects(gov, "crm", ["planted-marker"])
    assert (done.index_cells, done.key is None) == (0, False)
    assert None not in cells(project)


def _standing(gov):
    from governance.jobs.tombstones import Tombstones

    return Tombstones(gov.records, clock=gov.clock, new_id=gov.new_id).standing()
