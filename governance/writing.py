"""Write a file as a whole or not at all."""

from __future__ import annotations

import codecs
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from policies.errors import ConfigError


def replace_file(path: Path, text: str, *, encoding: str = "utf-8") -> None:
    """Write a file as a whole or not at all. Raises ConfigError when the folder cannot be written."""
    replace_file_with(path, (text,), encoding=encoding)


def replace_file_with(path: Path, parts: Iterable[str], *, encoding: str = "utf-8") -> None:
    """As `replace_file`, from parts that are made while the draft is written; what making them raises is passed on."""
    _replace(path, codecs.iterencode(parts, encoding))  # which writes a byte order mark once


def replace_file_with_bytes(path: Path, parts: Iterable[bytes]) -> None:
    """As `replace_file_with`, from bytes."""
    _replace(path, parts)


def _replace(path: Path, parts: Iterable[bytes]) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _refusing(path):
            file = draft.open("wb")
        with file:
            for part in parts:
                with _refusing(path):
                    file.write(part)
        with _refusing(path):
            draft.replace(path)
    finally:
        with _refusing(path):
            draft.unlink(missing_ok=True)


def replace_durably(path: Path, content: bytes) -> None:
    """Replace a file whole, so that it outlives a power cut, readable by its owner alone. Raises OSError.

    Where a link stands, the file that it names is replaced: somebody else may look for it there.
    """
    path = path.resolve()
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)  # noqa: PTH105 atomic on every system
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
    if os.name == "posix":  # the new name must outlive it too
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as cause:
        raise ConfigError(
            str(path),
            found=type(cause).__name__,
            expected="a folder that can be written",
            next_step="name another file",
        ) from None
