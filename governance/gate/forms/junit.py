"""JUnit XML for the test reports of CI servers: one test case a rule, failed by its errors."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from governance.gate.finding import GateFinding, Level
from governance.gate.result import CheckResult
from governance.gate.rules.all import RULES
from governance.gate.rules.base import page
from policies.vocabulary import Words

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_form(result: CheckResult, words: Words) -> str:
    """One suite; warnings stand in the output of their rule's case and fail nothing."""
    errors = sum(each.level is Level.ERROR for each in result.findings)
    counts = {"tests": str(len(RULES)), "failures": str(errors), "errors": "0"}
    suites = ET.Element("testsuites", counts)
    suite = ET.SubElement(suites, "testsuite", {"name": "governance check", **counts})
    for rule_id, rule in RULES.items():
        name = f"{rule_id} {page(rule)['Title']}"
        case = ET.SubElement(suite, "testcase", {"classname": "governance.check", "name": name})
        found = [each for each in result.findings if each.rule == rule_id]
        for each in (one for one in found if one.level is Level.ERROR):
            message = _plain(each.message(words.lang))
            failure = ET.SubElement(case, "failure", {"message": message, "type": rule_id})
            failure.text = _text(each, words)
        warnings = [_text(each, words) for each in found if each.level is Level.WARNING]
        if warnings:
            ET.SubElement(case, "system-out").text = "\n\n".join(warnings)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _text(each: GateFinding, words: Words) -> str:
    lines = [f"{each.place}: {each.message(words.lang)}", *each.notes(words.lang)]
    if each.stanza:
        lines += [words.say("cli.paste", under=each.under), "", each.stanza.rstrip()]
    return _plain("\n".join(lines))


def _plain(text: str) -> str:
    """The text without characters that XML 1.0 does not have."""
    return _NOT_XML.sub("\ufffd", text)
