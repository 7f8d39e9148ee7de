"""The page: escaped, self-contained, well-formed, usable without a mouse."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from audits.rendering import render
from audits.report import Report
from audits.reports.scan import scan_report
from policies.vocabulary import LANGUAGES

VOID = {"meta", "input", "wbr", "link", "br", "img"}
KINDS = ("scan", "access", "retention")


class Page(HTMLParser):
    """Tags in order; fails on a tag that is closed out of turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_page_is_well_formed_and_says_its_language(reports: dict[str, Report], kind: str, lang: str) -> None:
    page = Page(render(reports[kind], "html", lang))
    assert page.all("html")[0]["lang"] == lang
    ids = Counter(attrs["id"] for _, attrs in page.tags if "id" in attrs)
    assert [each for each, times in ids.items() if times > 1] == []
    assert len(page.all("main")) == len(page.all("h1")) == 1
    targets = [str(attrs["href"])[1:] for attrs in page.all("a")]
    assert targets
    assert set(targets) <= set(ids)


@pytest.mark.parametrize("kind", KINDS)
def test_page_requests_nothing(reports: dict[str, Report], kind: str) -> None:
    written = render(reports[kind], "html")
    page = Page(written)
    policy = next(each for each in page.all("meta") if each.get("http-equiv") == "Content-Security-Policy")
    assert str(policy["content"]).startswith(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
    )
    assert re.findall(r"https?:|url\(|@import|//[a-z0-9-]+\.[a-z]", written) == []
    assert not {"link", "img", "iframe", "object", "embed", "form", "base"} & {tag for tag, _ in page.tags}
    assert not [attrs for _, attrs in page.tags if {"src", "srcset", "action", "ping", "data"} & set(attrs)]
    assert not [attrs for _, attrs in page.tags if any(name.startswith("on") for name in attrs)]


def test_hostile_names_are_text(reports: dict[str, Report]) -> None:
    written = render(reports["scan"], "html")
    assert "<script>alert" not in written
    assert "<img" not in written
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in written
    assert written.count("<script>") == 1


def test_every_label_and_button_has_a_name(reports: dict[str, Report]) -> None:
    for kind in KINDS:
        written = render(reports[kind], "html")
        for button in re.findall(r"<button[^>]*>(.*?)</button>", written, flags=re.DOTALL):
            assert re.sub(r"<[^>]+>", "", button).strip()
        assert written.count("<input") == written.count("<label")


def test_field_opens_by_button_and_without_scripts_by_details(reports: dict[str, Report]) -> None:
    page = Page(render(reports["scan"], "html"))
    drills = [each for each in page.all("button") if each.get("class") == "open"]
    assert drills
    assert all(each["aria-expanded"] == "false" for each in drills)
    assert len(page.all("details")) >= len(drills)


def test_numbers_of_the_ledger_reports_carry_ids(reports: dict[str, Report]) -> None:
    written = render(reports["access"], "html")
    assert all(f"event{number:03d}" in written for number in range(1, 9))


def test_two_thousand_fields_stay_small_and_folded(scan: dict) -> None:
    dataset = scan["stores"][0]["datasets"][1]
    dataset["fields"] = [dict(dataset["fields"][1], field=f"field_{number}") for number in range(2000)]
    written = render(scan_report(scan), "html")
    assert len(written) < 10_000_000
    assert '<details class="card data" id="dataset-2"><summary>' in written
