"""Policy changes as a patch: lines of `access.csv` taken out, in the form that `git apply` takes."""

from __future__ import annotations

import difflib
from collections.abc import Collection

NO_NEWLINE = "\\ No newline at end of file\n"
"""What a patch says below a last line without a line feed."""


def removal_patch(text: str, path: str, lines: Collection[int]) -> str:
    """The unified patch that takes lines (from 1) out of a file's text; empty when there is nothing to take out.

    `path` is the file as seen from the folder in which the patch will be applied, with `/` between its parts.
    """
    old = _cut(text)
    new = [line for number, line in enumerate(old, start=1) if number not in lines]
    made = difflib.unified_diff(old, new, f"a/{path}", f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}" for line in made)


def _cut(text: str) -> list[str]:
    """Lines with their line feeds; nothing else ends a line, as in git."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
