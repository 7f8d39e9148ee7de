"""From a raw score to a probability: of the labels given with 0.9, nine in ten are right.

The score of names and values together is put on the scale of log-odds and stretched there, by one curve for each kind
of agreement: name and values agree, only the name speaks, only the values speak, or the values speak under a name that
means something else, with a curve of its own where other names of the dataset proved right. The curves are data of the
pack `fusion`, fitted by `tests/accuracy/fit_columns.py`; they rise, so the order of scores never changes within a kind.
Entities with a form of their own, such as an e-mail or a card number with its check digit, keep their score: their
detectors state how often one hit is right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from governance.scan.evidence import Evidence
from governance.scan.lexicon import NEWEST
from governance.scan.shares import Around
from policies.pack_loader import load_pack

BOTH, NAME, VALUES, STRANGE, AGAINST = "both", "name", "values", "strange", "against"
"""The kinds of agreement."""
_SPEAKS = 0.3
"""From this weight on a signal counts as speaking."""
_LOW, _HIGH = 0.001, 0.999


def settled(evidence: Evidence, around: Around) -> Evidence:
    """The evidence with its confidence made a probability. For fields of which values were read."""
    curve = _curves().get(agreement(evidence, around)) if evidence.entity in _fitted() else None
    if curve is None or evidence.column <= 0:
        return evidence
    return replace(evidence, column=min(0.99, stretched(evidence.column, *curve)))


def agreement(evidence: Evidence, around: Around) -> str:
    """Which signals speak for the entity; empty when none does."""
    heard = {signal.signal for signal in evidence.signals if signal.speaks_for and signal.weight >= _SPEAKS}
    name, values = bool(heard & {"name", "comment"}), bool(heard & {"value", "neighbour"})
    if name:
        return BOTH if values else NAME
    if not values:
        return ""
    if not around.named or evidence.entity in around.said:
        return VALUES
    return AGAINST if around.trusted else STRANGE


def stretched(score: float, shift: float, slope: float) -> float:
    """A score moved and stretched on the scale of log-odds."""
    score = min(_HIGH, max(_LOW, score))
    return 1 / (1 + math.exp(-(shift + slope * math.log(score / (1 - score)))))


@cache
def _curves() -> Mapping[str, tuple[float, float]]:
    curves = load_pack("fusion", NEWEST).body["calibration"]["curves"]
    return {kind: (float(shift), float(slope)) for kind, (shift, slope) in curves.items()}


@cache
def _fitted() -> frozenset[str]:
    return frozenset(load_pack("fusion", NEWEST).body["calibration"]["entities"])
