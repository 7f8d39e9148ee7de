"""Why a signal speaks, in the reader's language.

A scan states its reasons in plain English. The vocabulary holds the sentences it uses, so a reason that has the form of
one of them is said in any language; another one stands as the scan wrote it.
"""

from __future__ import annotations

import re
from functools import cache

from audits.report import Text
from policies.vocabulary import Words, placeholders

REASONS = (
    "signal.reason_national",
    "signal.reason_rare",
    "signal.reason_name",
    "signal.reason_neighbour",
    "signal.reason_comment",
    "signal.reason_type",
    "signal.reason_misfit",
    "signal.reason_form",
    "signal.reason_check",
    "signal.reason_dataset",
    "signal.reason_models",
    "signal.reason_share",
    "signal.reason_thing",
    "signal.reason_rare_inside",
    "signal.reason_nothing",
    "signal.reason_inside",
)
"""The sentences, by key; the first that fits is taken."""


def reason_of(sentence: str) -> Text | str:
    """The vocabulary's text for a reason, or the sentence itself."""
    for key, pattern in _patterns():
        if found := pattern.fullmatch(sentence):
            return Text(key, tuple(sorted(found.groupdict().items())))
    return sentence


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    words = Words("en")
    return tuple((key, _pattern(words.say(key))) for key in REASONS)


def _pattern(template: str) -> re.Pattern[str]:
    """Matches what a template makes: each placeholder stands for some text on one line."""
    form = re.escape(template)
    for name in placeholders(template):
        form = form.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>[^\n]+?)", 1)
    return re.compile(form)
