"""The table of Presidio's recognizers that gave way to ours says what the code says."""

import os
import re
from pathlib import Path

from governance.scan.presidio import REPLACED

PAGE = Path(__file__).resolve().parents[2] / "docs" / "recognizers.md"
PLACE = re.compile(r"(<!-- replaced:[^>]*-->\n).*?(<!-- end of replaced -->)", re.DOTALL)


def table():
    lines = [f"| `{entity}` | {why} |" for entity, why in sorted(REPLACED.items())]
    return "\n".join(["| entity | why ours |", "|---|---|", *lines, ""])


def test_every_replaced_recognizer_is_listed_with_its_reason():
    text = PAGE.read_text(encoding="utf-8")
    wanted = PLACE.sub(lambda found: found[1] + table() + found[2], text)
    if os.environ.get("GOVERNANCE_WRITE_DOCS"):
        PAGE.write_text(wanted, encoding="utf-8")
    assert wanted == PAGE.read_text(encoding="utf-8")
    assert PLACE.search(text) is not None
