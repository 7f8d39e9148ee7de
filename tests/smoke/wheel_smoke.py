"""Build the wheel, install it in an empty environment in another folder, and use it there with no network.

The other folder holds a `policies/` of its own, as users' projects do. Run by `make smoke`; prints what it saw.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NO_NETWORK = """
import socket

def _refuse(self, address, *rest):
    raise OSError("no network in this test")

socket.socket.connect = _refuse
socket.socket.connect_ex = _refuse
"""


def run(*command: str | Path, cwd: Path, code: int = 0, env: dict[str, str] | None = None) -> str:
    """Run a command and give its standard output; fail loudly on another exit code than the one expected."""
    words = [str(each) for each in command]
    done = subprocess.run(words, cwd=cwd, env=env, text=True, capture_output=True, check=False)
    if done.returncode != code:
        sys.exit(f"{command}: exit {done.returncode} instead of {code}\n{done.stdout}\n{done.stderr}")
    return done.stdout + (done.stderr if code else "")


def make_environment(folder: Path) -> Path:
    """An empty environment with the pinned packages and the wheel, and no network at run time."""
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", cwd=ROOT)
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--require-hashes", "-r", ROOT / "requirements.lock", cwd=folder)
    run(*pip, "--no-deps", next((folder / "dist").glob("*.whl")), cwd=folder)
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    Path(site, "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    return folder / "venv" / "bin"


def make_project(folder: Path) -> Path:
    """A folder with a small store and a `policies` folder of its own."""
    project = folder / "elsewhere"
    (project / "policies").mkdir(parents=True)
    with sqlite3.connect(project / "crm.db") as store:
        store.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, mobile TEXT, acid_level REAL)")
        rows = [(n, f"person{n}@example.org", f"1391000{n:04d}", n / 7) for n in range(200)]
        store.executemany("INSERT INTO customers VALUES (?, ?, ?, ?)", rows)
    store.close()
    return project


def main() -> None:
    """Run the whole smoke test."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        binaries = make_environment(folder)
        project = make_project(folder)
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "GOVERNANCE"))}
        scan = ("scan", "--url", "sqlite:///crm.db", "--format", "json")
        found = json.loads(run(binaries / "governance", *scan, cwd=project, env=environment))
        fields = {each["field"]: each["label"] for each in found["stores"][0]["datasets"][0]["fields"]}
        assert fields["email"]["entity"] == "EMAIL_ADDRESS", fields["email"]
        assert fields["mobile"]["entity"] == "PHONE_NUMBER", fields["mobile"]
        assert fields["acid_level"] is None, fields["acid_level"]
        print("scan --url in another folder, without network: labels as expected")

        html = run(binaries / "governance", *scan[:-1], "html", "--lang", "zh-Hant", cwd=project, env=environment)
        assert html.lower().startswith("<!doctype html>"), html[:80]
        run(binaries / "governance", "init", "fresh", cwd=project, env=environment)
        run(binaries / "governance", "policy", "lint", cwd=project / "fresh", env=environment)
        print("templates, words and packs came with the wheel")

        (project / "policies" / "__init__.py").write_text("", encoding="utf-8")
        said = run(binaries / "python", "-m", "governance", *scan, cwd=project, env=environment, code=2)
        assert f"package `policies`: found {project / 'policies'}" in said, said
        print("a foreign `policies` package is named as the intruder, exit 2")
        run(binaries / "governance", *scan, cwd=project, env=environment)
        print("the script is not misled by it")


if __name__ == "__main__":
    main()
