"""Finds the migrations below some paths and reads each with the reader of its kind."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from governance.gate.changes import Reading, Unread
from governance.gate.reads.alembic import is_revision, read_revision
from governance.gate.reads.sql import DIALECTS, read_sql
from governance.gate.reads.sql_sections import takes_back, up_part

_OTHER_KINDS = frozenset({".js", ".ts", ".xml", ".yaml", ".yml", ".json", ".rb", ".php", ".go", ".java", ".kt", ".cs"})
"""Kinds of files in which other tools keep migrations; the rest, such as text and templates, is passed by."""
_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules"})


def migration_files(path: Path) -> Iterator[Path]:
    """The files at or below a path that can be migrations, sorted; hidden folders and caches are left out."""
    if path.is_file():
        yield path
        return
    for each in sorted(path.rglob("*")):
        inner = each.relative_to(path).parts
        if each.is_file() and not any(part in _SKIPPED_FOLDERS or part.startswith(".") for part in inner):
            yield each


def read_file(path: Path, shown: str, dialects: Sequence[str]) -> Reading | None:
    """What a migration does; None for a file that is none. `shown` names it in findings."""
    kind = path.suffix.lower()
    if kind in _OTHER_KINDS:
        return Reading(unread=(Unread(shown, 1, "other_tool", kind),))
    if kind not in (".sql", ".py") or takes_back(path.name):
        return None
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return Reading(unread=(Unread(shown, 1, "no_text"),))
    return read_sql(up_part(text), shown, dialects) if kind == ".sql" else _read_python(text, shown, dialects)


def _read_python(text: str, shown: str, dialects: Sequence[str]) -> Reading | None:
    try:
        with warnings.catch_warnings(action="ignore"):  # an odd escape in somebody's migration is not our reader's word
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Reading(unread=(Unread(shown, 1, "no_python"),))
    if is_revision(tree):
        # One revision often holds a branch for each database: the store's dialect is tried first, the others after it.
        return read_revision(tree, shown, tuple(dict.fromkeys((*dialects, *DIALECTS))))
    if any(isinstance(node, ast.ClassDef) and node.name == "Migration" for node in tree.body):
        return Reading(unread=(Unread(shown, 1, "other_tool", "Django"),))
    return None
