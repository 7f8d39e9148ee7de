"""The page of each rule in docs/rules says what the rule says: run with GOVERNANCE_WRITE_DOCS=1 to write them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from governance.gate.rules.all import RULES
from governance.gate.rules.base import page_markdown

PAGES = Path(__file__).resolve().parents[3] / "docs" / "rules"


@pytest.mark.parametrize("rule", RULES)
def test_a_page_says_what_the_rule_says(rule):
    text, path = page_markdown(RULES[rule]), PAGES / f"{rule}.md"
    if os.environ.get("GOVERNANCE_WRITE_DOCS"):
        PAGES.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_there_is_no_page_without_a_rule():
    assert {path.stem for path in PAGES.glob("*.md")} == set(RULES)
