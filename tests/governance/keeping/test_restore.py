"""What retention took away stays away: archives read back, restored backups are cleaned, drills are on record."""

from __future__ import annotations

import datetime as dt
import json
import shutil

import pytest

from governance.flows.retention.archiving import check_archive
from governance.flows.retention.keeping import place_hold, run_retention, standing_holds
from governance.flows.retention.restoring import (
    backup_drills,
    plan_subject_reapply,
    record_backup_drill,
    run_subject_reapply,
)
from governance.retention.archive import ArchiveReader
from governance.retention.drills import DrillDraft
from policies.errors import BadInputError, GovernanceError, TamperedError
from policies.nouns import DatasetRef

CUSTOMERS = DatasetRef("crm", "customers")
ARCHIVE = """
rules:
  old:
    dataset: crm.customers
    start: created_at
    period: P10Y
    action: archive
    basis: kept for ten years, then out of reach
"""
DELETE = ARCHIVE.replace("action: archive", "action: delete")
LEFT = list(range(4, 41))


def ids(shop):
    return [row[0] for row in shop.sql("SELECT id FROM customers ORDER BY id")]


def carry_out(gov):
    (plan,) = gov.plan_retention(["old"])
    return run_retention(gov, plan.to_text())


def archive_of(shop):
    (path,) = (shop.folder / ".governance" / "archives").iterdir()
    return path


def rows_of(gov, path):
    with ArchiveReader(path, gov.keyring.key) as reader:
        return [tuple(row) for row in reader.rows()]


def test_archived_rows_leave_the_store_and_can_be_read_again(shop, gov):
    shop.rules(ARCHIVE)
    before = shop.sql("SELECT * FROM customers WHERE id < 4 ORDER BY id")
    found = carry_out(gov)
    assert (found.deleted, ids(shop)) == (3, LEFT)
    assert rows_of(gov, archive_of(shop)) == before
    assert check_archive(gov, archive_of(shop))["rows"] == 3


def test_the_certificate_names_the_archive_and_what_is_left(shop, gov, run):
    shop.rules(ARCHIVE)
    found = carry_out(gov)
    outcome = run("job", "certificate", found.job, "--format", "json")
    (rule,) = json.loads(outcome.out)["findings"]["rules"]
    assert rule["archive"]["rows"] == 3
    assert rule["left"] == {"rows": 37, "over": 0, "due": 0}


def test_an_archive_holds_no_value_in_clear(shop, gov):
    shop.rules(ARCHIVE)
    carry_out(gov)
    raw = archive_of(shop).read_bytes()
    assert b"Quagmire" not in raw
    assert b"zebra-quagga" not in raw
    assert archive_of(shop).stat().st_mode & 0o077 == 0


def test_any_changed_byte_of_an_archive_is_found(shop, gov):
    shop.rules(ARCHIVE)
    carry_out(gov)
    path = archive_of(shop)
    raw = path.read_bytes()
    for place in range(12, len(raw), 311):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        with pytest.raises(GovernanceError):
            rows_of(gov, path)


def test_an_archive_that_was_cut_off_is_found(shop, gov):
    shop.rules(ARCHIVE)
    carry_out(gov)
    path = archive_of(shop)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(TamperedError, match="without its end"):
        check_archive(gov, path)


def test_rows_of_a_restored_backup_go_again_and_new_ones_stay(shop, gov):
    shop.rules(DELETE)
    shutil.copy(shop.store, shop.folder / "backup.db")
    carry_out(gov)
    shutil.copy(shop.folder / "backup.db", shop.store)
    shop.sql("INSERT INTO customers (id, name, created_at) VALUES (99, 'new', '2011-01-01')")
    shop.sql("UPDATE customers SET created_at = '2026-11-01' WHERE id = 2")
    plan = plan_subject_reapply(gov, "crm")
    assert [(line.rows, dict(line.blocked)) for line in plan.lines] == [(2, {"changed": 1})]
    assert ids(shop) == [*range(1, 41), 99]
    found = run_subject_reapply(gov, plan.text())
    assert found.total("done") == 2
    assert ids(shop) == [2, *LEFT, 99]


def test_a_second_reapply_finds_nothing(shop, gov):
    shop.rules(DELETE)
    carry_out(gov)
    assert [line.rows for line in plan_subject_reapply(gov, "crm").lines] == [0]


def test_a_hold_keeps_a_restored_row(shop, gov):
    shop.rules(DELETE)
    shutil.copy(shop.store, shop.folder / "backup.db")
    carry_out(gov)
    shutil.copy(shop.folder / "backup.db", shop.store)
    place_hold(gov, CUSTOMERS, "record", ["1"], reason="a claim", matter="case 4711")
    found = run_subject_reapply(gov, plan_subject_reapply(gov, "crm").text())
    assert (found.total("done"), found.total("held"), ids(shop)) == (2, 1, [1, *LEFT])


def test_nothing_is_reapplied_where_nothing_was_deleted(gov):
    assert plan_subject_reapply(gov, "crm") is None


def test_a_hold_ends_with_its_last_day(shop, gov):
    shop.rules(DELETE)
    place_hold(gov, CUSTOMERS, "dataset", [], reason="a claim", matter="case 4711", until=dt.date(2026, 12, 31))
    assert [each.until for each in standing_holds(gov)] == ["2026-12-31"]
    shop.clock.now = dt.datetime(2026, 12, 31, 23, tzinfo=dt.UTC)
    assert carry_out(gov).held == 3
    shop.clock.now = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    assert standing_holds(gov) == []
    assert carry_out(gov).deleted == 3


def test_a_hold_until_a_day_that_is_over_is_refused(gov):
    with pytest.raises(BadInputError, match="over"):
        place_hold(gov, CUSTOMERS, "dataset", [], reason="r", until=dt.date(2026, 11, 21))


def test_a_restore_test_is_kept_as_evidence(gov):
    said = DrillDraft(
        store="crm", backup_day=dt.date(2026, 11, 20), drilled=dt.date(2026, 11, 22), minutes=42, checked=("rows",)
    )
    made = record_backup_drill(gov, said, note="tape 3")
    assert backup_drills(gov, "crm") == [made]
    (event,) = gov.ledger.events("backup.drilled")
    assert (event.id, event.counts["minutes"], event.note) == (made.event, 42, made.note)


@pytest.mark.parametrize(
    ("backup_day", "drilled", "checked"),
    [("2026-11-22", "2026-11-21", ()), ("2026-11-22", "2026-11-23", ()), ("2026-11-20", "2026-11-21", ("taste",))],
)
def test_a_restore_test_that_cannot_be_is_refused(gov, backup_day, drilled, checked):
    days = dt.date.fromisoformat(backup_day), dt.date.fromisoformat(drilled)
    with pytest.raises(BadInputError):
        record_backup_drill(gov, DrillDraft(store="crm", backup_day=days[0], drilled=days[1], checked=checked))
    assert backup_drills(gov) == []
