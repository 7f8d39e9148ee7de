"""Pseudonyms of whole columns: a pure function of key, domain, kind, locale and value."""

from __future__ import annotations

from typing import Never

import pyarrow as pa

from governance.protect.pseudonyms.draws import Draws
from governance.protect.pseudonyms.key import PseudonymKey
from governance.protect.pseudonyms.kinds import KINDS, PseudonymKind
from policies.errors import ConfigError


class Pseudonymizer:
    """Gives the pseudonyms of one domain: everywhere under the same key, equal values have equal ones.

    Fields that refer to each other share a domain; fields of different domains cannot be linked.
    """

    def __init__(self, key: PseudonymKey, domain: str, kind: str, locale: str = "") -> None:
        """Raises ConfigError for a kind or a locale that does not exist."""
        self.kind: PseudonymKind = KINDS[kind] if kind in KINDS else _unknown(domain, "kind", tuple(KINDS))
        """The kind."""
        if locale not in (self.kind.locales or ("",)):
            _unknown(domain, f"locale for `{kind}`", self.kind.locales or ("no locale",))
        self.domain = domain
        """What the values are, such as `customer_id`."""
        self.locale = locale
        """The language, or the country of national ids."""
        self._key = key

    def column(self, values: pa.Array) -> pa.Array:
        """The pseudonyms of a column of text or whole numbers, of the same type; NULL stays NULL.

        Two values may have one pseudonym, as two people may have one name; `PseudonymKind.space` says how often.
        Raises ConfigError when the column cannot hold pseudonyms of this kind.
        """
        encoded = values.dictionary_encode()
        return self.typed(self.distinct(encoded.dictionary.cast(pa.string())), values.type).take(encoded.indices)

    def distinct(self, texts: pa.Array) -> pa.Array:
        """The pseudonyms of texts without NULL."""
        return self.kind.make(self.draws(texts), texts, self.locale)

    def typed(self, pseudonyms: pa.Array, type_: pa.DataType) -> pa.Array:
        """Pseudonyms as values of a type. Raises ConfigError when it cannot hold them."""
        try:
            return pseudonyms.cast(type_)
        except pa.ArrowInvalid:
            raise ConfigError(
                f"pseudonyms of `{self.domain}`",
                found=f"a column of {type_}, which cannot hold pseudonyms of the kind `{self.kind.name}`",
                expected="a kind whose pseudonyms fit the column",
                next_step="choose `integer` or `long_integer` for whole numbers, a kind of text for text",
            ) from None

    def draws(self, texts: pa.Array, attempt: int = 0) -> Draws:
        """What the keyed hash says of each text."""
        plain = texts.to_pylist()
        return Draws(lambda block: self._key.words(self.domain, plain, attempt, block))


def _unknown(domain: str, what: str, known: tuple[str, ...]) -> Never:
    raise ConfigError(
        f"pseudonyms of `{domain}`",
        found=f"a {what} that does not exist",
        expected="one of " + ", ".join(known),
        next_step="name one of these",
    )
