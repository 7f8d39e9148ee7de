"""The policy in Casbin: the referee that says, for one subject, purpose, action and object, allowed or not.

Only checked lines reach it, from memory. The enforcer stays inside: whoever holds it could switch it off, and a denied
request would be logged with the subject's name. Casbin is asked for a decision, never for a row; permits are compiled
from the same lines and a property test holds both equal.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources

import casbin
from casbin.persist.adapter import Adapter
from casbin.rbac.default_role_manager.role_manager import RoleManager

from governance.access.facts import DatasetFacts, FieldFacts
from policies.access_lines import AccessFile, AccessRule
from policies.access_objects import AccessObject, ObjectKind
from policies.errors import AccessRefusedError, PolicyFileError
from policies.nouns import DatasetRef, Effect, FieldRef, Sensitivity
from policies.purposes import PurposesFile
from policies.taxonomy import Taxonomy

Line = tuple[str, ...]

_P_VALUES = 8
_DEEPEST = 1_000
"""Levels of roles, purposes and objects; Casbin's own 10 would cut a longer chain without a word."""


class CasbinModel:
    """Casbin's answers for one set of policy files."""

    def __init__(
        self, lines: AccessFile, purposes: PurposesFile, taxonomy: Taxonomy, datasets: Mapping[DatasetRef, DatasetFacts]
    ) -> None:
        model = casbin.Model()
        model.logger = _SILENT
        model.load_model_from_text(
            resources.files("policies").joinpath("packs", "access_model.conf").read_text(encoding="utf-8")
        )
        policy = [line for rule in lines.rules for line in _p_lines(rule, datasets)]
        links: dict[str, list[Line]] = {
            "g": [(grant.member, grant.role) for grant in lines.grants],
            "g2": [(name, entry.parent) for name, entry in purposes.purposes.items() if entry.parent],
            "g3": list(dict.fromkeys(_object_links(taxonomy, datasets))),
        }
        self.__enforcer = _enforcer(model, policy, links)
        self._known = {name for link in links["g"] for name in link} | {rule.subject for rule in lines.rules}

    def allows(self, subject: str, purpose: str, action: str, target: DatasetRef | FieldRef) -> bool:
        """Whether Casbin allows it. Raises AccessRefusedError when Casbin was switched off."""
        if not self.__enforcer.enabled:
            raise AccessRefusedError(
                "access policy",
                found="a Casbin enforcer that was switched off",
                expected="one that enforces",
                next_step="restart the process and look for who called enable_enforce",
            )
        name = subject if subject in self._known else ""  # Casbin would keep every name it was ever asked for
        return bool(self.__enforcer.enforce(name, purpose, action, _node(target)))


class _Lines(Adapter):  # type: ignore[misc]  # Casbin publishes no types
    """Policy lines from memory, put where Casbin's own text adapter would."""

    def __init__(self, policy: Iterable[Line], links: Mapping[str, Iterable[Line]]) -> None:
        self._policy = policy
        self._links = links

    def load_policy(self, model: casbin.Model) -> None:
        # As Casbin's own adapters do: `add_policy` looks through all lines for a double, 10 s for 10,000 lines.
        model["p"]["p"].policy.extend(list(line) for line in self._policy)
        for kind, lines in self._links.items():
            model["g"][kind].policy.extend(list(line) for line in lines)


def _enforcer(model: casbin.Model, policy: list[Line], links: Mapping[str, list[Line]]) -> casbin.Enforcer:
    short = sum(len(line) != _P_VALUES for line in policy)
    if short:
        raise PolicyFileError(
            "access policy",
            found=f"{short} line(s) of another length",
            expected=f"{_P_VALUES} values, or Casbin fails on every request",
            next_step="report this; the lines were checked before",
        )
    enforcer = casbin.Enforcer(model)
    enforcer.logger = _SILENT
    for kind in links:
        manager = RoleManager(_DEEPEST)
        manager.logger = _SILENT
        enforcer.set_named_role_manager(kind, manager)
    enforcer.adapter = _Lines(policy, links)
    enforcer.load_policy()
    return enforcer


