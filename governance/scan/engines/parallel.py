"""Make the profiles of a large dataset in several processes at once; merged, they are those of one process.

The first parts are profiled here. Only when they have shown that the dataset is large are processes started, one for
each further core; this one goes on profiling, and hands a part to another process only once that one has said that it
is ready. So a dataset that ends before is not waited for, and at the end parts that wait are taken back.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from queue import SimpleQueue
from types import TracebackType
from typing import Self

import pyarrow as pa

from governance.scan.dataset_profile import DatasetProfile, Profiler
from governance.scan.engines.worker import Job, receive, send
from policies.errors import StoreError

LARGE_CELLS = 3_000_000
"""From so many cells on the rest is shared out: about two seconds of one core, as long as a process takes to start."""
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
        waiting: deque[tuple[Future[DatasetProfile], pa.Table]] = deque()
        for part in parts:
            if len(waiting) < _AHEAD * pool.ready():
                waiting.append((pool.submit(part), part))
            else:
                yield profiler.profile(part)
            while waiting and waiting[0][0].done():
                yield waiting.popleft()[0].result()
        while waiting:
            last, part = waiting.pop()
            yield profiler.profile(part) if last.cancel() else last.result()


class Pool:
    """Processes that make profiles, each fed by a thread; they end with the `with` block."""

    def __init__(self, job: Job, size: int, place: str) -> None:
        self._job, self._place, self._size = pickle.dumps(job), place, size
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._starting: list[Future[None]] = []
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="scan")

    def __enter__(self) -> Self:
        for _ in range(self._size):
            process = subprocess.Popen(  # noqa: S603  our own module, in the interpreter that runs this
                [sys.executable, "-P", "-m", _MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            self._processes.append(process)
            self._starting.append(self._threads.submit(self._start, process))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process, starting in zip(self._processes, self._starting, strict=True):
            if kind is not None or not starting.done():
                process.kill()
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            process.communicate()

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The processes."""
        return tuple(process.pid for process in self._processes)

    def ready(self) -> int:
        """How many processes can take a part. Raises StoreError when one died while it started."""
        done = [each for each in self._starting if each.done()]
        for each in done:
            each.result()
        return len(done)

    def submit(self, part: pa.Table) -> Future[DatasetProfile]:
        """The profile of a part, once a process has made it. Its result raises StoreError when the process dies."""
        return self._threads.submit(self._profile, part)

    def _start(self, process: subprocess.Popen[bytes]) -> None:
        """Tell a process its job and wait until it says that it knows it."""
        try:
            self._ask(process, self._job)
        finally:
            self._idle.put(process)

    def _profile(self, part: pa.Table) -> DatasetProfile:
        process = self._idle.get()
        try:
            answer = self._ask(process, memoryview(_stream(part)))
        finally:
            self._idle.put(process)  # a dead one too, so that nobody waits for it
        return DatasetProfile.from_json(json.loads(answer))

    def _ask(self, process: subprocess.Popen[bytes], frame: bytes | memoryview) -> bytes:
        """What a process answers to a frame. Raises StoreError when it has gone."""
        if process.stdin is None or process.stdout is None:  # pragma: no cover  both are pipes
            raise self._died(process)
        try:
            send(process.stdin, frame)
            answer = receive(process.stdout)
        except OSError:
            answer = None
        if answer is None:
            raise self._died(process)
        return answer

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
