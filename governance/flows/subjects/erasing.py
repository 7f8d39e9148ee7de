"""Plan the erasure of one person over all stores: each record with what becomes of it, and why; nothing is changed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from governance.flows.opening.job_stores import JobStore, is_read_only, job_store
from governance.flows.opening.offices import office_of
from governance.flows.retention.keeping import retention_rules
from governance.flows.subjects.erasing_crm import fill_mirror, foreign_fields
from governance.flows.subjects.erasing_duties import kept_records
from governance.flows.subjects.sharing_keys import refuse_shared_keys
from governance.jobs import plan as plans
from governance.jobs.marks import Marker
from governance.jobs.office import Office
from governance.jobs.plan import Plan, PlanDraft, PlanLine
from governance.jobs.row_list import list_path, write_row_list
from governance.jobs.store_connection import connected
from governance.jobs.work import Key
from governance.protect.sealing import KeyringSealer
from governance.requests.erasure_fate import Fates, cut_fields, order, settle
from governance.requests.erasure_steps import RowDeletion, TakingOut
from governance.requests.erasure_table import ErasureTable, Home, find_erasure_table, links_of
from governance.requests.erasure_work import KIND, PURPOSE, StepFacts, row_step, shredded
from governance.requests.keys import key_identifiers
from governance.requests.sealed_person import SealedPerson, sealed_path, write_sealed
from governance.requests.traced import Identifier, Reach, Trace, check_one_person
from policies.config import Medium
from policies.erasure_rules import ErasureFile, exemptions, read_erasure
from policies.errors import BadInputError
from policies.nouns import DatasetRef
from policies.organisation import FILE, read_organisation

if TYPE_CHECKING:
    from governance.app import Governance

Tracer = Callable[["Governance", Sequence[Identifier]], Trace]
"""Finds all records of one person from identifiers; `tracing_subjects.trace_subject` is one."""
_RECIPIENT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
RULES = "erasure.yaml"
"""The file that says what becomes of records."""


def recipients_of(gov: Governance, given: Sequence[str] | None) -> tuple[str, ...]:
    """Who must be told of an erasure or a rectification: those given, else all recipients of organisation.yaml.

    They stand in plans, certificates and the queue, so that one who is not in that file is an id such as `mailhouse`:
    a person's name enters nowhere. Raises BadInputError for another text, ConfigError.
    """
    known = read_organisation(gov.project.policy_file(FILE), gov.policy_files.purposes).recipients
    told = known if given is None else given
    if any(each not in known and not _RECIPIENT.fullmatch(each) for each in told):
        raise BadInputError(
            "recipient",
            found="a text that is no id",
            expected=f"a recipient of {FILE}, or an id that matches {_RECIPIENT.pattern}",
            next_step=f"list the recipient in {FILE} under an id, and name that",
        )
    return tuple(sorted(set(told)))


@dataclass
class _Drafted:
    """What has been decided so far, over all stores."""

    steps: list[StepFacts] = field(default_factory=list)
    rows: dict[str, list[Key]] = field(default_factory=dict)
    stays: dict[str, list[Key]] = field(default_factory=dict)
    emptied: dict[str, list[Key]] = field(default_factory=dict)
    inventory: list[dict[str, Any]] = field(default_factory=list)
    tables: dict[DatasetRef, ErasureTable] = field(default_factory=dict)
    cut: dict[str, list[str]] = field(default_factory=dict)
    shred: list[str] = field(default_factory=list)
    rules: set[str] = field(default_factory=set)


def plan_erasure(
    gov: Governance,
    trace: Trace,
    identifiers: Sequence[Identifier],
    *,
    recipients: Sequence[str] | None = None,
    confirmed: bool = False,
) -> Plan:
    """What erasing the person of a trace would do, sealed, for review; recorded as `job.planned`.

    Beside its row list the plan leaves a sealed file with the keys of the records; neither plan nor list names
    anybody. `recipients` are names of who must be told (GDPR 19), those of organisation.yaml where none are given.
    Raises BadInputError for a trace without records, AccessRefusedError for several subject keys that were not
    `confirmed` to be one person and for one that another kind of person of the store has too; ConfigError, StoreError,
    PredicateError, LedgerError.
    """
    check_one_person(trace, confirmed=confirmed)
    told = recipients_of(gov, recipients)
    if not any(True for _ in trace.own()):
        raise BadInputError(
            "subject erase",
            found="no record of the person",
            expected="at least one",
            next_step="check the identifiers with `governance subject find`",
        )
    if not stores_of(gov, trace):
        raise BadInputError(
            "subject erase",
            found="records of the person in files alone",
            expected="at least one record in a database or CRM",
            next_step="take the rows out of the files where these are made; `governance subject find` says which",
        )
    office, rules = office_of(gov), read_erasure(gov.project.policy_file(RULES))
    drafted, slip = _Drafted(), plans.new_slip(office)
    with ExitStack() as opened:
        stores = {name: _filled(gov, name, rules, trace, opened) for name in stores_of(gov, trace)}
        at = {name: opened.enter_context(connected(each.engine, name)) for name, each in stores.items()}
        refuse_shared_keys(gov, trace, rules, at)
        for name, connection in at.items():
            _draft_store(gov, office, rules, trace, drafted, (stores[name], connection))
        _order_steps(drafted, tuple(at))
        marks = list(_marked(office, slip.salt, drafted, at))
    row_list = write_row_list(list_path(office, slip.id), {mark: (mark, state) for _, mark, state in marks}.values())
    draft = PlanDraft(
        kind=KIND,
        purpose=PURPOSE,
        place=next(iter(at), "files"),
        lines=[_line(each, drafted, sum(name == each.name for name, _, _ in marks)) for each in drafted.steps],
        facts=_facts(gov, trace, drafted, told),
        versions={"rules": rules_digest(gov)},
        rules=tuple(sorted(drafted.rules)),
        slip=slip,
        row_list=row_list,
    )
    person = SealedPerson(
        drafted.rows,
        {name: sorted(keys, key=str) for name, keys in trace.subject_keys.items()},
        list(dict.fromkeys([*identifiers, *key_identifiers(trace)])),
        drafted.stays,
        drafted.emptied,
    )
    write_sealed(sealed_path(list_path(office, slip.id).parent, slip.id), slip.id, person, KeyringSealer(gov.keyring))
    made = plans.make_plan(office, draft)
    list_path(office, made.id).with_suffix(".json").write_text(made.text(), encoding="utf-8")
    return made


def _filled(gov: Governance, name: str, rules: ErasureFile, trace: Trace, opened: ExitStack) -> JobStore:
    """A store of the person's records; of a CRM with all that decides on them in its mirror."""
    store = opened.enter_context(job_store(gov, name))
    if store.mirror is not None:
        own: dict[DatasetRef, list[Key]] = {}
        for each in trace.own():
            if each.dataset.store == name:
                own.setdefault(each.dataset, []).append(each.key)
        fill_mirror(gov, store.mirror, rules, own)
    return store


