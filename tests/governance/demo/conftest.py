"""The demo store, built once for this folder's tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.app import Governance
from governance.cli.project_option import actor
from governance.demo.project import ensure_demo
from governance.demo.store import BuiltStore, build_store


@pytest.fixture(scope="session")
def demo_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("demo") / "crm.db"
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def built(demo_url: str) -> BuiltStore:
    return build_store(demo_url)


@pytest.fixture
def demo(built: BuiltStore, demo_url: str):
    assert built.rows
    engine = sa.create_engine(demo_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo project of 300 customers that nobody has used since it was made."""
    folder = tmp_path_factory.mktemp("demo") / "project"
    assert ensure_demo(folder, customers=300, seed=7, owner=actor(), env={}, say=lambda _: None)
    return folder


@pytest.fixture
def gov(small_demo: Path, tmp_path: Path) -> Iterator[Governance]:
    """A copy of it, opened."""
    folder = Path(shutil.copytree(small_demo, tmp_path / "copy"))
    with Governance.open(folder / "governance.yaml", env={}) as opened:
        yield opened
