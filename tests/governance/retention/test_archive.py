"""An archive holds each row that left the store just once, whatever instant a run is killed at."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.jobs import journal
from governance.jobs.pace import Pace
from governance.retention.archive import ArchiveHeader, ArchiveReader, ArchiveWriter, decode_rows, encode_rows
from governance.retention.plan import plan, read_plan
from governance.retention.run import run_together
from governance.retention.steps import Tools
from governance.retention.targets import Ruled
from policies.errors import BadInputError, TamperedError

KILLS = int(os.environ.get("GOVERNANCE_KILLS", "3"))
"""How often a run is killed; `make soak` asks for more."""
ALL = set(range(40))


@pytest.fixture
def rule(shop):
    return shop.rule(shop.rules + "    action: archive\n")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "orders.archive"


def archived(path, shop):
    with ArchiveReader(path, lambda _: shop.key()) as reader:
        return [row[0] for row in reader.rows()]


def carry_out(office, rule, made, store, shop, path, batch_rows=3):
    tools = Tools(archive=shop.archive(path))
    return run_together(office, [Ruled(rule)], made.plan, store, pace=Pace(batch_rows), tools=tools)


def test_rows_are_in_the_file_before_they_leave_the_store(office, rule, store, shop, path):
    made = plan(office, rule, store)
    found = carry_out(office, rule, made, store, shop, path)
    assert found.deleted == len(shop.due)
    assert sorted(archived(path, shop)) == sorted(shop.due)
    assert shop.left(store) == ALL - shop.due


def test_a_row_that_reads_otherwise_stays_in_the_store(office, rule, store, shop, path, monkeypatch):
    made = plan(office, rule, store)
    monkeypatch.setattr("governance.retention.archive._to_disk", lambda file: file.truncate(file.tell() - 1))
    with pytest.raises(TamperedError):
        carry_out(office, rule, made, store, shop, path)
    assert shop.left(store) == ALL


class Killed(BaseException):
    """Ends a run where a kill would."""


@pytest.mark.parametrize("name", ["intend", "settle"])
def test_a_run_that_ends_between_file_and_store_keeps_each_row_once(office, rule, store, shop, path, name):
    made, real, seen = plan(office, rule, store), getattr(journal.Journal, name), []

    def die(self, *arguments, **said):
        seen.append(True)
        if len(seen) == 3:
            raise Killed
        return real(self, *arguments, **said)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal.Journal, name, die)
        with pytest.raises(Killed):
            carry_out(office, rule, made, store, shop, path)
    carry_out(office, rule, made, store, shop, path)
    assert sorted(archived(path, shop)) == sorted(shop.due)


def test_a_part_of_a_frame_that_a_kill_left_is_cut_off(office, rule, store, shop, path):
    made, real = plan(office, rule, store), ArchiveWriter.append

    def die(self, rows):
        real(self, rows)
        with self.path.open("r+b") as file:
            file.truncate(file.seek(0, os.SEEK_END) - 5)
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ArchiveWriter, "append", die)
        with pytest.raises(Killed):
            carry_out(office, rule, made, store, shop, path)
    carry_out(office, rule, made, store, shop, path)
    assert sorted(archived(path, shop)) == sorted(shop.due)


SCRIPT = """
import importlib.util
import sqlalchemy as sa
spec = importlib.util.spec_from_file_location("shop", {conftest!r})
shop = importlib.util.module_from_spec(spec); spec.loader.exec_module(shop)
from pathlib import Path
from governance.jobs.pace import Pace
from governance.records.database import open_records
from governance.retention.plan import read_plan
from governance.retention.run import run_together
from governance.retention.steps import Tools
from governance.retention.targets import Ruled
office = shop.make_office(open_records({records!r}))
rule = shop.make_rule(Path({folder!r}), {rules!r})
plan = read_plan(Path({plan!r}).read_text(), office.keyed_hash)
tools = Tools(archive=shop.make_archive(Path({archive!r})))
print("ready", flush=True)
run_together(office, [Ruled(rule)], plan.plan, sa.create_engine({store!r}), pace=Pace(2), tools=tools,
    on_progress=lambda *_: print("step", flush=True))
