"""What is loaded when: a light start is a promise to every program that embeds us."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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


def test_a_check_that_finds_something_loads_no_pandas(tmp_path: Path) -> None:
    """pyarrow imports pandas, where it is installed, with the first array made of a list."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "policies").mkdir()
    store = 'stores:\n  crm: {url: "sqlite:///crm.db", migrations: [migrations/]}\n'
    (tmp_path / "governance.yaml").write_text(f"version: 1\n{store}laws: [gdpr]\n")
    (tmp_path / "policies" / "catalog.yaml").write_text("version: 1\nstores:\n  crm: {id: s1, datasets: {}}\n")
    (tmp_path / "migrations" / "1.sql").write_text("CREATE TABLE people (id INTEGER PRIMARY KEY, ssn TEXT);")
    words = ["governance", "--config", str(tmp_path / "governance.yaml"), "check", str(tmp_path / "migrations")]
    program = f"import sys\nsys.argv = {words!r}\nfrom governance.__main__ import run\n"
    program += "try:\n    run()\nexcept SystemExit as end:\n    assert end.code == 1, end.code"
    loaded = _loaded(program)
    assert "pyarrow" in loaded
    assert "pandas" not in loaded
