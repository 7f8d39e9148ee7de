"""What readers get of persons whose keys were destroyed: nothing, as if the cell were NULL, and no error.

Anything else that does not decrypt raises, as everywhere. Whoever can write to the store could put such a key's id into
a cell; they could as well empty it, which nothing detects either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from governance.protect.keyring.base import KEY_ID_BYTES
from governance.protect.protector import Protector
from governance.protect.tokens import HEADER
from policies.errors import DecryptionError
from policies.nouns import FieldRef

_ID = slice(len(HEADER), len(HEADER) + KEY_ID_BYTES)

_BYTES = bytes | bytearray | memoryview


class Reading:
    """Opens columns for the guard."""

    def __init__(self, protector: Protector) -> None:
        self._protector = protector

    def decrypt_column(
        self, field: FieldRef, tokens: Sequence[Any], record_keys: Sequence[tuple[Any, ...]]
    ) -> Sequence[Any]:
        """As `Protector.decrypt_column`, None for a token under a person's key that was destroyed."""
        try:
            return self._protector.decrypt_column(field, tokens, record_keys)
        except DecryptionError:
            gone = self._protector.destroyed(tokens)
            if not gone:
                raise
        left = [None if isinstance(each, _BYTES) and bytes(each[_ID]) in gone else each for each in tokens]
        return self._protector.decrypt_column(field, left, record_keys)
