"""Arrow schemas as fields: structs become dotted paths, lists become `items[].name` as JSON text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.cells import text_column


@dataclass(frozen=True, slots=True)
class Shape:
    """One leaf of an Arrow schema and how to get at it."""

    path: str
    """The field's name: `address.city`, `items[].name`."""
    word: str
    """The type as `Field.type` has it."""
    steps: tuple[str, ...]
    """Names from the column down to the leaf, or to the first list on the way."""
    below: tuple[str, ...] | None = None
    """Names and `[]` from the first list down to the leaf; None without a list on the way."""
    target: pa.DataType | None = None
    """The Arrow type of the batch's column; None for binary, which is not read."""


def shapes_of(schema: pa.Schema) -> list[Shape]:
    """Every leaf of the schema, in its order."""
    return [shape for field in schema for shape in _leaves(field.name, field.type, (field.name,), None)]


def flatten(batch: pa.RecordBatch, shapes: Sequence[Shape]) -> pa.RecordBatch:
    """The leaves asked for as columns of their own, in that order."""
    columns = [_column(batch, shape) for shape in shapes]
    return pa.RecordBatch.from_arrays(
        columns, schema=pa.schema([(shape.path, shape.target or pa.string()) for shape in shapes])
    )


def _leaves(path: str, kind: pa.DataType, steps: tuple[str, ...], below: tuple[str, ...] | None) -> Iterator[Shape]:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_struct(kind) and kind.num_fields:
        for child in kind:
            if below is None:
                yield from _leaves(f"{path}.{child.name}", child.type, (*steps, child.name), None)
            else:
                yield from _leaves(f"{path}.{child.name}", child.type, steps, (*below, child.name))
    elif _is_list(kind):
        yield from _leaves(f"{path}[]", kind.value_type, steps, (*(below or ()), "[]"))
    else:
        word, target = _typed(kind)
        if below is not None and word != "binary":
            word, target = "json", pa.string()
        yield Shape(path, word, steps, below, target)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _typed(kind: pa.DataType) -> tuple[str, pa.DataType | None]:
    """The word and the batch's Arrow type for a leaf; what Arrow's consumers seldom know is given as text."""
    types = pa.types
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return "binary", None
    if types.is_map(kind) or types.is_struct(kind):
        return "json", pa.string()
    for test, word in (
        (types.is_boolean, "boolean"),
        (types.is_integer, "integer"),
        (types.is_floating, "float"),
        (types.is_decimal, "decimal"),
        (types.is_date, "date"),
        (types.is_timestamp, "datetime"),
    ):
        if test(kind):
            return word, kind
    if types.is_time(kind):
        return "time", pa.string()
    return ("string" if types.is_string(kind) or types.is_large_string(kind) else "other"), pa.string()


def _column(batch: pa.RecordBatch, shape: Shape) -> pa.Array:
    column = batch.column(shape.steps[0])
    for step in shape.steps[1:]:
        column = pc.struct_field(column, step)
    if shape.below is not None:
        return pa.array([_below(value, shape.below) for value in column.to_pylist()], pa.string())
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if column.type == shape.target:
        return column
    if shape.word == "json":
        return pa.array([None if value is None else json_text(value) for value in column.to_pylist()], pa.string())
    if pa.types.is_large_string(column.type) or pa.types.is_time(column.type):
        return column.cast(pa.string())
    return text_column(column.to_pylist())


def _below(value: Any, steps: tuple[str, ...]) -> str | None:
    found = list(values_below(value, steps))
    return json_text(found) if found else None


def values_below(value: Any, steps: Sequence[str]) -> Iterator[Any]:
    """Every value at the end of the steps, where `[]` goes through a list and `*` through all values of an object."""
    if value is None:
        return
    if not steps:
        yield value
    elif steps[0] == "[]":
        for item in value if isinstance(value, list) else ():
            yield from values_below(item, steps[1:])
    elif isinstance(value, dict):
        for child in value.values() if steps[0] == "*" else (value.get(steps[0]),):
            yield from values_below(child, steps[1:])


def json_text(value: Any) -> str:
    """JSON text of a value; what JSON has no form for is given as its text."""
    return (
        json.dumps(value, ensure_ascii=False, default=str).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )
