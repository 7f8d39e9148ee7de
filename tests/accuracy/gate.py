"""Write `docs/gate-accuracy.md`: `governance check` on the migrations of two large projects, beside squawk.

    python tests/accuracy/gate.py WHEELS

WHEELS is a folder with the wheels of apache-superset, apache-airflow and squawk-cli, as `pip download --no-deps` leaves
them; nothing of them is installed or run but squawk's own program. The verdicts on alarms are people's and stand below;
an alarm without a verdict stops the writing.
"""

from __future__ import annotations

import collections
import datetime as dt
import json
import os
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from governance.gate.check import check
from governance.gate.finding import GateFinding
from governance.gate.project import CheckProject, project_of
from governance.gate.result import CheckResult
from policies.catalog import Catalog
from policies.config import GovernanceConfig

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "gate-accuracy.md"
EVENTS = ROOT.parent / "shared" / "data" / "migrations"
DAY = dt.date(2026, 11, 22)
PROJECTS = {"superset": "apache_superset", "airflow": "apache_airflow"}
FALSE = frozenset({"custom_operator_name"})
"""Fields of alarms that a person judged to be false: the name of a class of programs, not of a person."""
TRUE = frozenset(
    {
        "access_token", "email", "first_name", "last_name", "login", "password", "private_key", "private_key_password",
        "refresh_token", "session_id", "username",
    }
)  # fmt: skip
"""Fields of alarms that a person judged to be right: of users, or what opens accounts and sessions."""
EXAMPLE = """ALTER TABLE customers ADD COLUMN ssn varchar(11);
ALTER TABLE customers ADD COLUMN religion text;
GRANT SELECT ON customers TO PUBLIC;
"""


