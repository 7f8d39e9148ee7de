"""What `governance doctor` says of a CRM: the vendor's own self-check line by line, and what the vendor cannot do."""

from __future__ import annotations

from collections.abc import Iterator

from audits.report import Text, text
from connectors.crm.base import Check as VendorCheck
from connectors.crm.base import CrmStore, Limit
from connectors.crm.opening import open_crm
from governance.flows.opening.checks import Check, State
from governance.project import Project
from policies.errors import GovernanceError


def examine_crm(project: Project, name: str) -> Iterator[Check]:
    """Every check of one store that is a CRM. It only reads; what fails is a finding, and the next check goes on."""
    try:
        store = open_crm(name, project.crm_settings(name))
    except GovernanceError as cause:
        yield Check(text("doctor.store", name=name), State.FINDING, cause.found, cause.next_step)
        return
    try:
        yield _inventory(store, name)
        yield from _checks(store, name)
        yield from (_limit(name, each) for each in store.cannot())
    finally:
        store.close()


def _inventory(store: CrmStore, name: str) -> Check:
    what = text("doctor.store", name=name)
    try:
        found = text("doctor.datasets", kind=store.kind, number=str(len(store.datasets())))
    except GovernanceError as cause:
        return Check(what, State.FINDING, cause.found, cause.next_step)
    return Check(what, State.OK, found)


def _checks(store: CrmStore, name: str) -> Iterator[Check]:
    try:
        for each in store.check():
            yield _check(name, each)
    except GovernanceError as cause:
        yield Check(text("doctor.store_check", name=name), State.FINDING, cause.found, cause.next_step)


def _check(name: str, found: VendorCheck) -> Check:
    what = text("doctor.store_line", name=name, line=found.code.rpartition(".")[2])
    said = _said(found.code)
    if found.fine:
        return Check(what, State.OK, text("doctor.told", said=said, found=found.found) if found.found else said)
    differs = text(
        "doctor.differs",
        said=said,
        found=found.found or text("doctor.differs_nothing"),
        expected=found.expected or text("doctor.differs_another"),
    )
    return Check(what, State.FINDING, differs, text("doctor.see_crm"))


def _limit(name: str, limit: Limit) -> Check:
    found = text("doctor.known_from", said=_said(limit.code), grade=text(f"doctor.grade_{limit.grade}"))
    return Check(text("doctor.store_cannot", name=name), State.LIMIT, found)


def _said(code: str) -> Text:
    return Text(code, otherwise=code)
