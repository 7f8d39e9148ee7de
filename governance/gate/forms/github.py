"""Workflow commands of GitHub Actions: each finding becomes a note at its line of the pull request."""

from __future__ import annotations

from governance.gate.finding import GateFinding
from governance.gate.forms.text import summary
from governance.gate.result import CheckResult
from policies.vocabulary import Words

_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def github_form(result: CheckResult, words: Words) -> str:
    """One `::error` or `::warning` a finding, and the verdict as a plain line."""
    return "\n".join([*(_command(each, words) for each in result.findings), _escaped(summary(result, words), _DATA)])


def _command(each: GateFinding, words: Words) -> str:
    parts = [each.message(words.lang), *each.notes(words.lang)]
    if each.stanza:
        parts += [words.say("cli.paste", under=each.under), each.stanza.rstrip()]
    at = f"file={_escaped(each.file, _PROPERTY)},line={each.line},title={each.rule}"
    return f"::{each.level} {at}::{_escaped(chr(10).join(parts), _DATA)}"


def _escaped(text: str, signs: dict[str, str]) -> str:
    return "".join(signs.get(sign, sign) for sign in text)
