"""Suppressions in place: a comment that silences rules on its line, or on the next one when it stands alone.

    ALTER TABLE customers ADD COLUMN phone text; -- governance:ignore GOV001 until 2027-06-30: declared in release 12

It needs a rule, a date and a reason. One that is incomplete, expired or silences nothing is itself a finding.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from governance.gate.finding import GateFinding

_MARK = re.compile(r"(?P<before>.*?)(?:--|#|//)\s*governance:ignore\b(?P<rest>.*)$")
_FORM = re.compile(
    r"\s+(?P<rules>GOV\d{3}(?:\s*,\s*GOV\d{3})*)\s+until\s+(?P<day>\d{4}-\d{2}-\d{2})\s*:\s*(?P<reason>\S.*)$"
)
_NEVER = frozenset({"GOV023"})


@dataclass(frozen=True, slots=True)
class Complaint:
    """A suppression that does not hold."""

    file: str
    """Where it stands."""
    line: int
    """On which line, from 1."""
    what: str
    """`incomplete`, `expired` or `unused`."""
    rules: str = ""
    """The rules that it names."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment."""

    file: str
    """Where it stands."""
    line: int
    """On which line, from 1."""
    about: int
    """The line whose findings it silences."""
    rules: frozenset[str]
    """The rules; none for an incomplete one."""
    until: dt.date | None
    """The last day on which it holds; None for an incomplete one."""


def suppressions_in(text: str, file: str) -> Iterator[Suppression]:
    """The suppressions of a file."""
    if "governance:ignore" not in text:
        return
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        found = _MARK.match(line)
        if found is None:
            continue
        about = number if found["before"].strip() else _next_statement(lines, number)
        form = _FORM.match(found["rest"].rstrip().removesuffix("*/"))
        day = _day(form["day"]) if form is not None else None
        if form is None or day is None:
            yield Suppression(file, number, about, frozenset(), None)
        else:
            yield Suppression(file, number, about, frozenset(re.findall(r"GOV\d{3}", form["rules"])) - _NEVER, day)


def settled(
    findings: Iterable[GateFinding], known: Iterable[Suppression], on: dt.date
) -> tuple[list[GateFinding], list[GateFinding], list[Complaint]]:
    """The findings that stay, those that are silenced, and what is wrong with the suppressions."""
    held = {
        (each.file, each.about, rule): each for each in known if each.until and each.until >= on for rule in each.rules
    }
    stay: list[GateFinding] = []
    silenced: list[GateFinding] = []
    used: set[tuple[Suppression, str]] = set()
    for finding in findings:
        by = held.get((finding.file, finding.line, finding.rule))
        if by is None:
            stay.append(finding)
        else:
            silenced.append(finding)
            used.add((by, finding.rule))
    return stay, silenced, [each for one in known for each in _complaints(one, used, on)]


def _complaints(one: Suppression, used: set[tuple[Suppression, str]], on: dt.date) -> Iterator[Complaint]:
    named = ", ".join(sorted(one.rules))
    if one.until is None:
        yield Complaint(one.file, one.line, "incomplete")
    elif one.until < on:
        yield Complaint(one.file, one.line, "expired", named)
    else:
        unused = sorted(rule for rule in one.rules if (one, rule) not in used)
        if unused:
            yield Complaint(one.file, one.line, "unused", ", ".join(unused))


def _next_statement(lines: list[str], number: int) -> int:
    """The next line that is more than a comment."""
    return next((place + 1 for place in range(number, len(lines)) if not _is_comment(lines[place])), number)


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith(("--", "#", "//"))


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
