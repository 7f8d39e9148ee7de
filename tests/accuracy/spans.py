"""Precision, recall and F of spans on the measuring sets, per entity, ours beside Presidio's in one run.

Run by hand: `python tests/accuracy/spans.py --set cluener --part tuned --system ours --examples 20`. Needs the folder
of measuring data (`GOVERNANCE_MEASURE_DATA`, or `shared/data` beside the checkout); stops with a word where it is
absent. Each set is split by the hash of its row's group or id: even is `tuned`, the half that rules may be tuned on,
odd is `untouched`. A found span counts as exact when both ends are right, and as overlapping when it shares at least
half of the characters that it and the labelled span cover together.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from span_labels import KINDRED, SETS, UNSCORED, SetMap
from span_systems import SYSTEMS, Found, make

FOLDER = Path(os.environ.get("GOVERNANCE_MEASURE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "text"
PARTS = ("tuned", "untouched")
WHOLE = "ADDRESS, whole"
"""Addresses with the pieces of one address taken together, whether it was labelled or found as one or as several."""
_PIECES = {"ADDRESS", "LOCATION"}
_BETWEEN = re.compile(r"(?:[\s,;/|-]|\n[ >?]*)*")
"""What may stand between two pieces of an address, marks of a quoted line included."""
_HALF = 0.5


@dataclass(frozen=True)
class Row:
    """What one system found of one entity in one half of a set."""

    set: str
    """The set."""
    part: str
    """The half."""
    system: str
    """Who found."""
    entity: str
    """The family; `*` for all together."""
    labelled: int
    """Labelled spans."""
    found: int
    """Spans of the system that count here."""
    exact: int
    """Found with both ends right."""
    overlapping: int
    """Found with at least half of the characters in common."""
    texts: int
    """Texts of the half that were looked at."""
    cpu_seconds: float
    """What all entities of this half took together."""

    def rates(self, *, exact: bool) -> tuple[float, float, float]:
        """Precision, recall and F; 0 where nothing was found or labelled."""
        hits = self.exact if exact else self.overlapping
        precision = hits / self.found if self.found else 0.0
        recall = hits / self.labelled if self.labelled else 0.0
        return precision, recall, 2 * hits / (self.found + self.labelled) if hits else 0.0


@dataclass(frozen=True)
class Case:
    """One text of a set."""

    text: str
    """The text."""
    spans: tuple[tuple[int, int, str], ...]
    """The labelled spans, by family."""
    families: frozenset[str]
    """What is labelled in it when it occurs."""


def half(key: str) -> str:
    """The half that a key falls into."""
    return PARTS[int(hashlib.sha256(key.encode()).hexdigest(), 16) % 2]


def cases(name: str, part: str, limit: int = 0) -> list[Case]:
    """The cases of one half; with a limit those with the smallest hashes of their ids, in the file's order."""
    how = SETS[name]
    rows = [json.loads(line) for line in (FOLDER / how.file).read_text("utf-8").splitlines()]
    rows = [row for row in rows if half(str(row[how.key])) == part]
    if limit and len(rows) > limit:
        last = sorted(_order(row) for row in rows)[limit - 1]
        rows = [row for row in rows if _order(row) <= last]
    return [each for row in rows if (each := _case(how, row)) is not None]


def _order(row: dict[str, Any]) -> str:
    return hashlib.sha256(f"{row['id']}\0{row['text']}".encode()).hexdigest()


def _case(how: SetMap, row: dict[str, Any]) -> Case | None:
    about = row.get("about", "")
    labels = how.labels or {about: about}
    if how.about_only and about in UNSCORED:
        return None
    scored = frozenset(labels.values()) if not how.about_only or about == "*" else frozenset({labels.get(about, about)})
    spans = tuple(
        (start, end, labels[label]) for start, end, label in row["spans"] if label in labels and labels[label] in scored
    )
    return Case(row["text"], tuple(sorted(set(spans))), scored)


def measure(
    names: Sequence[str] = tuple(SETS),
    parts: Sequence[str] = PARTS,
    systems: Sequence[str] = tuple(SYSTEMS),
    *,
    limit: int = 0,
    examples: int = 0,
) -> list[Row]:
    """A row for each set, half, system and entity; prints misses and false spans of the tuned half when asked."""
    made = {system: make(system) for system in systems}
    rows: list[Row] = []
    for name in names:
        for part in parts:
            chosen = cases(name, part, limit)
            for system, run in made.items():
                start = time.process_time()
                found = run([each.text for each in chosen])
                spent = time.process_time() - start
                rows += _score(name, part, system, chosen, found, spent)
                if examples and part == "tuned":
                    _show(SETS[name], chosen, found, examples)
    return rows


def _score(
    name: str, part: str, system: str, chosen: Sequence[Case], found: Sequence[Found], spent: float
) -> list[Row]:
    counts: dict[str, Counter[str]] = {}
    for case, spans in zip(chosen, found, strict=True):
        for family in case.families:
            each = counts.setdefault(family, Counter())
            labelled, ours = _of(family, case, spans, SETS[name])
            each += Counter(_compare(labelled, ours))
            counts[family] = each
    rows = [
        Row(name, part, system, family, *map(count.__getitem__, _COUNTS), len(chosen), spent)
        for family, count in sorted(counts.items())
        if count["labelled"] or count["found"]
    ]
    labelled, found_all, exact, overlapping = (
        sum(getattr(row, key) for row in rows) for key in ("labelled", "found", "exact", "overlapping")
    )
    every = Row(name, part, system, "*", labelled, found_all, exact, overlapping, len(chosen), spent)
    if "ADDRESS" not in counts or not counts["ADDRESS"]["labelled"]:
        return [*rows, every]
    whole: Counter[str] = Counter()
    for case, spans in zip(chosen, found, strict=True):
        ours = ((start, end, SETS[name].family(entity, case.families)) for start, end, entity in spans)
        whole += Counter(_compare(_joined(case.spans, case.text), _joined(ours, case.text)))
    row = Row(name, part, system, WHOLE, *map(whole.__getitem__, _COUNTS), len(chosen), spent)
    return [*rows, row, every]


