"""The SQL of a mask as text, for who changes a table for good instead of reading it."""

from __future__ import annotations

from sqlglot import exp

from governance.guard.masks_sql import mask_sql
from governance.guard.nodes import ROW, name

_DIALECTS = {"mariadb": "mysql", "mysql": "mysql", "postgresql": "postgres", "sqlite": "sqlite"}


def mask_text(mask: str, kind: str, table: str, field: str, type_: str = "string") -> str | None:
    """A mask over a field of a table, in the SQL of a kind of store; None for a type that the mask does not keep."""
    made = mask_sql(mask, _DIALECTS[kind] if kind in {"mariadb", "mysql"} else kind, field, type_)
    if made is None:
        return None
    for node in made.find_all(exp.Column):
        if node.table == ROW:
            node.set("table", name(table))
    return made.sql(_DIALECTS[kind], identify=True, normalize_functions=False)