print("done", flush=True)
"""


def test_archiving_killed_at_any_instant_keeps_every_row_just_once(shop, tmp_path, store_url, path):
    store = sa.create_engine(store_url)
    sys.modules[shop.office.__module__].fill(store, orders=400)
    rules = shop.rules + "    action: archive\n"
    office, rule = shop.office(), shop.rule(rules)
    made = plan(office, rule, store)
    (tmp_path / "plan.json").write_text(made.to_text(), encoding="utf-8")
    (tmp_path / "killed").mkdir()
    script = textwrap.dedent(SCRIPT).format(
        conftest=str(Path(__file__).parent / "conftest.py"),
        records=f"sqlite:///{tmp_path / 'gov.db'}",
        folder=str(tmp_path / "killed"),
        rules=rules,
        plan=str(tmp_path / "plan.json"),
        archive=str(path),
        store=store_url,
    )
    instants, kills = random.Random(11), 0
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        steps = [process.stdout.readline() for _ in range(instants.randint(0, 8))]  # as quick as the machine may be
        time.sleep(instants.uniform(0.0, 0.03))
        process.send_signal(signal.SIGKILL)
        kills += "done" not in "".join(steps) + process.communicate()[0]
    assert kills >= 1
    with store.connect() as connection:
        before = set(connection.execute(sa.text("SELECT id FROM orders")).scalars())
    final = carry_out(office, rule, read_plan(made.to_text(), office.keyed_hash), store, shop, path, batch_rows=50)
    assert (final.deleted, final.gone, final.left) == (made.due, 0, 0)
    rows = archived(path, shop)
    assert len(rows) == len(set(rows)) == made.due
    assert set(rows).isdisjoint(shop.left(store))
    assert len(before) <= 400
    store.dispose()


VALUES = [
    "text \N{CJK UNIFIED IDEOGRAPH-738B}",
    "",
    None,
    7,
    2**70,
    -1.5,
    Decimal("1.10"),
    True,
    dt.date(2024, 2, 29),
    dt.datetime(2024, 2, 29, 12, 0, 0, 5, tzinfo=dt.UTC),
    dt.time(23, 59),
    b"\x00\xff",
    {"a": [1, None]},
]


def test_rows_of_every_type_read_as_they_were_written():
    back = decode_rows(encode_rows([VALUES, VALUES[::-1]]), len(VALUES))
    assert back == [VALUES, VALUES[::-1]]
    assert [type(each) for each in back[0]] == [type(each) for each in VALUES]


def test_a_value_that_cannot_be_kept_is_refused_without_being_shown():
    marker = uuid.UUID("1b671a64-40d5-491e-99b0-da01ff1f3341")
    with pytest.raises(BadInputError) as error:
        encode_rows([[marker]])
    assert str(marker) not in str(error.value)


def test_frames_cannot_change_places_or_files(shop, path, tmp_path):
    for file, job in ((path, "j1"), (tmp_path / "other.archive", "j2")):
        writer = ArchiveWriter(file, ArchiveHeader(job, "crm.orders", ("id",), ("id",), shop.key().info.id), shop.key())
        writer.append([[1]])
        writer.append([[2]])
        writer.finish()
    raw, other = path.read_bytes(), (tmp_path / "other.archive").read_bytes()
    start = 12 + 4 + int.from_bytes(raw[12:16], "big")
    size = 4 + int.from_bytes(raw[start : start + 4], "big")
    first, second, rest = raw[start : start + size], raw[start + size : start + 2 * size], raw[start + 2 * size :]
    for changed in (second + first + rest, first + rest, first + first + second + rest, other[start:]):
        path.write_bytes(raw[:start] + changed)
        with pytest.raises(TamperedError):
            archived(path, shop)
