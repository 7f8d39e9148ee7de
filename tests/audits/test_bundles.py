"""The archive of a bundle: one form, and no other is read."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.bundles.archive import Archive, write_archive
from audits.bundles.layout import is_path
from policies.errors import BadInputError, TamperedError

FILES = {"b/two.txt": b"second\n", "a.json": b"{}", "b/empty": b""}


def packed(files: dict[str, bytes]) -> bytes:
    return b"".join(write_archive({name: lambda content=content: (content,) for name, content in files.items()}))


def read(content: bytes) -> dict[str, bytes]:
    archive = Archive(io.BytesIO(content))
    return {name: b"".join(archive.content(name)) for name in archive.entries}


@given(
    st.dictionaries(
        st.from_regex(r"[a-z0-9]{1,8}(/[a-z0-9]{1,8})?(\.[a-z]{1,4})?", fullmatch=True),
        st.binary(max_size=99),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=50, deadline=None)
def test_what_is_written_is_read_and_other_programs_read_it_too(files: dict[str, bytes]) -> None:
    content = packed(files)
    assert content == packed(dict(reversed(files.items())))
    assert read(content) == files
    with zipfile.ZipFile(io.BytesIO(content)) as other:
        assert other.testzip() is None
        assert {name: other.read(name) for name in other.namelist()} == files


def test_every_single_bit_of_an_archive_counts() -> None:
    content = packed(FILES)
    for at in range(len(content) * 8):
        changed = bytearray(content)
        changed[at // 8] ^= 1 << at % 8
        with pytest.raises(TamperedError):
            read(bytes(changed))


@pytest.mark.parametrize("size", [0, 1, 21, 22, 60])
def test_a_cut_archive_is_refused(size: int) -> None:
    with pytest.raises(TamperedError):
        read(packed(FILES)[:size])


@pytest.mark.parametrize("place", ["before", "after"])
def test_bytes_beside_an_archive_are_refused(place: str) -> None:
    content = packed(FILES)
    with pytest.raises(TamperedError):
        read(b"x" + content if place == "before" else content + b"x")


def _zip(*entries: tuple[str, bytes], **options) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as archive, pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        _zip(("a.json", b"0" * 10_000_000), compression=zipfile.ZIP_DEFLATED),
        _zip(("../a.json", b"{}")),
        _zip(("a.json", b"{}"), ("a.json", b"[]")),
        b"PK\5\6" + b"\0" * 18,
        b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, 2**32 - 1, 0, 0),
    ],
    ids=["bomb", "path", "duplicate", "empty", "directory"],
)
def test_archives_of_other_programs_are_refused(content: bytes) -> None:
    with pytest.raises(TamperedError):
        read(content)


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../a", "a/../b", "a//b", "a\\b", "C:a", ".hidden", "a/.hidden", "a\nb", "名", "", "x" * 201],
)
def test_paths_that_lead_elsewhere_are_neither_written_nor_read(name: str) -> None:
    assert not is_path(name)
    with pytest.raises(BadInputError) as refused:
        packed({name: b""})
    assert name not in str(refused.value) or not name


def test_files_in_another_order_are_refused() -> None:
    one, two = packed({"a": b"1"}), packed({"b": b"2"})
    assert len(one) == len(two)
    half = 30 + 2
    swapped = two[:half] + one[:half] + two[half:-22] + one[half:-22]
    swapped += struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 2, 2, 94, 2 * half, 0)
    with pytest.raises(TamperedError):
        read(swapped)


def test_lines_come_whole_across_the_parts_in_which_a_file_is_read() -> None:
    lines = [b"x" * length + b"\n" for length in (0, 1, 700_000, 1_500_000, 3)]
    archive = Archive(io.BytesIO(packed({"a": b"".join(lines) + b"rest"})))
    assert list(archive.lines("a")) == [*lines, b"rest"]
