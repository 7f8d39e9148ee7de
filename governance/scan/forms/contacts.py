"""E-mail addresses and addresses of machines as whole values."""

from __future__ import annotations

from governance.scan.forms.base import Form, Written, entities
from governance.scan.makeup import DIGIT, LOWER, kinds

_TLD = (
    "com|net|org|edu|gov|io|info|biz|co|me|cn|tw|hk|mo|sg|jp|kr|in|us|ca|uk|de|at|ch|fr|es|it|nl|be|pl|br|au|eu|test"
    "|example"
)
_EMAIL = Written(
    name="email",
    entities=entities("EMAIL_ADDRESS"),
    exemplar="anna.smith7@example.com",
    expression=rf"^[a-z][a-z0-9]*(?:[._+-][a-z0-9]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+(?:{_TLD})$",
    kinds=LOWER | DIGIT | kinds("@._+-"),
    sizes=(6, 64),
    digits=(0, 12),
)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_FIRST = r"(?:1[1-9]|[2-9]\d|1[013-9]\d|12[0-689]|2[01]\d|22[0-3])"
_INNER = r"^(?:10\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\.)"
_LEADS = ("10.", "172", "192", "169", "198", "203")
_SPECIAL = r"^169\.254\.|^192\.0\.|^198\.(?:1[89]|51)\.|^203\.0\.113\."


def _ip(name: str, exemplar: str, expression: str, but: str = "", leads: tuple[str, ...] = ()) -> Written:
    return Written(
        name=name,
        entities=entities("IP_ADDRESS"),
        exemplar=exemplar,
        expression=expression,
        kinds=DIGIT | kinds("."),
        sizes=(8, 15),
        digits=(5, 12),
        but=but,
        leads=leads,
    )


CONTACTS: tuple[Form, ...] = (
    _EMAIL,
    _ip("ip_public", "81.2.69.142", rf"^{_FIRST}(?:\.{_OCTET}){{3}}$", rf"{_INNER}|{_SPECIAL}", _LEADS),
    _ip("ip_loopback", "127.20.30.40", rf"^127(?:\.{_OCTET}){{3}}$"),
    _ip("ip_private", "192.168.20.30", rf"^(?:10\.{_OCTET}|172\.(?:1[6-9]|2\d|3[01])|192\.168)(?:\.{_OCTET}){{2}}$"),
)
"""Forms of contacts."""
