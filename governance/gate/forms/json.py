"""JSON: the stable machine form, without language."""

from __future__ import annotations

import json

from governance.gate.result import CheckResult
from policies.vocabulary import Words


def json_form(result: CheckResult, words: Words) -> str:
    """The document of `CheckResult.to_json`."""
    del words
    return json.dumps(result.to_json(), indent=2, ensure_ascii=False)
