"""Plain text for a terminal."""

from __future__ import annotations

from governance.gate.finding import GateFinding
from governance.gate.result import CheckResult
from policies.vocabulary import Words


def text_form(result: CheckResult, words: Words) -> str:
    """One paragraph a finding with the lines to paste, and the verdict with what was looked at."""
    return "\n\n".join([*(_finding(each, words) for each in result.findings), summary(result, words)])


def summary(result: CheckResult, words: Words) -> str:
    """The verdict, findings and counts in one line."""
    numbers = {"files": result.files, "statements": result.statements, "changes": result.changes}
    numbers |= {"suppressed": result.suppressed, "baselined": result.baselined}
    said = words.say("gate.counts", **numbers)
    verdict = words.say(f"gate.verdict_{result.verdict}")
    return f"{verdict}: {words.say('cli.findings', count=len(result.findings))} ({said})"


def _finding(each: GateFinding, words: Words) -> str:
    lines = [f"{each.place}: {each.rule} {each.level}: {each.message(words.lang)}"]
    lines += [f"  {note}" for note in each.notes(words.lang)]
    if each.stanza:
        lines += [words.say("cli.paste", under=each.under), "", each.stanza.rstrip()]
    return "\n".join(lines)
