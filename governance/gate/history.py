"""Reads the migrations of a store: those that are judged, and of the others those that tell of the same datasets.

A project has hundreds of old migrations, and a change touches a few tables. An old migration whose text names none of
them says nothing about them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from governance.gate.changes import Reading, SchemaChange
from governance.gate.reads.files import File, read_file, text_in
from governance.gate.reads.order import link_of
from governance.gate.reads.python_modules import Modules, parse_python
from governance.gate.sources import Sources, relative

_ROUNDS = 4


def read_history(
    sources: Sources, root: Path, top: Callable[[Path], Path], dialects: tuple[str, ...]
) -> list[tuple[Path, File]]:
    """The migrations of a store by path; `top` gives the folder above which no helper of one is looked for."""
    trees: dict[Path, ast.Module | None] = {}

    def read(path: Path) -> File | None:
        return read_file(path, relative(path, root), dialects, Modules(path, top(path), trees))

    found = {path: read(path) for path in sources.migrations if path in sources.judged}
    others = [path for path in sources.migrations if path not in sources.judged]
    texts = {path: (text_in(path) or "").casefold() for path in others}
    for _ in range(_ROUNDS):
        names = _names(file.reading for file in found.values() if file is not None)
        near = [path for path in others if path not in found and any(name in texts[path] for name in names)]
        if not near:
            break
        found |= {path: read(path) for path in near}
    found |= {path: _place_alone(path) for path in others if path not in found}
    return [(path, file) for path in sources.migrations if (file := found[path]) is not None]


def _names(readings: Iterable[Reading]) -> Collection[str]:
    """The tables and functions that some changes are about, without their schema, as they may be written."""
    return {name for reading in readings for change in reading.changes for name in _named(change) if name}


def _named(change: SchemaChange) -> Iterable[str]:
    sources = (each.dataset for each in change.sources)
    named = (change.dataset, change.target, *sources)
    if change.former and not change.field:
        named = (*named, change.former)
    yield from (each.rpartition(".")[2].casefold() for each in named)
    yield change.name.casefold()


def _place_alone(path: Path) -> File | None:
    """A migration of which only its place in the chain is needed."""
    if path.suffix.lower() != ".py":
        return None
    tree = parse_python(text_in(path) or "")
    return File(Reading(), "", link_of(tree)) if tree is not None else None
