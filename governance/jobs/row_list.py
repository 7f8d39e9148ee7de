"""Row lists: which rows a plan saw, and in what state, so that a run touches those and no others.

    file   = record*                               sorted by mark
    record = mark (16 bytes) || state (16 bytes)   both of `governance.jobs.marks`

The plan names the list's SHA-256 and number of rows; the list lies in the office's folder under the plan's id. Memory
stays flat whatever the number of rows: a list is sorted in parts on the disk and read by place, never as a whole.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from governance.jobs.marks import MARK_BYTES
from governance.jobs.office import Office
from governance.jobs.plan import Plan, RowListInfo
from policies.errors import ConfigError, TamperedError

RECORD_BYTES = 2 * MARK_BYTES
"""Bytes of a record."""
_BLOCK_BYTES = 512 * RECORD_BYTES
"""What a look-up reads."""


def list_path(office: Office, plan_id: str) -> Path:
    """Where the row list of a plan lies. Raises ConfigError for an office without a folder."""
    if office.folder is None:
        raise ConfigError(
            "row list",
            found="no folder for it",
            expected="the folder of the project's records",
            next_step="open the project by its governance.yaml",
        )
    return office.folder / f"{plan_id}.rows"


def write_row_list(path: Path, rows: Iterable[tuple[str, str]]) -> RowListInfo:
    """Write marks and states of rows, given in any order, as 32 hex digits each. The file is replaced as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        parts = _parted(Path(scratch), rows)
        made, digest, size = Path(scratch) / "rows", hashlib.sha256(), 0
        with made.open("wb") as out:
            for part in parts:
                data = part.read_bytes()
                ordered = b"".join(sorted(data[at : at + RECORD_BYTES] for at in range(0, len(data), RECORD_BYTES)))
                out.write(ordered)
                digest.update(ordered)
                size += len(ordered)
            out.flush()
            os.fsync(out.fileno())
        made.replace(path)
    return RowListInfo(size // RECORD_BYTES, digest.hexdigest())


def _parted(folder: Path, rows: Iterable[tuple[str, str]]) -> list[Path]:
    """The records in files by the first byte of their marks, in the order of that byte."""
    files: dict[str, IO[bytes]] = {}
    with ExitStack() as stack:
        for mark, state in rows:
            part = files.get(mark[:2])
            if part is None:
                part = files[mark[:2]] = stack.enter_context((folder / mark[:2]).open("wb"))
            part.write(bytes.fromhex(mark + state))
    return [folder / name for name in sorted(files)]


class RowList:
    """The rows of a plan, from an open file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._firsts: list[bytes] = []
        digest = hashlib.sha256()
        while block := file.read(_BLOCK_BYTES):
            self._firsts.append(block[:MARK_BYTES])
            digest.update(block)
        self.info = RowListInfo(file.tell() // RECORD_BYTES, digest.hexdigest())
        """Its number of rows and SHA-256."""

    def states(self, marks: Sequence[str]) -> list[str | None]:
        """The state of each row as the plan saw it; None for a row that it did not see."""
        return [self._state(bytes.fromhex(mark)) for mark in marks]

    def _state(self, mark: bytes) -> str | None:
        block = self._read(max(0, bisect_right(self._firsts, mark) - 1))
        at = block.find(mark)
        while at >= 0 and at % RECORD_BYTES:  # bytes of two neighbours that look like the mark
            at = block.find(mark, at + 1)
        return block[at + MARK_BYTES : at + RECORD_BYTES].hex() if at >= 0 else None

    def _read(self, number: int) -> bytes:
        self._file.seek(number * _BLOCK_BYTES)
        return self._file.read(_BLOCK_BYTES)


@contextmanager
def opened_rows(office: Office, plan: Plan) -> Iterator[RowList | None]:
    """The row list of a plan; None for a plan without one. Raises TamperedError when it is not what the plan names."""
    if plan.row_list is None:
        yield None
        return
    path = list_path(office, plan.id)
    try:
        file = path.open("rb", buffering=0)
    except OSError:
        raise _wrong(plan, "no list in the project's folder") from None
    with file:
        rows = RowList(file)
        if rows.info != plan.row_list:
            raise _wrong(plan, "a list that was changed")
        yield rows


def _wrong(plan: Plan, found: str) -> TamperedError:
    return TamperedError(
        f"row list of {plan.kind} plan {plan.id}",
        found=found,
        expected="the list that was written with the plan",
        next_step="make a new plan, and run it in the project that made it",
    )
