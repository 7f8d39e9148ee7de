"""The access policy: who may see what of which dataset, compiled once into permits."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType

from governance.access.casbin_model import CasbinModel
from governance.access.facts import DatasetFacts, dataset_facts
from governance.access.permits import DatasetPermit, FieldPermit
from governance.access.resolution import closed_over_paths, field_of, match, rows_of
from governance.access.roles import held_roles
from policies.access_lines import ANY, BREAK_GLASS, AccessFile, AccessRule
from policies.access_objects import ObjectKind
from policies.catalog import Catalog
from policies.errors import AccessRefusedError, PolicyFileError, PredicateError
from policies.nouns import Action, DatasetRef, Effect, FieldRef, Principal
from policies.principals import PrincipalsFile
from policies.purposes import PurposesFile
from policies.separation import SeparationFile
from policies.taxonomy import Taxonomy

_CacheKey = tuple[tuple[str, ...], str, Action, DatasetRef]
_Opened = dict[str, dict[Action, dict[str, dict[str, frozenset[str]]]]]
"""By purpose, action, store and dataset, the fields of which somebody is shown any row: short keys, quick to find."""


class AccessPolicy:
    """What the policy files say, all checked against one another; it never changes after it was made.

    Safe to share between threads. Raises PolicyFileError, CatalogError or PredicateError when the files contradict one
    another.
    """

    def __init__(
        self,
        lines: AccessFile,
        purposes: PurposesFile,
        principals: PrincipalsFile,
        catalog: Catalog,
        taxonomy: Taxonomy,
        laws: Collection[str],
        separation: SeparationFile | None = None,
    ) -> None:
        self.lines = lines
        self.purposes = purposes
        self.principals = principals
        self.catalog = catalog
        self.taxonomy = taxonomy
        self.laws = tuple(sorted(laws))
        self.separation = separation or SeparationFile()
        self.datasets: Mapping[DatasetRef, DatasetFacts] = dataset_facts(catalog, taxonomy, self.laws)
        self.digest = _digest(lines, purposes, principals, catalog, taxonomy, self.laws)
        for rule in lines.rules:
            _check_rows(rule, lines.place, self.datasets)
        self._rules = _by_subject(lines)
        held = held_roles(lines)
        self._known = {
            name: Principal(name, held.get(name, frozenset()), MappingProxyType(dict(attributes)))
            for name, attributes in principals.principals.items()
        }
        self._subjects = {name: self._matching(each) for name, each in self._known.items()}
        self._permits: dict[_CacheKey, DatasetPermit] = {}
        opened: dict[tuple[str, ...], _Opened] = {}
        self._opened = {name: opened.setdefault(subjects, {}) for name, subjects in self._subjects.items()}

    @cached_property
    def casbin(self) -> CasbinModel:
        """The same lines in Casbin, the referee of single decisions."""
        return CasbinModel(self.lines, self.purposes, self.taxonomy, self.datasets)

    def principal(self, name: str) -> Principal:
        """The principal of a name, with all roles held. Raises AccessRefusedError for an unknown name."""
        if name not in self._known:
            raise AccessRefusedError(
                "principal",
                found="a name that principals.yaml does not have",
                expected="a known principal",
                next_step="add it to policies/principals.yaml, or check the spelling",
            )
        return self._known[name]

    def subjects(self, principal: Principal) -> tuple[str, ...]:
        """The subjects of policy lines that match a principal: user, roles and `*`, sorted.

        Raises AccessRefusedError for a principal that this policy does not know with just these roles.
        """
        if self.principal(principal.name).roles != principal.roles:
            raise AccessRefusedError(
                "principal",
                found="roles that the policy does not give",
                expected="the principal as `AccessPolicy.principal` gives it",
                next_step="ask the policy for the principal again",
            )
        return self._subjects[principal.name]

    def permit(
        self, principal: Principal, purpose: str, action: Action, dataset: DatasetRef, *, glass_open: bool = False
    ) -> DatasetPermit:
        """What a principal may see of a dataset for a purpose.

        A purpose for emergencies shows nothing unless `glass_open`, and then what is written for `break_glass` too.
        Raises AccessRefusedError, with the rules that decided, when the principal, purpose or dataset is unknown, the
        purpose is not granted, the dataset is denied or special, or nothing of it is granted.
        """
        subjects = self.subjects(principal)
        if self.purposes.break_glass(purpose) is not None:
            if not glass_open:
                closed = "a purpose for emergencies that is not open"
                raise _refused(dataset, closed, "`governance break-glass open` before", ("guard.break_glass",))
            subjects = tuple(sorted({*subjects, BREAK_GLASS}))
        key = (subjects, purpose, action, dataset)
        found = self._permits.get(key)
        if found is None:
            found = self._permits.setdefault(key, self._compile(*key))
        return found

    def allows(self, user: str, purpose: str, action: Action, field: FieldRef) -> bool:
        """Whether a user is shown a field of any row, under any treatment; unknown names are denied, nothing is raised.

        It reads the permit: for an application that asks field by field, and as quick as a look into a dictionary.
        """
        try:
            return field.field in self._opened[user][purpose][action][field.store][field.dataset]
        except KeyError:
            return field.field in self._open(user, purpose, action, field.of)

    def _open(self, user: str, purpose: str, action: Action, dataset: DatasetRef) -> frozenset[str]:
        """The fields that a permit shows, kept for names that the policy knows: strangers' names never pile up."""
        if user not in self._opened or purpose not in self.purposes.purposes or dataset not in self.datasets:
            return frozenset()
        try:
            fields = frozenset(self.permit(self._known[user], purpose, action, dataset).fields)
        except AccessRefusedError:
            fields = frozenset()
        by_store = self._opened[user].setdefault(purpose, {}).setdefault(action, {})
        return by_store.setdefault(dataset.store, {}).setdefault(dataset.dataset, fields)

    def grants_purpose(self, subjects: Collection[str], purpose: str) -> bool:
        """Whether an allow line for one of the subjects names a purpose or one above it."""
        line = self.purposes.ancestry(purpose)
        return any(
            rule.effect is Effect.ALLOW and rule.purpose in line
            for subject in subjects
            for rule in self._rules.get(subject, ())
        )

    def matching(self, subjects: Collection[str], purpose: str, action: str) -> Iterator[AccessRule]:
        """The rules for subjects, a purpose and an action, whatever their object."""
        line = self.purposes.ancestry(purpose)
        for subject in subjects:
            for rule in self._rules.get(subject, ()):
                if rule.action in (action, ANY) and (rule.purpose == ANY or rule.purpose in line):
                    yield rule

    def _matching(self, principal: Principal) -> tuple[str, ...]:
        return tuple(sorted(name for name in (principal.name, *principal.roles, ANY) if name in self._rules))

    def _compile(self, subjects: tuple[str, ...], purpose: str, action: Action, dataset: DatasetRef) -> DatasetPermit:
        facts = self.datasets.get(dataset)
        if facts is None:
            raise _refused(dataset, "a dataset that the catalog does not have", "a reviewed dataset")
        if purpose not in self.purposes.purposes:
            raise _refused(dataset, "a purpose that purposes.yaml does not have", "one of its purposes")
        if not self.grants_purpose(subjects, purpose):
            raise _refused(dataset, "a purpose that no line grants to this principal", "a purpose granted")
        matching = match(self.matching(subjects, purpose, action), facts)
        rows = rows_of(facts, matching, purpose, self.purposes)
        if rows.refused_by:
            special = [each.removeprefix("special:") for each in rows.refused_by if each.startswith("special:")]
            found = f"a dataset that reveals {', '.join(special)}" if special else "a deny of the whole dataset"
            expected = "a purpose that lists that special category" if special else "no deny"
            raise _refused(dataset, found, expected, rows.refused_by)
        if not rows.allow:
            raise _refused(dataset, f"no line that gives rows of it for `{action}`", "a line on the dataset or store")
        shown = closed_over_paths(
            {name: field_of(field, matching, purpose, self.purposes) for name, field in facts.fields.items()}
        )
        fields = {name: each for name, each in shown.items() if isinstance(each, FieldPermit)}
        if not fields:
            raise _refused(dataset, "no field that may be shown", "one confirmed field at least that no line denies")
        return DatasetPermit(
            dataset,
            action,
            purpose,
            rows.allow,
            rows.deny,
            rows.special,
            MappingProxyType(fields),
            MappingProxyType({name: each.value for name, each in shown.items() if not isinstance(each, FieldPermit)}),
            self.digest,
        )


