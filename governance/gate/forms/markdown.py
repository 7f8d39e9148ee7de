"""Markdown for a comment on a pull request: verdict, findings, a small table of who would see what, lines to paste."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from governance.gate.finding import GateFinding
from governance.gate.forms.text import summary
from governance.gate.result import CheckResult
from policies.vocabulary import Words

_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~@])")
_MOST = 50


def markdown_form(result: CheckResult, words: Words) -> str:
    """The comment; of more than 50 findings the first are shown."""
    parts = [f"## governance check\n\n**{_escaped(summary(result, words))}**"]
    shown = result.findings[:_MOST]
    if shown:
        rows = [
            (_escaped(each.place), each.rule, str(each.level), _escaped(each.message(words.lang))) for each in shown
        ]
        parts.append(_table([words.say(f"gate.head_{name}") for name in ("place", "rule", "level", "finding")], rows))
    if len(result.findings) > _MOST:
        parts.append(words.say("gate.more", count=len(result.findings) - _MOST))
    exposures = list(_exposures(result.findings, words))
    if exposures:
        heads = [
            words.say(f"gate.head_{name}")
            for name in ("field", "category", "readers", "purpose", "treatment", "missing")
        ]
        parts.append(f"### {words.say('gate.exposure')}\n\n{_table(heads, exposures)}")
    pasted = [each for each in shown if each.stanza]
    if pasted:
        lines = [f"# {each.under}\n{each.stanza.rstrip()}" for each in pasted]
        fence = "```"
        parts.append(f"### catalog.yaml\n\n{fence}yaml\n" + "\n".join(lines) + f"\n{fence}")
    return "\n\n".join(parts) + "\n"


def _exposures(findings: Sequence[GateFinding], words: Words) -> Iterator[tuple[str, ...]]:
    """A row for each field and way of reading: of undeclared fields, and of policies that show more."""
    comma = words.say("gate.comma")
    for each in findings:
        ref = _escaped(".".join(part for part in (each.store, each.dataset, each.field) if part))
        missing = comma.join(words.say(f"gate.word_{key}") for key in each.missing)
        for reader in each.readers:
            roles = _escaped(comma.join(reader.roles))
            yield ref, each.category, roles, _escaped(reader.purpose), reader.treatment, missing
        if each.category and not each.readers:
            yield ref, each.category, "-", "-", "-", missing
        if each.rule == "GOV016":
            values = each.values
            way = f"{values['before']} → {values['after']}"
            yield ref, values["category"], values["count"], _escaped(values["purpose"]), way, ""


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _escaped(text: str) -> str:
    """A text that no sign of becomes markup, a link or a mention."""
    return _SIGNS.sub(r"\\\1", text).replace("\n", " ")
