"""Retention over a project: plans for its rules, and runs of plans, with the parts that they need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from connectors.sql.address import normalised
from governance.jobs.holds import Hold, Scope
from governance.ledger.events import EventDraft, EventObject
from governance.retention.plan import Office, RetentionPlan, plan, read_plan
from governance.retention.run import RetentionOutcome, run
from policies.errors import ConfigError
from policies.nouns import DatasetRef
from policies.retention_rules import RetentionRule, read_retention

if TYPE_CHECKING:
    from governance.app import Governance


def retention_rules(gov: Governance) -> dict[str, RetentionRule]:
    """The project's rules by name, sorted. Raises ConfigError."""
    path = gov.project.policy_file("retention.yaml")
    return dict(sorted(read_retention(path).items())) if path.exists() else {}


def plan_retention(gov: Governance, names: Sequence[str] = ()) -> tuple[RetentionPlan, ...]:
    """What rules would delete as of now, all rules unless some are named; counted in the stores, and recorded.

    Raises ConfigError for an unknown name, StoreError, LedgerError. Nothing is changed in a store.
    """
    rules = retention_rules(gov)
    for name in names:
        _named(rules, name)
    plans = []
    for name in names or rules:
        rule = rules[name]
        with _engine(gov, rule.dataset) as engine:
            plans.append(plan(_office(gov), rule, engine, subject_key=_subject_key(gov, rule.dataset)))
    return tuple(plans)


def run_retention(gov: Governance, text: str, place: str = "plan") -> RetentionOutcome:
    """Delete exactly what a plan file counted and what is still due; start it again after a kill.

    Side effects: deletes rows in the store, each batch in a transaction of its own, and records every step. Raises
    TamperedError for a changed plan, StalePlanError for one whose rule, policy or schema changed, StoreError or
    LedgerError.
    """
    sealed = read_plan(text, gov.keyring.keyed_hash(), place)
    rule = _named(retention_rules(gov), sealed.rule.removeprefix("retention:"))
    with _engine(gov, rule.dataset) as engine:
        return run(_office(gov), rule, sealed, engine, subject_key=_subject_key(gov, rule.dataset))


def place_hold(gov: Governance, dataset: DatasetRef, scope: Scope, key: Sequence[Any], *, reason: str) -> Hold:
    """Keep a dataset, a record or a person's records from every job, from the next batch on; recorded.

    The reason is kept in the erasable table beside the ledger. Raises BadInputError for a key that does not fit.
    """
    note = gov.ledger.refer("note", reason)
    hold = _office(gov).holds.place(dataset, scope, key, by=gov.actor_ref, reason=note)
    _record_hold(gov, "hold.placed", hold.id, dataset, note)
    return hold


def release_hold(gov: Governance, hold_id: str) -> None:
    """End a hold; recorded. Raises BadInputError for one that is not standing."""
    _office(gov).holds.release(hold_id, by=gov.actor_ref)
    _record_hold(gov, "hold.released", hold_id)


def standing_holds(gov: Governance) -> list[Hold]:
    """The holds that were not released, oldest first."""
    return _office(gov).holds.standing()


def _record_hold(
    gov: Governance, kind: str, hold_id: str, dataset: DatasetRef | None = None, note: str | None = None
) -> None:
    objects = (EventObject(str(dataset)),) if dataset is not None else ()
    refs = {"hold": hold_id}
    gov.ledger.append(EventDraft(kind=kind, actor=gov.actor_ref, outcome="done", objects=objects, refs=refs, note=note))


def _named(rules: dict[str, RetentionRule], name: str) -> RetentionRule:
    if name not in rules:
        raise ConfigError(
            "retention.yaml",
            found="a rule name that it does not have",
            expected=" or ".join(rules) or "at least one rule",
            next_step="check the name, or add the rule",
        )
    return rules[name]


def _office(gov: Governance) -> Office:
    return Office(
        records=gov.records,
        ledger=gov.ledger,
        keyed_hash=gov.keyring.keyed_hash(),
        clock=gov.clock,
        new_id=gov.new_id,
        zone=gov.project.config.time_zone,
        digest=gov.policy_files.policy.digest,
        actor=gov.actor_ref,
    )


def _subject_key(gov: Governance, dataset: DatasetRef) -> tuple[str, ...]:
    entry = gov.catalog.dataset(dataset)
    return entry.subject_key if entry else ()


@contextmanager
def _engine(gov: Governance, dataset: DatasetRef) -> Iterator[sa.Engine]:
    """A plain engine that may write the store; the job is bound by its plan and not by the access policy."""
    if gov.project.store(dataset.store).url is None:
        raise ConfigError(
            str(dataset),
            found="a rule on files",
            expected="a dataset of a database",
            next_step="remove the rule; files are deleted where they are made",
        )
    url = normalised(f"stores.{dataset.store}.url", gov.project.store_target(dataset.store))
    engine = sa.create_engine(url, hide_parameters=True)
    try:
        yield engine
    finally:
        engine.dispose()
