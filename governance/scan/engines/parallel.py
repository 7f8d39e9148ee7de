"""Make the profiles of a large dataset in several processes at once; merged, they are those of one process.

The first parts are profiled here. Only when they have shown that the dataset is large are processes started, one for
each further core; this one goes on profiling beside them, so that no time is lost while they start.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from types import TracebackType
from typing import Self

import pyarrow as pa

from governance.scan.dataset_profile import DatasetProfile, Profiler
from governance.scan.engines.worker import Job, receive, send
from policies.errors import StoreError

LARGE_CELLS = 2_000_000
"""From so many cells on the rest is shared out."""
_LARGE_BYTES = 64 * 1_048_576
_AHEAD = 2
"""Parts that wait at each process."""
_MODULE = "governance.scan.engines.worker"


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def profiles(
    parts: Iterable[pa.Table], profiler: Profiler, job: Job, *, workers: int, place: str
) -> Iterator[DatasetProfile]:
    """The profile of each part, in any order. `place` names the dataset in an error.

    Raises StoreError when a process dies.
    """
    source = iter(parts)
    cells = size = 0
    for part in source:
        if workers > 1 and (cells >= LARGE_CELLS or size >= _LARGE_BYTES):
            yield from _shared(chain([part], source), profiler, job, workers - 1, place)
            return
        cells, size = cells + part.num_rows * part.num_columns, size + part.nbytes
        yield profiler.profile(part)


def _shared(
    parts: Iterator[pa.Table], profiler: Profiler, job: Job, others: int, place: str
) -> Iterator[DatasetProfile]:
    with Pool(job, others, place) as pool:
        waiting: deque[Future[DatasetProfile]] = deque()
        for part in parts:
            if len(waiting) < _AHEAD * others:
                waiting.append(pool.submit(part))
            else:
                yield profiler.profile(part)
            while waiting and waiting[0].done():
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class Pool:
    """Processes that make profiles, each fed by a thread of its own; they end with the `with` block."""

    def __init__(self, job: Job, size: int, place: str) -> None:
        self._job, self._place = pickle.dumps(job), place
        self._mine = threading.local()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="scan")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            for process in self._processes:
                process.kill()
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            process.communicate()

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The processes that have been started."""
        return tuple(process.pid for process in self._processes)

    def submit(self, part: pa.Table) -> Future[DatasetProfile]:
        """The profile of a part, once a process has made it. Its result raises StoreError when the process dies."""
        return self._threads.submit(self._profile, part)

    def _profile(self, part: pa.Table) -> DatasetProfile:
        process = self._process()
        if process.stdin is None or process.stdout is None:  # pragma: no cover  both are pipes
            raise self._died(process)
        try:
            send(process.stdin, memoryview(_stream(part)))
            answer = receive(process.stdout)
        except OSError:
            answer = None
        if answer is None:
            raise self._died(process)
        return DatasetProfile.from_json(json.loads(answer))

    def _process(self) -> subprocess.Popen[bytes]:
        """The process of this thread, started when it is first needed."""
        found: subprocess.Popen[bytes] | None = getattr(self._mine, "process", None)
        if found is None:
            found = subprocess.Popen(  # noqa: S603  our own module, in the interpreter that runs this
                [sys.executable, "-P", "-m", _MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            self._mine.process = found
            self._processes.append(found)
            if found.stdin is not None:
                send(found.stdin, self._job)
        return found

    def _died(self, process: subprocess.Popen[bytes]) -> StoreError:
        process.kill()
        return StoreError(
            self._place,
            found=f"a process that ended with {process.wait()} while it looked at the values",
            expected="a profile of each part",
            next_step="look for a lack of memory, or scan with `workers=1`",
        )


def _stream(part: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, part.schema) as writer:
        writer.write_table(part)
    return sink.getvalue()
