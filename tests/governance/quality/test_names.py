"""Which names are one person's, and which are two people's: scripts, orders, spacing, width, slips."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.quality.names import CLOSE, DIFFERS, SAME, UNKNOWN, NameReader, compare
from governance.quality.standard import load_standard
from policies.quality_rules import QualityFile

PACK = load_standard(QualityFile(), dt.date(2026, 11, 2), ("CN",)).pack
READER = NameReader(PACK.titles, PACK.titles_zh, PACK.surname_readings)


def _stand(one: str, other: str) -> str:
    found = compare(READER.form(one), READER.form(other))
    assert found == compare(READER.form(other), READER.form(one))
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("欧阳小明", "歐陽小明"),
        ("欧阳小明", "Ouyang Xiaoming"),
        ("歐陽小明", "XIAOMING OUYANG"),
        ("欧阳小明", "Ou-yang Xiao Ming"),
        ("欧阳小明", "Ｏｕｙａｎｇ　Ｘｉａｏｍｉｎｇ"),
        ("欧阳小明", "欧阳 小明"),
        ("欧阳小明", "欧阳小明先生"),
        ("曾国强", "Zeng Guoqiang"),  # a surname that is read otherwise than its character
        ("单于明", "Shan Yuming"),
        ("吕丽", "Lu Li"),
        ("陳大文 David", "陈大文"),
        ("Anna Müller", "MUELLER, Anna"),
        ("Ms Anna Müller", "Anna Müller"),
        ("José García", "Jose Garcia"),
        ("John A. Smith", "Smith, John"),
        ("Mary Jane Watson", "Mary Watson"),
        ("O'Brien Kate", "Kate OBrien"),
    ],
)
def test_other_spellings_of_a_name_are_the_same(one: str, other: str) -> None:
    assert _stand(one, other) == SAME


@pytest.mark.parametrize(
    ("one", "other"), [("张伟", "章伟"), ("Catherine Hughes", "Katherine Hughes"), ("Jonathan Reed", "Jonathon Reed")]
)
def test_a_slip_is_close(one: str, other: str) -> None:
    assert _stand(one, other) == CLOSE


@pytest.mark.parametrize(
    ("one", "other"),
    [("王小明", "王小红"), ("王小明", "李小明"), ("Anna Smith", "Peter Smith"), ("Anna Smith", "Anna Jones")],
)
def test_other_people_differ(one: str, other: str) -> None:
    assert _stand(one, other) == DIFFERS


@pytest.mark.parametrize(("one", "other"), [("陳大文", "Chan Tai Man"), ("陳大文", "David Chan"), ("王小明", "")])
def test_what_cannot_be_told_speaks_neither_way(one: str, other: str) -> None:
    assert _stand(one, other) == UNKNOWN


def test_keys_of_names_meet_whatever_order_and_script() -> None:
    keys = {READER.form(each).key for each in ("欧阳小明", "歐陽小明", "Xiaoming Ouyang", "OUYANG Xiao-Ming")}
    assert len(keys) == 1


def test_a_form_does_not_show_the_name() -> None:
    assert repr(READER.form("Zebulon Quagmire")) == "NameForm()"


@given(st.text(max_size=40))
def test_every_text_has_a_form_that_is_its_own_likeness(text: str) -> None:
    form = READER.form(text)
    assert compare(form, form) in (SAME, UNKNOWN)
