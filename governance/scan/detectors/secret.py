"""Secrets: keys and tokens of known services, private keys, password hashes, web tokens, credentials in addresses."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext, PatternDetector

_KNOWN = (
    r"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_-]{20,}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,}|sk_(?:live|test)_[A-Za-z0-9]{16,}|rk_(?:live|test)_[A-Za-z0-9]{16,}"
    r"|sk-(?:proj-|ant-|or-)?[A-Za-z0-9_-]{20,}|AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|LTAI[0-9A-Za-z]{12,24}|AKID[0-9A-Za-z]{32}|hvs\.[A-Za-z0-9_-]{24,}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"
    r"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|-----BEGIN PGP PRIVATE KEY BLOCK-----"
    r"|\$2[abxy]\$\d{2}\$[./A-Za-z0-9]{53}|\$argon2(?:id|i|d)\$[^\s]{20,}|\$[156]\$[^\s$]{1,32}\$[./A-Za-z0-9]{20,}|\$scrypt\$[^\s]{20,}"
    r"|(?:pbkdf2|scrypt)(?:[_:]sha(?:1|256|512))?[:$][\d:$]+[^\s]{16,}|\{SSHA(?:256|512)?\}[A-Za-z0-9+/=]{20,}"
    r"|[a-z][a-z0-9+]{2,15}://[^\s:/@]{1,64}:[^\s:/@]{3,128}@[\w.-]+"
)
_SAID = (
    r"(?i:(?:password|passwd|pwd|api[_ -]?key|secret(?:[_ -]?key)?|access[_ -]?token|密码|密碼|口令)\s*"
    r"(?:is\s|[:=：是为為]\s?)\s*[^\s,;，。；]{6,64})"
)
_HEX = (
    r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128}|[0-9A-F]{32}|[0-9A-F]{40}|[0-9A-F]{64}"
    r"|[A-Za-z0-9_+/-]{24,200}={0,2}"
)


def _check(match: str, text: str, context: FieldContext) -> int | None:
    if re.fullmatch(_KNOWN, match) or match.startswith("-----BEGIN"):
        return 95
    if re.fullmatch(_SAID, match):
        return 70 if re.search(r"[0-9!@#$%^&*]", re.split(r"[:=：是为為]", match, maxsplit=1)[-1]) else 20
    if match != text.strip() or not re.search(r"[0-9]", match) or not re.search(r"[A-Za-z]", match):
        return None
    return 60 if "SECRET" in context.hints else 5


SECRET = PatternDetector(
    name="secret",
    entity="SECRET",
    prefilter=r"(?i)AKIA|ASIA|gh[pousr]_|github_pat|glpat-|xox[abprs]-|[sr]k_(?:live|test)|sk-|AIza|ya29|SG\.|LTAI|AKID|hvs\.|npm_|pypi-"
    r"|eyJ|PRIVATE KEY|\$2[abxy]\$|\$argon2|\$[156]\$|scrypt|pbkdf2|SSHA|://[^\s/@]+:[^\s/@]+@"
    r"|passw|pwd|api[_ -]?key|secret|token|密码|密碼|口令|^\s*[A-Za-z0-9_+/-]{24,200}={0,2}\s*$",
    pattern=re.compile(rf"(?<![A-Za-z0-9])(?P<hit>{_KNOWN}|{_SAID}|{_HEX})"),
    check=_check,
)
