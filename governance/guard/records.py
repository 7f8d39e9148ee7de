"""In what forms people hand records over: mappings, dataclasses, pydantic models, pandas and Arrow tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

import pyarrow as pa

from policies.errors import AccessRefusedError

if TYPE_CHECKING:
    import pandas as pd

Record = Mapping[str, Any]


def as_mappings(records: Iterable[Any]) -> list[Record]:
    """Records by the names of their fields; nothing that only looks like a field, such as a property, is read.

    Raises AccessRefusedError for something that has no fields.
    """
    return [_mapping(each) for each in records]


def is_frame(records: object) -> TypeGuard[pd.DataFrame]:
    """Whether it is a DataFrame of pandas; pandas is not loaded for it."""
    return any(kind.__name__ == "DataFrame" and kind.__module__.startswith("pandas.") for kind in type(records).__mro__)


def is_table(records: object) -> TypeGuard[pa.Table | pa.RecordBatch]:
    """Whether it is a table or record batch of Arrow."""
    return isinstance(records, pa.Table | pa.RecordBatch)


def refused(found: str) -> AccessRefusedError:
    """The refusal of records that nobody can decide on."""
    return AccessRefusedError(
        "records",
        found=found,
        expected="records that every rule can be decided on",
        next_step="hand over the fields that the rules name, with values of the dataset's types",
        rule_ids=("guard.filter",),
    )


def _mapping(record: Any) -> Record:
    if isinstance(record, Mapping):
        return record
    if dataclasses.is_dataclass(record) and not isinstance(record, type):
        return {each.name: getattr(record, each.name) for each in dataclasses.fields(record)}
    fields = getattr(type(record), "model_fields", None)  # pydantic's
    if isinstance(fields, Mapping):
        return {name: getattr(record, name) for name in fields}
    raise refused(f"a record of the form {type(record).__name__}")
