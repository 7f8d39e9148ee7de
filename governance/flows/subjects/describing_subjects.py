"""What is told of a person's records beside the records: purposes with their grounds, periods, recipients, laws."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from audits.subject_page import FieldFact, LawFact, PurposeFact, RecipientFact, RetentionFact
from governance.access.grants import grants_to
from governance.flows.retention.keeping import explain_retention, retention_rules
from governance.requests.subject_map import DatasetMap
from governance.requests.traced import RecordKey
from policies.access_items import AccessLaw
from policies.config import Medium
from policies.nouns import DatasetRef
from policies.organisation import FILE, OrganisationFile, RecipientEntry, read_organisation
from policies.retention_rules import RetentionRule

if TYPE_CHECKING:
    from governance.app import Governance

VERDICTS = 20
"""So many records of a dataset are held against the retention rules one by one; of more only the rules are told."""
PORTABLE = ("consent", "contract")
"""Grounds on which data can be taken along."""
ALWAYS = ("automated", "categories", "complaint", "copy", "purposes", "retention", "rights")
"""What every package tells."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """What `organisation.yaml` says that people must be told; empty where it does not, or is not there."""

    controller: str = ""
    """Who is responsible, with the contact."""
    authority: str = ""
    """The authority to complain to."""
    rights: str = ""
    """Where and how rights are exercised."""
    recipients: tuple[RecipientFact, ...] = ()
    """Who receives data."""
    transfers: bool = False
    """Whether transfers abroad are listed."""


class Describer:
    """Tells of datasets what catalog, purposes, access policy and retention rules say as they stand."""

    def __init__(self, gov: Governance) -> None:
        self._gov = gov

    def fields(self, dataset: DatasetMap, names: Sequence[str]) -> tuple[FieldFact, ...]:
        """Category and source of some fields."""
        entries = dataset.entry.fields
        return tuple(FieldFact(name, entries[name].category, entries[name].source) for name in names)

    def purposes(self, ref: DatasetRef) -> tuple[PurposeFact, ...]:
        """What uses a dataset by the access policy, with the grounds under the laws in force."""
        return tuple(self._purpose(name) for name in self.purpose_ids(ref))

    def purpose_ids(self, ref: DatasetRef) -> tuple[str, ...]:
        """The purposes that use a dataset, sorted."""
        return tuple(sorted(self._used.get(ref, ())))

    def is_portable(self, ref: DatasetRef) -> bool:
        """Whether a purpose that uses a dataset rests on consent or contract under a law in force."""
        return any(basis in PORTABLE for name in self.purpose_ids(ref) for basis in self._basis(name).values())

    def retention(self, ref: DatasetRef, latest: Mapping[str, str]) -> tuple[RetentionFact, ...]:
        """The rules on a dataset; `latest` gives the latest value of fields from which a rule's period may run."""
        return tuple(
            RetentionFact(each.kind, each.period.text, each.basis, _until(each, latest)) for each in self._rules(ref)
        )

    def start_fields(self, ref: DatasetRef) -> frozenset[str]:
        """The fields from which periods run."""
        return frozenset().union(*(each.start.fields for each in self._rules(ref)))

    def verdicts(self, ref: DatasetRef, keys: Sequence[RecordKey]) -> dict[str, int]:
        """What the retention rules say of records today; nothing for many, or where no limit speaks of the dataset.

        Recorded as `explain_retention`.
        """
        limits = any(each.kind == "limit" for each in self._rules(ref))
        if not limits or len(keys) > VERDICTS or self._gov.project.store(ref.store).medium is not Medium.DATABASE:
            return {}
        found: Counter[str] = Counter()
        for key in keys:
            verdict = explain_retention(self._gov, ref, [str(part) for part in key])
            if verdict is not None:
                found[verdict.outcome] += 1
        return dict(sorted(found.items()))

    def _rules(self, ref: DatasetRef) -> list[RetentionRule]:
        return [each for each in self._retention if each.dataset == ref]

    def _purpose(self, name: str) -> PurposeFact:
        entry = self._gov.policy_files.purposes.purposes[name]
        return PurposeFact(entry.text or name, self._basis(name))

    def _basis(self, name: str) -> dict[str, str]:
        """Law to ground, of the purpose or of the nearest above it that states one."""
        purposes, laws = self._gov.policy_files.purposes, self._gov.project.config.laws
        found: dict[str, str] = {}
        for step in purposes.ancestry(name):
            for law, basis in purposes.purposes[step].basis.items():
                if law in laws:
                    found.setdefault(law, basis)
        return dict(sorted(found.items()))

    @cached_property
    def _retention(self) -> list[RetentionRule]:
        return list(retention_rules(self._gov).values())

    @cached_property
    def _used(self) -> dict[DatasetRef, set[str]]:
        policy = self._gov.policy_files.policy
        used: dict[DatasetRef, set[str]] = {}
        for name in policy.principals.principals:
            for grant in grants_to(policy, name):
                used.setdefault(grant.field.of, set()).add(grant.purpose)
        return used


def law_facts(laws: Iterable[AccessLaw], organisation: Organisation, *, sources: bool) -> tuple[LawFact, ...]:
    """What the laws demand, each item with whether the package tells it."""
    told = {*ALWAYS}
    told |= {"controller"} if organisation.controller else set()
    told |= {"recipients"} if organisation.recipients else set()
    told |= {"transfers"} if organisation.transfers else set()
    told |= {"source"} if sources else set()
    return tuple(
        LawFact(law.law, tuple((each.item, each.article, each.item in told) for each in law.items)) for law in laws
    )


def organisation_of(gov: Governance) -> Organisation:
    """What `policies/organisation.yaml` says that people must be told; nothing where there is none.

    Raises ConfigError.
    """
    said = read_organisation(gov.project.policy_file(FILE), gov.policy_files.purposes)
    controller = said.controller
    return Organisation(
        f"{controller.name}, {controller.address}, {controller.contact}" if controller is not None else "",
        said.authority or "",
        said.rights or "",
        tuple(_recipient(name, each, said) for name, each in sorted(said.recipients.items())),
        bool(said.transfers),
    )


def _recipient(name: str, entry: RecipientEntry, said: OrganisationFile) -> RecipientFact:
    sent = [each for each in said.transfers.values() if each.recipient == name]
    countries = dict.fromkeys([entry.country, *(each.country for each in sent)])
    return RecipientFact(
        entry.name, ", ".join(countries), ", ".join(filter(None, (entry.contract, *(each.mechanism for each in sent))))
    )


def _until(rule: RetentionRule, latest: Mapping[str, str]) -> dt.date | None:
    """The last day of a rule's period for the latest record; None where its start is not one field that is known."""
    source = rule.start.sources[0]
    if len(rule.start.sources) > 1 or source.elsewhere is not None or source.field not in latest or rule.where:
        return None
    try:
        return rule.period.after(dt.date.fromisoformat(latest[source.field][:10]))
    except ValueError:
        return None
