"""The newest checkpoint in files that someone else can keep.

The events that a checkpoint covers are durable before it is written out, and stay so when a file cannot be written: the
fault is logged and counted, and `doctor` and `ledger verify` show each place that lags behind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from governance.writing import replace_durably
from policies.errors import LedgerError

_log = structlog.get_logger()
_PLACE = re.compile("[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class KeptAt:
    """How one place stands to the newest checkpoint of the ledger."""

    path: Path
    """The file."""
    state: str
    """`current`; `behind`, `missing`, `unreadable`; `ahead` of the ledger or `foreign` to it, which is
    a sign of tampering."""

    @property
    def ok(self) -> bool:
        """Whether the file holds the newest checkpoint."""
        return self.state == "current"


class CheckpointFiles:
    """The places that receive every checkpoint."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)
        """Where."""
        self.faults = 0
        """How often a place could not be written since this was made."""

    def keep(self, note: str) -> None:
        """Write a note to each place; one that fails is logged and counted and does not stop the others."""
        for place, path in enumerate(self.paths, 1):
            try:
                write_checkpoint(path, note)
            except LedgerError:
                self.faults += 1
                _log.warning("ledger.checkpoint_not_kept", place=place, faults=self.faults)

    def states(self, note: str | None) -> list[KeptAt]:
        """How each place stands to the newest note."""
        return [KeptAt(path, _state(path, note)) for path in self.paths]


def write_checkpoint(path: Path, note: str) -> None:
    """Replace the file's content with a note, whole or not at all. Raises LedgerError when it cannot be written."""
    try:
        kept = path.read_text(encoding="utf-8") if path.exists() else ""
        if _compare(kept, note) in ("ahead", "current"):
            return  # another process was quicker
        _keep_evidence(kept, note)
        replace_durably(path, note.encode())
    except (OSError, UnicodeDecodeError):
        raise LedgerError(
            f"checkpoint file {path}",
            found="a file that could not be written, or a checkpoint of another ledger",
            expected="a place that this user may write, and this ledger's own checkpoint",
            next_step="correct records.checkpoint_file in governance.yaml, or the rights of the folder",
        ) from None


def _keep_evidence(kept: str, note: str) -> None:
    """Raises OSError for the checkpoint of another telling of the log, which must not be written over."""
    if _position(kept) is not None and _compare(kept, note) == "foreign":
        raise OSError


def _state(path: Path, note: str | None) -> str:
    try:
        kept = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return "current" if note is None else "missing"
    except (OSError, UnicodeDecodeError):
        return "unreadable"
    return "ahead" if note is None else _compare(kept, note)


def _compare(kept: str, note: str) -> str:
    """How a kept note stands to another: `current`, `behind`, `ahead` or `foreign`."""
    ours, theirs = _position(note), _position(kept)
    if ours is None or theirs is None or ours[0] != theirs[0]:
        return "foreign"
    if ours[1:] == theirs[1:]:
        return "current" if kept.split("\n")[2] == note.split("\n")[2] else "foreign"
    return "ahead" if theirs[1:] > ours[1:] else "behind"


def _position(note: str) -> tuple[str, int, int] | None:
    """Ledger, period and size that a note speaks of."""
    origin, size = [*note.split("\n"), "", ""][:2]
    ledger, _, period = origin.rpartition("/")
    if not (_PLACE.fullmatch(period) and _PLACE.fullmatch(size) and note.count("\n") > 2):
        return None
    return ledger, int(period), int(size)
