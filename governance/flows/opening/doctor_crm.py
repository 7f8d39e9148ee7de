"""What `governance doctor` says of a CRM: the vendor's own self-check line by line, and what the vendor cannot do."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.crm.base import Check as VendorCheck
from connectors.crm.base import CrmStore, Limit
from connectors.crm.opening import open_crm
from governance.flows.opening.checks import Check, State
from governance.project import Project
from policies.errors import GovernanceError
from policies.vocabulary import Words

_WORDS = Words("en")


def examine_crm(project: Project, name: str) -> Iterator[Check]:
    """Every check of one store that is a CRM. It only reads; what fails is a finding, and the next check goes on."""
    try:
        store = open_crm(name, project.crm_settings(name))
    except GovernanceError as cause:
        yield Check(f"store {name}", State.FINDING, cause.found, cause.next_step)
        return
    try:
        yield _inventory(store, name)
        yield from _checks(store, name)
        yield from (_limit(name, each) for each in store.cannot())
    finally:
        store.close()


def _inventory(store: CrmStore, name: str) -> Check:
    try:
        return Check(f"store {name}", State.OK, f"{store.kind}, {len(store.datasets())} datasets")
    except GovernanceError as cause:
        return Check(f"store {name}", State.FINDING, cause.found, cause.next_step)


def _checks(store: CrmStore, name: str) -> Iterator[Check]:
    try:
        for each in store.check():
            yield _check(name, each)
    except GovernanceError as cause:
        yield Check(f"store {name} check", State.FINDING, cause.found, cause.next_step)


def _check(name: str, found: VendorCheck) -> Check:
    what = f"store {name} {found.code.rpartition('.')[2]}"
    said = _said(found.code)
    if found.fine:
        return Check(what, State.OK, f"{said}: {found.found}" if found.found else said)
    differs = f"{said}: found {found.found or 'nothing'}, expected {found.expected or 'another answer'}"
    return Check(what, State.FINDING, differs, "see `governance doctor` in docs/crm.md for what each line means")


def _limit(name: str, limit: Limit) -> Check:
    return Check(f"store {name} cannot", State.LIMIT, f"{_said(limit.code)} (known from: {limit.grade})")


def _said(code: str) -> str:
    return _WORDS.say(code) if _WORDS.has(code) else code
