"""`audit all` writes a site that stands alone, and says of what it could not look at that it does not know."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from governance.cli.main import main

MARKER = re.compile(
    r"quagmire|欧阳测桩|planted\.marker|zebra-quagga|7654321|5678 ?9011|zorblatt|0440532013|11010519491231002X",
    re.IGNORECASE,
)
QUICK = ["--without", "scan", "--without", "quality"]


@pytest.fixture(scope="module")
def site(shared_project: Path) -> Path:
    main(["query", "crm", "SELECT email FROM customers", "--as", "alice", "--purpose", "support"])
    assert main(["audit", "all", "--output", "audit", "--lang", "zh-Hans"]) == 0
    return shared_project / "audit"


def test_every_report_is_a_page_in_each_language(site: Path) -> None:
    kinds = {
        "access",
        "automated",
        "consent",
        "dpia",
        "fairness",
        "grants-crm",
        "overview",
        "protection",
        "quality",
        "requests",
        "retention",
        "review",
        "ropa",
        "scan",
        "training",
    }
    pages = {f"{kind}.{lang}.html" for kind in kinds for lang in ("en", "zh-Hans", "zh-Hant")}
    assert {each.name for each in site.iterdir()} == pages | {f"{kind}.json" for kind in kinds} | {"index.html"}
    assert (site / "index.html").read_text() == (site / "overview.zh-Hans.html").read_text()


def test_links_lead_to_pages_of_the_site_and_nowhere_else(site: Path) -> None:
    for page in site.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        addresses = re.findall(r'(?:href|src)="([^"]*)"', text)
        assert addresses
        for address in addresses:
            target, _, part = address.partition("#")
            assert not target or (site / target).is_file(), address
            assert not part or target or f'id="{part}"' in text, address
        assert "default-src 'none'" in text


def test_links_are_called_as_the_pages_are(site: Path) -> None:
    for lang, title in (("en", "Who may use crm"), ("zh-Hans", "谁可以使用 crm"), ("zh-Hant", "誰得使用 crm")):
        page = (site / f"overview.{lang}.html").read_text(encoding="utf-8")
        assert re.search(rf'<a [^>]*href="grants-crm\.{lang}\.html"[^>]*>{title}</a>', page)


def test_no_planted_value_is_in_the_site(site: Path) -> None:
    for page in site.iterdir():
        assert not MARKER.search(page.read_text(encoding="utf-8")), page.name


def test_a_second_audit_is_compared_with_the_first(project: Path, run) -> None:
    assert run("audit", "all", "--output", "audit", *QUICK).code == 0
    first = json.loads((project / "audit" / "overview.json").read_text())
    assert {each["before"] for each in first["controls"].values()} == {None}
    assert run("audit", "all", "--output", "audit", *QUICK).code == 0
    second = json.loads((project / "audit" / "overview.json").read_text())
    assert {name: each["before"] for name, each in second["controls"].items()} == {
        name: each["state"] for name, each in first["controls"].items()
    }


def test_a_store_that_is_down_is_unknown_and_the_other_reports_are_made(project: Path, run) -> None:
    assert run("audit", "all", "--output", "audit", *QUICK).code == 0
    assert list((project / "audit").glob("retention*"))
    (project / "crm.db").unlink()
    found = run("audit", "all", "--output", "audit", *QUICK)
    assert found.code == 2
    document = json.loads((project / "audit" / "overview.json").read_text())
    assert [each["report"] for each in document["not_made"]] == ["retention"]
    states = {name: each["state"] for name, each in document["controls"].items()}
    assert (states["storage_limit"], states["encryption"]) == ("unknown", "unknown")
    assert (project / "audit" / "access.en.html").is_file()
    assert not list((project / "audit").glob("retention*"))


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "Zebulon Quagmire",
        '{"schema": "governance.overview/1", "as_of": "2026-11-22T08:00Z", "controls": {}, "reports": {"../x": "bad"}}',
        '{"schema": "governance.overview/1", "as_of": "2026-11-22", "controls": {}, "reports": {}}',
    ],
)
def test_an_overview_of_another_form_is_refused_and_left(project: Path, run, text: str) -> None:
    (project / "audit").mkdir()
    (project / "audit" / "overview.json").write_text(text)
    found = run("audit", "all", "--output", "audit", *QUICK)
    assert found.code == 2
    assert "overview of another form" in found.err
    assert not MARKER.search(found.err)
    assert [each.name for each in (project / "audit").iterdir()] == ["overview.json"]


def test_a_file_in_the_place_of_the_folder_is_refused(project: Path, run) -> None:
    assert run("audit", "all", "--output", "governance.yaml", *QUICK).code == 2
