"""Traits of form that a column's values have: how many rows are digits, long, wordy, Chinese; one RE2 pass each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan.detectors.base import mask

_FORMS = {
    "digits": r"^\s*-?\d+\s*$",
    "decimal": r"^\s*-?\d+\.\d+\s*$",
    "latin": r"[A-Za-z]",
    "han": r"[\x{3400}-\x{9fff}]",
    "one_word": r"^\s*[A-Za-z\x{c0}-\x{24f}\x{3400}-\x{9fff}'’-]+\s*$",
    "dated": r"^\s*(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{4}年\d{1,2}月)",
    "wordy": r"^\s*\S+(?:\s+\S+){4}"
    r"|[\x{3400}-\x{9fff}][^\x{3400}-\x{9fff}]*(?:[\x{3400}-\x{9fff}][^\x{3400}-\x{9fff}]*){9}",
    "sentence": r"[A-Za-z\x{df}-\x{24f}][.!?;](?:\s|$)|[，。！？；]",
    "url": r"^\s*(?:https?://|www\.)",
    "structured": r"^\s*[\[{<]",
    "postal": r"^\s*(?:\d{5}(?:-\d{4})?|\d{6}|\d{3}"
    r"|[A-Za-z]{1,2}\d[A-Za-z0-9]? ?\d[A-Za-z]{2}|[A-Za-z]\d[A-Za-z] ?\d[A-Za-z]\d)\s*$",
    "handle": r"^\s*@?[A-Za-z0-9][A-Za-z0-9._-]{1,31}\s*$",
}


def traits_of(values: pa.Array, counts: npt.NDArray[np.int64]) -> dict[str, int]:
    """Rows that have each trait, from distinct texts and how often each stands there."""
    found = {name: int(counts[mask(values, form)].sum()) for name, form in _FORMS.items()}
    lengths = np.asarray(pc.utf8_length(values).to_numpy(zero_copy_only=False))
    found["long"] = int(counts[lengths >= 30].sum())
    return {name: rows for name, rows in found.items() if rows}


def numeric_traits(values: pa.Array, counts: npt.NDArray[np.int64]) -> dict[str, int]:
    """Rows of a numeric column within the ranges of an age, a year, a latitude, a longitude."""
    numbers = np.asarray(pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    whole = numbers == np.floor(numbers)
    found = {
        "digits": int(counts[whole].sum()),
        "age": int(counts[whole & (numbers >= 0) & (numbers <= 120)].sum()),
        "year": int(counts[whole & (numbers >= 1880) & (numbers <= 2100)].sum()),
        "latitude": int(counts[(np.abs(numbers) <= 90) & ~whole].sum()),
        "longitude": int(counts[(np.abs(numbers) <= 180) & ~whole].sum()),
    }
    return {name: rows for name, rows in found.items() if rows}
