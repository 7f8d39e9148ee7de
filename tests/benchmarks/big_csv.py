"""Peak memory and speed of reading and of scanning a CSV of 2 GB: `python tests/benchmarks/big_csv.py [--mb 2000]`.

Makes the file in a temporary folder, reads it once through `FileStore` and scans it once in full, each in a process of
its own, and prints one JSON line for each. The bar is 600 MB resident. `--sample N` reads and scans a sample instead.
`--rows N` makes a file of so many rows; `--rows 100000 10000000` does all of it twice and fails when the peak of the
scan differs by more than a fifth. `--workers N` scans in so many processes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from peak import peak_mb

BAR_MB = 600
_FLAT = 1.2
_BLOCK = 10_000
_HEADER = "id,name,姓名,email,phone,city,street,born,card,amount,status,note\n"


def _lines(block: int) -> Iterator[str]:
    for number in range(block * _BLOCK, (block + 1) * _BLOCK):
        yield (
            f"{number},Ann Example{number % 9973},林雅婷{number % 977},user{number}@example.com,"
            f"+886 9{number % 10**7:08},臺北市大安區,{number % 400} Main Street,"
            f"19{number % 90 + 10}-0{number % 9 + 1}-1{number % 9},"
            f'4111{number % 10**12:012},{number % 1000}.50,active,"客戶反映電話打不通, 已改約下星期三 {number}"\n'
        )


def make(path: Path, size_bytes: int, rows: int | None) -> int:
    """Write the file, of a size or of a number of rows; gives its number of rows."""
    block = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(_HEADER)
        while path.stat().st_size < size_bytes if rows is None else block * _BLOCK < rows:
            file.writelines(_lines(block))
            file.flush()
            block += 1
    return block * _BLOCK


def read(path: Path, sample_rows: int | None) -> dict[str, object]:
    """Read the file once; gives the figures."""
    from connectors.base import Sample
    from connectors.files.store import FileStore

    before_mb = peak_mb()
    store = FileStore("big", str(path))
    start, start_cpu = time.perf_counter(), time.process_time()
    [dataset] = store.datasets()
    kept = 0
    with store.read(dataset.name, [field.name for field in dataset.fields], Sample(sample_rows)) as reading:
        for batch in reading:
            kept += batch.num_rows
        rows = reading.rows_total
    wall, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    most_mb = peak_mb()
    return {
        "figure": "big_csv_read",
        "size_mb": round(path.stat().st_size / 1e6),
        "rows": rows,
        "rows_kept": kept,
        "method": reading.method,
        "wall_seconds": round(wall, 1),
        "rows_per_cpu_second": round((rows or 0) / cpu),
        "cells_per_cpu_second": round((rows or 0) * len(dataset.fields) / cpu),
        "imports_mb": round(before_mb),
        "peak_mb": round(most_mb),
        "bar_mb": BAR_MB,
        "within_bar": most_mb < BAR_MB,
    }


def scan(path: Path, sample_rows: int | None, workers: int) -> dict[str, object]:
    """Scan the file once; gives the figures, and fails when a column of personal data was missed."""
    from connectors.base import Sample
    from connectors.files.store import FileStore
    from governance.scan.engines.local import scan_store
    from governance.scan.options import ScanOptions

    start, start_cpu = time.perf_counter(), time.process_time()
    found = scan_store(FileStore("big", str(path)), ScanOptions(sample=Sample(sample_rows), workers=workers))
    wall, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    [dataset] = found.datasets
    labels = {each.field for each in dataset.fields if each.label is not None}
    if not {"姓名", "email", "phone", "city", "street", "born"} <= labels:
        sys.exit(f"labels are missing: only {sorted(labels)}")
    most_mb = peak_mb()
    return {
        "figure": "big_csv_scan",
        "size_mb": round(path.stat().st_size / 1e6),
        "rows": dataset.rows,
        "rows_read": dataset.rows_read,
        "wall_seconds": round(wall, 1),
        "cells_per_cpu_second": round(dataset.rows_read * len(dataset.fields) / cpu),
        "peak_mb": round(most_mb),
        "bar_mb": BAR_MB,
        "within_bar": most_mb < BAR_MB,
    }


def measure(options: argparse.Namespace, rows: int | None) -> list[dict[str, object]]:
    """Make a file and read and scan it; prints and gives the figures of both."""
    sample = [] if options.sample is None else ["--sample", str(options.sample)]
    made = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.csv"
        expected = make(path, options.mb * 1_000_000, rows)
        for step in ("--read", "--scan"):
            command = [sys.executable, __file__, step, str(path), "--workers", str(options.workers), *sample]
            run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            figures = json.loads(run.stdout)
            if figures["rows"] != expected:
                sys.exit(f"read {figures['rows']} rows of {expected}")
            print(json.dumps(figures), flush=True)
            made.append(figures)
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=2000)
    parser.add_argument("--rows", type=int, nargs="*", default=[])
    parser.add_argument("--sample", type=int, default=None)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--read", type=Path, default=None, help=argparse.SUPPRESS)
    parser.add_argument("--scan", type=Path, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read is not None:
        print(json.dumps(read(options.read, options.sample)))
        return 0
    if options.scan is not None:
        print(json.dumps(scan(options.scan, options.sample, options.workers)))
        return 0
    made = [measure(options, rows) for rows in options.rows or [None]]
    peaks = [float(str(each[1]["peak_mb"])) for each in made]
    flat = max(peaks) <= _FLAT * min(peaks)
    if len(peaks) > 1:
        print(json.dumps({"figure": "big_csv_flat", "rows": options.rows, "peaks_mb": peaks, "within_bar": flat}))
    return 0 if flat and all(figures["within_bar"] for each in made for figures in each) else 1


if __name__ == "__main__":
    sys.exit(main())
