"""Checks that what a reading asks for exists, before anything is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from connectors.base import Dataset, Field
from policies.errors import StoreError

_Described = TypeVar("_Described")


def dataset_asked(store: str, known: Mapping[str, _Described], name: str) -> _Described:
    """The dataset of that name. Raises StoreError when the store has none."""
    if name not in known:
        raise StoreError(
            f"store {store}",
            found=f"no dataset of the name that was asked for, among {len(known)}",
            expected="a dataset that the store lists",
            next_step="list the datasets with `governance scan`; the store may have changed since",
        )
    return known[name]


def fields_asked(store: str, dataset: Dataset, names: Sequence[str]) -> list[Field]:
    """The fields of those names, in the order asked for. Raises StoreError when one is missing."""
    known = {field.name: field for field in dataset.fields}
    missing = sum(name not in known for name in names)
    if missing:
        raise StoreError(
            f"store {store}",
            found=f"{missing} of {len(names)} fields asked for that the dataset does not have",
            expected="fields that the store lists",
            next_step="list the fields with `governance scan`; the dataset may have changed since",
        )
    return [known[name] for name in names]
