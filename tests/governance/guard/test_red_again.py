"""An adversary's attacks, kept: what the guard remembers of a statement, when its last run failed on another schema."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from policies.errors import LedgerError, StoreError

from .hands import HandPermits, catalog_store, dataset_permit
from .test_red_raising import HIDDEN_PERSON, PEOPLE, PEOPLE_FIELDS, NeedsConsent
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


class Changing(Sequence[Any]):
    """Parameters of which each look gives another one, of another type at last."""

    def __init__(self, looks: int) -> None:
        self._left = looks

    def __len__(self) -> int:
        return 1

    def __getitem__(self, place: Any) -> Any:
        if place:
            raise IndexError
        self._left -= 1
        return Decimal("0.5") if self._left >= 0 else 0.5


@pytest.mark.parametrize("looks", [1, 2, 3, 4])
def test_parameters_are_looked_at_once(postgres_url: str, opened: Opened, looks: int) -> None:
    """A statement is fenced by what its parameters are sent as."""
    small(postgres_url, PEOPLE, (), "people")
    permits = HandPermits({"people": dataset_permit("people", PEOPLE_FIELDS, None)})
    world = opened(
        postgres_url, catalog_store({"people": dict.fromkeys(PEOPLE_FIELDS)}), permits=permits, predicate=NeedsConsent()
    )
    asked = "SELECT id FROM people WHERE balance > %s ORDER BY id"
    few = answer_of(world, asked, Changing(looks))
    small(postgres_url, [HIDDEN_PERSON], (), "people")
    assert answer_of(world, asked, Changing(looks)) == few


def test_each_text_of_one_plan_is_recorded_as_it_was_written(people: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A use is found again by its statement."""
    monkeypatch.setattr(people.recorder, "statement_hash", lambda text: hashlib.sha256(text.encode()).hexdigest())
    texts = [f"SELECT name FROM people WHERE id = {mark}" for mark in ("?", "?1", "?")]
    for text in texts:
        people.rows(text, (1,))
    told = [each.statement for each in people.recorder.drafts[-3:]]
    assert told == [hashlib.sha256(each.encode()).hexdigest() for each in texts]
