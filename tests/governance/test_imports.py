"""What is loaded when: a light start is a promise to every program that embeds us."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "spacy",
    "presidio_analyzer",
    "presidio_anonymizer",
    "pyarrow",
    "casbin",
    "sqlglot",
    "alembic",
    "jinja2",
    "rich",
)


def _loaded(program: str) -> set[str]:
    code = f"{program}\nimport sys, json\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_import_governance_loads_no_other_package_of_ours_and_nothing_heavy() -> None:
    loaded = _loaded("import governance")
    assert not loaded & {*HEAVY, "sqlalchemy", "pydantic", "audits", "connectors", "policies"}


def test_help_loads_nothing_heavy() -> None:
    program = "from governance.cli.main import main\nassert main(['--help']) == 0"
    assert not _loaded(program) & {*HEAVY, "sqlalchemy", "pydantic"}


def test_opening_a_project_loads_no_spacy_and_no_report() -> None:
    assert not _loaded("from governance import Governance") & {"spacy", "presidio_analyzer", "jinja2", "audits"}


def test_public_names_come_from_their_homes() -> None:
    import governance

    for name in governance.__all__:
        assert getattr(governance, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    import governance

    with pytest.raises(AttributeError, match="Gouvernance"):
        governance.Gouvernance  # noqa: B018 the access is the test
