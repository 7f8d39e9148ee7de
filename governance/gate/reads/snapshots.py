"""Reads files that describe a schema instead of changing it: models, Prisma, dbt, JSON Schema, protobuf, OpenAPI.

What a description has that its base had not is a change like one of a migration.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from governance.gate.changes import ChangeKind, Reading, SchemaChange, Unread
from governance.gate.reads.json_documents import read_json_document, read_yaml_document
from governance.gate.reads.models import read_models
from governance.gate.reads.prisma import read_prisma
from governance.gate.reads.protobuf import read_protobuf

_READERS: Mapping[str, Callable[[str, str], Reading]] = {
    ".prisma": read_prisma,
    ".proto": read_protobuf,
    ".json": read_json_document,
    ".yaml": read_yaml_document,
    ".yml": read_yaml_document,
}
_PASSED_BY = frozenset({".md", ".txt", ".csv", ".pyi", ".lock", ".toml", ".cfg", ".ini"})


def read_snapshot(path: Path, shown: str, text: str | None, around: Sequence[Path]) -> Reading | None:
    """What a file describes; None for one that describes nothing. `around` are the other files of the same store."""
    kind = path.suffix.lower()
    if kind in _PASSED_BY:
        return None
    if text is None:
        return Reading(unread=(Unread(shown, 1, "no_text"),))
    if kind == ".py":
        return read_models(text, shown, around)
    reader = _READERS.get(kind)
    return Reading(unread=(Unread(shown, 1, "other_tool", kind),)) if reader is None else reader(text, shown)


def since(old: Reading | None, new: Reading) -> Reading:
    """What the newer description has that the older had not: new fields, other types, gone fields and datasets."""
    if old is None:
        return new
    before = {(each.kind, each.dataset, each.field, each.fields): each for each in old.changes}
    changes: list[SchemaChange] = []
    for each in new.changes:
        was = before.pop((each.kind, each.dataset, each.field, each.fields), None)
        if was is None:
            changes.append(each)
        elif each.kind is ChangeKind.ADD_FIELD and was.native_type != each.native_type:
            changes.append(replace(each, kind=ChangeKind.RETYPE_FIELD))
        elif each.kind is ChangeKind.ADD_FIELD and each.required and not was.required:
            changes.append(each)
    changes += _gone(before.values(), {(each.dataset, each.field) for each in new.changes})
    unread = tuple(each for each in new.unread if _alike(each) not in {_alike(one) for one in old.unread})
    return Reading(tuple(changes), unread, new.statements)


def _gone(before: Iterable[SchemaChange], there: Collection[tuple[str, str]]) -> Iterator[SchemaChange]:
    """What went, as migrations say it: a dataset in one change, a field with its foreign keys in one."""
    kinds = {ChangeKind.ADD_FIELD: ChangeKind.DROP_FIELD, ChangeKind.ADD_REFERENCE: ChangeKind.DROP_REFERENCE}
    datasets, told = {dataset for dataset, _ in there}, set()
    for each in before:
        if each.kind not in kinds or each.dataset in told:
            continue
        if each.dataset in datasets and any((each.dataset, name) not in there for name in each.fields):
            continue
        one = replace(each, kind=kinds[each.kind], line=1, sources=(), required=False)
        if each.dataset not in datasets:
            told.add(each.dataset)
            one = replace(one, kind=ChangeKind.DROP_DATASET, field="", fields=(), target="", native_type="", comment="")
        yield one


def _alike(unread: Unread) -> tuple[str, str]:
    return unread.what, unread.detail