class _Silent(logging.Logger):
    """A logger outside the tree of loggers, that drops everything."""

    def __init__(self) -> None:
        super().__init__("casbin-silent", logging.CRITICAL + 1)

    def isEnabledFor(self, level: int) -> bool:  # noqa: ARG002, N802 - the name is the standard library's
        return False

    def __deepcopy__(self, _: dict[int, object]) -> _Silent:
        return self


_SILENT = _Silent()


def _p_lines(rule: AccessRule, datasets: Mapping[DatasetRef, DatasetFacts]) -> Iterator[Line]:
    """A rule as Casbin gets it; one that some dataset cannot evaluate is written out for those it reaches."""
    if rule.rows is None or all(facts.admits(rule.rows) for facts in datasets.values()):
        yield _p_line(rule, _object_node(rule.object, rule.effect), total=rule.rows is None)
        return
    for facts in datasets.values():
        admitted = facts.admits(rule.rows)
        if rule.effect is Effect.DENY or admitted:
            for target in _targets(rule, facts):
                yield _p_line(rule, _node(target.ref), total=not admitted)


def _p_line(rule: AccessRule, node: str, *, total: bool) -> Line:
    rows = "" if total else (rule.rows.text if rule.rows else "")
    return (
        rule.subject,
        rule.purpose,
        rule.action,
        node,
        rule.treatment,
        rule.effect.value,
        rows,
        rule.rule_id,
    )


def _targets(rule: AccessRule, facts: DatasetFacts) -> Iterator[DatasetFacts | FieldFacts]:
    allow = rule.effect is Effect.ALLOW
    if rule.object.text in (facts.allow_objects if allow else facts.deny_objects):
        yield facts
    elif not rule.object.gives_rows:
        for field in facts.fields.values():
            if rule.object.text in (field.allow_objects if allow else field.deny_objects):
                yield field


def _object_node(target: AccessObject, effect: Effect) -> str:
    if target.field is not None:
        return _node(target.field)
    if target.kind is ObjectKind.DATASET and target.dataset is not None:
        return _node(target.dataset)
    if target.kind is ObjectKind.STORE:
        return f"store {target.text}"
    if target.kind is ObjectKind.ALL:
        return "*"
    return f"{effect.value} {target.text}"


def _node(target: DatasetRef | FieldRef) -> str:
    return f"{'field' if isinstance(target, FieldRef) else 'dataset'} {target}"


def _object_links(taxonomy: Taxonomy, datasets: Mapping[DatasetRef, DatasetFacts]) -> Iterator[Line]:
    """Each object with the next one around it; categories and sensitivities once for allow and once for deny lines."""
    for key in taxonomy.categories:
        if "." in key:
            parent = key.rpartition(".")[0]
            yield f"allow category:{key}", f"allow category:{parent}"
            yield f"deny category:{key}", f"deny category:{parent}"
    for lower, higher in zip(Sensitivity, tuple(Sensitivity)[1:], strict=False):
        yield f"deny {_sensitivity(higher)}", f"deny {_sensitivity(lower)}"
    for facts in datasets.values():
        yield _node(facts.ref), f"store {facts.ref.store}"
        for category in facts.special:
            yield _node(facts.ref), f"deny category:{category}"
            yield _node(facts.ref), "deny special"
        for field in facts.fields.values():
            yield _node(field.ref), _node(facts.ref)
            for effect in Effect:
                yield _node(field.ref), f"{effect.value} category:{field.category}"
                yield _node(field.ref), f"{effect.value} {_sensitivity(field.sensitivity)}"


def _sensitivity(sensitivity: Sensitivity) -> str:
    return "special" if sensitivity is Sensitivity.SPECIAL else f"sensitivity:{sensitivity.word}"
