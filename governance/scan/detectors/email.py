"""E-mail addresses, beside Chinese text and with `%40`, `(at)` and full-width signs."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext, PatternDetector

_LOCAL = r"[A-Za-z0-9](?:[A-Za-z0-9._%+'&-]{0,63})"
_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?\.)+(?:[A-Za-z]{2,24}|xn--[a-z0-9-]{2,40})"
_AT = r"(?:@|%40|\s?[\[(]at[\])]\s?)"
_FILES = frozenset(
    ["png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "json", "md", "py", "txt", "pdf", "html", "htm", "zip"]
)


def _check(match: str, _text: str, _context: FieldContext) -> int | None:
    local, _, domain = re.sub(_AT, "@", match).rpartition("@")
    if local.endswith(".") or ".." in local or domain.rsplit(".", 1)[-1].lower() in _FILES:
        return 0
    return 95


EMAIL = PatternDetector(
    name="email",
    entity="EMAIL_ADDRESS",
    prefilter=r"@|%40|[\[(]at[\])]",
    pattern=re.compile(rf"(?<![A-Za-z0-9._%+-])(?P<hit>{_LOCAL}{_AT}{_DOMAIN})(?![A-Za-z0-9@])"),
    check=_check,
    whole=r"^[A-Za-z0-9](?:[A-Za-z0-9_+-]|\.[A-Za-z0-9_+-])*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+"
    r"(?:com|net|org|edu|gov|io|info|biz|cn|tw|hk|uk|de|fr|us|eu|test|example|jp|sg|kr|in|it|es|nl|ca|au)$",
    whole_score=95,
)
