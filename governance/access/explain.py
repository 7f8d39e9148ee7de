"""Why a user may or may not see a dataset or field: the deciding rules, the losing ones, and what the catalog says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from governance.access.explanation import Explanation, Loss, Reason, RuleShown
from governance.access.facts import DatasetFacts, FieldFacts
from governance.access.permits import DatasetPermit
from governance.access.policy import AccessPolicy
from governance.access.resolution import Hidden, rank
from policies.access_lines import ANY, AccessRule
from policies.errors import AccessRefusedError
from policies.nouns import Action, DatasetRef, Effect, FieldRef


def explain(policy: AccessPolicy, user: str, action: Action, ref: DatasetRef | FieldRef, purpose: str) -> Explanation:
    """Why a user may or may not see something. Raises AccessRefusedError for an unknown user."""
    question = _Question(policy, user, action, ref, purpose)
    try:
        permit = policy.permit(policy.principal(user), purpose, action, question.dataset)
    except AccessRefusedError as refusal:
        return question.refused(refusal.rule_ids)
    return question.of_field(permit) if isinstance(ref, FieldRef) else question.of_dataset(permit)


@dataclass(frozen=True, slots=True)
class _Question:
    policy: AccessPolicy
    user: str
    action: Action
    ref: DatasetRef | FieldRef
    purpose: str

    @property
    def dataset(self) -> DatasetRef:
        return self.ref.of if isinstance(self.ref, FieldRef) else self.ref

    @property
    def facts(self) -> DatasetFacts | None:
        return self.policy.datasets.get(self.dataset)

    @property
    def field_facts(self) -> FieldFacts | None:
        if not isinstance(self.ref, FieldRef) or self.facts is None:
            return None
        return self.facts.fields.get(self.ref.field)

    def refused(self, rule_ids: tuple[str, ...]) -> Explanation:
        special = tuple(each.removeprefix("special:") for each in rule_ids if each.startswith("special:"))
        deciding = tuple(rule for rule in self._naming() if rule.rule_id in rule_ids)
        return self._answer(self._refusal(rule_ids, special), deciding, special=special)

    def _refusal(self, rule_ids: tuple[str, ...], special: tuple[str, ...]) -> Reason:
        subjects = self.policy.subjects(self.policy.principal(self.user))
        if self.facts is None:
            return Reason.UNKNOWN_DATASET
        if self.purpose not in self.policy.purposes.purposes:
            return Reason.UNKNOWN_PURPOSE
        if self.policy.purposes.break_glass(self.purpose) is not None:
            return Reason.NOT_OPENED
        if not self.policy.grants_purpose(subjects, self.purpose):
            return Reason.PURPOSE_NOT_GRANTED
        if special:
            return Reason.DATASET_SPECIAL
        if rule_ids:
            return Reason.DATASET_DENIED
        matching = self.policy.matching(subjects, self.purpose, self.action)
        gives = any(rule.effect is Effect.ALLOW and rule.object.text in self.facts.allow_objects for rule in matching)
        return Reason.NO_FIELD if gives else Reason.NO_ROWS

    def of_dataset(self, permit: DatasetPermit) -> Explanation:
        ids = {rule.rule_id for rule in permit.allow + permit.deny}
        fields = {name: ", ".join(each.treatments) for name, each in permit.fields.items()} | dict(permit.hidden)
        ordered = {name: fields[name] for name in (self.facts.fields if self.facts else ())}
        special = tuple(rule.rule_id.removeprefix("special:") for rule in permit.special)
        deciding = tuple(rule for rule in self._naming() if rule.rule_id in ids)
        return self._answer(Reason.SHOWN, deciding, special=special, fields=ordered)

    def of_field(self, permit: DatasetPermit) -> Explanation:
        facts = self.field_facts
        if facts is None:
            return self._answer(Reason.UNKNOWN_FIELD, ())
        shown = permit.fields.get(facts.ref.field)
        if shown is None:
            hidden = Hidden(permit.hidden[facts.ref.field])
            return self._answer(Reason(hidden.value), self._denying() if hidden is Hidden.DENIED else ())
        order = [rule.rule_id for rule in permit.deny + shown.denies]
        order += [rule.rule_id for rule in shown.rules]
        deciding = sorted(
            (rule for rule in self._naming() if rule.rule_id in order), key=lambda r: order.index(r.rule_id)
        )
        treatments = tuple(dict.fromkeys(rule.treatment for rule in shown.rules))
        return self._answer(Reason.SHOWN, tuple(deciding), treatments=treatments)

    def _denying(self) -> tuple[AccessRule, ...]:
        return tuple(rule for rule in self._naming() if rule.effect is Effect.DENY and self._other(rule) is None)

    def _answer(
        self,
        reason: Reason,
        deciding: tuple[AccessRule, ...],
        *,
        special: tuple[str, ...] = (),
        treatments: tuple[str, ...] = (),
        fields: Mapping[str, str] | None = None,
    ) -> Explanation:
        facts = self.field_facts
        if reason is Reason.SPECIAL and facts is not None:
            special = (facts.category,)
        return Explanation(
            user=self.user,
            action=self.action.value,
            purpose=self.purpose,
            object=str(self.ref),
            allowed=reason is Reason.SHOWN,
            reason=reason.value,
            treatments=treatments,
            deciding=tuple(_shown(rule) for rule in deciding),
            losing=tuple(
                _shown(rule, self._loss(rule, reason, deciding)) for rule in self._naming() if rule not in deciding
            ),
            status=facts.status.value if facts else None,
            category=facts.category if facts else None,
            sensitivity=facts.sensitivity.word if facts else None,
            special=special,
            fields=fields or {},
            policy=self.policy.digest,
        )

    def _naming(self) -> Iterator[AccessRule]:
        """Rules that name the user and the object, whatever their purpose and action, in the order of the file."""
        principal = self.policy.principal(self.user)
        subjects = self.policy.subjects(principal)
        facts = self.field_facts or self.facts
        for rule in self.policy.lines.rules:
            if rule.subject in subjects and facts is not None:
                objects = facts.allow_objects if rule.effect is Effect.ALLOW else facts.deny_objects
                around = self.facts.deny_objects if self.facts and rule.effect is Effect.DENY else frozenset()
                if rule.object.text in objects | around:
                    yield rule

    def _other(self, rule: AccessRule) -> Loss | None:
        if rule.purpose not in (ANY, *self.policy.purposes.ancestry(self.purpose)):
            return Loss.OTHER_PURPOSE
        return Loss.OTHER_ACTION if rule.action not in (ANY, self.action.value) else None

    def _loss(self, rule: AccessRule, reason: Reason, deciding: tuple[AccessRule, ...]) -> Loss:
        other = self._other(rule)
        if other is not None:
            return other
        if rule.rows is not None and self.facts is not None and not self.facts.admits(rule.rows):
            return Loss.NOT_EVALUABLE
        if reason in (Reason.DENIED, Reason.DATASET_DENIED):
            return Loss.DENIED
        if reason is not Reason.SHOWN:
            return Loss.GATED
        allows = [each for each in deciding if each.effect is Effect.ALLOW]
        if allows and rank(rule) > rank(allows[-1]):
            return Loss.LESS_SPECIFIC
        return Loss.SAME if any(each.treatment == rule.treatment for each in allows) else Loss.LESS_PROTECTIVE


def _shown(rule: AccessRule, loss: Loss | None = None) -> RuleShown:
    return RuleShown(rule.rule_id, rule.line, ", ".join(("p", *rule.values)), loss.value if loss else None)
