"""The carried attacks: each gets equal rows, names, counts and error texts in worlds that differ in hidden things."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .worlds import leaks, outcome, translated

ATTACKS = [json.loads(line) for line in Path(__file__).with_name("attacks.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda each: each["id"])
def test_attack_learns_nothing(attack, request):
    worlds = request.getfixturevalue("sqlite_worlds" if attack["dialect"] == "sqlite" else "postgres_worlds")
    assert leaks(worlds, attack["code"], attack["form"]) == []
    print(attack["id"], outcome(worlds["base"], attack["code"], attack["form"]))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda each: each["id"])
def test_attack_learns_nothing_in_mariadb(attack, mysql_worlds):
    """As it stands, and in the words of MariaDB where it is a statement that another store's grammar can read."""
    for code in dict.fromkeys((attack["code"], translated(attack["code"], attack["dialect"]))):
        assert leaks(mysql_worlds, code, attack["form"]) == []
