"""Gender as a whole value: words in several languages, single letters as a weak sign."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.pattern import PatternDetector, by_text

_WORDS = (
    "male|female|man|woman|non-?binary|nonbinary|transgender|trans (?:man|woman)|genderqueer|agender|intersex"
    "|m[äa]nnlich|weiblich|divers|homme|femme|masculin|f[ée]minin|hombre|mujer|masculino|femenino|feminino"
    "|男性?|女性?|男士|女士|男生|女生|男孩|女孩|跨性别|跨性別"
)
_LETTERS = "m|f|w|d|x|h|v|nb"


def _check(match: str, _text: str, context: FieldContext) -> int | None:
    if re.fullmatch(rf"(?i)(?:{_WORDS})", match.strip()):
        return 80
    return 55 if "GENDER" in context.hints else 20


GENDER = PatternDetector(
    name="gender",
    entity="GENDER",
    prefilter=rf"(?i)^\s*(?:{_WORDS}|{_LETTERS})\s*$",
    pattern=re.compile(rf"(?i)^\s*(?P<hit>{_WORDS}|{_LETTERS})\s*$"),
    judge=by_text(_check),
)
