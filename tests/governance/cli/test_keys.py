"""`governance keys`: what is shown, changed, refused and recorded."""

import datetime as dt
import json
import sqlite3
from pathlib import Path

import pytest

from governance import Governance
from governance.protect.protector import Protector
from policies.errors import DecryptionError, KeyringError
from policies.nouns import FieldRef

EMAIL = FieldRef("crm", "customers", "email")
MARKER = "planted.marker@zebra-quagga.example"


@pytest.fixture
def keyed(project, monkeypatch):
    """A project with a field under persons' keys, and tokens of persons 1 and 2."""
    monkeypatch.setenv("GOVERNANCE_BACKUP_PASSPHRASE", "of its own")
    catalog = project / "policies" / "catalog.yaml"
    text = catalog.read_text().replace(
        "category: user.contact.email,", "category: user.contact.email, encrypted: true,"
    )
    catalog.write_text(text)
    with Governance.open(project / "governance.yaml") as gov:
        project.tokens = encrypt(gov, [1, 2])
    return project


class Folder(type(Path())):
    """A path that carries the tokens of a test."""


@pytest.fixture
def project(project):
    return Folder(project)


def encrypt(gov, people):
    found = Protector(gov.keyring, gov.catalog).encrypt_column_of_subjects(
        EMAIL, [MARKER] * len(people), [(each,) for each in people], "string", subjects=people
    )
    assert gov.ledger
    return found


def read(project, person):
    with Governance.open(project / "governance.yaml") as gov:
        tokens = [project.tokens[person - 1]]
        return Protector(gov.keyring, gov.catalog).decrypt_column(EMAIL, tokens, [(person,)])[0]


def events(project, kind):
    with Governance.open(project / "governance.yaml") as gov:
        return list(gov.ledger.events(kind))


def listed(run):
    return json.loads(run("keys", "list", "--format", "json").out)


def test_the_list_says_what_there_is_and_shows_no_material(keyed, run):
    assert run("keys", "create", "crm.customers").code == 0
    document = listed(run)
    assert document["subjects"] == {"active": 2, "destroyed": 0}
    assert document["opened_by"] == ["file"]
    data = next(each for each in document["keys"] if each["use"] == "data" and each["of"] == "s1/d1")
    assert data["state"] == "active"
    assert data["age_days"] == 0
    assert set(data) == {"id", "use", "of", "state", "created", "age_days", "uses"}
    text = run("keys", "list").out
    assert "persons' keys: 2 active, 0 destroyed" in text
    assert "wrapped" not in text


def test_creating_and_rotating_give_ids_and_are_recorded(keyed, run):
    first = run("keys", "create", "crm.customers").out.strip()
    assert run("keys", "create", "crm.customers").out.strip() == first
    second = run("keys", "rotate", "crm.customers").out.strip()
    assert second != first
    states = {each["id"]: each["state"] for each in listed(run)["keys"]}
    assert (states[first], states[second]) == ("retired", "active")
    assert {event.refs.get("key") for event in events(keyed, "key.created")} >= {first, second}
    assert dict(events(keyed, "key.rotated")[0].refs) == {"key": second, "old": first}
    assert [dict(e.counts) for e in events(keyed, "key.created") if "key:subject" in e.rules] == [{"keys": 2}]


def test_the_key_of_blind_indexes_is_rotated_and_destroyed_by_its_use(keyed, run):
    first = run("keys", "rotate", "crm.customers", "--use", "blind-index").out.strip()
    second = run("keys", "rotate", "crm.customers", "--use", "blind-index").out.strip()
    assert events(keyed, "key.rotated")[-1].rules == ("key:blind-index",)
    assert run("keys", "destroy", "--key", first, "--yes").code == 0
    states = {each["id"]: (each["use"], each["state"]) for each in listed(run)["keys"]}
    assert (states[first], states[second]) == (("blind-index", "destroyed"), ("blind-index", "active"))
    assert {event.rules for event in events(keyed, "key.destroyed")} == {("key:blind-index",)}
    assert run("keys", "rotate", "--kek", "--use", "blind-index").code == 2


def test_a_new_kek_changes_the_passphrase_file_and_touches_no_data(keyed, run):
    secret = keyed / ".governance" / "passphrase"
    before = secret.read_text()
    assert run("keys", "rotate", "--kek").code == 0
    assert secret.read_text() != before
    assert secret.stat().st_mode & 0o777 == 0o600
    assert read(keyed, 1) == MARKER
    assert listed(run)["opened_by"] == ["file"]
    assert events(keyed, "key.rotated")[0].rules == ("key:kek",)
    secret.write_text(before)
    assert run("keys", "list").code == 2


