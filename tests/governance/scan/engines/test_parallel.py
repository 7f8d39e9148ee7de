"""Profiles made by several processes are those of one; a process that dies is an error that names the dataset."""

import json
import os
import signal
import time

import pyarrow as pa
import pytest

from connectors.base import FULL, Dataset, DatasetKind, Field
from connectors.memory import MemoryStore
from governance.scan.dataset_profile import DatasetProfile
from governance.scan.engines import parallel
from governance.scan.engines.local import scan_store
from governance.scan.engines.worker import Job
from governance.scan.options import ScanOptions
from policies.errors import StoreError

ROWS = 6_000
TABLE = pa.table(
    {
        "email": [f"user{number}@example.com" for number in range(ROWS)],
        "remark": [f"Box {number} is back, call 138{number:08d}." for number in range(ROWS)],
        "doc": [json.dumps({"tel": f"138{number:08d}", "n": number}) for number in range(ROWS)],
    }
)
DATASET = Dataset("t", DatasetKind.TABLE, (Field("email", "string"), Field("remark", "string"), Field("doc", "json")))
JOB = Job(DATASET, None, ("CN", "US"))


def parts():
    return [TABLE.slice(low, 1_000) for low in range(0, ROWS, 1_000)]


def merged(profiles):
    whole = DatasetProfile()
    for each in profiles:
        whole = whole.merge(each)
    return json.dumps(whole.to_json(), sort_keys=True)


class Patient(parallel.Pool):
    """Waits until every process is ready, so that it takes part however small the dataset is."""

    submitted = 0

    def ready(self):
        for each in self._starting:
            each.result(timeout=60)
        return super().ready()

    def submit(self, part):
        Patient.submitted += 1
        return super().submit(part)


def test_two_processes_give_the_bytes_of_one(monkeypatch):
    monkeypatch.setattr(parallel, "LARGE_CELLS", 1)
    monkeypatch.setattr(parallel, "Pool", Patient)
    Patient.submitted = 0
    profiler = JOB.profiler()
    alone = merged(parallel.profiles(parts(), profiler, JOB, workers=1, place="m.t"))
    together = merged(parallel.profiles(parts(), profiler, JOB, workers=2, place="m.t"))
    assert together == alone
    assert Patient.submitted


def test_a_dataset_that_ends_before_a_process_is_ready_is_not_waited_for(monkeypatch):
    class Unready(parallel.Pool):
        def ready(self):
            return 0

    monkeypatch.setattr(parallel, "LARGE_CELLS", 1)
    monkeypatch.setattr(parallel, "Pool", Unready)
    profiler = JOB.profiler()
    alone = merged(parallel.profiles(parts(), profiler, JOB, workers=1, place="m.t"))
    assert merged(parallel.profiles(parts(), profiler, JOB, workers=2, place="m.t")) == alone


def test_small_dataset_starts_no_process(monkeypatch):
    monkeypatch.setattr(parallel, "Pool", None)
    assert merged(parallel.profiles(parts(), JOB.profiler(), JOB, workers=8, place="m.t"))


def kill(pool):
    while not pool.process_ids:
        time.sleep(0.01)
    os.kill(pool.process_ids[0], signal.SIGKILL)


def test_killed_process_is_an_error_that_names_the_dataset():
    with parallel.Pool(JOB, 1, "m.t") as pool:
        pool.submit(parts()[0]).result()
        kill(pool)
        answer = pool.submit(parts()[1])
        with pytest.raises(StoreError, match=r"m\.t"):
            answer.result(timeout=60)


def test_process_killed_at_work_does_not_hang():
    with parallel.Pool(JOB, 1, "m.t") as pool:
        answer = pool.submit(parts()[0])
        kill(pool)
        with pytest.raises(StoreError, match=r"m\.t"):
            answer.result(timeout=60)


def test_dataset_whose_process_died_is_listed_and_the_rest_goes_on(monkeypatch):
    class Dying(Patient):
        def submit(self, part):
            answer = super().submit(part)
            kill(self)
            return answer

    monkeypatch.setattr(parallel, "LARGE_CELLS", 1)
    monkeypatch.setattr(parallel, "Pool", Dying)
    tables = {"big": pa.concat_tables([TABLE.select(["email"])] * 20), "small": pa.table({"email": ["a@test.com"]})}
    result = scan_store(MemoryStore("m", tables), ScanOptions(FULL, workers=2))
    assert [each.dataset for each in result.datasets] == ["small"]
    assert [(each.place, each.reason) for each in result.not_seen] == [("m.big", "not_seen.failed")]


def test_processes_end_with_their_pool():
    with parallel.Pool(JOB, 1, "m.t") as pool:
        pool.submit(parts()[0]).result()
        (process,) = pool.process_ids
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
