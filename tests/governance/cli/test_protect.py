"""A column of a project is encrypted, read, put under a new key and decrypted again, from the command line."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from governance import Governance
from governance.protect.keyring.passphrase import PassphraseProvider


@pytest.fixture(autouse=True)
def _cheap(monkeypatch):
    monkeypatch.setitem(PassphraseProvider.__init__.__kwdefaults__, "scrypt_n", 2**14)


def cells(project: Path, name: str) -> list:
    with sqlite3.connect(project / "crm.db") as store:
        found = [row[0] for row in store.execute(f"SELECT {name} FROM customers ORDER BY id")]
    store.close()
    return found


def planned(run, project: Path, *words: str) -> str:
    path = str(project / "plan.json")
    found = run("protect", *words, "--format", "json", "--output", path)
    assert found.code == 0, found.err
    return path


def carried_out(run, project: Path, *words: str) -> dict:
    found = run("protect", "run", "--plan", planned(run, project, *words), "--format", "json")
    assert found.code == 0, found.err
    return json.loads(found.out)


def test_a_column_goes_there_gets_a_new_key_and_comes_back(project: Path, run) -> None:
    config = project / "governance.yaml"
    config.write_text(config.read_text() + "protection: {encrypt_from: confidential}\n")
    before = cells(project, "phone")
    todo = json.loads(run("protect", "plan", "crm", "--format", "json").out)["fields"]
    assert {"field": "crm.customers.phone", "why": "required", "cells": 40}.items() <= next(
        each.items() for each in todo if each["field"].endswith("phone")
    )
    done = carried_out(run, project, "encrypt", "crm", "customers", "phone")
    assert done["state"] == "done"
    assert {type(cell) for cell in cells(project, "phone")} == {bytes}
    with Governance.open(project / "governance.yaml") as gov:
        field = next(entry for ref, entry in gov.catalog.walk() if ref.field == "phone")
        assert field.encrypted
        with gov.session("crm", principal="alice", purpose="support") as db:
            from sqlalchemy import text

            assert set(db.execute(text("SELECT phone FROM customers")).scalars()) == {None}  # masked only: not opened
    assert run("keys", "rotate", "crm.customers").code == 0
    todo = run("protect", "plan", "crm")
    assert "protect rotate crm customers phone" in todo.out
    done = carried_out(run, project, "rotate", "crm", "customers", "phone")
    assert [each["done"] for each in done["steps"]] == [40]
    assert run("protect", "status", "crm", "--format", "json").code == 0
    done = carried_out(run, project, "decrypt", "crm", "customers", "phone")
    assert done["state"] == "done"
    assert cells(project, "phone") == before
    with Governance.open(project / "governance.yaml") as gov:
        assert not next(entry for ref, entry in gov.catalog.walk() if ref.field == "phone").encrypted
    jobs = json.loads(run("job", "list", "--format", "json").out)["jobs"]
    assert {each["kind"] for each in jobs} >= {"protect.encrypt", "protect.rotate", "protect.decrypt"}
    for each in jobs:
        assert run("job", "certificate", each["id"]).code == 0
    assert run("ledger", "verify").code == 0


@pytest.mark.parametrize("lang", ["en", "zh-Hans", "zh-Hant"])
def test_a_plan_is_told_and_changes_nothing(project: Path, run, lang: str) -> None:
    before = cells(project, "phone")
    found = run("protect", "encrypt", "crm", "customers", "phone", "--lang", lang)
    assert found.code == 0
    assert "crm.customers.phone" in found.out
    assert "7654321" not in found.out
    assert cells(project, "phone") == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("encrypt", "crm", "customers", "id"), 2),
        (("encrypt", "crm", "customers", "nothing"), 2),
        (("encrypt", "erp", "customers", "phone"), 2),
        (("decrypt", "crm", "customers", "phone"), 2),
    ],
)
def test_what_cannot_be_converted_exits_two_and_says_why(project: Path, run, words: tuple[str, ...], code: int) -> None:
    found = run("protect", *words)
    assert found.code == code
    assert "Next:" in found.err


def test_a_plan_that_was_changed_or_is_of_another_kind_is_refused(project: Path, run) -> None:
    path = Path(planned(run, project, "encrypt", "crm", "customers", "phone"))
    path.write_text(path.read_text().replace('"phone"', '"email"'))
    assert run("protect", "run", "--plan", str(path)).code != 0
    path.write_text("{}")
    assert run("protect", "run", "--plan", str(path)).code != 0
    assert {type(cell) for cell in cells(project, "email")} == {str}


def test_a_field_under_persons_keys_is_gone_for_every_reader_once_a_key_is_destroyed(project: Path, run) -> None:
    access = project / "policies" / "access.csv"
    access.write_text(access.read_text() + "\np, support, support, read, crm.customers.phone, clear, allow,\n")
    before = cells(project, "phone")[0]
    done = carried_out(run, project, "encrypt", "crm", "customers", "phone", "--key", "subject")
    assert done["state"] == "done"

    def seen() -> dict[int, str | None]:
        with Governance.open(project / "governance.yaml") as gov:
            assert next(entry for ref, entry in gov.catalog.walk() if ref.field == "phone").encrypted == "subject"
        words = ("query", "crm", "SELECT id, phone FROM customers", "--as", "alice", "--purpose", "support")
        found = run(*words, "--format", "json")
        assert found.code == 0, found.err
        return {row["id"]: row["phone"] for row in json.loads(found.out)}

    assert seen()[1] == before
    assert run("keys", "destroy", "--subject", "1", "--store", "crm", "--yes").code == 0
    assert (seen()[1], seen()[2]) == (None, before)
    again = json.loads(run("protect", "plan", "crm", "--format", "json").out)["fields"]
    assert not [each for each in again if each["why"] == "not_by_person"]


def test_tokens_of_a_field_of_persons_under_the_datasets_key_are_named(project: Path, run) -> None:
    carried_out(run, project, "encrypt", "crm", "customers", "phone")
    catalog = project / "policies" / "catalog.yaml"
    catalog.write_text(catalog.read_text().replace("encrypted: true", "encrypted: subject"))
    assert run("protect", "status", "crm", "--fail-on", "bad").code == 1
    (todo,) = json.loads(run("protect", "plan", "crm", "--format", "json").out)["fields"]
    assert (todo["why"], todo["cells"]) == ("not_by_person", 40)
    carried_out(run, project, *todo["command"].split()[2:])
    assert run("protect", "status", "crm", "--fail-on", "bad").code == 0
    assert json.loads(run("keys", "list", "--format", "json").out)["subjects"]["active"] == 40
