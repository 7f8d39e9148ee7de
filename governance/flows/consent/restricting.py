"""Restrict the use of a person's data, and let it go on: recorded first, then the stores made ready to obey."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from governance.consent.events import Subject
from governance.consent.restriction_events import RestrictionEvent
from governance.consent.restrictions import Restrictions
from policies.errors import GovernanceError

if TYPE_CHECKING:
    from governance.app import Governance

_log = structlog.get_logger()


def restrict(gov: Governance, subject: Subject, *, reason: str, basis: str = "", ref: str = "") -> RestrictionEvent:
    """Stop every guarded use of a person's data from the next statement on; as `Restrictions.restrict`.

    Side effect: a store that knows the person gets the two tables of consent where it has none. One that cannot take
    them is refused by the guard until it does; the restriction is durable all the same.
    """
    event = restrictions_of(gov).restrict(subject, reason=reason, basis=basis, by=gov.actor_ref, ref=ref)
    for store in sorted(subject.store_keys):
        try:
            if store in gov.catalog.stores:
                gov.consent_conditions.make_ready(store)
        except GovernanceError as cause:
            _log.warning("restriction_store_not_ready", store=store, error=type(cause).__name__)
    return event


def lift_restriction(gov: Governance, subject: Subject, *, told: bool, ref: str = "") -> RestrictionEvent:
    """Let the use go on, once the person was told; as `Restrictions.lift`."""
    return restrictions_of(gov).lift(subject, told=told, by=gov.actor_ref, ref=ref)


def restrictions_of(gov: Governance) -> Restrictions:
    """The restrictions of a project."""
    return Restrictions(
        gov.records,
        keyed_hash=gov.keyring.keyed_hash(),
        sealer=gov.sealer,
        recorder=gov.ledger,
        clock=gov.clock,
        new_id=gov.new_id,
    )
