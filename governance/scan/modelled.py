"""Evidence from what models read in some texts of a field: names and addresses that no rule knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from governance.scan.evidence import Evidence
from governance.scan.profile import ColumnProfile
from governance.scan.result import Signal

_PERSONAL = ("ADDRESS", "PERSON")
"""What a model finds and what is personal by itself; places and organizations are not."""
_ONE, _SEVERAL = 0.55, 0.8
"""How sure one text with a finding is, and two or more."""


def with_readings(weighed: Sequence[Evidence], profile: ColumnProfile, *, is_text: bool) -> list[Evidence]:
    """The evidence with that of the models; they are believed in free text only."""
    if not is_text or not profile.readings.entities:
        return list(weighed)
    known = {each.entity: each for each in weighed}
    for entity in _PERSONAL:
        found, read = profile.readings.count(entity), len(profile.readings.entities)
        if found:
            ruled = known.get(entity, Evidence(entity, 0.0, 0.0, 0, ()))
            weight = _SEVERAL if found > 1 else _ONE
            signal = Signal("text", True, weight, f"models find it in {found} of {read} texts read")
            known[entity] = replace(
                ruled,
                mention=max(ruled.mention, weight),
                hits=max(ruled.hits, round(found / read * profile.filled), 1),
                signals=tuple(sorted((*ruled.signals, signal), key=lambda each: (-each.weight, each.signal))),
            )
    return [known[entity] for entity in sorted(known)]
