"""Quality over a project: measure stores as purpose `governance.quality`, report, and check single records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from audits.report import Report
from audits.reports.quality import quality_report as report
from governance.access.grants import grants_to
from governance.flows.opening.recorded_use import recorded_use
from governance.flows.quality.listing_faults import WorkList, check_asker, write_work_list
from governance.ledger.events import stamp
from governance.quality.measuring import Run, measure
from governance.quality.plan import DatasetLook, Needs, looks_of, not_looked_at
from governance.quality.result import Measure, QualityResult, Unseen, measures_of
from governance.quality.row_faults import RowFaults
from governance.quality.scratch import Scratch
from governance.quality.standard import Standard, load_standard
from governance.quality.trend import compared, keep_run, last_run
from governance.quality.validating import Violation, validate
from policies.errors import CatalogError, StoreError
from policies.nouns import FieldRef
from policies.quality_rules import DIMENSIONS, QualityFile, check_names, dataset_ref, read_quality
from policies.retention_rules import parse_period
from policies.taxonomy import HARMLESS, Taxonomy

if TYPE_CHECKING:
    from connectors.base import Store
    from governance.app import Governance

PURPOSE = "governance.quality"
"""The purpose under which stores are read."""
IN_ORDER = 0.98
"""The score from which on a dimension is in order where `at_least` says nothing."""
Progress = Callable[[int, int | None, str], None]


def quality_rules(gov: Governance) -> QualityFile:
    """The project's rules, with every name in them checked. Raises ConfigError."""
    path = gov.project.policy_file("quality.yaml")
    rules = read_quality(path)
    check_names(
        rules,
        path,
        fields=frozenset(ref for ref, _ in gov.catalog.walk()),
        purposes=frozenset(gov.policy_files.purposes.purposes),
        categories=frozenset(gov.policy_files.taxonomy.categories),
    )
    return rules


def standard_of(gov: Governance) -> Standard:
    """What the project's data must be like today. Raises ConfigError or PackError."""
    config = gov.project.config
    today = gov.clock().astimezone(ZoneInfo(config.time_zone)).date()
    return load_standard(quality_rules(gov), today, config.scan.regions)


def needs_of(gov: Governance, standard: Standard) -> Needs:
    """What purposes need, by the rules and by their channels, and what they use, by the access policy."""
    policy = gov.policy_files.policy
    used: dict[FieldRef, set[str]] = {}
    for name in policy.principals.principals:
        for grant in grants_to(policy, name):
            used.setdefault(grant.field, set()).add(grant.purpose)
    required: dict[FieldRef, tuple[str, ...]] = {}
    for ref, entry in gov.catalog.walk():
        stated = standard.rules.required.get(str(ref))
        if stated is not None:
            required[ref] = stated
        elif reached := tuple(
            sorted(
                purpose
                for purpose in used.get(ref, ())
                for channel in policy.purposes.channels(purpose)
                if Taxonomy.is_under(entry.category, standard.pack.channels.get(channel, HARMLESS))
            )
        ):
            required[ref] = reached
    return Needs(required, frozenset(used))


def measure_quality(
    gov: Governance,
    stores: Sequence[str] = (),
    *,
    rules: Sequence[str] = (),
    work_list: WorkList | None = None,
    on_progress: Progress | None = None,
) -> QualityResult:
    """How good the data of stores is, all of them unless some are named; recorded, and kept for the next trend.

    `rules` are ids or dimensions; with them nothing is kept. A store that fails is in the result and does not stop the
    others. Side effect: with `work_list` its file is written. Raises ConfigError, CatalogError, LedgerError and, for a
    work list, AccessRefusedError.
    """
    names = tuple(stores) or tuple(gov.project.config.stores)
    standard = standard_of(gov)
    for name in names:
        _refuse_unreviewed(gov, name)
    if work_list is not None:
        check_asker(gov, work_list)
    failed: list[Unseen] = []
    unseen: list[Unseen] = []
    with Scratch() as scratch, ExitStack() as closing:
        run = Run(standard, scratch, rules, on_progress=on_progress)
        opened = _open(gov, names, failed, closing)
        needs = needs_of(gov, standard)
        looks = {
            store: looks_of(store.name, store.datasets(), gov.catalog.stores[store.name], standard, needs, gov.clock())
            for store in opened
        }
        for store in opened:
            unseen += not_looked_at(gov.catalog.stores[store.name], store)
        if work_list is not None:
            run.sink = RowFaults(scratch, _datasets(looks))
        result = _measured(gov, run, looks, names, failed)
        if isinstance(run.sink, RowFaults) and work_list is not None:
            unseen += write_work_list(gov, work_list, run.sink, looks)
    return replace(result, not_seen=(*unseen, *run.not_seen))


