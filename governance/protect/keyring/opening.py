"""Opens wrapped keys of persons by the column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag

from governance.protect.keyring.base import KEY_BYTES, KEY_ID_BYTES
from governance.protect.keyring.opened_keys import ID, NAME_BYTES, REF, REF_BYTES, opened_key
from governance.protect.keyring.wrapping import NONCE_BYTES

WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + 16
"""Nonce, ciphertext, tag."""
PACKED_BYTES = KEY_ID_BYTES + REF_BYTES + WRAPPED_BYTES
"""Id, reference and wrapped key of one row, as the store gives them in one piece."""
_AT_ONCE = 2_048  # what is put together for them stays in the processor's cache

Bytes = npt.NDArray[np.uint8]
Decrypt = Callable[[bytes, bytes, bytes], bytes]


def open_all(packed: bytes, column: str, wanted: Sequence[bytes], before: bytes, decrypt: Decrypt) -> list[bytes]:
    """The opened keys of ids or references, in their order; empty for one that no row opens, and perhaps for others.

    `packed` holds the rows, among them perhaps others, in any order; `before` is what associated data begins with.
    """
    rows = np.frombuffer(packed, np.uint8).reshape(-1, PACKED_BYTES)
    if not len(rows):
        return [b""] * len(wanted)
    name = slice(0, KEY_ID_BYTES) if column == "id" else slice(KEY_ID_BYTES, KEY_ID_BYTES + REF_BYTES)
    asked = np.frombuffer(b"".join(wanted), np.uint8).reshape(len(wanted), -1)
    places, opened = _places(_leading(rows[:, name]), _leading(asked)), []
    for start in range(0, len(wanted), _AT_ONCE):
        some, names = rows[places[start : start + _AT_ONCE]], asked[start : start + _AT_ONCE]
        found = (some[:, name] == names).all(axis=1)
        if found.all():
            opened += _opened(some, before, decrypt)
        else:
            keys = iter(_opened(some[found], before, decrypt))
            opened += [next(keys) if each else b"" for each in found]
    return opened


def _opened(rows: Bytes, before: bytes, decrypt: Decrypt) -> list[bytes]:
    """The opened keys of rows; empty ones when any is spoilt: whoever asked then looks at each."""
    size, full = len(before), np.empty((len(rows), len(before) + NAME_BYTES + WRAPPED_BYTES), np.uint8)
    full[:, :size] = np.frombuffer(before, np.uint8)
    full[:, size : size + NAME_BYTES] = np.frombuffer(opened_key(bytes(KEY_ID_BYTES), bytes(REF_BYTES), b""), np.uint8)
    full[:, size + ID.start : size + ID.stop] = rows[:, :KEY_ID_BYTES]
    full[:, size + REF.start : size + REF.stop] = rows[:, KEY_ID_BYTES : KEY_ID_BYTES + REF_BYTES]
    full[:, size + NAME_BYTES :] = rows[:, -WRAPPED_BYTES:]
    each = Struct(f"{size + NAME_BYTES}s{NONCE_BYTES}s{WRAPPED_BYTES - NONCE_BYTES}s").iter_unpack(full.tobytes())
    try:
        return [bound[size:] + decrypt(nonce, sealed, bound) for bound, nonce, sealed in each]
    except InvalidTag:
        return [b""] * len(rows)


def _leading(names: Bytes) -> npt.NDArray[np.uint64]:
    """The first eight bytes of ids or references: random, so two that share them are as good as never met."""
    return np.ascontiguousarray(names[:, :8]).view(np.uint64).ravel()


def _places(there: npt.NDArray[np.uint64], asked: npt.NDArray[np.uint64]) -> npt.NDArray[np.intp]:
    """For each that is asked for, the place of its like, or of another where it has none."""
    order, order_asked = np.argsort(there), np.argsort(asked)
    near = np.minimum(np.searchsorted(there[order], asked[order_asked]), len(there) - 1)
    places = np.empty(len(asked), np.intp)
    places[order_asked] = order[near]
    return places