def rules_digest(gov: Governance) -> str:
    """A digest of what decides: erasure.yaml, and the duties of retention.yaml. Raises ConfigError."""
    said = [read_erasure(gov.project.policy_file(RULES)).model_dump_json()]
    said += [f"{each.id} {each.digest}" for each in retention_rules(gov).values() if each.kind == "duty"]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def stores_of(gov: Governance, trace: Trace) -> list[str]:
    """The databases and CRMs in which the person has records, those whose records hang on others' first."""
    depth: dict[str, int] = {}
    for each in trace.own():
        if gov.project.store(each.dataset.store).medium is not Medium.FILES:
            depth[each.dataset.store] = max(depth.get(each.dataset.store, 0), each.steps)
    return sorted(depth, key=lambda name: (-depth[name], name))


def _draft_store(
    gov: Governance,
    office: Office,
    rules: ErasureFile,
    trace: Trace,
    drafted: _Drafted,
    at: tuple[JobStore, Connection],
) -> None:
    (store, connection), name = at, at[0].name
    links, tables, own = list(links_of(connection)), dict[Home, ErasureTable](), dict[Home, list[Key]]()
    entries = gov.catalog.reviewed(name).datasets
    for dataset in dict.fromkeys(each.dataset for each in trace.own() if each.dataset.store == name):
        table = find_erasure_table(
            connection,
            dataset,
            entries[dataset.dataset],
            rules.of(dataset),
            foreign=foreign_fields(gov, store, dataset.dataset),
        )
        tables[table.home] = drafted.tables[dataset] = table
        own[table.home] = list(dict.fromkeys(table.typed(each.key) for each in trace.of(dataset)))
    kept = {home: kept_records(gov, office, connection, table, own[home]) for home, table in tables.items()}
    fates = settle(connection, tables, own, kept, links)
    if _draft_rows(drafted, tables, fates) and store.mirror is None:  # no field of a CRM is under a person's key
        drafted.shred.append(name)
    ordered = order(tables, fates, links)
    for link in ordered.detached:
        fields = cut_fields(tables[link.child], link)
        dataset = tables[link.child].dataset
        drafted.cut.setdefault(str(dataset), []).extend(fields)
        _add(drafted, "cut", dataset, fates.keys(link.child, "delete"), fields)
    for what in ("anonymise", "crypto_shred", "delete"):
        for home in ordered.homes:
            table, keys = tables[home], fates.keys(home, what)
            if keys:
                fields = table.personal if what == "anonymise" else ()
                _add(drafted, what, table.dataset, keys, shredded(table) if what == "crypto_shred" else fields)