def test_a_passphrase_in_a_variable_changes_in_two_steps(keyed, run, monkeypatch):
    monkeypatch.setenv("GOVERNANCE_PASSPHRASE", (keyed / ".governance" / "passphrase").read_text())
    monkeypatch.setenv("GOVERNANCE_NEW_PASSPHRASE", "the next one")
    found = run("keys", "rotate", "--kek")
    assert "still opens" in found.err
    assert read(keyed, 1) == MARKER
    old = (keyed / ".governance" / "passphrase").read_text()
    monkeypatch.setenv("GOVERNANCE_PASSPHRASE", "the next one")
    assert read(keyed, 1) == MARKER
    assert run("keys", "rotate", "--drop-old-kek").out == "1 dropped\n"
    monkeypatch.setenv("GOVERNANCE_PASSPHRASE", old)
    assert run("keys", "list").code == 2


def test_destroying_does_nothing_until_it_is_said_twice(keyed, run):
    assert "nothing was done" in run("keys", "destroy", "--subject", "1", "--store", "crm").err
    assert read(keyed, 1) == MARKER


def test_a_destroyed_person_is_unreadable_and_the_record_says_so(keyed, run):
    found = run("keys", "destroy", "--subject", "1", "--store", "crm", "--yes", "--format", "json")
    assert found.code == 0
    (row,) = json.loads(found.out)["destroyed"]
    with pytest.raises(DecryptionError):
        read(keyed, 1)
    assert read(keyed, 2) == MARKER
    with Governance.open(keyed / "governance.yaml") as gov, pytest.raises(KeyringError, match="destroyed"):
        encrypt(gov, [1])
    planned, done = events(keyed, "key.destroyed")
    assert (planned.outcome, done.outcome) == ("planned", "done")
    assert done.id == row["event"]
    assert done.refs["key"] == row["key"] == keyed.tokens[0][2:10].hex()
    assert done.refs["backups_end"] == row["backups_end"]
    assert done.refs["tombstone"] == planned.refs["tombstone"] == row["tombstone"]


def test_the_last_backups_day_follows_the_configuration(keyed, run):
    config = keyed / "governance.yaml"
    config.write_text(config.read_text().replace("{provider: file,", "{provider: file, backup_days: 90,"))
    found = run("keys", "destroy", "--subject", "1", "--store", "crm", "--yes", "--format", "json")
    day = dt.date.fromisoformat(json.loads(found.out)["destroyed"][0]["backups_end"])
    assert day - dt.datetime.now(dt.UTC).date() in (dt.timedelta(89), dt.timedelta(90))
    with sqlite3.connect(keyed / ".governance" / "gov.db") as records:
        assert records.execute("SELECT basis, ends FROM gov_tombstone").fetchall() == [("erasure", day.isoformat())]


def test_destroying_again_finishes_and_a_stranger_is_refused(keyed, run):
    arguments = ("keys", "destroy", "--store", "crm", "--yes", "--subject")
    assert run(*arguments, "1").code == 0
    assert "destroyed before" in run(*arguments, "1").out
    assert run(*arguments, "4711").code == 2
    assert run(*arguments, "2", "--subject", "4711").code == 2
    assert read(keyed, 2) == MARKER


def test_a_datasets_key_is_destroyed_by_id_and_no_other_kind_is(keyed, run):
    key = run("keys", "create", "crm.customers").out.strip()
    ledger_key = next(each["id"] for each in listed(run)["keys"] if each["use"] == "ledger-sign")
    assert run("keys", "destroy", "--key", ledger_key, "--yes").code == 2
    assert run("keys", "destroy", "--key", key, "--yes").code == 0
    assert run("keys", "destroy", "--key", key, "--yes").code == 2
    assert run("ledger", "verify").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["rotate"],
        ["rotate", "crm.customers", "--kek"],
        ["rotate", "crm.nowhere"],
        ["create", "nowhere.customers"],
        ["destroy", "--yes"],
        ["destroy", "--subject", "1", "--yes"],
        ["destroy", "--subject", "1", "--store", "nowhere", "--yes"],
        ["destroy", "--key", "00" * 8, "--yes"],
        ["destroy", "--key", "00" * 8, "--subject", "1", "--store", "crm", "--yes"],
        ["restore-check", "nowhere"],
        ["restore", "governance.yaml"],
    ],
)
def test_what_cannot_be_done_exits_2_or_1_and_changes_nothing(keyed, run, arguments):
    before = listed(run)
    assert run("keys", *arguments).code in (1, 2)
    assert listed(run) == before
    assert read(keyed, 1) == MARKER


