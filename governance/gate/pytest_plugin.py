"""The pytest plugin: the fixture `assert_schema_governed`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sqlalchemy import MetaData

Assert = Callable[..., None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--governance-config`."""
    parser.addoption(
        "--governance-config", default="governance.yaml", help="The governance.yaml that schemas are checked against."
    )


@pytest.fixture
def assert_schema_governed(request: pytest.FixtureRequest) -> Assert:
    """Fail the test when a MetaData has what catalog and policies do not provide for.

        assert_schema_governed(Base.metadata)
        assert_schema_governed(Base.metadata, store="crm", base=released.metadata)

    `store` may be left out where governance.yaml has one. Warnings do not fail.
    """
    path = Path(str(request.config.getoption("--governance-config")))
    whole = path if path.is_absolute() else request.config.rootpath / path

    def check(metadata: MetaData, *, store: str | None = None, base: MetaData | None = None) -> None:
        from governance.gate.forms.text import text_form
        from governance.gate.metadata import check_metadata
        from governance.gate.project import open_project
        from policies.vocabulary import Words

        project = open_project(whole, dt.datetime.now(dt.UTC).date())
        stores = list(project.config.stores)
        named = store if store is not None else stores[0] if len(stores) == 1 else ""
        if named not in stores:
            pytest.fail(f"name the store: one of {', '.join(sorted(stores))}", pytrace=False)
        result = check_metadata(metadata, named, project, base=base)
        if result.failed:
            pytest.fail(text_form(result, Words("en")), pytrace=False)

    return check
