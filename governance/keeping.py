"""Retention over a project: plans for its rules, and runs of plans, with the parts that they need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from governance.jobs.holds import Hold, Scope
from governance.jobs.running import Progress
from governance.ledger.events import EventDraft, EventObject
from governance.offices import office_of, pace_of, writable_store
from governance.retention.plan import RetentionPlan, plan_together, read_plan, views
from governance.retention.run import RetentionOutcome, run_together
from governance.retention.targets import Ruled
from policies.errors import ConfigError
from policies.nouns import DatasetRef
from policies.retention_rules import RetentionRule, read_retention

if TYPE_CHECKING:
    from governance.app import Governance


def retention_rules(gov: Governance) -> dict[str, RetentionRule]:
    """The project's rules by name, sorted. Raises ConfigError."""
    path = gov.project.policy_file("retention.yaml")
    return dict(sorted(read_retention(path).items())) if path.exists() else {}


def plan_retention(
    gov: Governance, names: Sequence[str] = (), *, look: bool = False, together: bool = False
) -> tuple[RetentionPlan, ...]:
    """What rules would delete as of now, all rules unless some are named; read from the stores, and recorded.

    With `look`, plans are numbers only and cannot be run; otherwise each leaves its row list in the project's folder.
    With `together`, the rules, of one store, have one plan: what refers to a record goes before it. Raises ConfigError
    for an unknown name, StoreError, LedgerError. Nothing is changed in a store.
    """
    rules = retention_rules(gov)
    ruled = [_ruled(gov, _named(rules, name)) for name in names or rules]
    if together and len({each.rule.dataset.store for each in ruled}) > 1:
        raise ConfigError(
            "retention.yaml",
            found="rules of several stores for one plan",
            expected="rules of one store",
            next_step="make one plan for each store",
        )
    plans: list[RetentionPlan] = []
    for each in [ruled] if together and ruled else [[one] for one in ruled]:
        with writable_store(gov, each[0].rule.dataset.store) as engine:
            plans += plan_together(office_of(gov), each, engine, look=look)
    return tuple(plans)


def run_retention(
    gov: Governance, text: str, place: str = "plan", *, on_progress: Progress | None = None
) -> RetentionOutcome:
    """Delete exactly the records that a plan listed and that are as they were; start it again after a kill.

    Side effects: deletes rows in the store, each batch in a transaction of its own, and records every step. Raises
    TamperedError for a changed plan or row list, StalePlanError for one whose rule, policy or schema changed,
    AccessRefusedError without an approval that the project asks for, StoreError or LedgerError.
    """
    sealed = read_plan(text, gov.keyring.keyed_hash(), place)
    rules = retention_rules(gov)
    ruled = [_ruled(gov, _named(rules, each.rule.removeprefix("retention:"))) for each in views(sealed.plan)]
    with writable_store(gov, sealed.dataset.store) as engine:
        office, pace = office_of(gov), pace_of(gov)
        return run_together(office, ruled, sealed.plan, engine, pace=pace, on_progress=on_progress)


def place_hold(gov: Governance, dataset: DatasetRef, scope: Scope, key: Sequence[Any], *, reason: str) -> Hold:
    """Keep a dataset, a record or a person's records from every job, from the next batch on; recorded.

    The reason is kept in the erasable table beside the ledger. Raises BadInputError for a key that does not fit.
    """
    note = gov.ledger.refer("note", reason)
    hold = office_of(gov).holds.place(dataset, scope, key, by=gov.actor_ref, reason=note)
    _record_hold(gov, "hold.placed", hold.id, dataset, note)
    return hold


def release_hold(gov: Governance, hold_id: str) -> None:
    """End a hold; recorded. Raises BadInputError for one that is not standing."""
    office_of(gov).holds.release(hold_id, by=gov.actor_ref)
    _record_hold(gov, "hold.released", hold_id)


def standing_holds(gov: Governance) -> list[Hold]:
    """The holds that were not released, oldest first."""
    return office_of(gov).holds.standing()


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


def _ruled(gov: Governance, rule: RetentionRule) -> Ruled:
    entry = gov.catalog.dataset(rule.dataset)
    return Ruled(rule, entry.subject_key if entry else ())