def _draft_rows(drafted: _Drafted, tables: Mapping[Home, ErasureTable], fates: Fates) -> bool:
    """Note what becomes of each record; gives whether the person's key may go."""
    shred = True
    for home, actions in fates.actions.items():
        table, counts = tables[home], dict[tuple[str, str, str, str], int]()
        for key, action in actions.items():
            why = fates.kept.get(home, {}).get(key)
            rule = why.rules[0] if why is not None and why.rules else ""
            said = (action, why.reason if why else "wish", rule, why.until if why else "")
            counts[said] = counts.get(said, 0) + 1
            drafted.rules |= {rule} - {""}
            if action != "delete":
                into = drafted.stays if action == "keep" else drafted.emptied
                into.setdefault(str(table.dataset), []).append(key)
            shred = shred and not (action == "keep" and bool(table.encrypted))
        drafted.inventory += [
            {
                "dataset": str(table.dataset),
                "action": action,
                "reason": reason,
                "rule": rule,
                "until": until,
                "rows": rows,
                "referred": fates.referred.get(home, 0) if action == "anonymise" else 0,
            }
            for (action, reason, rule, until), rows in sorted(counts.items())
        ]
    return shred


def _add(drafted: _Drafted, what: str, dataset: DatasetRef, keys: Sequence[Key], fields: Sequence[str] = ()) -> None:
    name = f"{what} {dataset}" + (f" {','.join(fields)}" if what == "cut" else "")
    drafted.steps.append(StepFacts(name, what, str(dataset), tuple(fields)))
    drafted.rows[name] = list(keys)


def _order_steps(drafted: _Drafted, stores: Sequence[str]) -> None:
    """What needs the rows comes before them; keys, tombstones and consent go when the rows are gone."""
    first = {name: next(str(each) for each in drafted.tables if each.store == name) for name in stores}
    before = [StepFacts(f"forget traces in {name}", "forget", first[name]) for name in stores if name in drafted.shred]
    after = [StepFacts(f"end {name}", "end", first[name]) for name in stores]
    drafted.steps = [*before, *drafted.steps, *after]


def _marked(
    office: Office, salt: bytes, drafted: _Drafted, at: Mapping[str, Connection]
) -> Iterator[tuple[str, str, str]]:
    """Step, mark and state of every row that is changed."""
    for facts in drafted.steps:
        if facts.name in drafted.rows:
            connection = at[facts.ref.store]
            step = step_over(drafted.tables[facts.ref], facts, drafted.rows, drafted.cut, connection, planning=True)
            marker = Marker(office.keyed_hash, salt, facts.ref)
            for key, state in step.reviewed(connection):
                yield facts.name, marker.mark(key), marker.state(state)


def step_over(
    table: ErasureTable,
    facts: StepFacts,
    rows: Mapping[str, Sequence[Key]],
    cut: Mapping[str, Sequence[str]],
    connection: Connection,
    *,
    planning: bool = False,
) -> RowDeletion | TakingOut:
    """A step over rows, as plan and run build it."""
    emptied = frozenset(cut.get(facts.dataset, ()))
    return row_step(facts, table, rows.get(facts.name, ()), connection.dialect.name, cut=emptied, planning=planning)


def _line(facts: StepFacts, drafted: _Drafted, rows: int) -> PlanLine:
    kept: dict[str, int] = {}
    for each in drafted.inventory:
        if each["dataset"] == facts.dataset and each["action"] == "keep":
            name = f"{each['reason']}:{each['rule']}".rstrip(":")
            kept[name] = kept.get(name, 0) + each["rows"]
    counted = facts.what in {"anonymise", "crypto_shred", "delete"}
    return PlanLine(facts.name, facts.dataset, facts.action, rows, "erasure.asked", kept if counted else {})


def _facts(gov: Governance, trace: Trace, drafted: _Drafted, recipients: Sequence[str]) -> dict[str, Any]:
    laws, today = gov.project.config.laws, gov.clock().date()
    mentions: dict[str, int] = {}
    for each in trace.records:
        if each.reach is Reach.MENTION:
            place = str(each.by) if each.by is not None else str(each.dataset)
            mentions[place] = mentions.get(place, 0) + 1
    files = {
        name: rows
        for name, rows in trace.counts().items()
        if gov.project.store(name.split(".", 1)[0]).medium is Medium.FILES
    }
    stay = {(name, str(key[0])) for into in (drafted.stays, drafted.emptied) for name in into for key in into[name]}
    linked = {at: things for at, things in trace.linked.items() if (str(at[0]), str(at[1][0])) in stay}
    return {
        "steps": [each.to_json() for each in drafted.steps],
        "tables": {str(ref): table.fingerprint for ref, table in sorted(drafted.tables.items())},
        "cut": drafted.cut,
        "shred": drafted.shred,
        "inventory": sorted(drafted.inventory, key=lambda each: (each["dataset"], each["action"], each["rule"])),
        "exemptions": {
            reason: dict(exemptions(laws, reason, today))
            for reason in sorted({each["reason"] for each in drafted.inventory} - {"wish"})
        },
        "by_hand": {"files": files, "mentions": mentions, "linked": replace(trace, linked=linked).hanging()},
        "read_only": [name for name in stores_of(gov, trace) if is_read_only(gov, name)],
        "unreached": [{"place": each.place, "reason": each.reason} for each in trace.unreached],
        "recipients": sorted(recipients),
    }


def only_store(trace: Trace, store: str) -> Trace:
    """The part of a trace that lies in one store."""
    return replace(
        trace,
        records=tuple(each for each in trace.records if each.dataset.store == store),
        subject_keys={name: keys for name, keys in trace.subject_keys.items() if name == store},
    )