def test_a_fresh_backup_has_no_problem_and_an_older_one_says_which(keyed, run):
    assert run("keys", "backup", "b").code == 0
    assert (keyed / "b").stat().st_mode & 0o777 == 0o600
    assert run("keys", "restore-check", "b").code == 0
    run("keys", "destroy", "--subject", "1", "--store", "crm", "--yes")
    key = run("keys", "rotate", "crm.customers").out.strip()
    found = run("keys", "restore-check", "b", "--format", "json")
    assert found.code == 1
    document = json.loads(found.out)
    gone = {"kind": "destroyed_since", "use": "subject", "key": keyed.tokens[0][2:10].hex()}
    assert gone in document["problems"]
    assert {"kind": "missing", "use": "data", "key": key} in document["problems"]
    assert document["subjects"] == 2
    assert [event.outcome for event in events(keyed, "key.checked")] == ["done", "failed"]


def test_a_broken_backup_and_another_passphrase_exit_1(keyed, run, monkeypatch):
    run("keys", "backup", "b")
    whole = (keyed / "b").read_text()
    (keyed / "b").write_text(whole[: len(whole) // 2])
    assert run("keys", "restore-check", "b").code == 1
    (keyed / "b").write_text(whole)
    monkeypatch.setenv("GOVERNANCE_BACKUP_PASSPHRASE", "another")
    assert run("keys", "restore-check", "b").code == 1


def test_a_backup_needs_a_passphrase_of_its_own(keyed, run, monkeypatch):
    monkeypatch.setenv("GOVERNANCE_BACKUP_PASSPHRASE", (keyed / ".governance" / "passphrase").read_text())
    assert run("keys", "backup", "b").code == 2
    assert not (keyed / "b").exists()


def test_a_restored_backup_does_not_bring_a_destroyed_person_back(keyed, run):
    key = run("keys", "create", "crm.customers").out.strip()
    run("keys", "backup", "b")
    run("keys", "destroy", "--subject", "1", "--store", "crm", "--yes")
    run("keys", "destroy", "--key", key, "--yes")
    folder = keyed / ".governance"
    for name in ("keyring.json", "subject-keys.db", "subject-keys.db-wal", "subject-keys.db-shm"):
        (folder / name).unlink(missing_ok=True)
    assert "2 persons' keys" in run("keys", "restore-check", "b").out
    found = run("keys", "restore", "b", "--format", "json")
    document = json.loads(found.out)
    assert found.code == 1
    assert document["destroyed_again"] == 2
    assert {"kind": "returned", "use": "subject", "key": keyed.tokens[0][2:10].hex()} in document["problems"]
    assert {"kind": "returned", "use": "data", "key": key} in document["problems"]
    with pytest.raises(DecryptionError):
        read(keyed, 1)
    assert read(keyed, 2) == MARKER
    assert run("keys", "restore-check").code == 0
    assert run("ledger", "verify").code == 0


def test_copies_put_back_by_hand_are_found_by_the_check_too(keyed, run):
    folder = keyed / ".governance"
    names = ("keyring.json", "subject-keys.db", "passphrase")
    copies = {name: (folder / name).read_bytes() for name in names}
    run("keys", "destroy", "--subject", "1", "--store", "crm", "--yes")
    for name, content in copies.items():
        (folder / name).write_bytes(content)
    assert read(keyed, 1) == MARKER
    assert run("keys", "restore-check").code == 1
    with pytest.raises(DecryptionError):
        read(keyed, 1)
    assert run("keys", "restore-check").code == 0


def test_no_marker_and_no_reference_value_is_printed_or_recorded(keyed, run):
    printed = [run("keys", "list"), run("keys", "backup", "b"), run("keys", "restore-check", "b")]
    printed.append(run("keys", "destroy", "--subject", MARKER, "--store", "crm", "--yes"))
    assert printed[-1].code == 2
    assert not any(MARKER in each.out + each.err for each in printed)
    assert MARKER.encode() not in (keyed / "b").read_bytes()
    assert MARKER.encode() not in (keyed / ".governance" / "gov.db").read_bytes()


def test_a_project_under_the_environments_key_starts_and_opens(tmp_path, run, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GOVERNANCE_KEK", raising=False)
    (tmp_path / "governance.yaml").write_text("version: 1\nkeyring: {provider: env}\n")
    found = run("init")
    assert found.code == 2
    assert "GOVERNANCE_KEK" in found.err
    monkeypatch.setenv("GOVERNANCE_KEK", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    assert run("init").code == 0
    assert not (tmp_path / ".governance" / "passphrase").exists()
    assert listed(run)["opened_by"] == ["env"]
    monkeypatch.setenv("GOVERNANCE_NEW_KEK", "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    assert run("keys", "rotate", "--kek").code == 0
    monkeypatch.setenv("GOVERNANCE_KEK", "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    assert run("keys", "rotate", "--drop-old-kek").code == 0
    monkeypatch.setenv("GOVERNANCE_KEK", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    assert run("keys", "list").code == 2
