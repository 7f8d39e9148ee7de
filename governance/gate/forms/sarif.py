"""SARIF 2.1.0 for code hosts and editors."""

from __future__ import annotations

import json

from governance.gate.result import CheckResult, sarif_rules
from governance.version import __version__
from policies.vocabulary import Words

SCHEMA_URI = "https://json.schemastore.org/sarif-2.1.0.json"
"""The schema that the output names; nothing fetches it."""


def sarif_form(result: CheckResult, words: Words) -> str:
    """One run with every rule and one result a finding."""
    del words
    driver = {"name": "governance check", "version": __version__, "rules": sarif_rules()}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": result.to_sarif_results()}
    document = {"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False)
