"""Web addresses with a personal part: a profile, an account, an e-mail or a name in path or query."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.pattern import PatternDetector, by_text

_PERSONAL = re.compile(
    r"(?i)(?:(?:linkedin\.[a-z.]+/(?:in|pub)|facebook\.com|fb\.com|twitter\.com|x\.com|instagram\.com|github\.com"
    r"|gitlab\.com|t\.me|wa\.me|medium\.com/@|tiktok\.com/@|youtube\.com/(?:@|user/)|weibo\.c(?:om|n)(?:/u|/n)?"
    r"|zhihu\.com/people|space\.bilibili\.com|douban\.com/people|xing\.com/profile|vk\.com|line\.me/ti/p"
    r"|reddit\.com/u(?:ser)?)/?[\w.%@-]{3,}"
    r"|/(?:users?|profiles?|members?|people|u|accounts?|customers?|patients?)/[\w.%@-]{2,}"
    r"|/[~@][\w.-]{2,}"
    r"|[?&](?:e?mail|user(?:name|id|_id)?|uid|cid|name|phone|mobile|tel|(?:access_|auth_|id_|refresh_|session_|api_)?token|api_?key|secret|password|signature|customer(?:_?id)?|patient(?:_?id)?)=[^&\s]{2,})"
)
_PATHS = re.compile(
    r"(?i)^https?://(?:www\.)?(?:facebook|twitter|x|instagram|github)\.com/"
    r"(?:sharer?|intent|share|login|about|help|home|explore|search|pages)\b"
)


def _check(match: str, _text: str, _context: FieldContext) -> int | None:
    if _PATHS.match(match) or not _PERSONAL.search(match):
        return None
    return 75


URL = PatternDetector(
    name="url",
    entity="URL",
    prefilter=r"(?i)https?://|www\.",
    pattern=re.compile(r"(?i)(?<![A-Za-z0-9])(?P<hit>(?:https?://|www\.)[^\s<>\"'，。；、（）()]{4,2000})"),
    judge=by_text(_check),
)
