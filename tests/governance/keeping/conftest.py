"""A project with lapsed and loyal customers, whose clock stands in November 2026."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
import uuid
from pathlib import Path
from types import SimpleNamespace

import pytest

from governance.app import Governance

NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)


class Clock:
    """A clock that a test moves on."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def project(shared_project, tmp_path, monkeypatch):
    """A copy of one project that was made once for the file; the process stands in its folder."""
    shutil.copytree(shared_project, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def shop(project):
    """The project's folder, rules and store, to be changed by a test."""

    def rules(text):
        (project / "policies" / "retention.yaml").write_text(f"version: 1\n{text}", encoding="utf-8")

    def add(name, text):
        path = project / "policies" / name
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")

    def sql(statement, *values):
        with sqlite3.connect(project / "crm.db") as store:
            found = store.execute(statement, values).fetchall()
        store.close()
        return found

    return SimpleNamespace(folder=project, rules=rules, add=add, sql=sql, store=Path(project / "crm.db"), clock=Clock())


@pytest.fixture
def gov(shop):
    """The project, opened; its clock is the shop's."""
    with Governance.open("governance.yaml", clock=shop.clock, new_id=lambda: uuid.uuid4().hex) as opened:
        yield opened
