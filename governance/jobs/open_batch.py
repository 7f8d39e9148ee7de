"""The batch that a step is about to change in a store without transactions, sealed, so that a killed run can find it.

[{"id": ..., field: value, ...}, ...]     the rows as they were right before

Such a store may have done a part of a batch, and may have done a record by half: deleted, and not yet past recovery.
The journal knows rows by marks alone, and of a record that is in no list any more only its key tells. The file lies
beside the row list of the plan, one for each step, until the job has ended.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from governance.writing import replace_durably


class Sealer(Protocol):
    """Encrypts small values; `governance.protect.sealing.KeyringSealer` is one."""

    def seal(self, data: bytes, context: bytes) -> bytes:
        """A token that `open` gives the data back from, under the same context only. Raises KeyringError."""
        ...

    def open(self, token: bytes, context: bytes) -> bytes:
        """The data of a token. Raises DecryptionError when it was moved, cut or altered."""
        ...


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """The file of one step."""

    folder: Path
    """The folder of row lists."""
    job: str
    """The job's id."""
    step: str
    """The step's name."""
    sealer: Sealer
    """Encrypts it."""

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep the rows of the batch that is about to begin, in place of others. Raises KeyringError, OSError."""
        replace_durably(self._path, self.sealer.seal(json.dumps(list(rows)).encode(), self._context))

    def read(self) -> list[dict[str, Any]]:
        """The rows of the last batch that began; none where none did. Raises DecryptionError."""
        if not self._path.exists():
            return []
        found: list[dict[str, Any]] = json.loads(self.sealer.open(self._path.read_bytes(), self._context))
        return found

    def remove(self) -> None:
        """Take the file away."""
        self._path.unlink(missing_ok=True)

    @property
    def _path(self) -> Path:
        return self.folder / f"{self.job}.{hashlib.sha256(self.step.encode()).hexdigest()[:8]}.open"

    @property
    def _context(self) -> bytes:
        return f"open-batch/{self.job}/{self.step}".encode()
