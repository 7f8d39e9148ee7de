"""Activities of processing, one a purpose, as plain data: from purposes, catalog, organisation, retention, policy."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from governance.flows.audits.purpose_uses import PurposeUse, purpose_uses
from governance.flows.retention.keeping import retention_rules
from policies.organisation import FILE, ClientEntry, OrganisationFile, PartyEntry, RecipientEntry, read_organisation
from policies.processing_forms import ProcessingForms, load_processing_forms
from policies.retention_rules import RetentionRule
from policies.taxonomy import HARMLESS, Taxonomy

if TYPE_CHECKING:
    from governance.app import Governance


@dataclass
class Registry:
    """What the project's files say of processing, read once. Properties raise ConfigError, CatalogError, PackError."""

    gov: Governance
    """The project."""

    @cached_property
    def organisation(self) -> OrganisationFile:
        """`organisation.yaml`."""
        return read_organisation(self.gov.project.policy_file(FILE), self.gov.policy_files.purposes)

    @cached_property
    def forms(self) -> ProcessingForms:
        """The forms in force today."""
        return load_processing_forms(self.gov.clock().date())

    @cached_property
    def uses(self) -> dict[str, PurposeUse]:
        """What each purpose reaches."""
        return purpose_uses(self.gov.policy_files.policy)

    @cached_property
    def rules(self) -> tuple[RetentionRule, ...]:
        """The retention rules, by id."""
        return tuple(retention_rules(self.gov).values())

    def activities(self) -> list[dict[str, Any]]:
        """Every purpose as one activity, sorted; the form `activities[]` of docs/json/ropa.md."""
        return [self.activity(name) for name in self.uses]

    def activity(self, name: str) -> dict[str, Any]:
        """One purpose as an activity."""
        purposes, use = self.gov.policy_files.purposes, self.uses[name]
        line = purposes.ancestry(name)
        told = self.organisation.processing_of(line)
        stated = tuple(purposes.categories(name))
        recipients = list(self._recipients(line))
        return {
            "id": name,
            "text": next((text for each in line if (text := purposes.purposes[each].text)), None),
            "parent": purposes.purposes[name].parent,
            "umbrella": not use.datasets and any(each.parent == name for each in purposes.purposes.values()),
            "owner": told.owner if told else None,
            "review_by": told.review_by.isoformat() if told and told.review_by else None,
            "codes": dict(sorted(told.codes.items())) if told else {},
            "declares": dict(sorted(told.declares.items())) if told else {},
            "sold": self._sold(line),
            "basis": self._basis(name),
            "involves": list(purposes.involved(name)),
            "direct_marketing": purposes.is_direct_marketing(name),
            "datasets": [str(ref) for ref in sorted(use.datasets)],
            "subjects": sorted({word for ref in use.datasets for word in self.gov.catalog.decided(ref).subjects}),
            "categories": sorted(use.categories(self.gov.policy_files.policy) | set(stated)),
            "stated": list(stated),
            "special": list(self._special(name, use, stated)),
            "special_in": {str(ref): whole for ref, whole in sorted(use.special_in.items())},
            "recipients": recipients,
            "retention": self._retention(line, use),
            "protection": self._protection(use),
            "sources": self._sources(use),
        }

    def clients(self) -> list[dict[str, Any]]:
        """The controllers on whose account data is processed, sorted by name."""
        return [self._client(name, each) for name, each in sorted(self.organisation.clients.items())]

    def organisation_facts(self) -> dict[str, Any]:
        """Who answers, and the measures; None for what `organisation.yaml` does not say."""
        said = self.organisation
        return {
            "controller": _party(said.controller) if said.controller else None,
            "country": said.controller.country if said.controller else None,
            "representative": _party(said.representative) if said.representative else None,
            "officer": f"{said.officer.title}, {said.officer.contact}" if said.officer else None,
            "storage": list(said.storage),
            "joint_controllers": [
                _party(each) for _, each in sorted(said.recipients.items()) if each.role == "joint_controller"
            ],
            "measures": [{"name": name, "text": words} for name, words in sorted(said.measures.items())],
        }

    def held(self) -> list[dict[str, Any]]:
        """The categories that the catalog confirms, with the fields that hold them."""
        found: dict[str, list[str]] = {}
        for ref, entry in self.gov.catalog.walk():
            if entry.status == "confirmed" and entry.category != HARMLESS:
                found.setdefault(entry.category, []).append(str(ref))
        return [{"category": name, "fields": fields} for name, fields in sorted(found.items())]

    def _sold(self, line: tuple[str, ...]) -> bool | None:
        """Whether data is sold or shared for it, as Californian law divides purposes; None where nobody said."""
        out = self.organisation.opt_out
        return None if out is None else bool({*out.sale, *out.sharing} & set(line))

    def _basis(self, name: str) -> dict[str, str]:
        found = {law: self.gov.policy_files.purposes.basis(name, law) for law in self.gov.project.config.laws}
        return {law: basis for law, basis in sorted(found.items()) if basis is not None}

    def _special(self, name: str, use: PurposeUse, stated: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        taxonomy, in_force = self.gov.policy_files.taxonomy, set(self.gov.project.config.laws)
        for key in sorted(use.special | {each for each in stated if taxonomy.category(each).is_special(in_force)}):
            named = set(taxonomy.category(key).special)
            laws = sorted(named & in_force if named else in_force)
            conditions = self._conditions(name, key)
            yield {"category": key, "conditions": {law: conditions.get(law) for law in laws}}

    def _conditions(self, name: str, category: str) -> dict[str, str]:
        """Law to condition: of the nearest purpose and the deepest category that state one."""
        purposes, found = self.gov.policy_files.purposes, dict[str, str]()
        for step in purposes.ancestry(name):
            for key in Taxonomy.ancestry(category):
                for law, condition in purposes.purposes[step].special.get(key, {}).items():
                    found.setdefault(law, str(condition))
        return found

    def _recipients(self, line: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        for name, each in sorted(self.organisation.recipients.items()):
            if set(each.purposes) & set(line):
                yield self._recipient(name, each)

    def _recipient(self, name: str, entry: RecipientEntry) -> dict[str, Any]:
        sent = [each for _, each in sorted(self.organisation.transfers.items()) if each.recipient == name]
        transfers = [
            {"country": each.country, "mechanism": each.mechanism, "reference": each.reference} for each in sent
        ]
        return {
            "name": name,
            "party": entry.name,
            "role": entry.role,
            "country": entry.country,
            "contract": entry.contract,
            "transfers": transfers,
        }

    def _retention(self, line: tuple[str, ...], use: PurposeUse) -> dict[str, Any]:
        told, datasets = self.organisation.processing_of(line), use.datasets
        rules = [each for each in self.rules if each.dataset in datasets or each.purpose in line]
        limited = {each.dataset for each in rules if each.kind == "limit"}
        told_of = [
            {
                "rule": each.rule_id,
                "dataset": str(each.dataset),
                "kind": each.kind,
                "period": each.period.text,
                "action": each.action,
            }
            for each in rules
        ]
        without = sorted(str(ref) for ref in datasets - limited if self._is_personal(use, str(ref)))
        return {"stated": told.retention if told else None, "rules": told_of, "without": without}

    def _is_personal(self, use: PurposeUse, dataset: str) -> bool:
        policy = self.gov.policy_files.policy
        return any(
            policy.datasets[ref.of].fields[ref.field].category != HARMLESS
            for ref in use.fields
            if str(ref.of) == dataset
        )

    def _protection(self, use: PurposeUse) -> dict[str, int]:
        """How the personal fields that it reaches are given at most, and how many of them are kept encrypted."""
        policy, counts = self.gov.policy_files.policy, {"fields": 0, "clear": 0, "masked": 0, "encrypted": 0}
        for ref, treatments in use.fields.items():
            if policy.datasets[ref.of].fields[ref.field].category == HARMLESS:
                continue
            entry = self.gov.catalog.field(ref)
            counts["fields"] += 1
            counts["clear" if "clear" in treatments else "masked"] += 1
            counts["encrypted"] += bool(entry is not None and entry.encrypted)
        return counts

    def _sources(self, use: PurposeUse) -> dict[str, Any]:
        entries = [self.gov.catalog.field(ref) for ref in use.fields]
        personal = [each for each in entries if each is not None and each.category != HARMLESS]
        return {
            "known": sorted({each.source for each in personal if each.source}),
            "unknown": sum(not each.source for each in personal),
        }

    def _client(self, name: str, entry: ClientEntry) -> dict[str, Any]:
        purposes = self.gov.policy_files.purposes
        below = [each for each in purposes.purposes if set(purposes.ancestry(each)) & set(entry.purposes)]
        recipients = {each["name"]: each for purpose in below for each in self.activity(purpose)["recipients"]}
        return {
            "name": name,
            "party": _party(entry),
            "contract": entry.contract,
            "officer": f"{entry.officer.title}, {entry.officer.contact}" if entry.officer else None,
            "purposes": sorted(entry.purposes),
            "recipients": [recipients[each] for each in sorted(recipients)],
        }


def facts_of_forms(forms: ProcessingForms, laws: Collection[str], *, for_others: bool) -> list[dict[str, Any]]:
    """The forms that some laws ask for, as plain data; a processor's only where data is processed `for_others`."""
    return [
        {
            "form": name,
            "laws": sorted(set(form.laws) & set(laws)),
            "role": form.role,
            "article": form.article,
            "as_of": form.as_of.isoformat(),
            "confidence": form.confidence,
            "keep": form.keep,
            "items": [each.model_dump() for each in form.items],
        }
        for name, form in forms.forms.items()
        if set(form.laws) & set(laws) and (for_others or form.role == "controller")
    ]


def _party(entry: PartyEntry) -> str:
    return f"{entry.name}, {entry.address}, {entry.contact}"
