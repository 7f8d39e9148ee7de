"""Mentions such as `@ann_lee88`: weak alone, since code and news write them too, sure where a word tells so."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.pattern import PatternDetector, by_text

_WORDS = re.compile(
    r"(?i)(?<![a-z])(?:follow|dm|twitter|instagram|insta|ig|tg|telegram|tiktok|handle|message me|mention|tweet"
    r"|tweeted|reply to)(?![a-z])"
    r"|关注|私信|微博|推特|抖音|小红书|追蹤"
)
_NO_PERSON = frozenset(
    [
        "@property",
        "@override",
        "@media",
        "@param",
        "@return",
        "@returns",
        "@throws",
        "@author",
        "@see",
        "@import",
        "@charset",
        "@test",
        "@here",
        "@everyone",
        "@channel",
        "@all",
        "@deprecated",
        "@keyframes",
        "@staticmethod",
        "@classmethod",
        "@dataclass",
        "@decorator",
        "@autowired",
        "@component",
        "@mention",
        "@team",
    ]
)


def _check(match: str, text: str, context: FieldContext) -> int | None:
    if match.lower() in _NO_PERSON:
        return None
    if "USERNAME" in context.hints or _WORDS.search(text):
        return 70
    own_spelling = any(sign.isdigit() or sign == "_" for sign in match) or re.search(r"[a-z][A-Z]", match)
    return 55 if own_spelling else 30


HANDLE = PatternDetector(
    name="handle",
    entity="USERNAME",
    prefilter=r"@[A-Za-z_][A-Za-z0-9_]{2}",
    pattern=re.compile(
        r"(?<![A-Za-z0-9._%+@/&=-])(?P<hit>@[A-Za-z_][A-Za-z0-9_]{2,29})(?![A-Za-z0-9@/(-]|\.[A-Za-z0-9])"
    ),
    judge=by_text(_check),
)
