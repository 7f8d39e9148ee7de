"""Join what rules and models found in a text: where both say the same, it is surer; where they differ, rules win."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from governance.scan.text.models.base import TextModel
from governance.scan.text.spans import Span, indexed

STANDS = 0.5
"""From this score on a rule's place stands by itself."""
LIKELY = 0.3
"""From this score on a rule's place is worth something beside a model's."""
_ARTICLE = len("the ")
PART = "LOCATION"
"""What rules find that may be a part of something longer."""
AGREED = 0.85
"""The least score of a place that a rule and a model found."""


def read(models: Sequence[TextModel], texts: Sequence[str]) -> list[list[Span]]:
    """What the models find in each text, each model only in the texts it wants."""
    found: list[list[Span]] = [[] for _ in texts]
    for model in models:
        wanted = [number for number, text in enumerate(texts) if model.wants(text)]
        for number, spans in zip(wanted, model.find([texts[each] for each in wanted]), strict=True):
            found[number].extend(spans)
    return found


def agree(ruled: Sequence[Span], modelled: Iterable[Span]) -> list[Span]:
    """The places of both, not settled: those of rules, raised where a model agrees, and the models' own.

    A model's place that a standing one of a rule touches is taken to be that one; its ends are the rule's, unless the
    rule was weak. A rule's `LOCATION` that lies inside a longer one of a model is part of it: of a longer name of a
    place, or of an organization or a person that is called by a place.
    """
    joined = {span: span for span in ruled}
    rules = indexed(ruled)
    for span in modelled:
        near = dict.fromkeys(rules.near(span.start, span.end))
        touched = [each for each in near if each.overlaps(span)]
        inside = [each for each in touched if _is_part(each, span)]
        standing = [each for each in touched if each.score >= STANDS and each not in inside]
        for each in standing:
            if each.entity == span.entity:
                joined[each] = Span(each.start, each.end, each.entity, max(each.score, AGREED))
        if not standing:
            for each in inside:
                joined.pop(each, None)
            alike = [each for each in touched if each.entity == span.entity and each.score >= LIKELY]
            joined[span] = Span(span.start, span.end, span.entity, AGREED if alike else span.score)
    return list(joined.values())


def _is_part(place: Span, span: Span) -> bool:
    """Whether a rule's place is only a part of a model's; with an article before it, it is the same (`the Congo`)."""
    longer = span.covers(place) and (place.end < span.end or place.start > span.start + _ARTICLE)
    return place.entity == PART and longer and span.score >= STANDS
