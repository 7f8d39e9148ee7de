"""Lint rules on what data is given for what: wide, without basis, never shown, of another type."""

from __future__ import annotations

from governance.access.lint_rule import Found, Severity, allows, confirmed, lint_rule
from governance.access.policy import AccessPolicy
from policies.access_lines import MASK_TYPES
from policies.access_objects import ObjectKind
from policies.nouns import Sensitivity


@lint_rule("POL007", Severity.WARNING)
def _wide_clear(policy: AccessPolicy) -> Found:
    """A store or `*` is given in clear although it holds restricted or special fields that no rule of the same
    subject treats more specifically.
    """
    for rule in allows(policy):
        if rule.object.kind < ObjectKind.STORE or rule.treatment != "clear":
            continue
        own = [
            each.object.text for each in allows(policy) if each.subject == rule.subject and not each.object.gives_rows
        ]
        count = sum(
            facts.sensitivity >= Sensitivity.RESTRICTED and facts.allow_objects.isdisjoint(own)
            for facts in confirmed(policy, rule)
        )
        if count:
            yield rule.line, {"count": str(count)}


@lint_rule("POL008", Severity.WARNING)
def _no_basis(policy: AccessPolicy) -> Found:
    """A purpose is granted that states no lawful basis under a law in force, and none above it does."""
    for purpose in sorted({rule.purpose for rule in allows(policy)}):
        stated = {law for step in policy.purposes.ancestry(purpose) for law in policy.purposes.purposes[step].basis}
        yield from ((0, {"purpose": purpose, "law": law}) for law in policy.laws if law not in stated)


@lint_rule("POL009", Severity.ERROR)
def _never_special(policy: AccessPolicy) -> Found:
    """All fields that an allow names are special, and neither its purpose nor one below it lists their category."""
    for rule in allows(policy):
        fields = list(confirmed(policy, rule))
        under = [name for name in policy.purposes.purposes if rule.purpose in policy.purposes.ancestry(name)]
        closed = [
            each.special and not any(policy.purposes.admits_special(name, each.category) for name in under)
            for each in fields
        ]
        if fields and all(closed):
            yield rule.line, {}


@lint_rule("POL010", Severity.WARNING)
def _mask_of_another_type(policy: AccessPolicy) -> Found:
    """A mask is put on a field, or a category with fields, of a type that it does not take."""
    for rule in allows(policy):
        takes = MASK_TYPES.get(rule.treatment.removeprefix("mask:"))
        if takes is not None and not rule.object.gives_rows:
            count = sum(facts.type is not None and facts.type not in takes for facts in confirmed(policy, rule))
            if count:
                yield rule.line, {"count": str(count)}
