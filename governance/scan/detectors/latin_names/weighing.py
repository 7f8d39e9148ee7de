"""Weigh sequences: what they are made of, what stands around them, and what else the text says."""

from __future__ import annotations

import re

from governance.scan.detectors.latin_names.sequences import Sequence
from governance.scan.lexicon_latin import PLACE, LatinLexicon

_NEXT = re.compile(r"\.? ?[\"'”’)]?[ \n]([^\W\d_]+(?:['’][a-z]+)?\.?)")
_LEFT_SIGNS = " \t\n,:;-\"'“‘(*>[{"
_SENTENCE_ENDS = ".!?…"
_REACH = 36
_BETWEEN = frozenset(
    {", ", " and ", " & ", ", and ", " or ", "/", " / ", " , ", " , and ", "; ", " und ", " y ", " et ", " e "}
)
_TURNED_FIRST = frozenset("SUsG")
_TURNED_LAST = frozenset("CG")

Weighed = list[int]


class Weigher:
    """Scores sequences; holds the tables and no text."""

    def __init__(self, words: LatinLexicon) -> None:
        self._words = words
        self._adds = words.context

    def scores(self, text: str, found: list[Sequence], *, small: bool) -> list[int]:
        """A score for each sequence, 50 or more when it is a name."""
        scores = [self._alone(text, each, small=small) for each in found]
        self._lists(text, found, scores)
        self._repeats(found, scores)
        return scores

    def turned(self, text: str, first: Sequence, second: Sequence) -> bool:
        """Whether two sequences are one name with the surname first: `Smith, Anna`."""
        if text[first.end : second.start] != ", " or first.last or first.first not in _TURNED_FIRST:
            return False
        if second.first not in _TURNED_LAST or (second.last and second.last != "I"):
            return False
        behind = text[second.end : second.end + 2]
        return behind[:1] in '\n;)|\t"].' and self._begins(text, first.start)

    def _begins(self, text: str, start: int) -> bool:
        before = text[max(0, start - _REACH) : start]
        kind = self._kind_before(before.rstrip(_LEFT_SIGNS), ":" if before.rstrip().endswith(":") else "")
        return not before or before[-1] in '\n;|\t"[' or kind in ("announced", "title")

    def _alone(self, text: str, each: Sequence, *, small: bool) -> int:
        if self._killed(text, each):
            return 0
        adds, start, end = self._adds, each.start, each.end
        before = text[max(0, start - _REACH) : start]
        left = before.rstrip(_LEFT_SIGNS)
        kind = self._kind_before(left, ":" if before.rstrip().endswith(":") else "")
        opening = not left or left[-1] in _SENTENCE_ENDS
        score = self._words.forms.get(each.first + each.last, 0) + adds[kind or ("opening" if opening else "inside")]
        name = text[start:end]
        score += self._by_letters(name, each, small=small)
        after = text[end : end + 3]
        if after[:2] in ("'s", "’s") or after == " 's":
            score += adds["possessive"]
        elif (after[:1] == "," and opening) or (before.endswith(", ") and after[:1] in ("!", "?", ".", "")):
            score += adds["addressed"]
        elif (behind := _NEXT.match(text, end)) and behind[1].lower() in self._words.after:
            score += adds["told"]
        if (not before or before[-1] == "\n") and (not after or after[0] == "\n") and "\n" in text:
            score += adds["own_line"]
        return score

    def _by_letters(self, name: str, each: Sequence, *, small: bool) -> int:
        """What the way it is written adds."""
        adds, score = self._adds, 0
        if small:
            score += adds["unknown_small" if each.last == "U" else "uncased"]
        elif name.isupper() and len(name) > 1:
            score += adds["capitals"]
        elif not each.last and self._words.flags.get(each.keys[0], 0) & PLACE:
            score += adds["place_name"]
        return score if name.isascii() else score + adds["foreign_letters"]

    def _kind_before(self, left: str, colon: str) -> str:
        """What the last one to three words before say, the longest phrase first."""
        words = left.rsplit(None, 3)[-3:]
        last = words[-1].lower().lstrip(_LEFT_SIGNS) if words else ""
        if last not in self._words.before_last and last + colon not in self._words.before:
            return ""
        known = self._words.before
        for count in range(len(words)):
            phrase = " ".join(words[count:]).lower().lstrip(_LEFT_SIGNS)
            kind = known.get(phrase + colon) or known.get(phrase)
            if kind:
                return kind
        return ""

    def _killed(self, text: str, each: Sequence) -> bool:
        if len(each.keys) > 1 and " ".join(each.keys) in self._words.place_phrases:
            return True
        behind = _NEXT.match(text, each.end) if text[each.end : each.end + 1] == " " else None
        return behind is not None and behind[1].lower() in self._words.kills and not behind[1].islower()

    def _lists(self, text: str, found: list[Sequence], scores: list[int]) -> None:
        """Names beside a name in a list gain: `Ann, Bożena and Čedo`."""
        pairs = [
            (place, place + 1)
            for place in range(len(found) - 1)
            if text[found[place].end : found[place + 1].start] in _BETWEEN
        ]
        gained: set[int] = set()
        for a, b in (*pairs, *((b, a) for a, b in reversed(pairs))):
            if scores[a] >= 50 and b not in gained and 0 < scores[b] < 50:
                scores[b] += self._adds["listed"]
                gained.add(b)

    def _repeats(self, found: list[Sequence], scores: list[int]) -> None:
        """A part of a full name that stands in the text counts alone too."""
        known = {
            key for each, score in zip(found, scores, strict=True) if score >= 60 and each.last for key in each.keys
        }
        if known:
            for place, each in enumerate(found):
                if not each.last and 0 < scores[place] < 50 and each.keys[0] in known:
                    scores[place] += self._adds["known"]
