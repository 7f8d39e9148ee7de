"""Each report as a browser shows it: no request leaves the page, and keyboards and screen readers find their way."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import axe_core_python
import pytest

from audits.formats.base import ALL_REPORTS
from audits.rendering import render
from audits.report import Report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = (
    Path(axe_core_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8").replace("</script", r"<\/script")
)
"""The checker axe-core, as the package for its users brings it."""
GRAVE = ("critical", "serious")
"""Findings of these impacts fail a report."""
CHECKS = Path(__file__).with_name("browser_checks.js").read_text(encoding="utf-8")
WATCH = """<script>
window.blocked = [];
addEventListener("securitypolicyviolation", (e) => blocked.push(e.blockedURI));
</script>"""
BAD = """<h5>deep</h5><img src="https://example.org/x.png"><button></button>
<p style="color:#bbb;background:#fff">pale</p><ul><p>x</p></ul><div role="buton">y</div>"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here to render pages with")


def look(page: str, folder: Path, width: int = 1280) -> dict:
    """What the checks find on a page as Chromium shows it."""
    path = folder / "page.html"
    head, rest = page.split("<title>", 1)
    path.write_text(
        head + WATCH + "<title>" + rest.replace("</body>", f"<script>{AXE}</script><script>{CHECKS}</script></body>"),
        encoding="utf-8",
    )
    shown = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
            f"--user-data-dir={folder / 'profile'}", f"--window-size={width},1000", "--virtual-time-budget=3000",
            "--dump-dom", path.as_uri(),
        ],
        capture_output=True, text=True, encoding="utf-8", timeout=90, check=True,
    ).stdout  # fmt: skip
    found = re.search(r'<pre id="found">(.*?)</pre>', shown, re.DOTALL)
    assert found is not None
    text = found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    answer: dict = json.loads(text)
    return answer


def grave(found: dict) -> list[str]:
    """What axe-core finds that shuts somebody out, and where."""
    return [f"{each['id']}: {where}" for each in found["axe"] if each["impact"] in GRAVE for where in each["where"]]


@pytest.mark.parametrize("kind", sorted(ALL_REPORTS))
def test_a_report_asks_for_nothing_and_can_be_read_by_all(
    reports: dict[str, Report], kind: str, tmp_path: Path
) -> None:
    found = look(render(reports[kind], "html", "zh-Hant" if kind == "overview" else "en"), tmp_path)
    assert (found["asked"], found["blocked"]) == ([], [])
    assert found["wrong"] == []
    assert grave(found) == []
    assert found["passes"] > 10


def test_the_checks_find_what_is_wrong(reports: dict[str, Report], tmp_path: Path) -> None:
    page = render(reports["overview"], "html").replace("</main>", f"{BAD}</main>")
    found = look(page, tmp_path)
    assert found["blocked"] == ["https://example.org/x.png"]
    wrong = " ".join(found["wrong"])
    for each in ("heading skipped", "img without alt", "control without a name", "contrast"):
        assert each in wrong, each
    rules = {each.partition(":")[0] for each in grave(found)}
    assert {"button-name", "image-alt", "color-contrast", "list", "aria-roles"} <= rules
