"""The grants of the project's CRMs, asked for now, as an access review takes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from connectors.crm.base import VendorGrant
from governance.registers.review_crm import crm_grants, id_of_store
from governance.registers.review_grants import GRAVE, KeyedDigest, ReviewedGrant
from governance.scan.shapes import shape_name
from policies.config import Medium
from policies.errors import GovernanceError
from policies.nouns import Sensitivity

if TYPE_CHECKING:
    from connectors.crm.base import CrmStore
    from governance.app import Governance


@dataclass(slots=True)
class CrmGrants:
    """What CRMs say of their grants, and which say nothing."""

    grants: list[ReviewedGrant] = field(default_factory=list)
    """By store, profile and module."""
    unlisted: dict[str, str] = field(default_factory=dict)
    """Stores that gave no list, each with why."""
    prefixes: dict[str, str] = field(default_factory=dict)
    """What ids of those stores' grants begin with, by store."""

    def hides(self, grant: str) -> bool:
        """Whether a grant is of a store that gave no list, so that nobody can say whether it stands."""
        return grant.startswith(tuple(self.prefixes.values())) if self.prefixes else False


def grants_of_crms(gov: Governance, digest: KeyedDigest) -> CrmGrants:
    """Ask every CRM for its grants; one that does not answer, or has no such list, stops nothing."""
    found = CrmGrants()
    for name, config in sorted(gov.project.config.stores.items()):
        if config.medium is not Medium.CRM:
            continue
        try:
            store = gov.crm(name)
            try:
                found.grants += crm_grants(name, _shown(store), _grave(gov, name), digest)
            finally:
                store.close()
        except GovernanceError as cause:
            found.unlisted[name] = cause.found
            found.prefixes[name] = id_of_store(name, digest)
    return found


def _shown(store: CrmStore) -> Iterator[VendorGrant]:
    """The grants with names that may be shown: whoever calls a profile by a person's address gives its shape."""
    for each in store.grants():
        yield replace(
            each,
            profile=shape_name(each.profile),
            role=shape_name(each.role),
            dataset=shape_name(each.dataset),
            actions=tuple(sorted(each.actions)),
        )


def _grave(gov: Governance, store: str) -> frozenset[str]:
    """The reviewed datasets of a store that hold restricted or special fields."""
    policy = gov.policy_files.policy
    least = min(Sensitivity.of(each) for each in GRAVE)
    return frozenset(
        ref.dataset
        for ref, facts in policy.datasets.items()
        if ref.store == store and any(each.sensitivity >= least for each in facts.fields.values())
    )