def validate_record(gov: Governance, record: Mapping[str, Any], dataset: str) -> tuple[Violation, ...]:
    """What is not as it must be in a record that is about to be written; no store is opened, nothing is recorded.

    Raises CatalogError for a dataset that the catalog does not have, ConfigError for wrong rules.
    """
    ref = dataset_ref(dataset)
    entry = gov.catalog.dataset(ref)
    if entry is None:
        raise CatalogError(
            "dataset",
            found="a dataset that the catalog does not have",
            expected="one of its datasets, such as crm.customers",
            next_step="see `governance catalog show`",
        )
    standard = standard_of(gov)
    return validate(record, ref, entry, standard, needs_of(gov, standard), gov.clock())


def quality_report(gov: Governance, result: QualityResult) -> Report:
    """The report on a run."""
    standard = standard_of(gov)
    due = parse_period(standard.rules.mend_within).after(standard.today)
    at_least = {each: standard.rules.at_least.get(each, IN_ORDER) for each in DIMENSIONS}
    datasets = sorted(result.datasets)
    document = {
        **result.to_json(),
        "pack": standard.version,
        "due": due.isoformat(),
        "at_least": at_least,
        "owners": {each: owner for each in datasets if (owner := standard.rules.owner(each)) is not None},
        "policy": gov.versions(),
    }
    return report(document, as_of=gov.clock(), zone=gov.project.config.time_zone)


def _open(gov: Governance, names: Sequence[str], failed: list[Unseen], closing: ExitStack) -> list[Store]:
    """The stores that answer; those that do not are added to `failed`."""
    opened = []
    for name in names:
        try:
            store = gov.store(name)
            closing.callback(store.close)
            store.datasets()
        except StoreError as cause:
            failed.append(Unseen(name, str(cause)))
        else:
            opened.append(store)
    return opened


def _refuse_unreviewed(gov: Governance, name: str) -> None:
    gov.project.store(name)
    gov.catalog.reviewed(name)


def _datasets(looks: Mapping[Store, Sequence[DatasetLook]]) -> dict[str, str]:
    """Each field and dataset that is looked at, with its dataset."""
    every = [look for each in looks.values() for look in each]
    found = {f"{look.ref}.{name}": str(look.ref) for look in every for name in look.fields}
    return found | {str(look.ref): str(look.ref) for look in every}


def _measured(
    gov: Governance,
    run: Run,
    looks: Mapping[Store, Sequence[DatasetLook]],
    names: Sequence[str],
    failed: list[Unseen],
) -> QualityResult:
    """Read under a decision that is durable before the first row, and closed with what came of it."""
    objects = [f"{look.ref}.{name}" for each in looks.values() for look in each for name in look.fields]
    with recorded_use(gov, PURPOSE, objects, rules=("quality.measure",)) as use:
        try:
            failed += measure(run, looks)
        finally:
            use.counts = {"rows": run.rows.total()}
        measures = measures_of(run.tally)
        use.counts = {"rows": run.rows.total(), "findings": sum(each.faulty for each in measures)}
        use.whole = not failed
    decision = use.decision
    down = {each.place for each in failed}
    found: list[Measure] = []
    newest: str | None = None
    for name in names:
        own = [each for each in measures if each.place.startswith(f"{name}.")]
        time, before = last_run(gov.records, name)
        newest = max(filter(None, (newest, time)), default=None)
        found += compared(own, before)
        if not run.rules and name not in down:
            keep_run(gov.records, gov.new_id(), name, stamp(gov.clock()), decision, own)
    return QualityResult(
        stores=tuple(names),
        failed=tuple(failed),
        rows=dict(sorted(run.rows.items())),
        measures=tuple(found),
        datasets=tuple(sorted(str(look.ref) for each in looks.values() for look in each)),
        last_run=newest,
        decision=decision,
    )


def below(gov: Governance, result: QualityResult) -> tuple[str, ...]:
    """The dimensions whose score is lower than the rules ask for."""
    at_least = quality_rules(gov).at_least
    return tuple(
        each
        for each in DIMENSIONS
        if (score := result.score(each)) is not None and score < at_least.get(each, IN_ORDER)
    )