def _by_subject(lines: AccessFile) -> Mapping[str, tuple[AccessRule, ...]]:
    found: dict[str, list[AccessRule]] = {}
    for rule in lines.rules:
        found.setdefault(rule.subject, []).append(rule)
    return {subject: tuple(rules) for subject, rules in found.items()}


def _check_rows(rule: AccessRule, place: str, datasets: Mapping[DatasetRef, DatasetFacts]) -> None:
    """A ROWS must make sense for its dataset; on a wider object, for one dataset at least."""
    if rule.rows is None:
        return
    where = f"{place}:{rule.line}, ROWS"
    reached = [facts for facts in datasets.values() if rule.object.dataset in (None, facts.ref)]
    if rule.object.kind is ObjectKind.STORE:
        reached = [facts for facts in reached if facts.ref.store == rule.object.store]
    if any(facts.admits(rule.rows) for facts in reached):
        return
    try:
        for facts in reached[:1]:
            facts.check(rule.rows, where)
    except PredicateError as cause:
        raise PolicyFileError(
            where, found=cause.found, expected=cause.expected, next_step="mend ROWS; see docs/predicates.md"
        ) from None


def _digest(
    lines: AccessFile,
    purposes: PurposesFile,
    principals: PrincipalsFile,
    catalog: Catalog,
    taxonomy: Taxonomy,
    laws: tuple[str, ...],
) -> str:
    parts = (
        lines.digest,
        purposes.model_dump_json(),
        principals.model_dump_json(),
        catalog.digest,
        taxonomy.version,
        ",".join(laws),
    )
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _refused(dataset: DatasetRef, found: str, expected: str, rule_ids: tuple[str, ...] = ()) -> AccessRefusedError:
    return AccessRefusedError(
        str(dataset),
        found=found,
        expected=expected,
        next_step="ask with `governance policy explain` why, or ask the policy's owner",
        rule_ids=tuple(sorted(set(rule_ids))),
    )
