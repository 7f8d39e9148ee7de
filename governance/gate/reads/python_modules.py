"""Finds functions that a migration imports from other files of its own repository; nothing is imported or run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from governance.gate.reads.alembic_names import imports_of

_DEEPEST = 4
_HIGHEST = 12


@dataclass(frozen=True)
class Found:
    """A function of another file."""

    function: ast.FunctionDef
    """The function."""
    tree: ast.Module
    """The file that it stands in."""
    modules: Modules
    """How that file's own imports are found."""


@dataclass(frozen=True)
class Modules:
    """The files around one file: what its imports name, as far as it lies in the same repository."""

    file: Path | None = None
    """The file that imports; None where there are no other files."""
    root: Path | None = None
    """The folder above which nothing is read."""
    trees: dict[Path, ast.Module | None] = field(default_factory=dict)
    """Files that were read already."""

    def function(self, origin: str, depth: int = 0) -> Found | None:
        """The function of an origin such as `app.migrations.shared.add_columns` or `.shared.add_columns`."""
        if self.file is None or self.root is None or depth > _DEEPEST:
            return None
        module, _, name = origin.rpartition(".")
        for path in self._paths(self.file, self.root, module):
            tree = self._tree(path)
            if tree is None:
                continue
            inner = Modules(path, self.root, self.trees)
            made = next((each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == name), None)
            if made is not None:
                return Found(made, tree, inner)
            further = imports_of(tree).get(name)
            return inner.function(further, depth + 1) if further is not None else None
        return None

    def _paths(self, file: Path, root: Path, module: str) -> Sequence[Path]:
        """The files that a module name can mean, nearest first."""
        dots = len(module) - len(module.lstrip("."))
        parts = [each for each in module.split(".") if each]
        above = [file.parent, *file.parent.parents][:_HIGHEST]
        folders = above[dots - 1 : dots] if dots else above
        found: list[Path] = []
        for folder in folders:
            if folder != root and root not in folder.parents:
                break
            base = folder.joinpath(*parts)
            found += [each for each in (base.with_suffix(".py"), base / "__init__.py") if parts and each.is_file()]
        return found

    def _tree(self, path: Path) -> ast.Module | None:
        if path not in self.trees:
            self.trees[path] = parsed(path)
        return self.trees[path]


def parsed(path: Path) -> ast.Module | None:
    """The syntax tree of a file; None for one that is no Python."""
    try:
        return parse_python(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return None


def parse_python(text: str) -> ast.Module | None:
    """The syntax tree of a text; None for one that is no Python."""
    try:
        with warnings.catch_warnings(action="ignore"):  # an odd escape in somebody's migration is not our reader's word
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
