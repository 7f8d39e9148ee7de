"""Reads protobuf files: the fields of `message` blocks, nested ones and those of `oneof` included."""

from __future__ import annotations

import re
from collections.abc import Iterator

from governance.gate.changes import ChangeKind, Reading, SchemaChange, Unread
from governance.gate.reads.place import At

_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_PIECE = re.compile(r"[{};]")
_MESSAGE = re.compile(r"\s*(message|oneof|enum|service|extend|rpc|option)\b\s*(\w+)?")
_FIELD = re.compile(
    r"\s*(optional\s+|required\s+|repeated\s+)?(map\s*<[^>]*>|[\w.]+)\s+(\w+)\s*=\s*(?:0x[0-9a-fA-F]+|\d+)\s*(\[.*\])?\s*$",
    re.DOTALL,
)


def read_protobuf(text: str, file: str) -> Reading:
    """The fields of every message; the dataset is the message's name, `Outer.Inner` for a nested one."""
    plain = _COMMENT.sub(lambda found: found[0] if found[0][0] == '"' else re.sub(r"[^\n]", " ", found[0]), text)
    changes: list[SchemaChange] = []
    unread: list[Unread] = []
    stack: list[tuple[str, str]] = []
    start = 0
    for mark in _PIECE.finditer(plain):
        piece, line = plain[start : mark.start()], plain.count("\n", 0, mark.start()) + 1
        start = mark.end()
        if mark[0] == "{":
            begun = _MESSAGE.match(piece)
            stack.append((begun[1], begun[2] or "") if begun else ("?", ""))
        elif mark[0] == "}":
            if stack:
                stack.pop()
        elif stack and stack[-1][0] in ("message", "oneof", "extend"):
            changes += _field(
                piece, ".".join(name for kind, name in stack if kind == "message"), At("sqlite", file, line)
            )
    if stack:
        unread.append(Unread(file, 1, "cut"))
    return Reading(tuple(changes), tuple(unread), len(changes))


def _field(piece: str, message: str, at: At) -> Iterator[SchemaChange]:
    found = _FIELD.match(piece)
    if found is not None and found[2] not in ("option", "reserved", "extensions", "syntax"):
        native = {"bool": "boolean"}.get(found[2], found[2])
        required = (found[1] or "").strip() == "required"
        yield at.change(ChangeKind.ADD_FIELD, message, found[3], native_type=native, required=required)
