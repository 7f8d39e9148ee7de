"""The text encoding of a file: by its mark, by validity, and for Chinese by which reading gives common characters.

UTF-8 (with or without mark), UTF-16 and UTF-32 with mark, UTF-16 without one, GB18030 (which includes GBK and GB2312),
Big5 (CP950 or HKSCS) and CP1252 are told apart. What stays in doubt is an error, never a guess: a table read in the
wrong encoding would be called harmless.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from connectors.files.common_characters import COMMON
from policies.errors import StoreError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""The longer marks first: UTF-32's begins with UTF-16's."""

_HEAD_BYTES = 1_048_576
_WINDOW_BYTES = 65_536
_WINDOWS = 32
_SCAN_BYTES = 4_194_304
_SCORED_BYTES = 262_144

_ACCENTED = "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœßÀÁÂÄÅÆÇÈÉÊËÍÎÏÑÓÔÖØÙÚÛÜŒ€£°’"
_IN_A_WORD = re.compile(f"(?<=[A-Za-z])[{_ACCENTED}]|[{_ACCENTED}](?=[A-Za-z])")

_CERTAIN = 4.0
"""How much likelier (natural logarithm) the best reading must be than the next one."""
_UNLIKELY_EACH = -13.0
"""A reading with less likely characters than this on average is text in no encoding that is known here."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the bytes of a file are text."""

    codec: str
    """Python's name of the codec, without the handling of a mark."""
    mark_bytes: int = 0
    """Length of the mark to be skipped at the start."""


def encoding_of(path: Path, place: str, *, said: str | None = None) -> Encoding:
    """The encoding of a file; `said` is what its owner states and goes before every guess.

    Raises StoreError when it cannot be told, or when `said` is no encoding.
    """
    with path.open("rb") as file:
        if said is not None:
            return _stated(file.read(4), said, place)
        found = detected(file)
    if found is None:
        raise StoreError(
            place,
            found="text in an encoding that cannot be told with certainty",
            expected="UTF-8, UTF-16 with a mark, GB18030 or Big5",
            next_step="write `encoding: gb18030` (or big5, ...) beside the store's path in governance.yaml",
        )
    return found


_WIDER = {
    "utf-8-sig": "utf-8",
    "utf-16": "utf-16-le",
    "utf-32": "utf-32-le",
    "gb2312": "gb18030",
    "gbk": "gb18030",
}


def codec_named(said: str) -> str | None:
    """Python's codec for the name of an encoding, GBK and GB2312 read as GB18030; None for a name it does not know."""
    try:
        codec = codecs.lookup(said)
    except (LookupError, ValueError):
        return None
    if not codec._is_text_encoding:  # noqa: SLF001 what `bytes.decode` itself asks
        return None
    return _WIDER.get(codec.name, codec.name)


def _stated(start: bytes, said: str, place: str) -> Encoding:
    codec = codec_named(said)
    if codec is None:
        raise StoreError(
            place,
            found="an encoding that is not known",
            expected="a name such as utf-8, gb18030, big5, cp950 or utf-16",
            next_step="correct `encoding` in governance.yaml",
        )
    marked = next((Encoding(name, len(mark)) for mark, name in _MARKS if start.startswith(mark)), None)
    return marked if marked is not None and _agree(marked.codec, codec) else Encoding(codec)


def _agree(marked: str, codec: str) -> bool:
    """Whether a file's mark is of the encoding that was said, whatever byte order the name means."""
    return marked[:6] == codec[:6]


def detected(file: BinaryIO) -> Encoding | None:
    """The encoding of an open file, from its head and 32 windows over the rest; None when it stays in doubt.

    When all of these are plain ASCII, the rest is looked through for the first bytes that are not.
    """
    head = file.read(_HEAD_BYTES)
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return Encoding(codec, len(mark))
    if b"\0" in head[:4096] and (wide := _wide(head[:4096])) is not None:
        return Encoding(wide)
    parts = [head if len(head) < _HEAD_BYTES else _whole_lines(head), *_windows(file, len(head))]
    foreign = b"\n".join(line for part in parts for line in part.split(b"\n") if not line.isascii())[:_SCORED_BYTES]
    foreign = foreign or _first_foreign(file, len(head))
    return _of_foreign(foreign)


def _wide(start: bytes) -> str | None:
    """UTF-16 without a mark: zeros on one side of the pairs only, and likely characters with line ends as text."""
    half = len(start) // 2
    for codec, side in (("utf-16-le", 1), ("utf-16-be", 0)):
        if start[side::2].count(0) > half * 0.05 and start[1 - side :: 2].count(0) < half * 0.005:
            text = _decoded(start[: half * 2], codec)
            if text is not None and "\n" in text and _likelihood(text, codec).each > _UNLIKELY_EACH:
                return codec
    return None


