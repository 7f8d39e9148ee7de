"""`governance policy compile`: the script, the comparison, and what is refused."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from governance.cli.main import main
from policies.vocabulary import LANGUAGES

PAGE = Path(__file__).resolve().parents[4] / "docs" / "compile.md"
LINES = """
p, support, support, read, crm.customers, clear, allow, region == principal.region
p, support, newsletter, read, crm.customers, clear, allow,
g, alice, support
"""
MARKERS = ("ann@x.example", "Ann Lee", "欧阳测试", "4915112345678")


@pytest.fixture(autouse=True)
def in_project(shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in shop.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(shop.folder)
    shop.write(LINES, {"alice": {"region": "EU"}})


@pytest.fixture(scope="module", autouse=True)
def login(shop) -> None:
    shop.logins("alice")


def test_a_script_is_written_run_and_found_to_stand(shop, run) -> None:
    found = run("policy", "compile", "crm", "--target", "postgres", "--output", "views.sql")
    assert found.code == 0
    assert "left out, crm.customers for newsletter" in found.err
    before = run("policy", "compile", "crm", "--target", "postgres", "--check", "--format", "json")
    assert before.code == 1
    assert {each["kind"] for each in json.loads(before.out)["departures"]} == {"missing", "without"}
    script = (shop.folder / "views.sql").read_text(encoding="utf-8")
    shop.run(script)
    after = run("policy", "compile", "crm", "--target", "postgres", "--check")
    assert (after.code, after.out.strip()) == (0, "The database is as the policy is.")
    printed = script + found.err + before.out + before.err + after.out
    assert not [each for each in MARKERS if each in printed]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_departures_are_told_in_three_languages(run, lang: str, shop) -> None:
    shop.write(LINES.replace("clear, allow, region", "null, allow, region"), {"alice": {"region": "US"}})
    found = run("policy", "compile", "crm", "--target", "postgres", "--check", "--lang", lang)
    assert found.code == 1
    assert "{" not in found.out
    assert "gov_crm_support" in found.out


def test_a_removal_takes_everything_away(shop, run) -> None:
    shop.run(run("policy", "compile", "crm", "--target", "postgres").out)
    shop.run(run("policy", "compile", "crm", "--target", "postgres", "--remove").out)
    with shop.admin.connect() as connection:
        left = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'gov%%'"
        assert connection.exec_driver_sql(left).scalar_one() == 0


def test_the_commands_of_the_page_run_as_they_stand(shop) -> None:
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    for line in blocks.splitlines():
        if line.startswith("governance"):
            assert main(shlex.split(line)[1:]) == 0, line
        else:
            assert line.startswith("psql "), line
            shop.run((shop.folder / "views.sql").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("crm",), 2),
        (("crm", "--target", "oracle"), 2),
        (("nosuch", "--target", "postgres"), 2),
        (("crm", "--target", "postgres", "--check", "--remove"), 2),
        (("crm", "--target", "postgres", "--login-prefix", "x" * 70), 1),
    ],
)
def test_what_cannot_be_compiled_is_refused(run, arguments: tuple[str, ...], code: int) -> None:
    found = run("policy", "compile", *arguments)
    assert (found.code, found.out) == (code, "")


def test_a_store_of_another_kind_is_refused(shop, run) -> None:
    config = shop.folder / "governance.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(re.sub(r'url: "[^"]+"', 'url: "sqlite:///other.db"', text), encoding="utf-8")
    try:
        found = run("policy", "compile", "crm", "--target", "postgres")
        assert found.code == 2
        assert "PostgreSQL" in found.err
    finally:
        config.write_text(text, encoding="utf-8")
