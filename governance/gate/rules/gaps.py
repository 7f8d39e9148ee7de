"""What a declared personal field lacks."""

from __future__ import annotations

from governance.gate.known import Known
from policies.nouns import FieldRef, LabelStatus, Sensitivity
from policies.taxonomy import HARMLESS

GAPS = ("purpose", "retention", "protection", "subject_key")
"""What can be missing, in the order in which it is said."""


def gaps_of(known: Known, ref: FieldRef) -> tuple[str, ...]:
    """What is missing for a confirmed personal field, in the order of `GAPS`; nothing for any other field."""
    facts = known.facts.get(ref.of)
    field = facts.fields.get(ref.field) if facts is not None else None
    entry, dataset = known.catalog.field(ref), known.catalog.dataset(ref.of)
    if field is None or entry is None or dataset is None or field.status is not LabelStatus.CONFIRMED:
        return ()
    if field.category == HARMLESS or field.sensitivity < Sensitivity.CONFIDENTIAL:
        return ()
    least = known.encrypt_from or Sensitivity.RESTRICTED
    open_ = field.sensitivity >= least and not entry.encrypted
    present = {
        "purpose": known.has_purpose(ref.of, field.allow_objects, field.category, special=field.special),
        "retention": known.is_kept(ref.of),
        "protection": not open_ or (known.encrypt_from is None and known.is_masked(ref.of, ref.field)),
        "subject_key": bool(dataset.subject_key),
    }
    return tuple(each for each in GAPS if not present[each])


def gaps_of_undeclared(known: Known, ref: FieldRef, readers: bool) -> tuple[str, ...]:  # noqa: FBT001 - one fact
    """What is missing for a field that nobody declared; `readers` says whether a line would give it for a purpose."""
    dataset = known.catalog.dataset(ref.of)
    present = {
        "purpose": readers,
        "retention": known.is_kept(ref.of),
        "protection": False,
        "subject_key": dataset is not None and bool(dataset.subject_key),
    }
    return tuple(each for each in GAPS if not present[each])
