"""Golden reports: the exact bytes of every report in every format; style sheet and script of a page are left out.

After a change that is meant, run `GOVERNANCE_UPDATE_GOLDEN=1 pytest tests/audits/test_golden.py`, read the diff and
commit it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from audits.rendering import FORMATS, formats_for, render
from audits.report import Report

GOLDEN = Path(__file__).parent / "golden"
SUFFIX = {"markdown": "md", "text": "txt"}
IN_ALL_LANGUAGES = ("html", "markdown", "text")


def _cases() -> list[tuple[str, str, str]]:
    cases = []
    for kind in ("scan", "access", "retention", "grants", "exposure", "protection", "quality", "consent"):
        for name in formats_for(kind):
            langs = ("en", "zh-Hans", "zh-Hant") if name in IN_ALL_LANGUAGES else ("en",)
            cases += [(kind, name, lang) for lang in langs]
    return cases


@pytest.mark.parametrize(("kind", "name", "lang"), _cases())
def test_report_is_written_as_golden(reports: dict[str, Report], kind: str, name: str, lang: str) -> None:
    text = re.sub(r"<(style|script)>.*?</\1>", r"<\1></\1>", render(reports[kind], name, lang), flags=re.DOTALL)
    written = text.encode(FORMATS[name].encoding)
    golden = GOLDEN / f"{kind}.{lang}.{SUFFIX.get(name, name)}"
    if os.environ.get("GOVERNANCE_UPDATE_GOLDEN") == "1":
        golden.write_bytes(written)
    assert written == golden.read_bytes()


def test_no_golden_file_is_left_over() -> None:
    expected = {f"{kind}.{lang}.{SUFFIX.get(name, name)}" for kind, name, lang in _cases()}
    assert {each.name for each in GOLDEN.iterdir()} == expected
