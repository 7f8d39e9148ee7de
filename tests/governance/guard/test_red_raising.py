"""An adversary's attacks, kept: what raises on a hidden row of odd types.

The worlds differ in masked values, in hidden rows, in the order in which rows lie, or in statistics of hidden rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from policies.row_conditions import ExistsIn

from .hands import EU, HandPermits, catalog_store, dataset_permit
from .worlds import Opened, answer_of, guard, small


class NeedsConsent:
    """Rows count only while `gov_consent` names them."""

    def prepare(self, *_: object) -> None:
        """Nothing."""

    def conditions(self, *_: object) -> tuple[ExistsIn, ...]:
        """One."""
        return (ExistsIn("gov_consent", {"subject_key": "id"}, {"purpose": ("support",)}, "consent:x"),)


PEOPLE = (
    (
        'CREATE TABLE people (id bigint PRIMARY KEY, name text, region text COLLATE "C", balance numeric,'
        ' score double precision, doc json, big bigint, o oid, a text COLLATE "C", b text COLLATE "POSIX")'
    ),
    "CREATE TABLE gov_consent (subject_key bigint, purpose text)",
    "INSERT INTO gov_consent VALUES (1, 'support'), (2, 'support')",
    (
        """INSERT INTO people VALUES (1, 'Ann', 'EU', 1, 1.0, '{"a": "x"}', 1, 1, 'x', 'x'),"""
        """ (2, 'Bob', 'EU', 2, 2.0, '{"a": "x"}', 1, 1, 'x', 'y')"""
    ),
)
HIDDEN_PERSON = (
    """INSERT INTO people VALUES (9, 'Zed', 'US', 1e400, 1.0, '{"a": "\\u0000"}', 99999999999, 1, 'q', 'q')"""
)
PEOPLE_FIELDS = dict.fromkeys(["id", "name", "region", "balance", "score", "doc", "big", "o", "a", "b"], "clear")
RAISING: Mapping[str, tuple[str, Any]] = {
    "json-arrow": ("(doc -> 'a') IS NOT NULL", None),
    "json-text": ("doc ->> 'a' = 'x'", None),
    "collations-less": ("id > 5 AND a < b", None),
    "collations-equal": ("id > 5 AND a = b", None),
    "collations-in": ("id > 5 AND coalesce(a, b) IN ('q', 'r')", None),
    "collations-lower": ("id > 5 AND lower(coalesce(a, b)) = 'q'", None),
    "collations-prefix": ("id > 5 AND starts_with(coalesce(a, b), 'q')", None),
    "collations-strpos": ("id > 5 AND strpos(coalesce(a, b), 'q') > 0", None),
    "numeric-double": ("balance > score", None),
    "numeric-in": ("balance IN (score, 5)", None),
    "numeric-between": ("balance BETWEEN 0 AND score", None),
    "numeric-distinct": ("balance IS DISTINCT FROM score", None),
    "numeric-nullif": ("nullif(balance, score) IS NULL", None),
    "numeric-greatest": ("greatest(balance, score) > 0", None),
    "numeric-row": ("(balance, 1) > (score, 0)", None),
    "numeric-parameter": ("balance > %s", (0.5,)),
    "numeric-parameter-fenced": ("balance > %s AND 1 / id < 5", (0.5,)),
    "numeric-parameter-array": ("balance = ANY(%s)", ([0.5],)),
    "numeric-exists": ("EXISTS (SELECT 1 FROM people q WHERE q.balance > q.score AND q.id = people.id)", None),
    "oid": ("big = o", None),
    "pattern-parameter": ("name LIKE %s", ("a\\",)),
    "division": ("1 / (id - 9) < 5", None),
    "cast": ("CAST(name AS DATE) IS NULL", None),
    "right": ("right(name, -2147483648) = ''", None),
}
PERMITS = {"region": EU, "either": 'region == principal.region or region == "XX" or name == "q"', "consent": None}


@pytest.fixture(scope="module")
def people_answers(postgres_module_url: str) -> Iterator[dict[tuple[str, str], tuple[Any, Any]]]:
    """What a condition on people gives before and after a hidden person came."""
    engine = sa.create_engine(postgres_module_url)
    with engine.begin() as connection:
        for statement in PEOPLE:
            connection.exec_driver_sql(statement)
    worlds = {
        name: guard(
            postgres_module_url,
            catalog_store({"people": dict.fromkeys(PEOPLE_FIELDS)}),
            permits=HandPermits({"people": dataset_permit("people", PEOPLE_FIELDS, rows)}),
            **({"predicate": NeedsConsent()} if rows is None else {}),
        )
        for name, rows in PERMITS.items()
    }

    def ask() -> dict[tuple[str, str], Any]:
        return {
            (permit, form): answer_of(world, f"SELECT id FROM people WHERE {condition} ORDER BY id", parameters)
            for permit, world in worlds.items()
            for form, (condition, parameters) in RAISING.items()
        }

    before = ask()
    with engine.begin() as connection:
        connection.exec_driver_sql(HIDDEN_PERSON)
    after = ask()
    yield {key: (before[key], after[key]) for key in before}
    for world in worlds.values():
        world.store.close()
    engine.dispose()


@pytest.mark.parametrize("form", RAISING)
def test_hidden_row_raises_nothing(people_answers: dict[tuple[str, str], tuple[Any, Any]], form: str) -> None:
    assert {permit: people_answers[permit, form][1] for permit in PERMITS} == {
        permit: people_answers[permit, form][0] for permit in PERMITS
    }


def test_a_format_of_a_hidden_row_that_grows_too_big_raises_nothing(tmp_path: Path, opened: Opened) -> None:
    """SQLite asks for consent last of all; a format writes nine characters for two."""
    url = f"sqlite:///{tmp_path / 'one.db'}"
    ddl = (
        "CREATE TABLE people (id integer PRIMARY KEY, name text)",
        "CREATE TABLE gov_consent (subject_key integer, purpose text)",
        "INSERT INTO gov_consent VALUES (1, 'support')",
    )
    small(url, ddl, [(1, "%Y")], "people")
    fields = {"id": "clear", "name": "clear"}
    permits = HandPermits({"people": dataset_permit("people", fields, None)})
    world = opened(url, catalog_store({"people": dict.fromkeys(fields)}), permits=permits, predicate=NeedsConsent())
    asked = "SELECT id FROM people WHERE strftime(name, '2024-05-06') = '2024'"
    assert world.rows(asked)[1] == [(1,)]
    small(
        url,
        [
            "INSERT INTO people VALUES (2, '%J')",
            "UPDATE people SET name = replace(hex(zeroblob(2000000)), '0', '%J') WHERE id = 2",
        ],
        (),
        "people",
    )
    assert world.rows(asked)[1] == [(1,)]
