"""Whether a use of a person's data may be under a law, from their consent events; a pure function.

A no of the person is heard first, then the basis that the purpose states, then consent: whether it stands, in which
form, and who gave it. What cannot be decided is forbidden.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from governance.consent.changes import ChangeRule
from governance.consent.events import ConsentEvent, ConsentKind
from governance.consent.grants import GIVING
from governance.consent.judgement import NO_RULES, Judgement, Question, Reason
from governance.consent.standing import REVOKED, UNKNOWN, Standing, never_stale, objections, standing
from policies.consent_laws import ConsentLaw, ConsentLaws
from policies.errors import ConfigError
from policies.purposes import FORMS, PurposesFile
from policies.taxonomy import Taxonomy

_STATE_RULES = {
    ConsentKind.WITHDRAWN: "withdrawal",
    REVOKED: "withdrawal",
    ConsentKind.REFUSED: "withdrawal",
    ConsentKind.EXPIRED: "expiry",
    ConsentKind.OBJECTED: "objection",
}


class Judge:
    """The rules under which uses are judged: the pack, the purposes, the taxonomy."""

    def __init__(self, rules: ConsentLaws, purposes: PurposesFile, taxonomy: Taxonomy) -> None:
        self._rules = rules
        self._purposes = purposes
        self._taxonomy = taxonomy
        self._changes = ChangeRule(purposes, rules, ())

    def judge(self, question: Question, events: Iterable[ConsentEvent]) -> Judgement:
        """Whether one use may be; the order of the events has no effect.

        Raises ConfigError for a purpose that purposes.yaml does not have, or a category that the taxonomy does not.
        """
        if question.purpose not in self._purposes.purposes:
            raise ConfigError(
                "consent purpose",
                found="a purpose that purposes.yaml does not have",
                expected="one of its purposes",
                next_step="correct the purpose",
            )
        if set(question.categories or self._purposes.categories(question.purpose)) - set(self._taxonomy.categories):
            raise ConfigError(
                f"data categories of purpose `{question.purpose}`",
                found="a key that the taxonomy does not have, of which nobody can tell whether it is special",
                expected="keys such as `user.contact.email`",
                next_step="correct the categories; docs/categories.md lists them",
            )
        law = self._rules.laws.get(question.law)
        if law is None:
            rule = Reason(NO_RULES, "", self._rules.pack)
            return Judgement(question.law, allowed=False, state=UNKNOWN, reasons=(rule,))
        return _Case(self._rules.pack, law, self._purposes, self._taxonomy, self._changes, question, events).judge()


class _Case:
    def __init__(
        self,
        pack: str,
        law: ConsentLaw,
        purposes: PurposesFile,
        taxonomy: Taxonomy,
        changes: ChangeRule,
        question: Question,
        events: Iterable[ConsentEvent],
    ) -> None:
        self._pack = pack
        self._law = law
        self._purposes = purposes
        self._taxonomy = taxonomy
        self._stale = changes.changed if law.dies_on_change else never_stale
        self._asked = question
        self._events = list(events)
        self._marketing = purposes.is_direct_marketing(question.purpose)
        self._basis = purposes.basis(question.purpose, question.law)
        if self._basis is None and purposes.needs_consent(question.purpose):
            self._basis = "consent"  # another law rests it on consent: the strictest one decides
        self._needed = question.categories or purposes.categories(question.purpose)

    def judge(self) -> Judgement:
        stands = self._standing(self._events)
        if found := self._no_of_the_person() or self._without_basis():
            return self._answer(stands, found, allowed=False)
        needs, missing = self._consent_needed()
        if missing:
            return self._answer(stands, missing, allowed=False)
        if needs:
            return self._by_consent(needs, stands)
        return self._answer(stands, [self._reason("basis")], allowed=True)

    def _no_of_the_person(self) -> list[Reason]:
        if self._basis == "consent" and self._law.model == "opt_in":
            return []  # a no is a state of consent there
        asked = self._asked
        stops = objections(
            self._purposes, self._events, asked.purpose, asked.channel, at=asked.at, categories=asked.categories
        )
        objected = [each for each in stops if each.kind == ConsentKind.OBJECTED]
        if self._law.model == "opt_out" and stops:
            return [self._reason("objection" if objected else "withdrawal", _ids(stops))]
        if self._marketing and stops:
            return [self._reason("marketing_objection", _ids(stops))]
        if objected and (self._basis in self._law.objection_bases):
            return [self._reason("objection", _ids(objected))]
        return []

    def _without_basis(self) -> list[Reason]:
        if self._law.model == "opt_out" or self._basis in self._law.bases:
            return []
        return [self._reason("basis")]

    def _consent_needed(self) -> tuple[dict[str, str], list[Reason]]:
        """Rule to the form of consent that it needs, and the rules that no consent can meet."""
        needs, missing = {}, []
        if self._basis == "consent" and self._law.model == "opt_in":
            own = [self._purposes.purposes[step].consent for step in self._purposes.ancestry(self._asked.purpose)]
            forms = [each[self._asked.law] for each in own if self._asked.law in each]
            needs["consent"] = max(forms, key=FORMS.index, default=FORMS[0])
        for act in self._purposes.involved(self._asked.purpose):
            if act in self._law.acts:
                needs[act] = self._law.acts[act]
        for condition in self._special_conditions():
            if condition is None:
                missing.append(self._reason("special"))
            elif condition in self._law.consent_conditions:
                needs["special"] = self._law.special_form
        child = self._law.children
        if child and child.opt_in_below and self._asked.age is not None and self._asked.age < child.opt_in_below:
            needs["children"] = child.form
        return needs, missing

    def _special_conditions(self) -> list[str | None]:
        """Of each special category in use, the condition that purposes.yaml lists for it; None where it lists none."""
        if not self._law.consent_conditions:
            return []
        known = self._taxonomy.categories
        special = [each for each in self._needed if each in known and self._asked.law in known[each].special]
        return [self._condition(each) for each in special]

    def _condition(self, category: str) -> str | None:
        for step in self._purposes.ancestry(self._asked.purpose):
            for key in self._taxonomy.ancestry(category):
                listed = self._purposes.purposes[step].special.get(key, {}).get(self._asked.law)
                if listed is not None:
                    return str(listed)
        return None

    def _by_consent(self, needs: dict[str, str], stands: Standing) -> Judgement:
        if not stands.valid:
            return self._answer(stands, [self._reason(self._why_not(stands), stands.event_ids)], allowed=False)
        if self._is_child():
            stands = self._standing(each for each in self._events if each.kind not in GIVING or each.guardian_ref)
            if not stands.valid:
                return self._answer(stands, [self._reason("children", stands.event_ids)], allowed=False)
        weak = [rule for rule, form in needs.items() if _strength(stands.form) < FORMS.index(form)]
        rules = weak or [*needs, *(["children"] if self._is_child() and "children" not in needs else [])]
        return self._answer(stands, [self._reason(each, stands.event_ids) for each in rules], allowed=not weak)

    def _why_not(self, stands: Standing) -> str:
        if stands.state == ConsentKind.INVALIDATED:
            given = [each for each in self._events if each.id in stands.event_ids and each.kind in GIVING]
            return "change" if given else "consent"
        if stands.state == ConsentKind.OBJECTED and self._marketing:
            return "marketing_objection"
        return _STATE_RULES.get(stands.state, "consent")

    def _is_child(self) -> bool:
        child, age = self._law.children, self._asked.age
        return child is not None and age is not None and age < child.guardian_age(self._asked.country)

    def _standing(self, events: Iterable[ConsentEvent]) -> Standing:
        asked = self._asked
        return standing(
            self._purposes,
            events,
            asked.purpose,
            asked.channel,
            at=asked.at,
            categories=asked.categories,
            stale=self._stale,
        )

    def _answer(self, stands: Standing, reasons: list[Reason], *, allowed: bool) -> Judgement:
        by_consent = allowed and any(reason.event_ids for reason in reasons)
        duties = [self._reason("first_contact")] if self._marketing and "first_contact" in self._law.rules else []
        unknown_age = self._law.children is not None and self._asked.age is None
        return Judgement(
            self._asked.law,
            allowed,
            stands.state,
            tuple(reasons),
            duties=tuple(duties) if allowed else (),
            not_checked=(f"consent:{self._asked.law}:children",) if unknown_age else (),
            until=stands.ends if by_consent else "",
        )

    def _reason(self, rule: str, event_ids: tuple[str, ...] = ()) -> Reason:
        return Reason(f"consent:{self._asked.law}:{rule}", self._law.rules[rule].article, self._pack, event_ids)


def strictest(judge: Judge, question: Question, events: Collection[ConsentEvent], laws: Iterable[str]) -> Judgement:
    """The answer for a person whose law is not known: allowed only where each of the laws allows it.

    The reasons are those of every law that forbids it, or of every one where all allow it.
    """
    answers = [judge.judge(replace(question, law=law), events) for law in sorted(set(laws))]
    deciding = [each for each in answers if not each.allowed] or answers
    ends = [each.until for each in deciding if each.until]
    return Judgement(
        question.law,
        allowed=bool(answers) and all(each.allowed for each in answers),
        state=deciding[0].state if deciding else UNKNOWN,
        reasons=tuple(reason for each in deciding for reason in each.reasons),
        duties=tuple(duty for each in deciding for duty in each.duties),
        not_checked=tuple(rule for each in deciding for rule in each.not_checked),
        until=min(ends, default=""),
    )


def _ids(events: Iterable[ConsentEvent]) -> tuple[str, ...]:
    return tuple(each.id for each in reversed(list(events)))


def _strength(form: str) -> int:
    return FORMS.index(form) if form in FORMS else 0
