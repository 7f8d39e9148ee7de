"""Reads a Prisma schema: `model` blocks with their fields, `@@map`, `@map`, `@unique`, `@@index`.

The grammar is line by line: a field is a name, a type and attributes; comments begin with `//`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from governance.gate.changes import ChangeKind, Reading, SchemaChange, Unread
from governance.gate.reads.place import At

_BLOCK = re.compile(r"^\s*(model|view|type|enum|datasource|generator)\s+(\w+)\s*\{\s*(?://.*)?$")
_FIELD = re.compile(r"^\s*(\w+)\s+(\w+|Unsupported\([^)]*\))(\[\])?(\?)?\s*(.*)$")
_MAP = re.compile(r'@map\(\s*(?:name:\s*)?"([^"]+)"')
_TABLE = re.compile(r'^\s*@@map\(\s*(?:name:\s*)?"([^"]+)"')
_INDEX = re.compile(r"^\s*@@(?:index|unique|fulltext|id)\(\s*(?:fields:\s*)?\[([^\]]*)\]")
_SCALARS = {
    "String": "text", "Boolean": "boolean", "Int": "integer", "BigInt": "bigint", "Float": "float",
    "Decimal": "decimal", "DateTime": "timestamp", "Json": "json", "Bytes": "blob",
}  # fmt: skip


def read_prisma(text: str, file: str) -> Reading:
    """The fields of every model; a field whose type is another model is a relation and no column."""
    blocks, unread = _blocks(text, file)
    models = {name for kind, name, _ in blocks if kind in ("model", "view", "type")}
    changes: list[SchemaChange] = []
    for kind, name, lines in blocks:
        if kind in ("model", "view"):
            table = next((found[1] for _, line in lines if (found := _TABLE.match(line))), name)
            changes += _fields(lines, table, models, file)
    return Reading(tuple(changes), tuple(unread), len(blocks))


def _blocks(text: str, file: str) -> tuple[list[tuple[str, str, list[tuple[int, str]]]], list[Unread]]:
    blocks: list[tuple[str, str, list[tuple[int, str]]]] = []
    unread: list[Unread] = []
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        begun = _BLOCK.match(line)
        if inside and line.strip().startswith("}"):
            inside = False
        elif inside:
            blocks[-1][2].append((number, line))
        elif begun is not None:
            blocks.append((begun[1], begun[2], []))
            inside = True
        elif line.strip() and not line.lstrip().startswith("//"):
            unread.append(Unread(file, number, "statement", "?"))
    return blocks, unread


def _fields(lines: list[tuple[int, str]], table: str, models: set[str], file: str) -> Iterator[SchemaChange]:
    comment = ""
    for number, line in lines:
        at = At("sqlite", file, number)
        bare = line.strip()
        if bare.startswith("//"):
            comment = bare.lstrip("/ ") if bare.startswith("///") else ""
            continue
        index = _INDEX.match(line)
        if index is not None:
            fields = tuple(re.findall(r"\w+", re.sub(r"\([^)]*\)", "", index[1])))
            yield at.change(ChangeKind.ADD_INDEX, table, fields=fields)
        found = _FIELD.match(line)
        if found is None or bare.startswith("@@"):
            continue
        name, type_, _, optional, rest = found.groups()
        if type_ not in models:
            mapped = _MAP.search(rest)
            column = mapped[1] if mapped else name
            yield at.change(
                ChangeKind.ADD_FIELD, table, column, native_type=_SCALARS.get(type_, type_), comment=comment,
                required=not optional and "@default" not in rest and "@updatedAt" not in rest,
            )  # fmt: skip
            if "@unique" in rest:
                yield at.change(ChangeKind.ADD_INDEX, table, fields=(column,))
        comment = ""
