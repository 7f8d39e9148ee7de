"""Notices against laws, catalog and consents: each rule broken and kept."""

from __future__ import annotations

import datetime as dt

import pytest

from governance.consent.events import Circumstances, Subject
from governance.consent.notice_check import NOTICE_RULES, ToldUnder, check_notices
from policies.catalog import parse_catalog
from policies.consent_laws import load_consent_laws
from policies.errors import ConfigError
from policies.notice_laws import load_notice_laws
from policies.notices import NoticeFile, Notices

DAY = dt.date(2026, 11, 22)
RULES = load_notice_laws(DAY)
EVERY_ITEM = {item: "section 1" for law in RULES.laws.values() for items in law.sets.values() for item in items}
LAWS = ("gdpr", "pipl", "tw-pdpa", "ccpa")


def notice(items=EVERY_ITEM, *, name="customers", version="2026-09", date="2026-09-01", withdraw_by=(), **more):
    edition = {
        "version": version,
        "language": "en",
        "date": dt.date.fromisoformat(date),
        "channels": ("web",),
        "items": items,
        "withdraw_by": withdraw_by,
    }
    return NoticeFile.model_validate({"id": name, "editions": (edition,), **more})


def catalog(source):
    told = f", source: {source}" if source else ""
    return parse_catalog(
        "stores: {crm: {id: s1, datasets: {customers: {id: d1, fields: {"
        f"email: {{id: f1, category: user.contact.email, status: confirmed{told}}},"
        "code: {id: f2, category: none, status: confirmed},"
        "note: {id: f3, category: user.contact, status: proposed}}}}}}"
    )


def found(files, *, laws=LAWS, source="subject", told=()):
    articles = load_consent_laws(DAY).withdrawal_articles(laws)
    return check_notices(Notices(tuple(files)), RULES, articles, catalog(source), told)


def test_a_complete_notice_has_no_finding():
    assert found([notice(covers=("sensitive", "sharing", "cross_border"))]) == ()


@pytest.mark.parametrize(("law", "item"), [(law, item) for law in LAWS for item in RULES.laws[law].items("direct", ())])
def test_each_item_that_is_missing_is_named_with_its_article(law, item):
    items = {name: text for name, text in EVERY_ITEM.items() if name != item}
    (finding,) = found([notice(items)], laws=(law,))
    assert (finding.rule, finding.place, finding.law, finding.item) == (
        "notice.missing_item",
        "customers 2026-09 en",
        law,
        item,
    )
    assert finding.article == RULES.laws[law].items("direct", ())[item]


def test_a_covered_use_asks_for_its_items_and_another_does_not():
    items = {name: text for name, text in EVERY_ITEM.items() if name != "impact"}
    assert found([notice(items)], laws=("pipl",)) == ()
    (finding,) = found([notice(items, covers=("sensitive",))], laws=("pipl",))
    assert (finding.item, finding.article) == ("impact", "30")


def test_a_notice_is_checked_for_its_own_laws():
    assert found([notice({}, laws=("ccpa",))], laws=("gdpr",))[0].law == "ccpa"
    assert [each.rule for each in found([notice(laws=("lgpd",))])] == ["notice.unknown_law"]


def test_an_indirect_source_needs_an_indirect_notice_that_tells_of_it():
    direct = notice()
    (gdpr, pipl, taiwan) = found([direct], source="broker")
    assert (gdpr.rule, gdpr.place, gdpr.law, gdpr.article) == (
        "notice.no_indirect",
        "crm.customers.email",
        "gdpr",
        "14(1)(a)",
    )
    assert (pipl.law, taiwan.law, taiwan.article) == ("pipl", "tw-pdpa", "9(1)")
    other = notice(name="bought", version="b1", kind="indirect", sources=("register",))
    assert len(found([direct, other], source="broker")) == 3
    right = notice(name="bought", version="b1", kind="indirect", sources=("broker",))
    assert found([direct, right], source="broker") == ()
    partly = notice(name="bought", version="b1", kind="indirect", sources=("broker",), laws=("gdpr",))
    assert [each.law for each in found([direct, partly], source="broker")] == ["pipl", "tw-pdpa"]


