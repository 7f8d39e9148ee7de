"""Notices as files, and the pack of what laws want them to say."""

from __future__ import annotations

import datetime as dt

import pytest

from policies.errors import ConfigError
from policies.notice_laws import load_notice_laws
from policies.notices import read_notices

DAY = dt.date(2026, 11, 22)
FIRST = """
version: 1
id: customers
editions:
  - {version: 2026-09, language: de, date: 2026-09-01, channels: [web], items: {controller: section 1}}
  - {version: 2026-09, language: zh-Hant, date: 2026-09-02, channels: [web]}
  - {version: 2025-01, language: de, date: 2025-01-01, channels: [paper]}
"""
MARKER = "marker ann@example.org"


def write(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def test_no_folder_means_that_nothing_is_declared(tmp_path):
    notices = read_notices(tmp_path / "notices")
    assert not notices
    assert not notices.known("2026-09")


def test_editions_come_in_order_and_are_known_by_version_and_language(tmp_path):
    notices = read_notices(write(tmp_path, a=FIRST))
    assert [(each.version, each.language) for _, each in notices.editions()] == [
        ("2025-01", "de"),
        ("2026-09", "de"),
        ("2026-09", "zh-Hant"),
    ]
    assert notices.known("2026-09")
    assert notices.known("2026-09", "zh-Hant")
    assert not notices.known("2025-01", "zh-Hant")
    assert not notices.known("2027-01")


def test_the_digest_changes_with_what_is_stated(tmp_path):
    one = read_notices(write(tmp_path, a=FIRST)).digest
    assert read_notices(write(tmp_path, a=FIRST + "# a comment\n")).digest == one
    assert read_notices(write(tmp_path, a=FIRST.replace("section 1", "section 2"))).digest != one


@pytest.mark.parametrize(
    "texts",
    [
        {"a": FIRST, "b": FIRST},
        {"a": FIRST, "b": FIRST.replace("id: customers", "id: others")},
        {"a": FIRST.replace("2025-01,", "2026-09,")},
        {"a": FIRST.replace("section 1", '" "')},
        {"a": FIRST.replace("language: de", f"language: {MARKER}")},
        {"a": FIRST.replace("channels: [web]", "channels: []")},
        {"a": FIRST + "extra: 1\n"},
        {"a": "version: 1\nid: customers\n"},
        {"a": "["},
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path, texts):
    with pytest.raises(ConfigError, match=r"\.yaml") as caught:
        read_notices(write(tmp_path, **texts))
    assert MARKER not in str(caught.value)


COUNTS = {
    ("gdpr", "direct"): 13,
    ("gdpr", "indirect"): 14,
    ("pipl", "direct"): 7,
    ("tw-pdpa", "direct"): 9,
    ("tw-pdpa", "indirect"): 9,
    ("ccpa", "direct"): 5,
    ("ccpa", "indirect"): 0,
}


@pytest.mark.parametrize(("law", "kind"), COUNTS)
def test_the_pack_has_the_items_of_each_law(law, kind):
    items = load_notice_laws(DAY).laws[law].items(kind, ())
    assert len(items) == COUNTS[law, kind]
    assert all(items.values())


def test_a_covered_use_asks_for_more_items_and_keeps_the_first_article():
    law = load_notice_laws(DAY).laws["pipl"]
    more = law.items("direct", ("sensitive", "cross_border"))
    assert set(more) - set(law.items("direct", ())) == {
        "necessity",
        "impact",
        "transfers",
        "recipient_contact",
        "rights_abroad",
    }
    assert (more["rights"], more["impact"]) == ("17(3)", "30")
