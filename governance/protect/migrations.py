"""For a project's `migrations/env.py`: has Alembic write `Encrypted` and `IndexCell` columns as they are declared.

    from governance.protect.migrations import render_item

    context.configure(connection=connection, target_metadata=Base.metadata, render_item=render_item)

A migration then holds `Encrypted(sa.String(length=200), index='email_bidx')` and the import that it needs. To the store
both types are plain bytes, so a second autogenerate finds nothing to change.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic.autogenerate.api import AutogenContext
from sqlalchemy.types import TypeEngine

from governance.protect.encrypted_type import Encrypted
from governance.protect.search import IndexCell

_DIALECTS = "sqlalchemy.dialects."


def render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """The text of a type of ours, for Alembic's `render_item`; False for everything else, which Alembic renders."""
    if kind != "type" or not isinstance(item, Encrypted | IndexCell):
        return False
    context.imports.add(f"from governance import {type(item).__name__}")
    if isinstance(item, IndexCell):
        return "IndexCell()"
    index = f", index={item.index!r}" if item.index is not None else ""
    return f"Encrypted({_inner(item.inner_type, context)}{index})"


def _inner(inner: TypeEngine[Any], context: AutogenContext) -> str:
    module = type(inner).__module__
    if module.startswith(_DIALECTS):
        dialect = module.removeprefix(_DIALECTS).partition(".")[0]
        context.imports.add(f"from sqlalchemy.dialects import {dialect}")
        return f"{dialect}.{inner!r}"
    if module.startswith("sqlalchemy."):
        return f"sa.{inner!r}"
    context.imports.add(f"import {module}")
    return f"{module}.{inner!r}"