def main(wheels: Path) -> None:
    """Measure and write."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        found = {name: _checked(name, _unpacked(wheels, wheel, folder / name)) for name, wheel in PROJECTS.items()}
        events = {name: _events(name, folder) for name in PROJECTS if (EVENTS / f"{name}.jsonl").exists()}
        squawk = _squawk(wheels, folder)
        PAGE.write_text(_page(wheels, found, events, squawk, folder), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


def _unpacked(wheels: Path, wheel: str, folder: Path) -> Path:
    """The folder of revisions of a wheel."""
    (path,) = [each for each in wheels.glob(f"{wheel}-*.whl") if _has_versions(each)]
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.endswith(".py")])
    return next(folder.rglob("versions"))


def _has_versions(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return any("/versions/" in name for name in archive.namelist())


def _project(root: Path, folder: Path) -> CheckProject:
    stores = {"app": {"url": "postgresql://h/d", "migrations": (folder.relative_to(root).as_posix(),)}}
    config = GovernanceConfig.model_validate({"version": 1, "laws": ("gdpr", "pipl"), "stores": stores})
    return project_of(Catalog(), config, root, DAY)


def _checked(name: str, versions: Path) -> tuple[CheckResult, int, float]:
    """The result, how many revisions there are, and the seconds of CPU."""
    root = [each for each in versions.parents if each.name == name][-1]
    begun = _cpu()
    result = check([], _project(root, versions))
    spent = _cpu() - begun
    return result, sum(1 for each in versions.glob("*.py") if each.name != "__init__.py"), spent


def _events(name: str, folder: Path) -> tuple[CheckResult, int]:
    """The same for the events that were read off the revisions once, written as SQL."""
    place = folder / f"{name}-events"
    count = 0
    for line in (EVENTS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        path = place / "sql" / f"{event['order']:04}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(_statement(each) for each in event["ops"]), encoding="utf-8")
        count += 1
    return check([], _project(place, place / "sql")), count


def _statement(event: Mapping[str, str | None]) -> str:
    """An event as SQL of PostgreSQL: a table that is created gets its fields one by one, as the events have them."""
    table, column = event["table"], event["column"]
    if event["op"] in ("add_column", "create_table") and table and column:
        return f'ALTER TABLE "{table}" ADD COLUMN "{column}" {_type(event["type"] or "")};\n'
    if event["op"] == "drop_column" and table and column:
        return f'ALTER TABLE "{table}" DROP COLUMN "{column}";\n'
    return f'DROP TABLE "{table}";\n' if event["op"] == "drop_table" and table else ""


def _type(text: str) -> str:
    kinds = {"Bool": "boolean", "DateTime": "timestamp", "Date": "date", "BigInt": "bigint", "Int": "integer"}
    kinds |= {"Float": "float8", "JSON": "jsonb", "Binary": "bytea", "TIMESTAMP": "timestamp"}
    return next((kind for sign, kind in kinds.items() if sign in text), "text")


def _squawk(wheels: Path, folder: Path) -> Path:
    (wheel,) = wheels.glob("squawk_cli-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        name = next(each for each in archive.namelist() if each.endswith("/squawk"))
        path = Path(archive.extract(name, folder))
    path.chmod(0o755)
    return path


def _issues(squawk: Path, paths: list[Path]) -> collections.Counter[str]:
    done = subprocess.run(
        [str(squawk), "--reporter", "json", *map(str, paths)], capture_output=True, text=True, check=False,
        env={**os.environ, "SQUAWK_DISABLE_GITHUB": "1"},
    )  # fmt: skip
    return collections.Counter(each["rule_name"] for each in json.loads(done.stdout or "[]"))


def _about_data(issues: Mapping[str, int]) -> int:
    """The issues of rules whose name says that they are about what data is, or about who may read it."""
    words = ("grant", "mask", "personal", "pii", "privacy", "public", "privilege", "sensitive")
    return sum(count for rule, count in issues.items() if any(word in rule for word in words))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _alarms(result: CheckResult) -> list[GateFinding]:
    return [each for each in result.findings if each.rule != "GOV002"]


def _false(result: CheckResult) -> int:
    """How many alarms are false; raises for one that nobody judged."""
    fields = [each.field for each in _alarms(result)]
    unjudged = set(fields) - TRUE - FALSE
    if unjudged:
        raise SystemExit(f"no verdict on {sorted(unjudged)}")
    return sum(each in FALSE for each in fields)


def _understood(result: CheckResult) -> str:
    """The share of operations, statements and calls that were read."""
    calls = sum(
        each.values.get("what") in ("gate.unread_helper", "gate.unread_model_tables") for each in _unread(result)
    )
    total = result.statements + calls
    return f"{total - result.unread} of {total} ({(total - result.unread) / total:.1%})"


def _unread(result: CheckResult) -> list[GateFinding]:
    return [each for each in result.findings if each.rule == "GOV002"]


def _page(
    wheels: Path,
    found: Mapping[str, tuple[CheckResult, int, float]],
    events: Mapping[str, tuple[CheckResult, int]],
    squawk: Path,
    folder: Path,
) -> str:
    versions = sorted(each.name.split("-")[1] for each in wheels.glob("squawk_cli-*.whl"))
    rows = [
        f"| {name} {_version(wheels, PROJECTS[name])} | {count} | {_understood(result)} | {len(_alarms(result))} in "
        f"{len({each.file for each in _alarms(result)})} | {_false(result)} | {spent:.1f} s |"
        for name, (result, count, spent) in found.items()
    ]
    revisions = sum(count for _, count, _ in found.values())
    false = sum(_false(result) for result, _, _ in found.values())
    parts = [HEAD, "\n".join(rows), ""]
    parts.append(
        f"Every one of the {revisions} revisions was read without a crash; {false} false alarms make "
        f"{100 * false / revisions:.2f} in 100 revisions.\n"
    )
    parts += ["## What was not understood\n", "| project | what | errors | warnings |\n|---|---|---|---|"]
    parts += [row for name, (result, _, _) in found.items() for row in _unread_rows(name, result)]
    parts += ["", "## Alarms\n", "| project | revision | field | rule | verdict |\n|---|---|---|---|---|"]
    parts += [row for name, (result, _, _) in found.items() for row in _alarm_rows(name, result)]
    parts += ["", *_beside(events, squawk, folder, versions[0])]
    return "\n".join(parts) + "\n"


def _version(wheels: Path, wheel: str) -> str:
    return next(each.name.split("-")[1] for each in wheels.glob(f"{wheel}-*.whl") if _has_versions(each))


def _unread_rows(name: str, result: CheckResult) -> Iterator[str]:
    counts = collections.Counter(
        (each.message().split(": ", 2)[2].split(";")[0], str(each.level)) for each in _unread(result)
    )
    for what in sorted({what for what, _ in counts}):
        yield f"| {name} | {what} | {counts[what, 'error']} | {counts[what, 'warning']} |"


def _alarm_rows(name: str, result: CheckResult) -> Iterator[str]:
    for each in _alarms(result):
        verdict = "false" if each.field in FALSE else "right"
        yield f"| {name} | {each.file.rpartition('/')[2]} | `{each.dataset}.{each.field}` | {each.rule} | {verdict} |"


def _beside(events: Mapping[str, tuple[CheckResult, int]], squawk: Path, folder: Path, version: str) -> Iterator[str]:
    yield f"## Beside squawk {version}\n"
    yield BESIDE
    for name, (result, count) in events.items():
        issues = _issues(squawk, sorted((folder / f"{name}-events" / "sql").glob("*.sql")))
        named = ", ".join(f"{rule} {number}" for rule, number in issues.most_common(4))
        ours = len(_alarms(result))
        told = f"{sum(issues.values())}: {named}, ... | {_about_data(issues)} | {ours}"
        yield f"| {name}, {count} revisions as SQL | {told} |"
    example = folder / "example" / "sql" / "V1.sql"
    example.parent.mkdir(parents=True)
    example.write_text(EXAMPLE, encoding="utf-8")
    issues = _issues(squawk, [example])
    ours = [each.rule for each in check([], _project(folder / "example", example.parent)).findings]
    named = ", ".join(f"{rule} {number}" for rule, number in issues.most_common())
    told = f"{sum(issues.values())}: {named} | {_about_data(issues)} | {', '.join(ours)}"
    yield f"| adds `ssn` and `religion`, grants to PUBLIC | {told} |"


HEAD = """# How right the check is

<!-- Written by tests/accuracy/gate.py; run it with a folder of wheels to renew it. -->

`governance check` on all Alembic revisions of two large open-source projects, as their wheels hold them, against an
empty catalog and under GDPR and PIPL. *Understood* counts operations, SQL statements and calls of functions; what was
not is a finding of its own. *Alarms* are all other findings, each judged by a person (the verdicts stand in the tool).
What a later revision drops again is left out.

| project | revisions | understood | alarms in revisions | false | CPU |
|---|---|---|---|---|---|"""
BESIDE = """Another linter looks for other things: locks, rewrites, style. The same SQL (for the projects: the recorded
events of their revisions, one `ALTER TABLE` a field) was given to both. *About data* counts the issues of rules whose
name speaks of grants, privileges, masks, privacy or personal data.

| SQL | squawk: issues | about data | ours |
|---|---|---|---|"""

if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tests/accuracy/gate.py FOLDER-OF-WHEELS")
    main(Path(sys.argv[1]))
