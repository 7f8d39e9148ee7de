"""Retention over a project: plans for its rules, and runs of plans, with the parts that they need."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from governance.flows.opening.job_stores import is_read_only, open_batch, refuse_read_only
from governance.flows.opening.offices import office_of, pace_of
from governance.flows.opening.recorded_use import recorded_use
from governance.flows.retention.archiving import archives_of, shredder_of
from governance.flows.retention.held_keys import stored_key
from governance.flows.retention.keeping_crm import acting_on, ruled_store
from governance.jobs.holds import Hold, Scope
from governance.jobs.running import Progress
from governance.ledger.events import EventDraft, EventObject
from governance.retention.plan import PURPOSE, RetentionPlan, plan_together, read_plan, verdict_on, views
from governance.retention.run import RetentionOutcome, run_together
from governance.retention.steps import Tools
from governance.retention.targets import Ruled
from policies.errors import ConfigError
from policies.nouns import DatasetRef
from policies.retention_rules import RetentionBook, RetentionRule, read_book
from policies.row_conditions import ExistsIn
from policies.verdicts import Verdict

if TYPE_CHECKING:
    from governance.app import Governance


def retention_book(gov: Governance) -> RetentionBook:
    """All that `retention.yaml` says, under the catalog as it stands. Raises ConfigError, PredicateError."""
    return read_book(gov.project.policy_file("retention.yaml"), gov.catalog)


def retention_rules(gov: Governance) -> dict[str, RetentionRule]:
    """The project's rules by id, sorted. Raises ConfigError."""
    return dict(sorted(retention_book(gov).rules.items()))


def plan_retention(
    gov: Governance, names: Sequence[str] = (), *, look: bool = False, together: bool = False
) -> tuple[RetentionPlan, ...]:
    """What limits would do as of now, all of them unless some are named; read from the stores, and recorded.

    With `look`, plans are numbers only and cannot be run; otherwise each leaves its row list in the project's folder.
    With `together`, the rules, of one store, have one plan: what refers to a record goes before it. Raises ConfigError
    for an unknown name or a duty, StoreError, LedgerError. Nothing is changed in a store, but for its projection of
    consent, which is brought up to date where a rule waits for consent.
    """
    rules = retention_rules(gov)
    chosen = [_named(rules, name) for name in names] or [each for each in rules.values() if each.kind == "limit"]
    ruled = [_ruled(gov, rules, each) for each in chosen]
    if together and len({each.rule.dataset.store for each in ruled}) > 1:
        raise ConfigError(
            "retention.yaml",
            found="rules of several stores for one plan",
            expected="rules of one store",
            next_step="make one plan for each store",
        )
    plans: list[RetentionPlan] = []
    for group in [ruled] if together and ruled else [[one] for one in ruled]:
        name = group[0].rule.dataset.store
        with ruled_store(gov, name, group) as store:
            plans += plan_together(office_of(gov), group, store.engine, look=look, read_only=is_read_only(gov, name))
    return tuple(plans)


def run_retention(
    gov: Governance, text: str, place: str = "plan", *, on_progress: Progress | None = None
) -> RetentionOutcome:
    """Do what a plan says with exactly the records that it lists and that are as they were; start again after a kill.

    Side effects: deletes, masks or archives rows of the store, each batch in a transaction of its own, destroys
    persons' keys for `crypto_shred`, and records every step. Raises TamperedError for a changed plan, row list or
    archive, StalePlanError for one whose rules, policy or schema changed, AccessRefusedError without an approval that
    the project asks for, StoreError or LedgerError.
    """
    sealed = read_plan(text, gov.keyring.keyed_hash(), place)
    rules = retention_rules(gov)
    ruled = [_ruled(gov, rules, _named(rules, each.rule.removeprefix("retention:"))) for each in views(sealed.plan)]
    store = sealed.dataset.store
    refuse_read_only(gov, [store])
    with ruled_store(gov, store, ruled) as opened:
        tools = Tools(shredder_of(gov, store), archives_of(gov, sealed.id), acting_on(gov, sealed.id, opened))
        office, pace = office_of(gov), pace_of(gov)
        found = run_together(office, ruled, sealed.plan, opened.engine, pace=pace, on_progress=on_progress, tools=tools)
    if found.state == "done":
        for line in sealed.plan.lines:
            open_batch(gov, sealed.id, line.step).remove()
    return found


def explain_retention(gov: Governance, dataset: DatasetRef, key: Sequence[str]) -> Verdict | None:
    """What the rules say of one record, by its key, and which of them won and lost; None where there is no record.

    Recorded as a read under `governance.retention`. Raises ConfigError for a dataset that no limit speaks of,
    BadInputError for a key of another length, StoreError, LedgerError.
    """
    rules = retention_rules(gov)
    limits = [each for each in rules.values() if each.dataset == dataset and each.kind == "limit"]
    if not limits:
        raise ConfigError(
            "retention.yaml",
            found=f"no limit for {dataset}",
            expected="a rule that says how long its records may be kept",
            next_step="add one; `governance retention plan` lists what has none",
        )
    office = office_of(gov)
    ruled = _ruled(gov, rules, limits[0])
    with recorded_use(gov, PURPOSE, [str(dataset)]) as use, ruled_store(gov, dataset.store, [ruled]) as store:
        found = verdict_on(office, ruled, store.engine, key)
        use.counts = {"rows": 0 if found is None else 1}
    return found


