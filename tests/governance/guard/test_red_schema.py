"""An adversary's attacks, kept: collations, JSON paths, columns that change places, tokens.

The worlds differ in masked values, in hidden rows, in the order in which rows lie, or in statistics of hidden rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from policies.errors import AccessRefusedError, SchemaDriftError, StatementRefusedError

from .hands import EU, HandPermits, catalog_store, dataset_permit
from .worlds import KINDS, Opened, answer_of, fresh_url, small


@pytest.mark.parametrize(
    "rows", ["region == principal.region", 'region in ("EU", "CH")', 'not (region != "EU")', 'region == "EU"']
)
def test_text_compares_binary_whatever_the_collation(postgres_url: str, opened: Opened, rows: str) -> None:
    ddl = (
        "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
        "CREATE TABLE people (id integer PRIMARY KEY, region text COLLATE ci)",
    )
    small(postgres_url, ddl, [(1, "EU"), (2, "eu"), (3, "US")], "people")
    fields = {"id": "clear", "region": "clear"}
    permits = HandPermits({"people": dataset_permit("people", fields, rows)})
    world = opened(postgres_url, catalog_store({"people": dict.fromkeys(fields)}), permits=permits)
    assert world.rows("SELECT id FROM people")[1] == [(1,)]


@pytest.mark.parametrize(
    "rows", ["region == principal.region", 'region in ("EU", "CH")', 'not (region != "EU")', 'region == "EU"']
)
def test_text_compares_binary_in_mariadb(mysql_url: str, opened: Opened, rows: str) -> None:
    ddl = "CREATE TABLE people (id integer PRIMARY KEY, region varchar(10), KEY (region)) COLLATE utf8mb4_general_ci"
    small(mysql_url, [ddl], [(1, "EU"), (2, "eu"), (3, "EU "), (4, "E\u00fc"), (5, "US")], "people")
    fields = {"id": "clear", "region": "clear"}
    permits = HandPermits({"people": dataset_permit("people", fields, rows)})
    world = opened(mysql_url, catalog_store({"people": dict.fromkeys(fields)}), permits=permits)
    assert world.rows("SELECT id FROM people")[1] == [(1,)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_masked_json_path_is_not_shown_by_its_column(
    request: pytest.FixtureRequest, tmp_path: Path, opened: Opened, kind: str
) -> None:
    url = fresh_url(request, kind, tmp_path)
    small(url, ["CREATE TABLE people (id integer PRIMARY KEY, profile JSON)"], [(1, '{"mail": "ann@x.io"}')], "people")
    fields = {"id": "clear", "profile": "clear", "profile:mail": "mask:redact"}
    permits = HandPermits({"people": dataset_permit("people", fields, None)})
    world = opened(url, catalog_store({"people": dict.fromkeys(fields)}), permits=permits)
    assert "ann@x.io" not in str(answer_of(world, "SELECT * FROM people"))


SWAP = (
    "ALTER TABLE people RENAME COLUMN notes TO other",
    "ALTER TABLE people RENAME COLUMN name TO notes",
    "ALTER TABLE people RENAME COLUMN other TO name",
)
DRIFTS: Mapping[str, tuple[tuple[str, ...], bool]] = {
    "swap-at-once": (SWAP, False),
    "swap-in-steps": (SWAP, True),
    "view-in-place": (
        ("ALTER TABLE people RENAME TO old", "CREATE VIEW people AS SELECT id, notes AS name, name AS notes FROM old"),
        False,
    ),
    "view-in-steps": (
        ("ALTER TABLE people RENAME TO old", "CREATE VIEW people AS SELECT id, notes AS name, name AS notes FROM old"),
        True,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", sorted(DRIFTS))
def test_swapped_columns_close_the_dataset(
    request: pytest.FixtureRequest, tmp_path: Path, opened: Opened, kind: str, form: str
) -> None:
    url = fresh_url(request, kind, tmp_path)
    ddl = "CREATE TABLE people (id integer PRIMARY KEY, name text, notes text)"
    small(url, [ddl], [(1, "Ann", "SECRET")], "people")
    fields = {"id": "clear", "name": "clear", "notes": "mask:redact"}
    permits = HandPermits({"people": dataset_permit("people", fields, None)})
    catalog = catalog_store({"people": {"id": "integer", "name": "string", "notes": "string"}})
    world = opened(url, catalog, permits=permits, schema_check_seconds=0)
    assert world.rows("SELECT name FROM people")[1] == [("Ann",)]
    for step in DRIFTS[form][0]:
        small(url, [step], (), "people")
        if DRIFTS[form][1]:
            answer_of(world, "SELECT name FROM people")
    with pytest.raises((SchemaDriftError, AccessRefusedError)):
        world.rows("SELECT name FROM people")


class Opener:
    """Opens tokens of the form `noise|value`."""

    def decrypt_column(self, _: object, tokens: Sequence[Any], __: object) -> list[str]:
        """The values."""
        return [bytes(each).decode().partition("|")[2] for each in tokens]


SEALED = {
    "order": "SELECT id, d AS e FROM safe ORDER BY e",
    "order-limit": "SELECT id, d AS e FROM safe ORDER BY e LIMIT 1",
    "where": "SELECT id, d AS e FROM safe WHERE hex(e) LIKE '41%'",
    "order-field": "SELECT id, d AS e FROM safe ORDER BY d",
    "order-place": "SELECT id, d AS e FROM safe ORDER BY 2",
    "derived": "SELECT x.e FROM (SELECT d AS e FROM safe) x ORDER BY 1",
    "distinct": "SELECT DISTINCT d AS e FROM safe",
    "group": "SELECT d AS e, count(*) FROM safe GROUP BY e",
}
"""Statements that may not tell of tokens."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", sorted(SEALED))
def test_tokens_of_the_same_values_are_not_told_apart(
    request: pytest.FixtureRequest, tmp_path: Path, opened: Opened, kind: str, form: str
) -> None:
    statement = SEALED[form]
    url, fields = fresh_url(request, kind, tmp_path), dict.fromkeys(["id", "region", "d"], "clear")
    catalog = catalog_store({"safe": dict.fromkeys(fields)})
    entry = catalog.datasets["safe"].fields["d"].model_copy(update={"encrypted": True})
    dataset = catalog.datasets["safe"].model_copy(update={"fields": {**catalog.datasets["safe"].fields, "d": entry}})
    catalog = catalog.model_copy(update={"datasets": {"safe": dataset}})
    binary = "bytea" if kind == "postgresql" else "blob"
    ddl = f"CREATE TABLE safe (id integer PRIMARY KEY, region varchar(10), d {binary})"
    told = []
    for tokens in ((b"A|x", b"B|y"), (b"Z|x", b"B|y")):
        small(url, ["DROP TABLE IF EXISTS safe", ddl], [(1, "EU", tokens[0]), (2, "EU", tokens[1])], "safe")
        permits = HandPermits({"safe": dataset_permit("safe", fields, EU)})
        told.append(str(answer_of(opened(url, catalog, permits=permits, decryptor=Opener()), statement)))
    assert told[0] == told[1]