_COUNTS = ("labelled", "found", "exact", "overlapping")
Pair = tuple[int, int]


def _joined(spans: Iterable[tuple[int, int, str | None]], text: str) -> list[Pair]:
    """Addresses, each with the places and other pieces that follow one another in it."""
    pieces = sorted((start, end, kind == "ADDRESS") for start, end, kind in spans if kind in _PIECES)
    joined: list[tuple[int, int, bool]] = []
    for start, end, address in pieces:
        if joined and (start < joined[-1][1] or _BETWEEN.fullmatch(text, joined[-1][1], start)):
            first, last, some = joined[-1]
            joined[-1] = (first, max(last, end), some or address)
        else:
            joined.append((start, end, address))
    return [(start, end) for start, end, address in joined if address]


def _of(family: str, case: Case, found: Found, how: SetMap) -> tuple[list[Pair], list[Pair]]:
    """The labelled and the found spans of one family; a found one on a label of a kindred family is left out."""
    labelled = [(start, end) for start, end, kind in case.spans if kind == family]
    kin = [(start, end) for start, end, kind in case.spans if kind in KINDRED.get(family, ())]
    ours = sorted({(start, end) for start, end, entity in found if how.family(entity, case.families) == family})
    ours = [each for each in ours if _best(each, labelled) >= _HALF or not any(_touch(each, other) for other in kin)]
    return labelled, ours


def _compare(labelled: Sequence[Pair], found: Sequence[Pair]) -> dict[str, int]:
    exact = len(set(labelled) & set(found))
    return dict(zip(_COUNTS, (len(labelled), len(found), exact, _matched(labelled, found)), strict=True))


def _matched(labelled: Sequence[Pair], found: Sequence[Pair]) -> int:
    """How many pairs can be made, best overlaps first, each span used once."""
    pairs = sorted(((_shared(a, b), a, b) for a in labelled for b in found), reverse=True)
    used: set[tuple[int, Pair]] = set()
    for share, a, b in pairs:
        if share >= _HALF and (0, a) not in used and (1, b) not in used:
            used |= {(0, a), (1, b)}
    return len(used) // 2


def _shared(a: Pair, b: Pair) -> float:
    both = min(a[1], b[1]) - max(a[0], b[0])
    return max(both, 0) / (max(a[1], b[1]) - min(a[0], b[0]) or 1)


def _touch(a: Pair, b: Pair) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _best(span: Pair, others: Iterable[Pair]) -> float:
    return max((_shared(span, other) for other in others), default=0.0)


def _show(how: SetMap, chosen: Sequence[Case], found: Sequence[Found], examples: int) -> None:
    """Misses (-), false spans (+) and wrong ends (~), so many of each entity."""
    shown: Counter[tuple[str, str]] = Counter()
    for case, spans in zip(chosen, found, strict=True):
        for family in sorted(case.families):
            labelled, ours = _of(family, case, spans, how)
            signs = [("-" if _best(each, ours) < _HALF else "~", each) for each in labelled if each not in ours]
            signs += [("+" if _best(each, labelled) < _HALF else "~", each) for each in ours if each not in labelled]
            for sign, (start, end) in signs:
                shown[family, sign] += 1
                if shown[family, sign] <= examples:
                    around = case.text[max(0, start - 25) : start], case.text[start:end], case.text[end : end + 25]
                    print(f"{sign} {family}: {around[0]}[[{around[1]}]]{around[2]}".replace("\n", "\\n"))


def table(rows: Iterable[Row]) -> str:
    """The rows as aligned text."""
    head = f"{'set':16} {'part':9} {'system':15} {'entity':22} {'gold':>5} {'found':>5}"
    lines = [f"{head}  exact P/R/F       overlap P/R/F      CPU s"]
    for row in rows:
        exact, overlap = ("/".join(f"{each:.3f}" for each in row.rates(exact=flag)) for flag in (True, False))
        lines.append(
            f"{row.set:16} {row.part:9} {row.system:15} {row.entity:22} {row.labelled:5} {row.found:5}  {exact} "
            f"{overlap} {row.cpu_seconds:6.1f}"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--set", action="append", choices=sorted(SETS), help="all when not given")
    parser.add_argument("--part", action="append", choices=PARTS, help="both when not given")
    parser.add_argument("--system", action="append", choices=sorted(SYSTEMS), help="all when not given")
    parser.add_argument("--limit", type=int, default=0, help="at most so many texts of each half")
    parser.add_argument("--examples", type=int, default=0, help="so many misses and false spans, of the tuned half")
    parser.add_argument("--entity", help="only the rows of this entity")
    given = parser.parse_args(arguments)
    if not FOLDER.is_dir():
        print("the measuring data is not on this machine; nothing is measured", file=sys.stderr)
        return 0
    rows = measure(
        given.set or list(SETS),
        given.part or list(PARTS),
        given.system or list(SYSTEMS),
        limit=given.limit,
        examples=given.examples,
    )
    print(table(row for row in rows if given.entity in (None, row.entity)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
