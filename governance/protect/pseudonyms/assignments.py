"""Pseudonyms of which no two values share one, and which can be reversed by who has the key."""

from __future__ import annotations

import json
import os

import pyarrow as pa
from cryptography.exceptions import InvalidTag

from governance.protect.pseudonyms.key import PseudonymKey
from governance.protect.pseudonyms.pseudonymizer import Pseudonymizer
from policies.errors import ConfigError, DecryptionError

ATTEMPTS = 256
"""A value that has found no free pseudonym by then ends the work."""
VERSION = b"\x01"
_NONCE = 12


class Assignments:
    """A domain's values and pseudonyms, one to one, held in memory.

    Where two values meet, the one whose keyed hash is smaller keeps the pseudonym and the other takes its next attempt:
    the same set of values learned at once gives the same pairs in whatever order they come, and what was given once
    never changes. Learn the referred column before those that refer to it; keep `seal()` for later runs.

    Sealed form: version (1 byte, 0x01) | nonce (12) | AES-256-GCM of a JSON list of pairs, under a key of the domain,
    with kind and locale as associated data.
    """

    def __init__(self, key: PseudonymKey, domain: str, kind: str, locale: str = "") -> None:
        """Raises ConfigError for a kind or a locale that does not exist."""
        self._key = key
        self._maker = Pseudonymizer(key, domain, kind, locale)
        self._given: dict[str, str] = {}
        self._values: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._given)

    def column(self, values: pa.Array) -> pa.Array:
        """The pseudonyms of a column, of its type; new values are learned. Raises ConfigError when too few are free."""
        encoded = values.dictionary_encode()
        texts = encoded.dictionary.cast(pa.string()).to_pylist()
        self._learn([each for each in texts if each not in self._given])
        made = self._maker.typed(pa.array([self._given[each] for each in texts], pa.string()), values.type)
        return made.take(encoded.indices)

    def reverse(self, pseudonyms: pa.Array) -> pa.Array:
        """The values that have these pseudonyms; NULL for one that was never given."""
        texts = pseudonyms.cast(pa.string()).to_pylist()
        return pa.array([self._values.get(each) for each in texts], pa.string()).cast(pseudonyms.type)

    def forget(self, values: pa.Array) -> int:
        """Erase the pairs of values; how many there were. Copies sealed before still hold them."""
        found = [each for each in values.cast(pa.string()).to_pylist() if each in self._given]
        for each in found:
            del self._values[self._given.pop(each)]
        return len(found)

    def seal(self) -> bytes:
        """All pairs, readable with the key only."""
        nonce = os.urandom(_NONCE)
        plain = json.dumps(sorted(self._given.items()), ensure_ascii=False).encode()
        return VERSION + nonce + self._key.cipher(self._maker.domain).encrypt(nonce, plain, self._associated())

    def unseal(self, sealed: bytes) -> None:
        """Take up pairs that were sealed. Raises DecryptionError when they were altered or are of another domain."""
        nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        if sealed[:1] != VERSION or len(nonce) != _NONCE or self._given:
            raise self._unreadable()
        try:
            plain = self._key.cipher(self._maker.domain).decrypt(nonce, rest, self._associated())
        except InvalidTag:
            raise self._unreadable() from None
        self._given = dict(json.loads(plain))
        self._values = {made: value for value, made in self._given.items()}

    def _unreadable(self) -> DecryptionError:
        return DecryptionError(
            f"pseudonyms of `{self._maker.domain}`",
            found="pairs that were altered, or sealed for another domain, kind or key",
            expected="what `seal` gave for this domain, read into assignments that have learned nothing",
            next_step="take another copy, or check which key and domain it is of",
        )

    def _learn(self, texts: list[str]) -> None:
        for attempt in range(ATTEMPTS):
            if not texts:
                return
            column = pa.array(texts, pa.string())
            draws = self._maker.draws(column, attempt)
            made = self._maker.kind.make(draws, column, self._maker.locale).to_pylist()
            if len({*made}) == len(made) and self._values.keys().isdisjoint(made):
                self._given.update(zip(texts, made, strict=True))
                self._values.update(zip(made, texts, strict=True))
                return
            left = []
            for place in draws.order.tolist():
                text, pseudonym = texts[place], made[place]
                if pseudonym in self._values:
                    left.append(text)
                else:
                    self._given[text] = pseudonym
                    self._values[pseudonym] = text
            texts = left
        raise ConfigError(
            f"pseudonyms of `{self._maker.domain}`",
            found=f"{len(texts)} value(s) for which no pseudonym of the kind `{self._maker.kind.name}` was free",
            expected="a kind with many more pseudonyms than there are values",
            next_step="choose `uuid`, `long_integer` or `email` for this domain",
        )

    def _associated(self) -> bytes:
        return json.dumps(["pseudonyms", self._maker.domain, self._maker.kind.name, self._maker.locale]).encode()

    def __repr__(self) -> str:
        return f"Assignments({self._maker.domain!r}, {len(self)} pairs)"
