"""Two worlds that differ only in what the principal may not see, each behind a guard of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from .hands import write_permits
from .worlds import (
    CUSTOMERS,
    FIXTURES,
    KINDS,
    ORDERS,
    WORLDS,
    MakeWorld,
    Opened,
    World,
    create_database,
    drop_database,
    fill,
    guard,
    make_models,
)


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[MakeWorld]:
    """Makes a guarded world in SQLite; several have files of their own."""
    made: list[World] = []

    def make(customers: Any = CUSTOMERS, orders: Any = ORDERS, **more: Any) -> World:
        url = f"sqlite:///{tmp_path / f'world{len(made)}.db'}"
        fill(url, customers, orders)
        made.append(guard(url, **more))
        return made[-1]

    yield make
    for world in made:
        world.store.close()


@pytest.fixture(scope="session")
def sqlite_worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, World]]:
    """The worlds in SQLite, for reading."""
    folder = tmp_path_factory.mktemp("worlds")
    worlds = {}
    for name, (customers, orders) in WORLDS.items():
        fill(f"sqlite:///{folder / name}.db", customers, orders)
        worlds[name] = guard(f"sqlite:///{folder / name}.db")
    yield worlds
    for world in worlds.values():
        world.store.close()


def _server_worlds(server: str) -> Iterator[dict[str, World]]:
    worlds: dict[str, World] = {}
    run = uuid.uuid4().hex[:8]
    for name, (customers, orders) in WORLDS.items():
        url = create_database(server, f"gov_guard_{run}_{name}")
        fill(url, customers, orders)
        worlds[name] = guard(url)
    yield worlds
    for name, world in worlds.items():
        world.store.close()
        drop_database(server, f"gov_guard_{run}_{name}")


@pytest.fixture(scope="session")
def postgres_worlds(postgres_server: str) -> Iterator[dict[str, World]]:
    """The worlds in PostgreSQL, for reading, each a database of its own."""
    yield from _server_worlds(postgres_server)


@pytest.fixture(scope="session")
def mysql_worlds(mysql_server: str) -> Iterator[dict[str, World]]:
    """The worlds in MariaDB, for reading, each a database of its own."""
    yield from _server_worlds(mysql_server)


@pytest.fixture(params=KINDS)
def worlds(request: pytest.FixtureRequest) -> dict[str, World]:
    """The worlds of one kind of store after the other."""
    found: dict[str, World] = request.getfixturevalue(f"{FIXTURES[request.param]}_worlds")
    return found


@pytest.fixture
def models() -> SimpleNamespace:
    """ORM classes over the worlds."""
    return make_models()


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Guards a store until the test ends, however it ends."""
    kept: list[World] = []

    def make(url: str, *parts: Any, **more: Any) -> World:
        kept.append(guard(url, *parts, **more))
        return kept[-1]

    yield make
    for each in kept:
        each.store.close()


@pytest.fixture(scope="session")
def sqlite_writers(sqlite_worlds: dict[str, World]) -> Iterator[dict[str, World]]:
    """The worlds in SQLite, for writing that is rolled back."""
    yield from _writers(sqlite_worlds)


@pytest.fixture(scope="session")
def postgres_writers(postgres_worlds: dict[str, World]) -> Iterator[dict[str, World]]:
    """The worlds in PostgreSQL, for writing that is rolled back."""
    yield from _writers(postgres_worlds)


@pytest.fixture(scope="session")
def mysql_writers(mysql_worlds: dict[str, World]) -> Iterator[dict[str, World]]:
    """The worlds in MariaDB, for writing that is rolled back."""
    yield from _writers(mysql_worlds)


def _writers(worlds: dict[str, World]) -> Iterator[dict[str, World]]:
    made = {name: guard(world.url, permits=write_permits()) for name, world in worlds.items()}
    yield made
    for world in made.values():
        world.store.close()


@pytest.fixture(params=KINDS)
def writers(request: pytest.FixtureRequest) -> dict[str, World]:
    """The worlds of one kind of store after the other, for writing that is rolled back."""
    found: dict[str, World] = request.getfixturevalue(f"{FIXTURES[request.param]}_writers")
    return found
