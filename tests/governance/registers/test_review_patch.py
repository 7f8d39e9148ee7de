"""Patches are taken by git as they stand, whatever the ends of lines."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.registers.review_patch import removal_patch


def apply(folder: Path, text: str, lines: set[int]) -> str:
    target = folder / "policies" / "access.csv"
    target.parent.mkdir(exist_ok=True, parents=True)
    target.write_bytes(text.encode())
    patch = removal_patch(text, "policies/access.csv", lines)
    if patch:
        subprocess.run(["git", "apply", "-"], cwd=folder, input=patch.encode(), check=True)
    return target.read_bytes().decode() if target.exists() else ""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "end"])
def test_git_takes_the_patch(tmp_path: Path, end: str, last: str) -> None:
    lines = [f"p, role{number}, support\u2028, 中" for number in range(20)]
    text = end.join([*lines, last]) if last else end.join(lines)
    kept = [line for number, line in enumerate(text.split("\n"), start=1) if number not in {1, 10, 20}]
    assert apply(tmp_path, text, {1, 10, 20}).rstrip("\n") == "\n".join(kept).rstrip("\n")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "", "# c"]), min_size=1, max_size=12), st.sets(st.integers(1, 12)))
def test_exactly_the_lines_named_are_gone(tmp_path_factory, lines: list[str], gone: set[int]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    expected = "".join(f"{line}\n" for number, line in enumerate(lines, start=1) if number not in gone)
    assert apply(tmp_path_factory.mktemp("patch"), text, gone) == expected


def test_nothing_to_take_out_is_no_patch() -> None:
    assert removal_patch("a\n", "policies/access.csv", set()) == ""
