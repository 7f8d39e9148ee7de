"""The newest checkpoint in a file that someone else can keep."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from policies.errors import LedgerError


def write_checkpoint(path: Path, note: str) -> None:
    """Replace the file's content with a note, whole or not at all. Raises LedgerError when it cannot be written."""
    try:
        if path.exists() and _is_later(path.read_text(encoding="utf-8"), note):
            return  # another process was quicker
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)  # noqa: PTH105 atomic on every system
    except (OSError, UnicodeDecodeError):
        raise LedgerError(
            f"checkpoint file {path}",
            found="a file that could not be written",
            expected="a place that this user may write",
            next_step="correct records.checkpoint_file in governance.yaml, or the rights of the folder",
        ) from None


def _is_later(kept: str, note: str) -> bool:
    origin, size = note.split("\n")[:2]
    kept_origin, kept_size = [*kept.split("\n"), "", ""][:2]
    return kept_origin == origin and kept_size.isdecimal() and int(kept_size) > int(size)
