"""The page for a person: golden in three languages, safe against what stands in the values, open to nothing.

After a change that is meant, run this file with GOVERNANCE_UPDATE_GOLDEN=1, read the diff and commit it.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from pathlib import Path

import pytest

from audits.speaking import Speaker
from audits.subject_page import (
    AutomatedFact,
    DatasetFact,
    FieldFact,
    LawFact,
    PackageFacts,
    PurposeFact,
    RecipientFact,
    RetentionFact,
    subject_page,
)
from policies.access_items import access_laws
from policies.config import LAWS
from policies.errors import PackError
from policies.vocabulary import LANGUAGES, Words

GOLDEN = Path(__file__).parent / "golden_subject"
HOSTILE = "</td><script>alert(1)</script>\u202egnp"


def facts() -> PackageFacts:
    """Two datasets: one as it should be, one of which nothing is recorded."""
    orders = DatasetFact(
        "crm.orders",
        1234,
        "01-crm.orders.csv",
        (FieldFact("email", "user.contact.email", "subject"), FieldFact("note", "user.content.private", "call centre")),
        (PurposeFact("Deliver what was ordered.", {"gdpr": "contract", "pipl": "contract"}),),
        (
            RetentionFact("duty", "P8Y", "§ 147 AO", None),
            RetentionFact("limit", "P10Y", "no longer needed", dt.date(2034, 5, 17)),
        ),
        {"due": 1, "kept": 2, "not_due": 3},
        (("ann@example.org", HOSTILE), ("ann@example.org", "王小明")),
    )
    bare = DatasetFact("crm.log", 1, "02-crm.log.csv", (FieldFact("x", "user", None),), (), (), {}, (("1",),))
    return PackageFacts(
        dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC),
        "Tee GmbH, Berlin",
        "BlnBDI, Berlin",
        "Write to privacy@tee.example.",
        (
            LawFact("gdpr", (("copy", "15(3)", True), ("recipients", "15(1)(c)", True), ("transfers", "15(2)", False))),
            LawFact("tw-pdpa", (("copy", "3, 10", True),)),
        ),
        (orders, bare),
        (RecipientFact("Paket AG", "DE, US", "AV-7, scc"),),
        3,
        2,
        1,
        (("crm.refunds", "refused"), ("crm.log", "unreached")),
        (
            AutomatedFact("credit-limit", "Keep bad debts low.", "significant", HOSTILE, reviewed=True, opt_out=True),
            AutomatedFact("next-offer", "marketing", "none", "", reviewed=False, opt_out=False),
        ),
    )


def page(lang: str) -> str:
    return "".join(subject_page(facts(), Speaker(lang, "Asia/Taipei")))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_written_as_golden(lang: str) -> None:
    text = re.sub(r"<style>.*?</style>", "<style></style>", page(lang), flags=re.DOTALL)
    golden = GOLDEN / f"{lang}.html"
    if os.environ.get("GOVERNANCE_UPDATE_GOLDEN") == "1":
        golden.write_text(text, encoding="utf-8", newline="\n")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_values_cannot_act_and_nothing_is_fetched(lang: str) -> None:
    text = page(lang)
    assert "<script" not in text
    assert "\u202e" not in text
    assert "default-src 'none'" in text
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//|@import|url\(""", text)
    anchors = set(re.findall(r'href="#([^"]+)"', text))
    assert anchors <= set(re.findall(r'\bid="([^"]+)"', text))
    assert text.count("<th") - text.count("<thead") == len(re.findall(r'<th scope="(?:row|col)"', text))


def test_values_hide_in_reprs() -> None:
    assert "ann@example.org" not in repr(facts())


def test_every_law_of_a_project_has_items_with_words() -> None:
    laws = access_laws(LAWS, dt.date(2026, 11, 22))
    assert [each.law for each in laws] == list(LAWS)
    for each in laws:
        assert {"copy", "purposes", "categories", "recipients"} <= {item.item for item in each.items}
        for item in each.items:
            assert Words("zh-Hant").has(f"subject.item_{item.item}"), item
    assert {each.law for each in laws if not each.portable} == {"tw-pdpa"}


def test_a_law_that_the_pack_lacks_is_refused() -> None:
    with pytest.raises(PackError, match="a law that it does not have"):
        access_laws(["appi"], dt.date(2026, 11, 22))
