"""Which files a path or glob means."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from policies.errors import StoreError


@dataclass(frozen=True, slots=True)
class Places:
    """The files of a store."""

    root: Path
    """The folder that names are relative to."""
    files: tuple[Path, ...]
    """In sorted order."""
    single: bool
    """Whether the store is one file that was named as such."""


def places_of(store: str, target: str) -> Places:
    """The files that a path or glob means: a file itself, all files below a folder, all that match a glob.

    Hidden files and Excel's lock files are left out. Raises StoreError when there is no such path or nothing matches.
    """
    path = Path(target)
    if path.is_file():
        return Places(path.parent, (path,), single=True)
    if path.is_dir():
        return Places(path, tuple(sorted(_wanted(path.rglob("*"), path))), single=False)
    if glob.has_magic(target):
        root = _fixed_part(path)
        # `glob` follows `**` below the fixed part only, like a shell.
        found = _wanted((Path(name) for name in glob.iglob(target, recursive=True)), root)  # noqa: PTH207 takes absolute globs
        if found:
            return Places(root, tuple(sorted(found)), single=False)
    raise StoreError(
        f"store {store}",
        found="no file, folder or match at the path of the store",
        expected="a path that exists, or a glob that matches a file",
        next_step="check the path; relative ones start at the folder of governance.yaml, or at the current one",
    )


def _wanted(paths: Iterable[Path], root: Path) -> set[Path]:
    return {path for path in paths if path.is_file() and not _is_hidden(path.relative_to(root))}


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "~$")) for part in path.parts)


def _fixed_part(path: Path) -> Path:
    fixed = Path(path.anchor)
    for part in path.parts[1 if path.anchor else 0 :]:
        if glob.has_magic(part):
            break
        fixed /= part
    return fixed
