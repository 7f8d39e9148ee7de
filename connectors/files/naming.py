"""Names of files: as policies write them, and as they may be shown where they could be data themselves."""

from __future__ import annotations

import unicodedata
from pathlib import Path


def dataset_name(path: Path, root: Path) -> str:
    """The path below the root with `/`; bytes of a name that are no text become U+FFFD."""
    name = path.relative_to(root).as_posix()
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def shape_of(name: str) -> str:
    """What a name looks like without what it says: letters as `a`, Chinese as `字`, digits as `9`; the ending stays.

    A filter for names that are known to be data; which ones are is decided by whoever passes a `name_filter`.
    """
    stem, dot, ending = name.rpartition(".")
    if not dot or not (ending.isascii() and ending.isalnum() and len(ending) <= 7):
        stem, dot, ending = name, "", ""
    return "".join(_sign(character) for character in stem) + dot + ending


def _sign(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Lo":
        return "字"
    if kind[0] == "L":
        return "a"
    return "9" if kind[0] == "N" else character


def suffix_shown(path: Path) -> str:
    """A file's ending for a list of what was not read; `other` where it could be more than an ending."""
    suffix = path.suffix.lower().removeprefix(".")
    return f".{suffix}" if suffix.isascii() and suffix.isalnum() and len(suffix) <= 5 else "other"
