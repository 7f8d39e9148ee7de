"""Finds the files below some paths and reads each with the reader of its kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from governance.gate.changes import Reading, Unread
from governance.gate.reads.alembic import is_revision, read_revision
from governance.gate.reads.django import is_django, read_django
from governance.gate.reads.order import Link, link_of
from governance.gate.reads.python_modules import Modules, parse_python
from governance.gate.reads.sql import DIALECTS, read_sql
from governance.gate.reads.sql_sections import plain_delimiters, takes_back, up_part

_OTHER_KINDS = frozenset({".js", ".ts", ".xml", ".yaml", ".yml", ".json", ".rb", ".php", ".go", ".java", ".kt", ".cs"})
"""Kinds of files in which other tools keep migrations; the rest, such as text and templates, is passed by."""
_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules"})


@dataclass(frozen=True, slots=True)
class File:
    """One file that was read."""

    reading: Reading
    """What it does."""
    text: str = ""
    """Its text; empty where it is none."""
    link: Link | None = None
    """Its place in a chain of revisions."""


def files_below(path: Path) -> Iterator[Path]:
    """The files at or below a path, sorted; hidden folders and caches are left out."""
    if path.is_file():
        yield path
        return
    for each in sorted(path.rglob("*")):
        inner = each.relative_to(path).parts
        if each.is_file() and not any(part in _SKIPPED_FOLDERS or part.startswith(".") for part in inner):
            yield each


def text_in(path: Path) -> str | None:
    """The text of a file; None for one that is no readable UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


def read_file(path: Path, shown: str, dialects: Sequence[str], modules: Modules | None = None) -> File | None:
    """What a migration does; None for a file that is none. `shown` names it in findings."""
    kind = path.suffix.lower()
    if kind in _OTHER_KINDS:
        return File(Reading(unread=(Unread(shown, 1, "other_tool", kind),)))
    if kind not in (".sql", ".py") or takes_back(path.name):
        return None
    text = text_in(path)
    if text is None:
        return File(Reading(unread=(Unread(shown, 1, "no_text"),)))
    if kind == ".sql":
        return File(read_sql(plain_delimiters(up_part(text)), shown, dialects), text)
    return _read_python(text, shown, dialects, modules)


def _read_python(text: str, shown: str, dialects: Sequence[str], modules: Modules | None) -> File | None:
    tree = parse_python(text)
    if tree is None:
        return File(Reading(unread=(Unread(shown, 1, "no_python"),)), text)
    # One revision often holds a branch for each database: the store's dialect is tried first, the others after it.
    spoken = tuple(dict.fromkeys((*dialects, *DIALECTS)))
    if is_revision(tree):
        return File(read_revision(tree, shown, spoken, modules), text, link_of(tree))
    if is_django(tree):
        return File(read_django(tree, shown, spoken), text)
    return None
