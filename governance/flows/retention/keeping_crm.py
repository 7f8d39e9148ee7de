"""Retention on a CRM: a mirror of the fields that rules decide by, and steps that act by the vendor's calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connectors.crm.mirror import Mirror
from governance.flows.opening.job_stores import JobStore, acting, job_store
from governance.jobs.crm_step import CrmStep
from governance.retention.needs import fields_needed
from governance.retention.steps import Act, Deletion, Setting
from governance.retention.targets import Ruled
from policies.errors import ConfigError
from policies.nouns import DatasetRef
from policies.retention_rules import RetentionRule

if TYPE_CHECKING:
    from governance.app import Governance


@contextmanager
def ruled_store(gov: Governance, name: str, ruled: Sequence[Ruled]) -> Iterator[JobStore]:
    """A store open for rules on its records; of a CRM with all that they decide by in its mirror.

    Raises ConfigError for a rule that cannot be held in a CRM, StoreError.
    """
    with job_store(gov, name) as store:
        if store.mirror is not None:
            for each in ruled:
                for rule in (each.rule, *each.others):
                    _check(rule)
            _fill(store.mirror, ruled)
        yield store


def acting_on(gov: Governance, job: str, store: JobStore) -> Act | None:
    """What makes a job's steps act on a CRM; None for a database."""
    if store.mirror is None:
        return None

    def act(step: Deletion | Setting) -> CrmStep:
        made: CrmStep = acting(gov, job, step, store)
        return made

    return act


def _fill(mirror: Mirror, ruled: Sequence[Ruled]) -> None:
    store = mirror.store.name
    needed = fields_needed([rule for each in ruled for rule in (each.rule, *each.others)])
    for one in ruled:
        needed.setdefault(one.rule.dataset, set()).update(one.subject_key)
    about = {one.rule.dataset.dataset for one in ruled}
    for each in mirror.store.datasets():
        referring = {name for link in each.foreign_keys if link.dataset in about for name in link.fields}
        names = needed.get(DatasetRef(store, each.name), set()) | referring
        if names or each.name in about:
            mirror.fill(each.name, names)


def _check(rule: RetentionRule) -> None:
    wrong = {
        "action": "`archive`: a CRM has no transaction in which rows are read back before they go"
        if rule.action == "archive"
        else "",
        "start_zone": "a zone: times of a CRM carry their own" if rule.start_zone else "",
        "keep_while": "consent: a CRM holds no projection of it" if rule.keep_while.consent else "",
    }
    for key, found in wrong.items():
        if found:
            raise ConfigError(
                f"retention.yaml, rule `{rule.id}`, {key}",
                found=found,
                expected="a rule that can be held in a CRM: see docs/retention.md",
                next_step="change the rule, or export the records and archive them elsewhere first",
            )
