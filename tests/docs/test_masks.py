"""The page of masks says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from governance.protect.masks import ANY_TYPE, MASKS
from governance.protect.pseudonyms import KINDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "masks.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| ([\w, ]+) \| `([^`]+)` \| `([^`]+)` \|$", PAGE, re.MULTILINE)
KIND_ROWS = re.findall(r"^\| `(\w+)` \| ([^|`]+) \| ([^|`]*)\|$", PAGE, re.MULTILINE)
READ = {"integer": int, "float": float, "string": str}


def test_every_mask_stands_in_the_table_once_or_more_and_sorted():
    names = [row[0] for row in ROWS]
    assert sorted(set(names)) == sorted(MASKS)
    assert names == sorted(names, key=lambda name: (name.split("_")[0], len(name), name))


@pytest.mark.parametrize(("name", "types", "value", "left"), ROWS)
def test_a_row_of_the_table_is_true(name, types, value, left):
    assert MASKS[name].input_types == (ANY_TYPE if types == "every type" else set(types.split(", ")))
    type_ = next(each for each in ("string", "integer", "float") if MASKS[name].keeps(each))
    assert str(MASKS[name].apply(READ[type_](value), type_)) == left


def test_the_table_of_pseudonyms_is_that_of_the_code():
    assert [(name, meaning, locales.strip()) for name, meaning, locales in KIND_ROWS] == [
        (kind.name, kind.meaning, ", ".join(kind.locales)) for kind in KINDS.values()
    ]
