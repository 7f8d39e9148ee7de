"""Arrow columns to and from the bytes that are encrypted, by their buffers where Arrow writes a value as we do.

Texts, bytes, whole numbers and dates never become Python values; other types go through them. The ciphers still work
cell by cell: each cell has its own nonce and associated data.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from governance.protect.plaintexts import decode_values, encode_values, inner_type, refused_token
from policies.errors import BadInputError


def array_plaintexts(values: pa.Array, inner: str) -> list[bytes | None]:
    """The bytes to encrypt of a column. Raises BadInputError for a column of another type than `inner`."""
    letter = inner_type(inner).letter
    if not _is_written_alike(values.type, inner):
        return encode_values(values.to_pylist(), inner)
    texts = values if inner in ("string", "binary") else values.cast(pa.string())
    return _pieces(texts, letter)


def array_cells(tokens: pa.Array) -> list[bytes | None]:
    """The cells of a column of binary. Raises BadInputError for a column of another type."""
    if not (pa.types.is_binary(tokens.type) or pa.types.is_large_binary(tokens.type)):
        raise BadInputError(
            "encrypted column",
            found=f"a column of {tokens.type}",
            expected="a column of binary",
            next_step="read the tokens as bytes; clear text is never passed through",
        )
    return _pieces(tokens, b"")


def array_keys(keys: pa.Array) -> Sequence[Any]:
    """The record keys of a column: its values, or the parts of its structs."""
    if pa.types.is_struct(keys.type):
        parts = [_one(keys).field(place).to_pylist() for place in range(keys.type.num_fields)]
        return list(zip(*parts, strict=True))
    found: list[Any] = keys.to_pylist()
    return found


def values_array(plaintexts: Sequence[bytes | None], inner: str, kind: pa.DataType | None) -> pa.Array:
    """The column of decrypted bytes, cast to `kind` where it is given. Raises DecryptionError for another type."""
    letter = inner_type(inner).letter
    if inner in ("string", "binary"):
        if {raw[:1] for raw in plaintexts if raw is not None} - {letter}:
            raise refused_token()
        made = pa.array([None if raw is None else raw[1:] for raw in plaintexts], pa.binary())
        try:
            made = made.cast(pa.string()) if inner == "string" else made
        except pa.ArrowInvalid:
            raise refused_token() from None
    else:
        made = pa.array(decode_values(plaintexts, inner))
    return made if kind is None or made.type == kind else made.cast(kind)


def _is_written_alike(kind: pa.DataType, inner: str) -> bool:
    types = pa.types
    alike: dict[str, bool] = {
        "string": types.is_string(kind) or types.is_large_string(kind),
        "binary": types.is_binary(kind) or types.is_large_binary(kind),
        "integer": types.is_integer(kind),
        "date": types.is_date32(kind),
    }
    return alike.get(inner, False)


def _pieces(texts: pa.Array, before: bytes) -> list[bytes | None]:
    """Each value of a column of texts or bytes, cut out of its buffer, behind some bytes."""
    array = _one(texts)
    _, offset_buffer, data_buffer = array.buffers()
    data = data_buffer.to_pybytes() if data_buffer is not None else b""
    large = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    width = np.dtype(np.int64 if large else np.int32)
    marks = np.frombuffer(offset_buffer, width, len(array) + 1, array.offset * width.itemsize).tolist()
    pieces: list[bytes | None] = [before + data[at:end] for at, end in pairwise(marks)]
    if array.null_count:
        there = array.is_valid().to_pylist()
        return [piece if here else None for piece, here in zip(pieces, there, strict=True)]
    return pieces


def _one(array: pa.Array) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