def test_a_swap_between_check_and_run_is_noticed(
    tmp_path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'one.db'}"
    ddl = "CREATE TABLE people (id integer PRIMARY KEY, name text, notes text)"
    small(url, [ddl], [(1, "Ann", "SECRET")], "people")
    fields = {"id": "clear", "name": "clear", "notes": "mask:redact"}
    permits = HandPermits({"people": dataset_permit("people", fields, None)})
    world = opened(url, catalog_store({"people": dict.fromkeys(fields)}), permits=permits)
    decide = world.recorder.decide

    def swap_first(draft: Any) -> Any:
        small(url, SWAP, (), "people")
        return decide(draft)

    monkeypatch.setattr(world.recorder, "decide", swap_first)
    assert "SECRET" not in str(answer_of(world, "SELECT name FROM people"))


def test_two_tables_of_one_policy_name_are_closed(postgres_url: str, opened: Opened) -> None:
    ddl = [
        "CREATE SCHEMA sales",
        "CREATE TABLE sales.people (id integer PRIMARY KEY, name text)",
        "INSERT INTO sales.people VALUES (1, 'Ann')",
    ]
    small(postgres_url, ddl, (), "people")
    fields = {"id": "clear", "name": "clear"}
    permits = HandPermits({"sales.people": dataset_permit("sales.people", fields, None)})
    catalog = catalog_store({"sales.people": dict.fromkeys(fields)})
    assert opened(postgres_url, catalog, permits=permits).rows("SELECT name FROM sales.people")[1] == [("Ann",)]
    other = ['CREATE TABLE public."sales.people" (id integer PRIMARY KEY, name text)']
    small(postgres_url, [*other, """INSERT INTO public."sales.people" VALUES (1, 'SECRET')"""], (), "people")
    world = opened(postgres_url, catalog, permits=permits)
    for asked in ("SELECT name FROM sales.people", 'SELECT name FROM "sales.people"'):
        with pytest.raises((SchemaDriftError, StatementRefusedError)):
            world.rows(asked)
