"""The library's front door: `Governance.open` wires the parts of a project; each part is made when it is first used."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from connectors.base import Sample, Store
from connectors.opening import open_store
from governance.clock import new_id as random_id
from governance.clock import now
from governance.consent.book import ConsentBook
from governance.flows.access.asking import ask, check_impersonation
from governance.flows.access.breaking_glass import glass_is_open
from governance.flows.access.stand_ins import StandIns
from governance.flows.access.using import Uses
from governance.flows.audits.registering import Registers
from governance.flows.consent.checking_notices import notices_of
from governance.flows.consent.consent_wiring import LiveConsent, change_rule
from governance.flows.consent.contacts import Contacts
from governance.flows.opening.opening_keys import open_keyring
from governance.flows.opening.people import PrincipalsSource
from governance.flows.opening.policy_files import PolicyFiles
from governance.flows.retention.lapse_wiring import WinBackGuard
from governance.ledger.events import EventDraft, EventObject
from governance.ledger.log import Ledger
from governance.project import Project
from governance.protect.keyring.base import KeyInfo
from governance.protect.keyring.file import FileKeyring
from governance.protect.sealing import KeyringSealer
from governance.records.database import open_records
from policies.access_objects import resolve_object
from policies.catalog import Catalog
from policies.config import Medium
from policies.errors import PolicyFileError, StoreError
from policies.nouns import Action

if TYPE_CHECKING:
    from audits.report import Report
    from connectors.crm.base import CrmStore
    from governance.access.explanation import Explanation
    from governance.consent.events import ConsentEvent, Subject
    from governance.consent.restriction_events import RestrictionEvent
    from governance.consent.restrictions import Restrictions
    from governance.flows.audits.evidencing import EvidenceMade
    from governance.flows.subjects.handling_requests import Requests
    from governance.guard.engine import GuardedStore
    from governance.guard.query import Answer
    from governance.jobs.holds import Holds
    from governance.quality.result import QualityResult
    from governance.quality.validating import Violation
    from governance.retention.plan import RetentionPlan
    from governance.retention.run import RetentionOutcome
    from governance.scan.options import Engine, ScanOptions
    from governance.scan.result import ScanResult


Searching = TypeVar("Searching", Session, sa.Engine)


class Governance(Uses, Contacts, Registers):
    """One project: its stores, policies, records and keys.

    Opened by `Governance.open`; closed by `close`, or used with `with`. Every read of a store through it is decided by
    the policy files as they stand at that moment, and is in the ledger before the first row is handed out.
    """

    def __init__(
        self,
        project: Project,
        *,
        actor: str,
        clock: Callable[[], dt.datetime],
        new_id: Callable[[], str],
        principals: PrincipalsSource | None = None,
    ) -> None:
        self.project = project
        """Where things are."""
        self.actor = actor
        """The service or OS user that acts, by name; recorded, never used to decide."""
        self.clock = clock
        """Gives the present, aware, in UTC."""
        self.new_id = new_id
        """Gives a fresh id."""
        self.policy_files = PolicyFiles(
            project,
            clock,
            principals,
            lambda who, why: glass_is_open(self, who, why),
            self.check_training,
        )
        """The policy folder as it stands now."""
        self.guards: dict[tuple[str, str], GuardedStore] = {}
        """The guards in use, by store and digest of the catalog; see `guard`."""
        self.stand_ins = StandIns()
        """Empty databases in place of CRMs, for the guard and for consent."""
        self._new_keys: list[KeyInfo] = []
        self._new_subject_keys: list[int] = []

    @classmethod
    def open(
        cls,
        path: str | Path = "governance.yaml",
        *,
        actor: str = "application",
        clock: Callable[[], dt.datetime] = now,
        new_id: Callable[[], str] = random_id,
        env: Mapping[str, str] = os.environ,
        principals: PrincipalsSource | None = None,
    ) -> Self:
        """The project whose configuration lies at a path.

        `actor` names the service that acts. `principals` gives users, name to attributes, beside those of
        `principals.yaml`; it is asked again after 30 s, and when it raises, everybody is refused. Nothing is opened yet
        but the configuration. Raises ConfigError.
        """
        return cls(Project.read(Path(path), env), actor=actor, clock=clock, new_id=new_id, principals=principals)

    # --- use

    def session(
        self,
        store: str,
        *,
        principal: str | None = None,
        purpose: str | None = None,
        action: Action = Action.READ,
        writes: bool = False,
    ) -> Session:
        """A SQLAlchemy session on a store, guarded: one principal and one purpose for as long as it lives.

        With `writes` it also adds, changes and deletes: the policy decides on INSERT and UPDATE as `write`, on DELETE
        as `delete`, on what is read for them and by RETURNING as `read`. Principal and purpose that are not named come
        from the context, see `acting`. Raises AccessRefusedError for an unknown or missing one; each statement raises
        it for what the policy does not give.
        """
        asked = self._ask(principal, purpose, action, writes=writes)
        session = self.searchable(self.guard(store).session(asked.context, asked.stay), store)
        if writes:
            self.encrypt_writes(session, store)
        return session

    def engine(
        self,
        store: str,
        *,
        principal: str | None = None,
        purpose: str | None = None,
        action: Action = Action.READ,
        writes: bool = False,
    ) -> sa.Engine:
        """A SQLAlchemy engine on a store, guarded, for Core, pandas and friends. All else as `session`."""
        asked = self._ask(principal, purpose, action, writes=writes)
        return self.searchable(self.guard(store).engine(asked.context, asked.stay), store)

    def query(
        self, store: str, statement: str, *, principal: str, purpose: str, action: Action = Action.READ
    ) -> Answer:
        """Run one SELECT and give its columns, rows and what `*` left out; read the rows before `close`.

        The actor must be the principal or hold the role `impersonate`. Raises as `session`, at once.
        """
        from governance.guard.query import run_query

        check_impersonation(self, principal, purpose, action)
        return run_query(self.guard(store), ask(self, principal, purpose, action).context, statement)

    def encrypt_writes(self, session: Session | sessionmaker[Session], store: str) -> None:
        """Have a plain session, or every session of a maker, encrypt `Encrypted` columns before it flushes.

        For the application's own writes; reading back in clear is the guard's. Side effect: listens to the session.
        """
        from governance.protect.protector import Protector
        from governance.protect.unit_of_work import install

        install(session, Protector(self.keyring, self.catalog), store)

    def explain(self, principal: str, action: str, ref: str, purpose: str) -> Explanation:
        """Which rule decides what a principal may do with a field or dataset, and which lose to it."""
        from governance.access.explain import explain

        policy = self.policy_files.policy
        named = resolve_object(ref, "OBJECT", policy.catalog, policy.taxonomy)
        place = named.field or named.dataset
        if place is None:
            raise PolicyFileError(
                "OBJECT",
                found="an object that is no field and no dataset",
                expected="a field or dataset of the catalog, such as crm.customers.email",
                next_step="see `governance catalog show`",
            )
        return explain(policy, principal, Action(action), place, purpose)

    def policy_who(self, ref: str) -> Report:
        """Who may do what with a field, dataset, store, category or sensitivity; as `reporting`."""
        from governance.flows.audits.reporting import policy_who

        return policy_who(self, ref)

    def policy_what(self, user: str) -> Report:
        """Everything that a user may do, by purpose, action and field; as `reporting`."""
        from governance.flows.audits.reporting import policy_what

        return policy_what(self, user)

    def policy_diff(self, old: str, new: str | None = None) -> Report:
        """What a policy shows more and less than another; as `comparing_policies.compare_policies`."""
        from governance.flows.access.comparing_policies import compare_policies

        return compare_policies(self, old, new)

    # --- find

    def scan(
        self,
        stores: Sequence[str] = (),
        *,
        sample: Sample | None = None,
        thresholds: Mapping[str, float] | None = None,
        engine: Engine | None = None,
        on_progress: Callable[[int, int | None, str], None] | None = None,
    ) -> ScanResult:
        """Scan stores of the project, all of them unless some are named; recorded as purpose `governance.scan`.

        `thresholds` say how sure a label must be to stand, by category; those of `calibration.yaml` unless given. A
        store that fails is in the result and does not stop the others. Raises ConfigError for an unknown name.
        """
        from governance.flows.scan.scanning import scan_stores
        from governance.scan.engines.local import failed_store, result_of

        names = tuple(stores) or tuple(self.project.config.stores)
        options, opened, down = self.scan_options(sample, thresholds, engine), [], []
        for name in names:
            try:
                opened.append(self.store(name))
            except StoreError as cause:
                down.append(failed_store(name, cause))
        try:
            result = scan_stores(opened, options, catalog=self.catalog, on_progress=on_progress)
        finally:
            for each in opened:
                each.close()
        result = result_of([*result.stores, *down], options)
        self._record_scan(result)
        return result

    def scan_report(self, result: ScanResult, *, baseline: Sequence[Mapping[str, Any]] | None = None) -> Report:
        """The report on a scan of this project, drift from the reviewed catalog included.

        `baseline` is what changed since the stored baseline, as `judging_fields.baseline_drift` gives it.
        """
        from audits.reports.scan import scan_report
        from governance.flows.scan.reviewing import drift
        from governance.flows.scan.scanning import with_confirmed_datasets

        return scan_report(
            with_confirmed_datasets(result.to_json(), self.catalog),
            as_of=self.clock(),
            zone=self.project.config.time_zone,
            drift=drift(self, result),
            baseline=baseline,
        )

    def store(self, name: str) -> Store:
        """A store of the project, raw: no policy stands before it. The caller closes it. Raises StoreError."""
        from governance.scan.shapes import shape_name

        if self.project.store(name).medium is Medium.CRM:
            return self.crm(name)
        target, encoding = self.project.store_target(name), self.project.store(name).encoding
        return open_store(name, target, encoding=encoding, name_filter=shape_name)

    def crm(self, name: str) -> CrmStore:
        """A store that is a CRM, raw, with what only a CRM offers; as `store`. Raises ConfigError for another store."""
        from connectors.crm.opening import open_crm

        return open_crm(name, self.project.crm_settings(name))

    # --- quality

    def measure_quality(
        self,
        stores: Sequence[str] = (),
        *,
        rules: Sequence[str] = (),
        on_progress: Callable[[int, int | None, str], None] | None = None,
    ) -> QualityResult:
        """How good the data of stores is; as `measuring_quality.measure_quality`."""
        from governance.flows.quality.measuring_quality import measure_quality

        return measure_quality(self, stores, rules=rules, on_progress=on_progress)

    def quality_report(self, result: QualityResult) -> Report:
        """The report on a run; as `measuring_quality.quality_report`."""
        from governance.flows.quality.measuring_quality import quality_report

        return quality_report(self, result)

    def validate(self, record: Mapping[str, Any], *, dataset: str) -> tuple[Violation, ...]:
        """What is not as it must be in a record before it is written, with place, shape, expected and next step.

        Values never stand in it. Raises CatalogError for an unknown dataset, ConfigError for wrong rules.
        """
        from governance.flows.quality.measuring_quality import validate_record

        return validate_record(self, record, dataset)

    # --- keep and prove

    def plan_retention(
        self, rules: Sequence[str] = (), *, look: bool = False, together: bool = False
    ) -> tuple[RetentionPlan, ...]:
        """What retention rules would delete as of now; as `keeping.plan_retention`."""
        from governance.flows.retention.keeping import plan_retention

        return plan_retention(self, rules, look=look, together=together)

    def run_retention(
        self, plan_text: str, *, on_progress: Callable[[int, int | None, str], None] | None = None
    ) -> RetentionOutcome:
        """Delete exactly what a plan file lists and is as it was; as `keeping.run_retention`."""
        from governance.flows.retention.keeping import run_retention

        return run_retention(self, plan_text, on_progress=on_progress)

    def audit_access(self) -> Report:
        """The report on every use that the ledger records."""
        from governance.flows.audits.reporting import audit_access

        return audit_access(self)

    def audit_retention(self, plans: Sequence[RetentionPlan] | None = None) -> Report:
        """The report on what is due, done and covered by no rule; each rule is planned anew unless plans are given."""
        from governance.flows.audits.reporting import audit_retention

        return audit_retention(self, plans)

    def audit_requests(self, year: int | None = None) -> Report:
        """The report on what people asked for and complained about; as `reporting.audit_requests`."""
        from governance.flows.audits.reporting import audit_requests

        return audit_requests(self, year)

    def audit_all(self, folder: str | Path, *, lang: str = "en") -> Report:
        """Write every report and an overview of all controls as a site; as `auditing_all.audit_all`."""
        from governance.flows.audits.auditing_all import audit_all

        return audit_all(self, Path(folder), lang=lang)

    def write_evidence(self, path: str | Path, *, measured: Sequence[str] = ()) -> EvidenceMade:
        """Write a signed bundle of reports, ledger and proofs; as `evidencing.write_evidence`."""
        from governance.flows.audits.evidencing import write_evidence

        return write_evidence(self, Path(path), measured=measured)

    def protection_status(
        self, stores: Sequence[str] = (), *, on_progress: Callable[[int, int | None, str], None] | None = None
    ) -> Report:
        """The report on how each stored field is protected; as `protecting.protection_status`."""
        from governance.flows.protect.protecting import protection_status

        return protection_status(self, stores, on_progress=on_progress)

    def audit_crm(
        self, stores: Sequence[str] = (), *, on_progress: Callable[[int, int | None, str], None] | None = None
    ) -> Report:
        """The report on what CRMs say of privacy, beside our labels; as `comparing_marks.audit_crm`."""
        from governance.flows.audits.comparing_marks import audit_crm

        return audit_crm(self, stores, on_progress=on_progress)

    # --- parts

    @property
    def catalog(self) -> Catalog:
        """The reviewed data map as it stands now. Raises CatalogError and, for the files beside it, their errors."""
        return self.policy_files.catalog

    @cached_property
    def keyring(self) -> FileKeyring:
        """The keys of the project; each one made from now on is recorded. Raises KeyringError."""
        keyring = open_keyring(self.project, self.clock)
        keyring.on_created(self._new_keys.append)
        keyring.on_subjects_created(self._new_subject_keys.append)
        return keyring

    @cached_property
    def records(self) -> sa.Engine:
        """Our own database. Raises RecordsError when `init` has not made it."""
        return open_records(self.project.records_url)

    @property
    def ledger(self) -> Ledger:
        """The record of every decision and action. Raises RecordsError or KeyringError."""
        ledger = self._ledger
        while self._new_keys:  # not told when they are made: that may be inside a transaction on the same records
            made = self._new_keys.pop()
            rules = (f"key:{made.use.value}",)
            ledger.append(
                EventDraft(kind="key.created", actor="system", outcome="done", refs={"key": made.id}, rules=rules)
            )
        while self._new_subject_keys:
            counts, rules = {"keys": self._new_subject_keys.pop()}, ("key:subject",)
            ledger.append(EventDraft(kind="key.created", actor="system", outcome="done", counts=counts, rules=rules))
        return ledger

    @cached_property
    def _ledger(self) -> Ledger:
        return Ledger(
            self.records,
            signer=self.keyring.signer("ledger"),
            keyed_hash=self.keyring.keyed_hash(),
            clock=self.clock,
            new_id=self.new_id,
            checkpoint_files=self.project.checkpoint_files,
        )

    @property
    def consent(self) -> ConsentBook:
        """What people agreed to and took back, under the purposes as they stand now."""
        purposes = self.policy_files.purposes
        return ConsentBook(
            self.records,
            purposes,
            stale=change_rule(self.project, purposes, self.clock()),
            notices=lambda: notices_of(self.project),
            keyed_hash=self.keyring.keyed_hash(),
            sealer=self.sealer,
            recorder=self.ledger,
            clock=self.clock,
            new_id=self.new_id,
        )

    def opt_out(self, subject: Subject, headers: Mapping[str, str]) -> tuple[ConsentEvent, ...]:
        """Record the opt-out that a request carries as `Sec-GPC: 1`; as `exchanging_consent.record_gpc`."""
        from governance.flows.consent.exchanging_consent import record_gpc

        return record_gpc(self, subject, headers)

    @property
    def restrictions(self) -> Restrictions:
        """Whose use of data is restricted."""
        from governance.flows.consent.restricting import restrictions_of

        return restrictions_of(self)

    def restrict(self, subject: Subject, *, reason: str, basis: str = "") -> RestrictionEvent:
        """Stop every guarded use of a person's data from the next statement on; as `restricting.restrict`."""
        from governance.flows.consent.restricting import restrict

        return restrict(self, subject, reason=reason, basis=basis)

    def lift_restriction(self, subject: Subject, *, told: bool) -> RestrictionEvent:
        """Let the use go on, once the person was told; as `restricting.lift_restriction`."""
        from governance.flows.consent.restricting import lift_restriction

        return lift_restriction(self, subject, told=told)

    @cached_property
    def consent_conditions(self) -> LiveConsent:
        """Consent as conditions on rows, for the guard."""
        return LiveConsent(
            self.project, self.policy_files, lambda: self.records, self.sealer, self.clock, self.stand_ins
        )

    @cached_property
    def row_conditions(self) -> WinBackGuard:
        """What rows must meet besides the policy: live consent, and no marketing to lapsed people without a basis."""
        return WinBackGuard(self.project, self.policy_files, self.consent_conditions, self.clock)

    @cached_property
    def requests(self) -> Requests:
        """The register of what people ask for and complain about; see `handling_requests`."""
        from governance.flows.subjects.handling_requests import Requests

        return Requests(self)

    @property
    def holds(self) -> Holds:
        """The legal holds in the records: what neither a job nor a guarded DELETE takes away."""
        from governance.jobs.holds import Holds

        return Holds(self.records, self.keyring.keyed_hash(), clock=self.clock, new_id=self.new_id)

    def guard(self, store: str) -> GuardedStore:
        """The guard of one store under the catalog as it stands now, shared by all who use it.

        Raises ConfigError for a store that is no database of a kind that the guard speaks (records of a CRM go through
        `filter`), CatalogError for one that the catalog does not have, StoreError when it does not answer.
        """
        from governance.flows.access.guarding import guard_of

        return guard_of(self, store)

    def close(self) -> None:
        """Sign a checkpoint of what was recorded and release every connection."""
        for guard in self.guards.values():
            guard.close()
        self.guards.clear()
        parts = self.__dict__
        if "_ledger" in parts:
            self.ledger.finish()
            del parts["_ledger"]
        if "keyring" in parts:
            self.keyring.close()
        parts.pop("row_conditions", None)
        if "consent_conditions" in parts:
            parts.pop("consent_conditions").close()
        self.stand_ins.close()
        if "records" in parts:
            parts.pop("records").dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def searchable(self, target: Searching, store: str) -> Searching:
        """Let a guarded session or engine turn equality on encrypted fields into searches of their blind index."""
        from governance.protect.protector import Protector
        from governance.protect.search import serve_searches

        serve_searches(target, Protector(self.keyring, self.catalog), store)
        return target

    @cached_property
    def actor_ref(self) -> str:
        """The reference by which events name the actor."""
        return self.ledger.refer("principal", self.actor)

    @cached_property
    def sealer(self) -> KeyringSealer:
        """Seals the keys that stores have for people."""
        return KeyringSealer(self.keyring)

    def versions(self) -> dict[str, str]:
        """Digests of what is in force, for events."""
        policy = self.policy_files.policy
        return {"catalog": policy.catalog.digest, "policy": policy.digest, "taxonomy": policy.taxonomy.version}

    def scan_options(
        self,
        sample: Sample | None = None,
        thresholds: Mapping[str, float] | None = None,
        engine: Engine | None = None,
    ) -> ScanOptions:
        """The rules by which the project's stores are scanned; what is not given is as the configuration says."""
        from governance.flows.scan.judging_fields import thresholds_in_force
        from governance.scan.options import Engine, ScanOptions

        recognizers = self.project.policy_file("recognizers.yaml")
        return ScanOptions(
            sample=sample or Sample(self.project.config.scan.sample),
            regions=self.project.config.scan.regions,
            laws=self.project.config.laws,
            taxonomy_day=self.clock().date(),
            recognizers=recognizers if recognizers.exists() else None,
            engine=engine or Engine(),
            thresholds=thresholds_in_force(self) if thresholds is None else thresholds,
        )

    def _record_scan(self, result: ScanResult) -> None:
        objects = tuple(_scanned(result))
        self.ledger.append(
            EventDraft(
                kind="scan",
                actor=self.actor_ref,
                purpose="governance.scan",
                action="read",
                outcome="failed" if result.failed else "done",
                objects=objects,
                counts={key: result.summary[key] for key in ("datasets", "fields", "labelled", "rows_read")},
                versions=self.versions(),
            )
        )


def _scanned(result: ScanResult) -> Iterator[EventObject]:
    for store in result.stores:
        for dataset in store.datasets:
            if not dataset.name_shaped:
                yield EventObject(f"{store.store}.{dataset.dataset}")