def place_hold(
    gov: Governance,
    dataset: DatasetRef,
    scope: Scope,
    key: Sequence[Any],
    *,
    reason: str,
    matter: str | None = None,
    until: dt.date | None = None,
) -> Hold:
    """Keep a dataset, a record or a person's records from every job, from the next batch on; recorded.

    It ends by itself when the day `until` is over, in UTC. Matter and reason are kept in the erasable table beside the
    ledger. Raises BadInputError for a dataset that the catalog does not have, a key that does not fit, or a day that is
    over.
    """
    key = stored_key(gov, dataset, scope, key)
    note = gov.ledger.refer("note", reason)
    about = gov.ledger.refer("note", matter) if matter else None
    hold = office_of(gov).holds.place(dataset, scope, key, by=gov.actor_ref, reason=note, matter=about, until=until)
    _record_hold(gov, "hold.placed", hold.id, dataset, note)
    return hold


def release_hold(gov: Governance, hold_id: str) -> None:
    """End a hold; recorded. Raises BadInputError for one that is not standing."""
    office_of(gov).holds.release(hold_id, by=gov.actor_ref)
    _record_hold(gov, "hold.released", hold_id)


def standing_holds(gov: Governance) -> list[Hold]:
    """The holds that were not released and have not ended, oldest first."""
    return office_of(gov).holds.standing()


def holds_json(gov: Governance) -> list[dict[str, Any]]:
    """The standing holds as JSON, with matter, reason and people by name where these are still kept."""
    found = standing_holds(gov)
    refs = {ref for each in found for ref in (each.placed_by, each.reason, each.matter) if ref and ref != "system"}
    names = gov.ledger.resolve_all(refs)
    told = ("id", "place", "scope", "placed", "until")
    return [
        {name: getattr(each, name) for name in told}
        | {name: names.get(ref, ref) if ref else None for name, ref in _people(each)}
        for each in found
    ]


def _people(hold: Hold) -> tuple[tuple[str, str | None], ...]:
    return ("placed_by", hold.placed_by), ("reason", hold.reason), ("matter", hold.matter)


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
    if rules[name].kind == "duty":
        raise ConfigError(
            f"retention.yaml, rule `{name}`",
            found="a duty, which only keeps records",
            expected="a limit",
            next_step="name a rule that does something when a period is over",
        )
    return rules[name]


def _ruled(gov: Governance, rules: dict[str, RetentionRule], rule: RetentionRule) -> Ruled:
    """A rule with all that decides beside it."""
    entry = gov.catalog.dataset(rule.dataset)
    others = tuple(each for each in rules.values() if each.dataset == rule.dataset and each.id != rule.id)
    emptied: tuple[str, ...] = ()
    sharing: tuple[tuple[DatasetRef, str], ...] = ()
    if rule.action == "crypto_shred":
        emptied = _encrypted_fields(gov, rule)
        sharing = _sharing(gov, rule)
    consent = {
        each.keep_while.consent: _consent(gov, each) for each in (rule, *others) if each.keep_while.consent is not None
    }
    return Ruled(rule, entry.subject_key if entry else (), others, consent, emptied, sharing)


def _consent(gov: Governance, rule: RetentionRule) -> tuple[ExistsIn, ...]:
    """What live consent is in the store, which is brought up to date. Raises ConfigError, AccessRefusedError."""
    purpose = str(rule.keep_while.consent)
    if not gov.policy_files.purposes.needs_consent(purpose):
        raise ConfigError(
            f"retention.yaml, rule `{rule.id}`, keep_while, consent",
            found="a purpose that needs no consent",
            expected="a purpose of purposes.yaml that rests on consent",
            next_step="name the purpose whose live consent keeps the records",
        )
    gov.consent_conditions.prepare(rule.dataset.store, purpose)
    return gov.consent_conditions.conditions(rule.dataset, purpose)


def _encrypted_fields(gov: Governance, rule: RetentionRule) -> tuple[str, ...]:
    """The encrypted fields of a rule's dataset, and the indexes by which they are searched."""
    entry = gov.catalog.dataset(rule.dataset)
    fields = {} if entry is None else entry.fields
    found = [name for name, each in fields.items() if each.encrypted]
    if entry is None or not found or len(entry.subject_key) != 1:
        raise ConfigError(
            f"retention.yaml, rule `{rule.id}`, action",
            found="a dataset without encrypted fields, or without one subject key, by the catalog",
            expected="fields that are encrypted under persons' keys, and one field that names the person",
            next_step="encrypt the fields first, or choose another action",
        )
    indexes = [each.blind_index.field for each in fields.values() if each.blind_index is not None]
    return (*found, *indexes)


def _sharing(gov: Governance, rule: RetentionRule) -> tuple[tuple[DatasetRef, str], ...]:
    """Other datasets of the store in which fields are encrypted and one field names the person."""
    store = rule.dataset.store
    return tuple(
        (DatasetRef(store, name), each.subject_key[0])
        for name, each in gov.catalog.stores[store].datasets.items()
        if name != rule.dataset.dataset
        and len(each.subject_key) == 1
        and any(field.encrypted for field in each.fields.values())
    )
