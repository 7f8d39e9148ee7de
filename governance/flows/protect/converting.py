"""Encrypting, decrypting and re-encrypting existing columns of a project: plans, runs, and the catalog afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from governance.flows.opening.offices import office_of, pace_of, writable_store
from governance.flows.scan.catalog_editing import mark_encrypted
from governance.flows.scan.reviewing import catalog_text
from governance.jobs.outcome import JobOutcome
from governance.jobs.plan import Plan, read_plan
from governance.jobs.running import Progress
from governance.ledger.events import EventDraft, EventObject
from governance.protect.existing import planning, rotation
from governance.protect.existing.bench import Bench
from governance.protect.existing.planning import DECRYPT, ENCRYPT
from governance.protect.existing.rotation import ROTATE
from governance.protect.existing.turning import Scope
from governance.writing import replace_file
from policies.errors import TamperedError
from policies.nouns import FieldRef

if TYPE_CHECKING:
    from governance.app import Governance


@dataclass(frozen=True, slots=True)
class ToDo:
    """One field that is not protected as it must be."""

    field: FieldRef
    """The field."""
    why: str
    """`required`, `migrating`, `clear_in_encrypted`, `not_by_person` or `retired_key`."""
    cells: int
    """How many cells are concerned."""

    @property
    def command(self) -> str:
        """The command that plans or finds what is to be done."""
        place = f"{self.field.store} {self.field.dataset} {self.field.field}"
        return {
            "required": f"governance protect encrypt {place}",
            "migrating": "governance job list",
            "clear_in_encrypted": f"governance protect status {self.field.store}",
            "not_by_person": f"governance protect rotate {place}",
            "retired_key": f"governance protect rotate {place}",
        }[self.why]

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {"field": str(self.field), "why": self.why, "cells": self.cells, "command": self.command}


KINDS = (DECRYPT, ENCRYPT, ROTATE)
"""The kinds of plan that `run_conversion` carries out."""


def to_do(gov: Governance, stores: Sequence[str] = ()) -> tuple[ToDo, ...]:
    """What is still to be encrypted or finished, by field, from the report on protection; nothing is changed.

    Reads the stores as `Governance.protection_status` does, and raises what it raises.
    """
    found = []
    by_name = {str(ref): ref for ref, _ in gov.catalog.walk()}
    for each in gov.protection_status(stores).data["fields"]:
        field, retired = by_name[each["field"]], sum(k["tokens"] for k in each["keys"] if k["state"] == "retired")
        if each["migration"] is not None:
            found.append(ToDo(field, "migrating", each["migration"]["left"]))
        elif "clear_in_encrypted" in each["problems"]:
            found.append(ToDo(field, "clear_in_encrypted", each["clear"]))
        elif "must_be_encrypted" in each["problems"] and each["column"] is not None:
            found.append(ToDo(field, "required", each["clear"]))
        if "not_by_person" in each["problems"]:
            found.append(ToDo(field, "not_by_person", sum(key["tokens"] for key in each["keys"])))
        elif retired:
            found.append(ToDo(field, "retired_key", retired))
    return tuple(found)


def plan_encryption(gov: Governance, field: FieldRef, *, scope: Scope | None = None) -> Plan:
    """What encrypting a field's column would do; recorded as `job.planned`. Nothing is changed in the store.

    `scope` says whose key encrypts: the dataset's, or one of each person, which can be destroyed for that person alone;
    None takes what the catalog says.
    Raises StoreError when something rests on the column or a value is not of its type, CatalogError, KeyringError.
    """
    with _bench(gov, field) as bench:
        return planning.plan_encryption(office_of(gov), bench, field, scope=scope)


def plan_decryption(gov: Governance, field: FieldRef) -> Plan:
    """What decrypting a field's column would do. Raises as `plan_encryption`, DecryptionError."""
    with _bench(gov, field) as bench:
        return planning.plan_decryption(office_of(gov), bench, field)


def plan_rotation(gov: Governance, field: FieldRef) -> Plan:
    """How many of a field's tokens and index cells stand under another key than they should now.

    Raises StoreError, CatalogError, KeyringError.
    """
    with _bench(gov, field) as bench:
        return rotation.plan_rotation(office_of(gov), bench, field)


def run_conversion(
    gov: Governance, text: str, place: str = "plan", *, on_progress: Progress | None = None
) -> JobOutcome:
    """Carry out a plan file of any of the three kinds; start it again after a kill.

    Side effects: changes the column in the store, batch by batch, records every step and leaves a certificate. Once a
    column was encrypted or decrypted, `encrypted` of its catalog entry is set to what is true now, and recorded.

    Raises TamperedError for a changed plan, AccessRefusedError for a missing approval, StalePlanError, StoreError,
    LedgerError.
    """
    plan = _read(gov, text, place)
    field = FieldRef(*plan.facts["field"])
    with _bench(gov, field) as bench:
        found = _RUNS[plan.kind](office_of(gov), bench, plan, pace=pace_of(gov), on_progress=on_progress)
    if found.state == "done" and plan.kind != ROTATE:
        scope: Literal["subject"] | bool = "subject" if plan.facts["scope"] == "subject" else True
        _declare(gov, field, encrypted=scope if plan.kind == ENCRYPT else False)
    return found


_Run = Callable[..., JobOutcome]
_RUNS: Mapping[str, _Run] = {
    DECRYPT: planning.run_conversion,
    ENCRYPT: planning.run_conversion,
    ROTATE: rotation.run_rotation,
}


def _read(gov: Governance, text: str, place: str) -> Plan:
    try:
        kind = json.loads(text)["kind"]
    except (ValueError, TypeError, KeyError, RecursionError):
        kind = None
    if kind not in KINDS:
        raise TamperedError(
            place,
            found="a text that is no plan of `governance protect`",
            expected="a plan file of encrypt, decrypt or rotate, as it was written",
            next_step="make a new plan",
        )
    return read_plan(text, kind, gov.keyring.keyed_hash(), place)


def _declare(gov: Governance, field: FieldRef, *, encrypted: Literal["subject"] | bool) -> None:
    """Have the catalog say what the store holds now; a run that was killed before this does it when started again."""
    entry = gov.catalog.field(field)
    if entry is None or entry.encrypted == encrypted:
        return
    text = mark_encrypted(catalog_text(gov), field, encrypted=encrypted)
    replace_file(gov.project.policy_file("catalog.yaml"), text)
    gov.ledger.append(
        EventDraft(
            kind="catalog.decided",
            actor=gov.actor_ref,
            action="encrypt" if encrypted else "decrypt",
            outcome="done",
            objects=(EventObject(str(field)),),
            counts={"fields": 1},
            versions=gov.versions(),
        )
    )


@contextmanager
def _bench(gov: Governance, field: FieldRef) -> Iterator[Bench]:
    with writable_store(gov, field.store) as store:
        yield Bench(gov.catalog, gov.keyring, store)
