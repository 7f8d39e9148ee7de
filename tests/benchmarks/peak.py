"""The peak memory of this process alone, for benchmarks: `getrusage` counts what the process that started it had."""

from __future__ import annotations

import re
from pathlib import Path


def peak_mb() -> float:
    """The most memory that this process has held, in MiB (VmHWM of proc(5))."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="utf-8"))
    return int(found[1]) / 1024 if found else 0.0
