"""What the policy folder and governance.yaml say that stops a change: by themselves, and compared with the base."""

from __future__ import annotations

from collections.abc import Iterator

from governance.gate.policy_changes import PolicyChange, PolicyChangeKind
from governance.gate.policy_state import PolicyState
from governance.gate.rules.gaps import gaps_of
from policies.access_objects import AccessObject, ObjectKind
from policies.catalog import CatalogField
from policies.nouns import Effect, FieldRef, LabelStatus, Sensitivity
from policies.retention_rules import RetentionRule

_SERVICES = frozenset({"aws-kms", "gcp-kms", "vault"})


def standing(state: PolicyState) -> Iterator[PolicyChange]:
    """What is wrong with a state by itself."""
    yield from _wide_lines(state)
    yield from _without_basis(state)


def compared(old: PolicyState, new: PolicyState) -> Iterator[PolicyChange]:
    """What the newer state declares, shows more, keeps longer or protects less."""
    yield from _declared(old, new)
    yield from _less_protected(old, new)
    yield from _exposed(old, new)
    yield from _kept_longer(old, new)
    yield from _settings(old, new)


def _wide_lines(state: PolicyState) -> Iterator[PolicyChange]:
    known = state.known
    for rule in known.lines.rules:
        if rule.effect is not Effect.ALLOW or rule.treatment != "clear" or not _is_wide(rule.object):
            continue
        reached = [
            field.category
            for facts in known.facts.values()
            for field in facts.fields.values()
            if rule.object.text in facts.allow_objects | field.allow_objects
            and field.special and field.status is LabelStatus.CONFIRMED
            and known.purposes.admits_special(rule.purpose, field.category)
        ]  # fmt: skip
        if reached:
            values = {"object": rule.object.text, "purpose": rule.purpose, "category": min(reached)}
            yield PolicyChange(
                PolicyChangeKind.WIDE_LINE, state.file("access.csv"), rule.line, about=rule.rule_id, values=values
            )


def _is_wide(named: AccessObject) -> bool:
    """Whether an object names no dataset, field or kind of data: a store, everything, all that is about users."""
    return named.kind >= ObjectKind.STORE or (named.kind is ObjectKind.CATEGORY and named.depth == 1)


def _without_basis(state: PolicyState) -> Iterator[PolicyChange]:
    known = state.known
    used = {rule.purpose for rule in known.lines.rules if rule.effect is Effect.ALLOW}
    for name in sorted(used & known.purposes.purposes.keys()):
        bases = {law for step in known.purposes.ancestry(name) for law in known.purposes.purposes[step].basis}
        lacking = [law for law in known.laws if law not in bases]
        if lacking and set(known.laws) & _ASK_FOR_BASIS:
            asked = [law for law in lacking if law in _ASK_FOR_BASIS]
            if asked:
                line = state.line("purposes.yaml", "purposes", name)
                values = {"purpose": name, "laws": ", ".join(asked)}
                yield PolicyChange(
                    PolicyChangeKind.NO_BASIS, state.file("purposes.yaml"), line, about=name, values=values
                )


_ASK_FOR_BASIS = frozenset({"gdpr", "uk-gdpr", "pipl", "tw-pdpa"})
"""Laws that ask for a ground before any use; the CCPA does not."""


def _declared(old: PolicyState, new: PolicyState) -> Iterator[PolicyChange]:
    for ref, entry in new.known.catalog.walk():
        before = old.known.catalog.field(ref)
        confirmed = entry.status is LabelStatus.CONFIRMED
        if not confirmed or (
            before is not None and before.status is entry.status and before.category == entry.category
        ):
            continue
        missing = gaps_of(new.known, ref)
        if missing:
            facts = new.known.facts[ref.of].fields[ref.field]
            grave = "yes" if facts.sensitivity >= Sensitivity.RESTRICTED else "no"
            values = {"missing_words": ",".join(missing), "category": entry.category, "grave": grave}
            yield _about_field(PolicyChangeKind.DECLARE_FIELD, new, ref, values)


def _less_protected(old: PolicyState, new: PolicyState) -> Iterator[PolicyChange]:
    for ref, before in old.known.catalog.walk():
        after = new.known.catalog.field(ref)
        if after is None:
            continue
        if before.encrypted and not after.encrypted:
            yield _about_field(PolicyChangeKind.STOP_ENCRYPTING, new, ref, {"what": "gate.clear_stop_encrypting"})
        elif before.encrypted:
            for what in _weaker(before, after):
                yield _about_field(PolicyChangeKind.WEAKER_KEYS, new, ref, {"what": f"gate.{what}"})


