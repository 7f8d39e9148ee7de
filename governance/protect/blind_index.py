r"""Cells of a blind index: equal values of a field have equal cells, which nobody without the key can make or try.

    offset  bytes  what
    0       1      version, 0x01
    1       4      the first bytes of the id of the index key
    5       n      the first `bits` bits of HMAC-SHA-256(index key, message), n = bits / 8 rounded up, rest of bits zero

The message, each part behind its length in 4 bytes, big-endian:

    "governance.blind-index" || version
    stable id of the store, of the dataset, of the field
    rule of normalisation, its region, its path; empty where there is none
    the normalised value (`normalising.py`)

So equal values of two fields have unrelated cells. With few bits several values share a cell: a search finds
candidates, and who decrypts them drops those that are not equal. None has no cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from governance.protect.keyed_hash import digests
from governance.protect.keyring.base import KeyInfo, SecretKey
from governance.protect.lengths import joined, prefixed
from governance.protect.normalising import Normalise, member, normaliser
from governance.protect.tokens import FieldPlace
from policies.catalog import BlindIndex
from policies.errors import BadInputError

VERSION = b"\x01"
LABEL = b"governance.blind-index" + VERSION
KEY_TAG_BYTES = 4
HEAD_BYTES = len(VERSION) + KEY_TAG_BYTES
LONGEST = HEAD_BYTES + 32
"""No cell is longer."""
FEWEST_VALUES = 1_000
"""With fewer distinct values, cells tell them by how often each occurs."""


class IndexKey(SecretKey):
    """A key of blind indexes. Shows its id only, and refuses to be copied or pickled."""

    __slots__ = ("_keyed", "head")

    def __init__(self, info: KeyInfo, material: bytes) -> None:
        super().__init__(info)
        self.head = VERSION + bytes.fromhex(info.id)[:KEY_TAG_BYTES]
        """What every cell under it begins with."""
        self._keyed = HMAC(material, SHA256())

    def cells(self, before: bytes, values: Sequence[bytes | None], bits: int) -> list[bytes | None]:
        """The cells of normalised values, `before` being the message as far as the value; None stays None."""
        size, spare, head = -(-bits // 8), -bits % 8, self.head
        there = [prefixed(each) for each in values if each is not None]
        found = [head + each[:size] for each in digests(self._keyed, before, there)]
        if spare:
            found = [each[:-1] + bytes([each[-1] >> spare << spare]) for each in found]
        if len(found) == len(values):
            return list(found)
        rest = iter(found)
        return [None if each is None else next(rest) for each in values]


class FieldIndex:
    """The blind index of one field, for values of one type."""

    def __init__(self, place: FieldPlace, index: BlindIndex, inner: str) -> None:
        self.index = index
        """As the catalog declares it."""
        self._normalise: Normalise = normaliser(index, inner)
        self._before = joined(LABEL, place.store_id, place.dataset_id, place.field_id) + joined(
            index.normalise, index.region or "", index.path or ""
        )

    def normalised(self, values: Sequence[Any]) -> list[bytes | None]:
        """What is compared of each value; None for None, and for JSON without the member. Raises BadInputError."""
        normalise, path = self._normalise, self.index.path
        known: dict[Any, bytes] = {}
        found: list[bytes | None] = []
        for value in values:
            inside = member(value, path) if path else value
            if inside is None:
                found.append(None)
            elif isinstance(inside, str):
                raw = known.get(inside)
                if raw is None:
                    raw = known[inside] = normalise(inside)
                found.append(raw)
            else:
                found.append(normalise(inside))
        return found

    def cells(self, key: IndexKey, values: Sequence[Any]) -> list[bytes | None]:
        """The cells to write beside values. Raises BadInputError."""
        return key.cells(self._before, self.normalised(values), self.index.bits)

    def sought(self, keys: Sequence[IndexKey], value: Any) -> list[bytes]:
        """The cells under which a value may lie: one for each key that still has rows. Raises BadInputError."""
        raw = self.normalised([value])
        if raw == [None]:
            raise BadInputError(
                "blind index",
                found="a search for no value",
                expected="a value",
                next_step="ask for `IS NULL` instead: NULL has no cell, and empty text has one of its own",
            )
        return [cell for key in keys for cell in key.cells(self._before, raw, self.index.bits) if cell is not None]

    def require_spread(self, distinct: int) -> None:
        """Return when a field with so many distinct normalised values may have an index.

        Raises BadInputError for fewer than 1,000 of them, unless the catalog gives the reason.
        """
        if distinct < FEWEST_VALUES and self.index.few_values is None:
            raise BadInputError(
                "blind index",
                found=f"a field with {distinct} distinct values",
                expected=f"at least {FEWEST_VALUES:,}: with fewer, how often each cell occurs tells the value",
                next_step="leave the index out, or give the reason in the catalog as `blind_index.few_values`",
            )
