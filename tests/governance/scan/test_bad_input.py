"""Input that would stop a careless scan: each case ends in bounded time and memory, and the rest is scanned."""

import csv
import os
import resource
import time
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from connectors.base import FULL
from connectors.files.store import FileStore
from connectors.memory import MemoryStore
from connectors.sql.store import SqlStore
from governance.scan.engines.local import scan_store
from governance.scan.options import ScanOptions
from governance.scan.shapes import shape_name
from policies.errors import ConfigError

CELL_BYTES = 1_000_000 * int(os.environ.get("GOVERNANCE_CELL_MEGABYTES", "20"))
"""The size of the giant cell; `make soak` asks for 100 MB."""
MAILS = [f"u{number}@test.com" for number in range(50)]
OPTIONS = ScanOptions(FULL, workers=1)


def labels(scan):
    return {
        (each.dataset, field.field): field.label.entity
        for each in scan.datasets
        for field in each.fields
        if field.label
    }


@contextmanager
def bounded(*, cpu_seconds, memory_bytes):
    """Fails when the block takes more processor time, or makes the process grow by more memory."""
    peak, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    yield
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) * 1024
    assert time.process_time() - begun < cpu_seconds
    assert grown < memory_bytes


def giant():
    return ("lorem ipsum 12 " * (CELL_BYTES // 15 + 1))[:CELL_BYTES]


def files_of(folder):
    return scan_store(FileStore("s", str(folder), name_filter=shape_name), OPTIONS)


def write_csv(path, cell):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["email", "note"])
        writer.writerows([mail, cell if number == 25 else "box"] for number, mail in enumerate(MAILS))


def write_jsonl(path, cell):
    lines = (
        f'{{"email": "{mail}", "note": "{cell if number == 25 else "box"}"}}\n' for number, mail in enumerate(MAILS)
    )
    path.write_text("".join(lines), encoding="utf-8")


def write_parquet(path, cell):
    notes = [cell if number == 25 else "box" for number in range(len(MAILS))]
    pq.write_table(pa.table({"email": MAILS, "note": notes}), path)


WRITERS = {"a.csv": write_csv, "a.jsonl": write_jsonl, "a.parquet": write_parquet}


@pytest.mark.parametrize("name", WRITERS)
def test_giant_cell_in_a_file_is_cut_or_named_and_the_rest_is_scanned(tmp_path, name):
    WRITERS[name](tmp_path / name, giant())
    write_csv(tmp_path / "z.csv", "box")
    with bounded(cpu_seconds=20, memory_bytes=12 * CELL_BYTES + 500_000_000):
        found = files_of(tmp_path)
    assert labels(found)["z.csv", "email"] == "EMAIL_ADDRESS"
    reasons = {each.reason for each in found.not_seen} | {
        each.reason for data in found.datasets for each in data.not_seen
    }
    assert reasons & {"not_seen.long_cell", "not_seen.failed", "not_seen.unreadable_file"}
    if "not_seen.long_cell" in reasons:
        assert labels(found)[name, "email"] == "EMAIL_ADDRESS"


def test_giant_cell_in_a_database_is_cut_and_listed(sqlite_url):
    engine = sa.create_engine(sqlite_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (email text, note text)"))
        rows = [{"e": mail, "n": giant() if number == 25 else "box"} for number, mail in enumerate(MAILS)]
        connection.execute(sa.text("INSERT INTO t VALUES (:e, :n)"), rows)
    engine.dispose()
    del rows
    with bounded(cpu_seconds=20, memory_bytes=12 * CELL_BYTES + 500_000_000):
        found = scan_store(SqlStore("s", sqlite_url), OPTIONS)
    assert labels(found)["t", "email"] == "EMAIL_ADDRESS"
    assert [each.reason for each in found.datasets[0].not_seen] == ["not_seen.long_cell"]


@pytest.mark.parametrize("odd", ["\x00", "a\x00b", "\x00" * 5000, "\ufffe\uffff", "\u202e", "e" + "\u0301" * 5000])
@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_odd_signs_in_files_leave_the_other_fields_seen(tmp_path, name, odd):
    WRITERS[name](tmp_path / name, odd)
    with bounded(cpu_seconds=20, memory_bytes=500_000_000):
        found = files_of(tmp_path)
    assert labels(found)[name, "email"] == "EMAIL_ADDRESS"


def test_value_beside_nul_bytes_is_still_found():
    table = pa.table({"c1": [f"a\x00 b {mail} \x00" for mail in MAILS]})
    found = scan_store(MemoryStore("m", {"t": table}), OPTIONS)
    assert "EMAIL_ADDRESS" in {each.entity for each in found.datasets[0].fields[0].findings}


def test_lone_surrogates_in_json_lines_become_replacement_signs(tmp_path):
    lines = [f'{{"email": "{mail}", "note": "\\ud83d broken \\udc00"}}' for mail in MAILS]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert labels(files_of(tmp_path))["a.jsonl", "email"] == "EMAIL_ADDRESS"


def test_lone_surrogates_in_a_json_column_do_not_hide_its_paths():
    documents = [f'{{"mail": "{mail}", "x": "\\ud800", "\\udfff": 1}}' for mail in MAILS]
    engine_fields = pa.table({"doc": documents, "email": MAILS})
    found = scan_store(_JsonStore("m", {"t": engine_fields}), OPTIONS)
    assert labels(found)["t", "email"] == "EMAIL_ADDRESS"
    assert labels(found)["t", "doc:$.mail"] == "EMAIL_ADDRESS"


class _JsonStore(MemoryStore):
    """A store in memory that calls its text column `doc` JSON, as a database does."""

    def datasets(self):
        from dataclasses import replace

        (one,) = super().datasets()
        return [replace(one, fields=tuple(replace(f, type="json") if f.name == "doc" else f for f in one.fields))]


def test_two_thousand_columns_in_a_file_are_scanned(tmp_path):
    names = [f"c{number}" for number in range(1999)]
    rows = [",".join([mail, *["7"] * 1999]) for mail in MAILS]
    (tmp_path / "wide.csv").write_text("\n".join([",".join(["email", *names]), *rows]), encoding="utf-8")
    with bounded(cpu_seconds=60, memory_bytes=1_000_000_000):
        found = files_of(tmp_path)
    assert len(found.datasets[0].fields) == 2000
    assert labels(found)["wide.csv", "email"] == "EMAIL_ADDRESS"


RECOGNIZER = (
    "recognizers:\n  - name: m\n    supported_entity: MEMBER\n    patterns:\n      - {{score: 0.9, regex: '{}'}}\n"
)


def test_expression_that_runs_for_ever_stops_the_scan_with_its_line_before_a_row_is_read(tmp_path):
    path = tmp_path / "recognizers.yaml"
    path.write_text(RECOGNIZER.format(r"(a|aa)+b\1"), encoding="utf-8")
    with bounded(cpu_seconds=10, memory_bytes=500_000_000), pytest.raises(ConfigError, match=r"recognizers\.yaml:5: "):
        scan_store(MemoryStore("m", {"t": pa.table({"c": ["a"]})}), ScanOptions(FULL, recognizers=path))


def test_slow_expression_is_put_aside_with_its_line_and_the_rest_is_scanned(tmp_path):
    path = tmp_path / "recognizers.yaml"
    path.write_text(RECOGNIZER.format(r"(?=x)(x*)(x*)(x*)(x*)\1y"), encoding="utf-8")
    table = pa.table({"c1": [f"y{'x' * 3000}{number}" for number in range(len(MAILS))], "email": MAILS})
    with bounded(cpu_seconds=30, memory_bytes=500_000_000):
        found = scan_store(MemoryStore("m", {"t": table}), ScanOptions(FULL, recognizers=path, workers=1))
    assert labels(found)["t", "email"] == "EMAIL_ADDRESS"
    (note,) = found.datasets[0].not_seen
    assert (note.place, note.reason, note.detail) == ("m.t", "not_seen.slow_pattern", "recognizers.yaml:5")