def _whole_lines(part: bytes) -> bytes:
    """A stretch of bytes without a broken line at its ends: no encoding here uses the byte of a line end otherwise."""
    end = part.rfind(b"\n")
    return part[: end + 1] if end >= 0 else part


def _windows(file: BinaryIO, start: int) -> Iterator[bytes]:
    size = file.seek(0, 2)
    step = max((size - start) // _WINDOWS, _WINDOW_BYTES)
    for place in range(start, size, step):
        file.seek(place)
        window = file.read(_WINDOW_BYTES)
        begin = window.find(b"\n")
        if begin >= 0:
            yield _whole_lines(window[begin + 1 :])


def _first_foreign(file: BinaryIO, start: int) -> bytes:
    """Up to a quarter of a MiB of lines around the first bytes that are not ASCII; empty in a file of ASCII."""
    file.seek(start)
    while part := file.read(_SCAN_BYTES):
        if not part.isascii():
            part += file.readline(_WINDOW_BYTES)
            lines = [line for line in part.split(b"\n")[1:] if not line.isascii()] or part.split(b"\n")
            return b"\n".join(line for line in lines if not line.isascii())[:_SCORED_BYTES]
    return b""


def _of_foreign(foreign: bytes) -> Encoding | None:
    """The encoding of lines that each hold a byte beyond ASCII."""
    if not foreign:
        return Encoding("utf-8")
    whole = _whole_lines(foreign) if len(foreign) == _SCORED_BYTES else foreign
    readings = [
        (_likelihood(text, codec), codec) for codec in _CANDIDATES if (text := _decoded(whole, codec)) is not None
    ]
    likely = sorted(
        (reading for reading in readings if reading[0].each > _UNLIKELY_EACH), key=lambda found: -found[0].sum
    )
    unicode_text = _decoded(whole, "utf-8")
    if unicode_text is not None and _is_surely_utf8(unicode_text):
        return Encoding("utf-8")
    if not likely:
        return None
    best = likely[0]
    rivals = [other for other in likely[1:] if _family(other[1]) != _family(best[1])]
    if rivals and best[0].sum - rivals[0][0].sum < _CERTAIN:
        return None
    return Encoding(best[1])


_CANDIDATES = ("utf-8", "gb18030", "cp950", "big5hkscs", "cp1252")


def _family(codec: str) -> str:
    return "big5" if codec in {"cp950", "big5hkscs"} else codec


def _decoded(part: bytes, codec: str) -> str | None:
    try:
        return part.decode(codec)
    except UnicodeDecodeError:
        return None


def _is_surely_utf8(text: str) -> bool:
    """Whether so much valid UTF-8 cannot be chance: a three-byte character, or eight of two bytes."""
    foreign = [character for character in text if not character.isascii()]
    return len(foreign) >= 8 or sum(character > "\u07ff" for character in foreign) >= 2


@dataclass(frozen=True, slots=True)
class _Likelihood:
    sum: float
    each: float


def _likelihood(text: str, codec: str) -> _Likelihood:
    """How likely the characters beyond ASCII are in the text of a customer file."""
    scores = [
        # Chinese encodings hold Greek and Cyrillic as well, but nobody writes names in those letters in them.
        -9.5 if codec == "utf-8" and "\u0370" <= character <= "\u045f" else _score(character)
        for character in text
        if not character.isascii()
    ]
    total = sum(scores)
    if codec == "utf-8":
        # Chinese stands beside Latin letters seldom, an accented letter inside a word always.
        total += 3.0 * len(_IN_A_WORD.findall(text))
    return _Likelihood(total, total / max(1, len(scores)))


def _score(character: str) -> float:
    """The natural logarithm of a character's share in the texts of customer files, roughly."""
    code = ord(character)
    if character in COMMON:
        return -6.75
    if 0x4E00 <= code <= 0x9FFF:
        return -9.5 if _is_frequent(character) else -15.0
    if character in "，。、；：？！（）《》「」『』【】“”‘’—…·　￥％／－～＃＋＊＆＠" or 0xFF10 <= code <= 0xFF5A:
        return -7.5
    if character in _ACCENTED:
        return -5.5
    if 0x3400 <= code <= 0x4DBF or code >= 0x20000:
        return -16.0
    if 0xE000 <= code <= 0xF8FF or code < 0xA0:
        return -25.0
    return -13.5


def _is_frequent(character: str) -> bool:
    """Whether a character is of the first level of GB2312 or of Big5, which were chosen by use."""
    try:
        if character.encode("gb2312")[0] <= 0xD7:
            return True
    except UnicodeEncodeError:
        pass
    try:
        return character.encode("big5")[0] <= 0xC6
    except UnicodeEncodeError:
        return False
