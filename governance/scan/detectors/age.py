"""Ages in texts in Latin letters: `34 years old`, `aged 34`, `a 34-year-old`, `34 Jahre alt`; no spans of time."""

from __future__ import annotations

import re

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.pattern import PatternDetector

_NUMBER = r"(?:1[0-2]\d|[1-9]?\d)"
_TENS = r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_ONES = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_TEENS = r"(?:ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)"
_WORDS = rf"(?:{_TENS}(?:[- ]{_ONES})?|{_TEENS}|{_ONES})"
_OLD = (
    r"(?:(?:[- ]?(?:years?|yrs?\.?|year's|yr)|[- ](?:months?|weeks?|days?))[- ]?olds?|[- ]?y(?:ears? )?[./]?o\.?"
    r"|[- ]years? of age|[- ]years? young)"
)
_OTHER = (
    r"(?: Jahre (?:alt|jung)|[- ]?jährige?[rsnm]?| ans(?= |[.,;]|$)(?! (?:d['’e]|après|plus))"
    r"| años(?: de edad)?(?! de (?!edad)| después)"
    r"| anni(?! (?:di|fa|dopo))| anos de idade| jaar oud|[- ]jarige| lat(?=[.,;)]|$)| år gammel)"
)
_AGED = r"(?:aged?(?: of| is)?|at the age of|im Alter von|Alter|âgée? de|edad|età|leeftijd)"
_IS = r"(?:(?:I['’]?m|I am|[Hh]e['’]?s|[Ss]he['’]?s|[Hh]e is|[Ss]he is|who is|turn(?:s|ed|ing)(?: just)?|just turned))"
_THINGS = re.compile(
    r"(?i)(?:company|firm|house|building|car|system|computer|whisk(?:e)?y|wine|account|bottle|phone|laptop|contract|order|tree"
    r"|record|database|server|church|machine|bridge|tradition)"
    r"\s+(?:is|was|are|which is|that is)\s+(?:now\s+|about\s+|over\s+)?$"
)
_MOST = 120


def _judge(match: re.Match[str], _context: FieldContext) -> int | None:
    """Ages of things and ages beyond a life are none."""
    digits = re.search(r"\d+", match["hit"])
    if digits is not None and int(digits[0]) > _MOST:
        return None
    return None if _THINGS.search(match.string[max(0, match.start() - 40) : match.start()]) else 75


AGE = PatternDetector(
    name="age",
    entity="AGE",
    prefilter=(
        r"(?i)\d[- ]?(?:y|months?[- ]old|weeks?[- ]old|days?[- ]old|jahre|jährig|ans|años|anni|anos|jaar|jarig|lat|år)"
        r"|age[d]? ?(?:of|is)?[:= ]*\(?\d|(?:alter|alter von|âgée? de|edad|età|leeftijd)[: ]+\d"
        r"|(?:ty|een|ten|eleven|twelve|one|two|three|four|five|six|seven|eight|nine)[- ]years?[- ]"
    ),
    pattern=re.compile(
        rf"(?<![\w.,/$€£#-])(?P<hit>(?i:{_NUMBER}(?:{_OLD}|{_OTHER})|{_WORDS}[- ]years?[- ]old)(?!\w)"
        rf"|(?i:{_AGED})\s?[:=]?\s?\(?{_NUMBER}(?![\w%]|[-–/.,:]\d|\s?(?:-|–|to|and|or)\s?\d)\)?)"
    ),
    judge=_judge,
    longest=65_536,
)

AGE_TOLD = PatternDetector(
    name="age_told",
    entity="AGE",
    prefilter=r"(?i)(?:i['’]?m|i am|he['’]?s|he is|who is|turn(?:s|ed|ing)|turned|just) \d",
    pattern=re.compile(
        rf"(?<!\w){_IS} (?P<hit>{_NUMBER})(?=[.!?;)]?(?:\s*$|\n)"
        r"|[,;!)] |[.] [A-Z]|\s(?:and|but|now|today|next|this|last)(?!\w))"
    ),
    judge=lambda match, _context: 65 if int(match["hit"]) > 2 else None,
    longest=65_536,
)
"""Ages that only the sentence tells: `I'm 34, and`."""
