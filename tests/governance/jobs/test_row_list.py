"""A row list gives back just what was put in, in flat memory, and no byte of it may change."""

from __future__ import annotations

import hashlib
import random
import tracemalloc

import pytest

from governance.jobs.plan import PlanDraft, make_plan, new_slip
from governance.jobs.row_list import RowList, list_path, opened_rows, write_row_list
from policies.errors import ConfigError, TamperedError


def mark(number):
    return hashlib.sha256(str(number).encode()).hexdigest()[:32]


@pytest.mark.parametrize("rows", [0, 1, 2, 511, 512, 513, 5_000])
def test_it_gives_back_what_was_put_in_and_nothing_else(tmp_path, rows):
    numbers = random.Random(rows).sample(range(rows), rows)
    info = write_row_list(tmp_path / "rows", ((mark(each), mark(-each - 1)) for each in numbers))
    with (tmp_path / "rows").open("rb", buffering=0) as file:
        found = RowList(file)
        assert found.info == info
        assert found.states([mark(each) for each in range(rows)]) == [mark(-each - 1) for each in range(rows)]
        assert found.states([mark(each) for each in range(rows, rows + 300)]) == [None] * 300


def test_order_has_no_effect(tmp_path):
    rows = [(mark(each), mark(0)) for each in range(700)]
    assert write_row_list(tmp_path / "one", rows) == write_row_list(tmp_path / "two", reversed(rows))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_bytes_of_two_neighbours_are_no_mark(tmp_path):
    write_row_list(tmp_path / "rows", [("00" * 16, "ab" * 16), ("ff" * 16, "cd" * 16)])
    with (tmp_path / "rows").open("rb", buffering=0) as file:
        assert RowList(file).states(["00" * 8 + "ab" * 8, "ab" * 16, "ff" * 16]) == [None, None, "cd" * 16]


def test_memory_stays_flat(tmp_path):
    peaks = []
    for rows in (20_000, 200_000):
        tracemalloc.start()
        write_row_list(tmp_path / "rows", ((mark(each), mark(0)) for each in range(rows)))
        with (tmp_path / "rows").open("rb", buffering=0) as file:
            RowList(file).states([mark(7)])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


@pytest.fixture
def listed(office, tmp_path, club):
    office = club.office(folder=tmp_path / "plans")
    slip = new_slip(office)
    info = write_row_list(list_path(office, slip.id), [(mark(each), mark(0)) for each in range(9)])
    draft = PlanDraft(kind="club", purpose="governance.test", place="club.members", lines=(), facts={}, slip=slip)
    return office, make_plan(office, PlanDraft(**{**{n: getattr(draft, n) for n in draft.__slots__}, "row_list": info}))


def test_no_byte_of_a_list_may_change(listed):
    office, plan = listed
    path = list_path(office, plan.id)
    whole = path.read_bytes()
    with opened_rows(office, plan) as rows:
        assert rows.info.rows == 9
    for changed in (*(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(len(whole))), whole[:-32]):
        path.write_bytes(changed)
        with pytest.raises(TamperedError, match="changed"), opened_rows(office, plan):
            pass


def test_a_list_that_is_not_there_is_refused(listed):
    office, plan = listed
    list_path(office, plan.id).unlink()
    with pytest.raises(TamperedError, match="no list"), opened_rows(office, plan):
        pass


def test_an_office_without_a_folder_has_no_lists(office):
    with pytest.raises(ConfigError, match="row list"):
        list_path(office, "x")