def _weaker(before: CatalogField, after: CatalogField) -> Iterator[str]:
    if before.cipher == "gcm" and after.cipher == "siv":
        yield "weak_cipher"
    was, now = before.blind_index, after.blind_index
    if now is not None and (was is None or now.bits > was.bits):
        yield "weak_bits" if was is not None else "weak_index"
    elif now is not None and was is not None and now.few_values and not was.few_values:
        yield "weak_few_values"


def _exposed(old: PolicyState, new: PolicyState) -> Iterator[PolicyChange]:
    a, b = old.known, new.known
    if (a.lines.digest, a.catalog.digest, a.purposes, a.principals, a.laws) == (
        b.lines.digest, b.catalog.digest, b.purposes, b.principals, b.laws,
    ):  # fmt: skip
        return
    from governance.access.policy import AccessPolicy
    from governance.guard.exposure import exposures

    policies = [
        AccessPolicy(each.lines, each.purposes, each.principals, each.catalog, each.taxonomy, each.laws)
        for each in (a, b)
    ]
    rules = {rule.rule_id for rule in a.lines.rules}
    fresh = [rule for rule in b.lines.rules if rule.rule_id not in rules and rule.effect is Effect.ALLOW]
    for each in exposures(*policies):
        facts = b.facts[each.field.of].fields[each.field.field]
        by = next(
            (r for r in fresh if r.object.text in facts.allow_objects | b.facts[each.field.of].allow_objects), None
        )
        if by is not None:
            file, line = new.file("access.csv"), by.line
        else:
            file, line = _field_place(new, each.field)
        values = {
            "purpose": each.purpose,
            "action": each.action.value,
            "before": each.before,
            "after": each.after,
            "count": str(len(each.users)),
            "category": each.category,
        }
        about = f"{each.purpose} {each.action.value} {each.before} {each.after}"
        yield PolicyChange(
            PolicyChangeKind.EXPOSE, file, line, each.field.store, each.field.dataset, each.field.field, about, values
        )


def _kept_longer(old: PolicyState, new: PolicyState) -> Iterator[PolicyChange]:
    for name, before in old.known.retention.items():
        after = new.known.retention.get(name) or _same_dataset(before, new)
        if after is None:
            if new.known.catalog.dataset(before.dataset) is not None:
                yield _retention(new, name, before, {"what": "gate.keeps_no_rule", "former": str(before.period)})
        elif after.period.duration != before.period.duration and _is_longer(before, after):
            values = {"what": "gate.keeps_longer", "former": str(before.period), "now": str(after.period)}
            yield _retention(new, after.id, after, values)
        elif after.where != before.where and after.where is not None:
            yield _retention(new, after.id, after, {"what": "gate.keeps_fewer", "former": str(before.period)})


def _same_dataset(before: RetentionRule, new: PolicyState) -> RetentionRule | None:
    return next((each for each in new.known.retention.values() if each.dataset == before.dataset), None)


def _is_longer(before: RetentionRule, after: RetentionRule) -> bool:
    import datetime as dt

    day = dt.date(2000, 3, 1)
    return after.period.after(day) > before.period.after(day)


def _retention(state: PolicyState, name: str, rule: RetentionRule, values: dict[str, str]) -> PolicyChange:
    line = state.line("retention.yaml", "rules", name)
    dataset = rule.dataset
    file = state.file("retention.yaml")
    return PolicyChange(
        PolicyChangeKind.KEEP_LONGER, file, line, dataset.store, dataset.dataset, about=name, values=values
    )


def _settings(old: PolicyState, new: PolicyState) -> Iterator[PolicyChange]:
    was, now = old.config, new.config
    found: list[tuple[str, str]] = []
    if was.keyring.provider in _SERVICES and now.keyring.provider not in _SERVICES:
        found.append(("keyring.provider", "weak_provider"))
    if now.keyring.backup_days > was.keyring.backup_days:
        found.append(("keyring.backup_days", "weak_backup_days"))
    first, then = old.known.encrypt_from, new.known.encrypt_from
    if first is not None and (then is None or then > first):
        found.append(("protection.encrypt_from", "weak_encrypt_from"))
    for setting, what in found:
        values = {"what": f"gate.{what}", "setting": setting}
        yield PolicyChange(PolicyChangeKind.WEAKER_KEYS, "governance.yaml", 1, about=setting, values=values)


def _about_field(kind: PolicyChangeKind, state: PolicyState, ref: FieldRef, values: dict[str, str]) -> PolicyChange:
    file, line = _field_place(state, ref)
    return PolicyChange(kind, file, line, ref.store, ref.dataset, ref.field, values=values)


def _field_place(state: PolicyState, ref: FieldRef) -> tuple[str, int]:
    keys = ("stores", ref.store, "datasets", ref.dataset, "fields", ref.field)
    return state.file("catalog.yaml"), state.line("catalog.yaml", *keys)
