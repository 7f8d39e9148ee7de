"""How the result of a check is written: one form a file, each a function of result and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from governance.gate.forms.github import github_form
from governance.gate.forms.json import json_form
from governance.gate.forms.junit import junit_form
from governance.gate.forms.markdown import markdown_form
from governance.gate.forms.sarif import sarif_form
from governance.gate.forms.text import text_form
from governance.gate.result import CheckResult
from policies.vocabulary import Words

FORMS: Mapping[str, Callable[[CheckResult, Words], str]] = MappingProxyType(
    {
        "text": text_form,
        "json": json_form,
        "sarif": sarif_form,
        "github": github_form,
        "junit": junit_form,
        "markdown": markdown_form,
    }
)
"""Every form by the name that `--format` takes; the first is the default."""

__all__ = ["FORMS"]
