"""Secrets: keys and tokens of known services, private keys, password hashes, web tokens, credentials in addresses."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.pattern import PatternDetector, by_text

_KNOWN = (
    r"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_-]{20,}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,}|sk_(?:live|test)_[A-Za-z0-9]{16,}|rk_(?:live|test)_[A-Za-z0-9]{16,}"
    r"|sk-(?:proj-|ant-|or-)?[A-Za-z0-9_-]{20,}|AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|LTAI[0-9A-Za-z]{12,24}|AKID[0-9A-Za-z]{32}|hvs\.[A-Za-z0-9_-]{24,}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"
    r"|hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{16,}|xapp-[A-Za-z0-9-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}"
    r"|dop_v1_[0-9a-f]{64}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|dapi[0-9a-f]{32}|whsec_[A-Za-z0-9]{24,}|pk_live_[A-Za-z0-9]{16,}|sq0[a-z]{3}-[A-Za-z0-9_-]{22,}"
    r"|\d{8,10}:AA[A-Za-z0-9_-]{33}|AccountKey=[A-Za-z0-9+/]{60,}={0,2}|(?i:bearer)\s[A-Za-z0-9._~+/-]{20,}={0,2}"
    r"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----(?:[\sA-Za-z0-9+/=:,.-]{0,16000}?-----END (?:[A-Z]+ )?PRIVATE KEY-----)?"
    r"|-----BEGIN PGP PRIVATE KEY BLOCK-----(?:[\sA-Za-z0-9+/=:,.-]{0,64000}?-----END PGP PRIVATE KEY BLOCK-----)?"
    r"|\$2[abxy]\$\d{2}\$[./A-Za-z0-9]{53}|\$argon2(?:id|i|d)\$[^\s]{20,}|\$[156]\$[^\s$]{1,32}\$[./A-Za-z0-9]{20,}|\$scrypt\$[^\s]{20,}"
    r"|(?:pbkdf2|scrypt)(?:[_:]sha(?:1|256|512))?[:$][\d:$]+[^\s]{16,}|\{SSHA(?:256|512)?\}[A-Za-z0-9+/=]{20,}"
    r"|[a-z][a-z0-9+]{2,15}://[^\s:/@]{1,64}:[^\s:/@]{3,128}@[\w.-]+"
)
_SAID = (
    r"(?i:(?:password|passwd|pwd|passphrase|api[_ -]?key|secret(?:[_ -]?(?:access[_ -]?)?key)?|access[_ -]?token"
    r"|auth[_ -]?token|client[_ -]?secret|refresh[_ -]?token|private[_ -]?key|signing[_ -]?key|encryption[_ -]?key"
    r"|密码|密碼|口令|密钥|密鑰|令牌)[\"']?\s{0,3}"
    rf"(?:is\s|[:=：是为為]\s?)\s{{0,3}}[\"']?(?!(?-i:{_KNOWN}))[^\s,;，。；\"']{{6,200}})"
    r"|(?i:token|session[_ -]?id|access[_ -]?key(?:[_ -]?id)?)[\"']?\s{0,3}[:=：]\s{0,3}[\"']?[A-Za-z0-9+/_.=-]{16,200}"
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
    prefilter=r"(?i)AKIA|ASIA|gh[pousr]_|github_pat|glpat-|xox[abprs]-|[srp]k_(?:live|test)|sk-|AIza|ya29|SG\.|LTAI|AKID|hvs\.|npm_|pypi-"
    r"|hooks\.slack|xapp-|GOCSPX-|hf_|dop_v1_|shp(?:at|ca|pa|ss)_|dapi|whsec_|sq0|:AA|AccountKey|bearer"
    r"|passphrase|(?:private|access|signing|encryption)[_ -]?key|session[_ -]?id|密钥|密鑰|令牌"
    r"|eyJ|PRIVATE KEY|\$2[abxy]\$|\$argon2|\$[156]\$|scrypt|pbkdf2|SSHA|://[^\s/@]+:[^\s/@]+@"
    r"|passw|pwd|api[_ -]?key|secret|token|密码|密碼|口令|^\s*[A-Za-z0-9_+/-]{24,200}={0,2}\s*$",
    pattern=re.compile(rf"(?<![A-Za-z0-9])(?P<hit>{_KNOWN}|{_SAID}|{_HEX})"),
    judge=by_text(_check),
)
