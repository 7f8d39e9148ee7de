"""Text as detectors see it: full-width forms folded to ASCII, invisible characters and NULs taken out.

Only values that hold such a character are touched; the test for that is one RE2 pass over the whole column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

_INVISIBLE = "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufe0f\ufeff\u0000"
_TOUCHED = (
    r"[\x{00}\x{ad}\x{a0}\x{1680}\x{180e}\x{2000}-\x{2015}\x{2028}-\x{202f}\x{205f}-\x{2064}"
    r"\x{2212}\x{3000}\x{fe0e}\x{fe0f}\x{fe58}\x{fe63}\x{feff}\x{ff01}-\x{ff5e}]"
)

_DROP = re.compile(f"[{_INVISIBLE}]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_FOLD: dict[int, str] = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_FOLD.update(dict.fromkeys(map(ord, "\u00a0\u1680\u2028\u2029\u202f\u205f\u3000"), " "))
_FOLD.update(dict.fromkeys(range(8192, 8203), " "))
_FOLD.update(dict.fromkeys((*range(8208, 8214), 8722, 65112, 65123), "-"))


def fold(text: str) -> str:
    """A text with full-width letters and digits as ASCII, odd spaces and dashes as plain ones, invisible signs gone."""
    return _DROP.sub("", text.translate(_FOLD))


def fold_all(values: pa.Array) -> pa.Array:
    """Every value of a string column folded; nulls stay nulls."""
    touched = pc.match_substring_regex(values, _TOUCHED)
    if not pc.any(touched).as_py():
        return values
    folded = pa.array([fold(text) for text in values.filter(touched).to_pylist()], pa.string())
    return pc.replace_with_mask(values, pc.fill_null(touched, False), folded)


@dataclass(frozen=True, slots=True, repr=False)
class Folded:
    """A folded text and where each of its code points stood."""

    text: str
    """As `fold` gives it; lone surrogates as U+FFFD."""
    origins: tuple[int, ...] | None
    """The place in the text as given of each code point; None when nothing moved."""

    def __repr__(self) -> str:
        return "Folded()"

    def place(self, start: int, end: int) -> tuple[int, int]:
        """A place of the folded text as a place of the text as given."""
        if self.origins is None or start >= end:
            return start, end
        return self.origins[start], self.origins[end - 1] + 1


def fold_with_places(text: str) -> Folded:
    """A folded text that can tell where everything stood; a text in plain ASCII is returned as it is."""
    if text.isascii() and "\x00" not in text:
        return Folded(text, None)
    translated = _SURROGATES.sub("\ufffd", text).translate(_FOLD)
    if _DROP.search(translated) is None:
        return Folded(translated, None)
    kept = [(place, sign) for place, sign in enumerate(translated) if not _DROP.match(sign)]
    return Folded("".join(sign for _, sign in kept), tuple(place for place, _ in kept))
