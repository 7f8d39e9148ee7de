"""Numbers, shares and times as readers of each language write them."""

from __future__ import annotations

import datetime as dt

import pytest

from audits.formats.widths import cut, pad, printable, width
from audits.report import Text, text
from audits.speaking import Speaker


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "0%"),
        (0.00001, "< 0.01%"),
        (0.0001, "0.01%"),
        (0.034, "3.4%"),
        (0.5, "50%"),
        (0.99996, "> 99.9%"),
        (1.0, "100%"),
    ],
)
def test_rare_share_never_reads_as_nothing_nor_almost_all_as_all(share: float, said: str) -> None:
    assert Speaker("en").share(share) == said


def test_moment_is_said_in_the_zone_with_its_offset() -> None:
    when = dt.datetime(2026, 10, 31, 16, 30, tzinfo=dt.UTC)
    assert Speaker("en", "Asia/Taipei").moment(when) == "1 Nov 2026, 00:30:00 UTC+08:00"
    assert Speaker("zh-Hans", "Asia/Shanghai").moment(when) == "2026年11月1日 00:30:00 UTC+08:00"
    assert Speaker("en", "America/New_York").moment(when) == "31 Oct 2026, 12:30:00 UTC-04:00"


def test_one_is_said_in_the_singular() -> None:
    assert Speaker("en").say(text("scan.task_review", count=1)) == "Confirm or reject one proposed label"
    assert Speaker("en").say(text("scan.task_review", count=2)) == "Confirm or reject 2 proposed labels"


def test_unknown_word_is_said_as_it_stands() -> None:
    assert Speaker("zh-Hant").say(Text("entity.LOYALTY_CARD", (), "LOYALTY_CARD")) == "LOYALTY_CARD"


def test_chinese_takes_two_cells() -> None:
    assert width("客户a") == 5
    assert pad("客户", 6) == "客户  "
    assert pad("客户", 6, right=True) == "  客户"
    assert cut("客户名单", 5) == "客户…"
    assert cut("abc", 3) == "abc"


def test_control_and_direction_marks_are_blanked() -> None:
    assert printable("a\x1b[31m\u202eb\n") == "a [31m b "
