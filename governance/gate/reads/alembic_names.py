"""Which names of a Python migration are operations, and which calls make no field."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache

HARMLESS_CALLS = frozenset(
    ["text", "select", "update", "delete", "insert", "func", "column", "table", "literal", "inspect", "Session"]
)
"""Names of SQLAlchemy that projects import through modules of their own."""
_HARMLESS_MODULES = (
    "alembic",
    "collections",
    "contextlib",
    "copy",
    "dataclasses",
    "datetime",
    "dateutil",
    "enum",
    "functools",
    "hashlib",
    "itertools",
    "json",
    "logging",
    "math",
    "operator",
    "os",
    "packaging",
    "pytz",
    "random",
    "re",
    "sqlalchemy",
    "string",
    "textwrap",
    "time",
    "typing",
    "uuid",
    "warnings",
)


@lru_cache(maxsize=4096)
def imports_of(tree: ast.Module) -> Mapping[str, str]:
    """Each imported name of a file, functions included, to where it comes from: `op` to `alembic.op`."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                found[each.asname or each.name.split(".")[0]] = each.name
        elif isinstance(node, ast.ImportFrom):
            for each in node.names:
                found[each.asname or each.name] = f"{'.' * node.level}{node.module or ''}.{each.name}"
    return found


def is_harmless_module(origin: str) -> bool:
    """Whether what is imported from there cannot change a schema behind a bare call."""
    return origin.split(".", maxsplit=1)[0] in _HARMLESS_MODULES
