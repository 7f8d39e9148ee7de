"""Lets whoever makes the demo ask as anybody in it: at the command line that takes the role `impersonate`."""

from __future__ import annotations

import json
import re
from pathlib import Path

from governance.writing import replace_file
from policies.access_lines import IMPERSONATE
from policies.access_names import folded
from policies.principals import read_principals

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_ROLES = frozenset({"analyst", "cashier", "dpo", "intern", "marketing", "nurse", "support", IMPERSONATE})


def admit_owner(policies: Path, owner: str) -> None:
    """Make an OS user a principal who may ask as others; a name that a policy cannot hold, or a role's, is left out."""
    path = policies / "principals.yaml"
    known = read_principals(path).principals
    alike = {folded(name) for name in (*known, *_ROLES)} - {folded(name) for name in known if name == owner}
    if not _NAME.fullmatch(owner) or folded(owner) in alike:
        return
    if owner not in known:
        replace_file(path, f"{path.read_text(encoding='utf-8')}  {json.dumps(owner)}: {{}}\n")
    lines = policies / "access.csv"
    replace_file(lines, f"{lines.read_text(encoding='utf-8')}g, {owner}, {IMPERSONATE}\n")
