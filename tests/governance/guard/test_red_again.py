"""An adversary's attacks, kept: what the guard remembers of a statement, when its last run failed on another schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policies.errors import LedgerError, StoreError

from .hands import HandPermits, catalog_store, dataset_permit
from .test_red_schema import SWAP
from .worlds import Opened, World, answer_of, small

FIELDS = {"id": "clear", "name": "clear", "notes": "mask:redact"}
ASKED = "SELECT name FROM people"


@pytest.fixture
def people(tmp_path: Path, opened: Opened) -> World:
    """One person in SQLite; the names are asked for until nothing more is prepared for it."""
    url = f"sqlite:///{tmp_path / 'one.db'}"
    small(
        url, ["CREATE TABLE people (id integer PRIMARY KEY, name text, notes text)"], [(1, "Ann", "SECRET")], "people"
    )
    permits = HandPermits({"people": dataset_permit("people", FIELDS, None)})
    world = opened(url, catalog_store({"people": dict.fromkeys(FIELDS)}), permits=permits)
    for _ in range(3):
        assert world.rows(ASKED)[1] == [("Ann",)]
    return world


def test_a_failure_on_another_schema_is_not_forgotten(people: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver keeps the statement that it prepared anew, whatever became of its first run."""

    def close_soon(*_: Any) -> None:
        raise LedgerError("ledger", found="down", expected="up", next_step="wait")

    small(people.url, SWAP, (), "people")
    with monkeypatch.context() as failing:
        failing.setattr(people.recorder, "close_soon", close_soon)
        with pytest.raises(LedgerError):
            people.rows(ASKED)
    assert "SECRET" not in str(answer_of(people, ASKED))


def test_a_schema_that_could_not_be_read_is_asked_for_again(people: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def take(*_: Any) -> None:
        raise StoreError("store", found="a schema that could not be read", expected="one", next_step="wait")

    small(people.url, SWAP, (), "people")
    with monkeypatch.context() as failing:
        failing.setattr("governance.guard.watch.take_inventory", take)
        with pytest.raises(StoreError):
            people.rows(ASKED)
    assert "SECRET" not in str(answer_of(people, ASKED))
