"""A process that makes profiles: `python -m governance.scan.engines.worker`, started by `engines.parallel`.

Frames go both ways over the standard streams, each a length of eight bytes, big-endian, and so many bytes. First comes
the pickled `Job`, answered by `ready`, then for each part of the dataset an Arrow IPC stream; the answer to each is the
profile as JSON.
"""

from __future__ import annotations

import json
import pickle
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa

from connectors.base import Dataset
from governance.scan.dataset_profile import Profiler
from governance.scan.detectors.registry import default_registry

_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Job:
    """What a process must know to make the profiles of one dataset."""

    dataset: Dataset
    """Names and types of its fields."""
    recognizers: Path | None
    """As `ScanOptions.recognizers`."""
    regions: tuple[str, ...]
    """As `ScanOptions.regions`."""
    models: str = "off"
    """As `ScanOptions.models`."""

    def profiler(self) -> Profiler:
        """What makes the profiles."""
        return Profiler(self.dataset, tuple(default_registry(self.recognizers)), self.regions, self.models)


def send(stream: IO[bytes], frame: bytes | memoryview) -> None:
    """Write a frame."""
    stream.write(_LENGTH.pack(len(frame)))
    stream.write(frame)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read a frame; None when the other side has gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(head)
    frame = stream.read(size)
    return frame if len(frame) == size else None


def main() -> None:
    """Answer until the parent closes its end; whatever is printed goes to the error stream."""
    source, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    job = receive(source)
    if job is None:
        return
    profiler = pickle.loads(job).profiler()  # noqa: S301  the parent wrote it
    send(answers, b"ready")
    while (part := receive(source)) is not None:
        table = pa.ipc.open_stream(part).read_all()
        send(answers, json.dumps(profiler.profile(table).to_json()).encode())


if __name__ == "__main__":
    main()
