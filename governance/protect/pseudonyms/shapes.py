"""Ids of the same shape: digits stay digits, capitals stay capitals, punctuation stays where it is."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.protect.pseudonyms.draws import Draws

_CLASSES = {"1": (b"1", 9), "0": (b"0", 10), "a": (b"a", 26), "A": (b"A", 26)}
"""By letter of a shape: the first character of a class and how many it has. A number that begins with no zero keeps
to that, so that it may live in a column of integers."""
_LETTERS = (("[^\\x00-\\x7f]", "a"), ("[a-z]", "a"), ("[A-Z]", "A"))


def same_shape(draws: Draws, texts: pa.Array, _: str) -> pa.Array:
    """A text of the same shape for each; what is no ASCII becomes a small letter."""
    shapes = texts
    for pattern, letter in _LETTERS:
        shapes = pc.replace_substring_regex(shapes, pattern, letter)
    leading = pc.match_substring_regex(shapes, "^-?[1-9]")
    shapes = pc.replace_substring_regex(shapes, "[0-9]", "0")
    shapes = pc.if_else(leading, pc.replace_substring_regex(shapes, "^(-?)0", r"\11"), shapes)
    longest = pc.max(pc.binary_length(shapes)).as_py() or 0
    digits = np.stack([draws.below(26 * 90) for _ in range(longest)], axis=1) if longest else None
    encoded = shapes.dictionary_encode()
    places = encoded.indices.to_numpy(zero_copy_only=False)
    found: list[pa.Array] = []
    order = np.argsort(places, kind="stable")
    bounds = np.searchsorted(places[order], np.arange(len(encoded.dictionary) + 1))
    for number, shape in enumerate(encoded.dictionary.to_pylist()):
        rows = order[bounds[number] : bounds[number + 1]]
        found.append(_of_shape(shape, len(rows), digits[rows] if digits is not None else None))
    if not found:
        return texts
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    return pa.concat_arrays(found).take(pa.array(back))


def _of_shape(shape: str, count: int, numbers: np.ndarray | None) -> pa.Array:
    if numbers is None or not shape:
        return pa.array([""] * count, pa.string())
    made = np.empty((count, len(shape)), dtype=np.uint8)
    for place, letter in enumerate(shape):
        if letter in _CLASSES:
            first, size = _CLASSES[letter]
            made[:, place] = first[0] + (numbers[:, place] % size).astype(np.uint8)
        else:
            made[:, place] = ord(letter)
    offsets = np.arange(count + 1, dtype=np.int32) * len(shape)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(made))