def test_a_personal_field_without_a_source_is_found_and_a_harmless_or_proposed_one_is_not():
    assert [(each.rule, each.place) for each in found([notice()], source=None)] == [
        ("notice.no_source", "crm.customers.email")
    ]


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        (ToldUnder("2026-09", "en", "", dt.date(2026, 9, 1), 3), None),
        (ToldUnder("2026-09", "", "", dt.date(2026, 9, 1), 3), None),
        (ToldUnder("2026-09", "en", "", dt.date(2026, 8, 31), 3), "notice.too_early"),
        (ToldUnder("2026-09", "", "", dt.date(2026, 8, 31), 3), "notice.too_early"),
        (ToldUnder("2026-09", "de", "", dt.date(2026, 9, 1), 3), "notice.unknown_version"),
        (ToldUnder("2025-01", "", "", dt.date(2026, 9, 1), 3), "notice.unknown_version"),
    ],
)
def test_consents_are_tied_to_the_edition_that_was_shown(told, rule):
    findings = found([notice()], told=[told])
    assert [(each.rule, each.count) for each in findings] == ([(rule, 3)] if rule else [])


def test_where_no_notice_is_declared_consents_are_not_judged_by_one():
    assert found([], told=[ToldUnder("x", "", "", dt.date(2026, 9, 1), 1)]) == ()


@pytest.mark.parametrize(
    ("method", "offered", "laws"),
    [
        ("web_form", ("web_form", "phone"), []),
        ("", (), []),
        ("web_form", ("phone",), [("gdpr", "7(3)"), ("pipl", "15"), ("tw-pdpa", "11(3), 20(2)")]),
        ("web_form", (), [("gdpr", "7(3)"), ("pipl", "15"), ("tw-pdpa", "11(3), 20(2)")]),
    ],
)
def test_consent_is_withdrawn_as_easily_as_it_was_given(method, offered, laws):
    under = ToldUnder("2026-09", "en", method, dt.date(2026, 9, 1), 3)
    findings = found([notice(withdraw_by=offered)], told=[under])
    assert [(each.law, each.article) for each in findings] == laws
    assert {each.rule for each in findings} <= {"notice.harder_to_withdraw"}


def test_every_rule_is_broken_somewhere_here():
    broken = {
        *(each.rule for each in found([notice({})], source="broker", told=[ToldUnder("x", "", "", dt.date.max, 1)])),
        *(each.rule for each in found([notice(laws=("lgpd",))], source=None)),
        *(each.rule for each in found([notice()], told=[ToldUnder("2026-09", "", "mail", dt.date(2020, 1, 1), 1)])),
    }
    assert broken == set(NOTICE_RULES)


@pytest.mark.parametrize(
    ("version", "language", "known"),
    [("2026-09", "en", True), ("2026-09", "", True), ("", "", True), ("2026-09", "de", False), ("gone", "", False)],
)
def test_an_event_under_an_edition_that_no_notice_declares_is_refused(world, version, language, known):
    book = world.open_book()
    book._notices = lambda: Notices((notice(),))
    how = Circumstances(notice_version=version, language=language)
    if known:
        assert book.given(Subject("a"), "marketing", how=how).notice_version == version
        return
    with pytest.raises(ConfigError, match="notice_version"):
        book.given(Subject("a"), "marketing", how=how)
    assert book.history("a") == ()
    assert book.withdrawn(Subject("a"), "marketing", how=how).notice_version == version  # a no is never refused for it


def test_where_no_notice_is_declared_any_version_is_taken(world):
    assert world.book.given(Subject("a"), "marketing", how=Circumstances(notice_version="x1")).notice_version == "x1"
