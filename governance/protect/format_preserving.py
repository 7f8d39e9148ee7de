"""Format-preserving numbers by FF1 (NIST SP 800-38G) through libffx: digits become as many other digits.

For systems that accept nothing but a number of the old form: a card-shaped token for a test system, an id of fixed
length in an export. It is not for fields at rest, and no column of the catalog is declared with it: such a number has
no room for a version, a key id or a tag. So a changed or moved one opens to another number, without an error; equal
numbers of one field stay equal. Where that matters, use `Encrypted`.

The tweak of each field is its stable ids, so that one number in two fields gives unrelated ones. Domains below
1,000,000 are refused (NIST SP 800-38G Revision 1): fewer than six digits can be tried out. Needs the extra `fpe`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from governance.protect.keyring.base import KeyInfo, Keyring, KeyUse, SecretKey
from governance.protect.lengths import joined
from governance.protect.tokens import FieldPlace
from policies.errors import BadInputError, InstallationError, KeyringError

SMALLEST_DOMAIN = 1_000_000
DIGITS = "0123456789"
_LABEL = b"governance.ff1\x01"
_LONGEST_TEXT = 1_000


class FormatPreserving:
    """Encrypts and decrypts texts over one alphabet, for one field, keeping length and alphabet.

    Raises InstallationError without the extra `fpe`, KeyringError. New texts are made under the active key; to decrypt
    those of an older key, name it, since nothing in them does.
    """

    def __init__(
        self, keyring: Keyring, place: FieldPlace, *, alphabet: str = DIGITS, key_id: str | None = None
    ) -> None:
        if len(alphabet) < 2 or len(set(alphabet)) < len(alphabet):
            raise BadInputError(
                "alphabet", found="a sign given twice, or fewer than two", expected="each sign once",
                next_step="give the alphabet as a text such as 0123456789",
            )  # fmt: skip
        self._alphabet = alphabet
        self._tweak = joined(_LABEL, place.store_id, place.dataset_id, place.field_id)
        keys = keyring.family(KeyUse.FORMAT, place.key_of, _Ff1Key)
        found = [key for key in keys if key_id in (None, key.info.id)]
        if not found:
            raise KeyringError(
                "keyring",
                found="no format-preserving key of this id for this dataset",
                expected="the key that the texts were made under",
                next_step="see `governance keys list`",
            )
        self._key = found[0]
        self._cipher = self._key.cipher(alphabet)

    @property
    def key_id(self) -> str:
        """The id of the key that is used; keep it beside the texts, to decrypt them after a rotation."""
        return self._key.info.id

    def encrypt(self, values: Sequence[str | None]) -> list[str | None]:
        """Each text as another of the same length and alphabet; None stays None. Raises BadInputError."""
        return self._each(self._cipher.encrypt, values)

    def decrypt(self, values: Sequence[str | None]) -> list[str | None]:
        """The inverse of `encrypt`. A changed text is not noticed: it gives another one. Raises BadInputError."""
        return self._each(self._cipher.decrypt, values)

    def _each(self, change: Callable[..., str], values: Sequence[str | None]) -> list[str | None]:
        return [None if each is None else change(self._checked(each), tweak=self._tweak) for each in values]

    def _checked(self, value: Any) -> str:
        if not isinstance(value, str) or set(value) - set(self._alphabet) or len(value) > _LONGEST_TEXT:
            raise _refused("a value with other signs than the alphabet's, or no text")
        if len(self._alphabet) ** len(value) < SMALLEST_DOMAIN:
            raise _refused(f"a value of {len(value)} signs over an alphabet of {len(self._alphabet)}")
        return value


class _Ff1Key(SecretKey):
    """A key of format-preserving numbers. Shows its id only, and refuses to be copied or pickled."""

    __slots__ = ("_material",)

    def __init__(self, info: KeyInfo, material: bytes) -> None:
        super().__init__(info)
        self._material = material

    def cipher(self, alphabet: str) -> Any:
        return ff1(self._material, alphabet)


def ff1(key: bytes, alphabet: str) -> Any:
    """FF1 of libffx under a key. Raises InstallationError without the extra `fpe`."""
    try:
        from ffx import FF1
    except ImportError:
        raise InstallationError(
            "format-preserving encryption",
            found="no package libffx",
            expected="the extra `fpe`",
            next_step="run `pip install 'customer-data-governance[fpe]'`",
        ) from None
    return FF1(key, alphabet=alphabet)


def _refused(found: str) -> BadInputError:
    return BadInputError(
        "format-preserving encryption",
        found=found,
        expected=f"text over the alphabet, of a length that allows at least {SMALLEST_DOMAIN:,} values",
        next_step="take a longer field, or `Encrypted`",
    )
