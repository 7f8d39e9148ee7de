from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from governance.installation import NEIGHBOURS, refuse_intruders


def test_our_own_packages_are_accepted() -> None:
    refuse_intruders()


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_a_strangers_package_is_named_and_nothing_runs(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("raise SystemExit('the stranger ran')\n")
    done = subprocess.run(
        [sys.executable, "-m", "governance", "--version"], cwd=tmp_path, text=True, capture_output=True, check=False
    )
    assert done.returncode == 2
    assert f"package `{name}`: found {tmp_path / name}" in done.stderr
    assert "the stranger ran" not in done.stderr


def test_the_library_refuses_too(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "__init__.py").write_text("")
    code = "import governance\ngovernance.Governance"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, text=True, capture_output=True, check=False)
    assert "ImportError: package `policies`: found" in done.stderr


def test_a_folder_of_yaml_files_is_no_intruder(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "access.csv").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "governance", "--version"], cwd=tmp_path, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
