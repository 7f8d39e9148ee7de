"""An erasure in a CRM whose connection is cut at random points loses nothing and does nothing twice."""

from __future__ import annotations

import os
import random
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import pytest

from connectors.crm import opening
from connectors.crm.zoho.opening import open_store
from governance.app import Governance
from governance.cli.project_option import actor
from governance.flows.subjects.erasing import plan_erasure
from governance.flows.subjects.running_erasure import run_erasure
from governance.flows.subjects.tracing_subjects import as_identifiers, trace_subject
from governance.protect.keyring.passphrase import PassphraseProvider
from policies.errors import StoreError

from ...connectors.crm.scripted import Paper  # noqa: TID252 the fake lies beside the tests of its connector
from ...connectors.crm.zoho_account import Account, Asked  # noqa: TID252 as above
from ...connectors.crm.zoho_fake import Fault, running  # noqa: TID252 as above
from .zoho_firm import ANN, seeded, write_firm

CUTS = int(os.environ.get("GOVERNANCE_KILLS", "6"))
"""How many requests are cut while the job runs; `make soak` asks for more."""
Answer = TypeVar("Answer")


class Cutting:
    """Cuts some requests, once it is told to begin."""

    def __init__(self) -> None:
        self.instants = random.Random(38)
        self.begun = False
        self.cuts = 0

    def __call__(self, number: int, asked: Asked) -> Fault | None:
        del number, asked
        if not self.begun or self.cuts >= CUTS or self.instants.random() > 0.4:
            return None
        self.cuts += 1
        return Fault(self.instants.choice(["before", "after", "half"]))


@pytest.fixture
def cutting() -> Cutting:
    return Cutting()


@pytest.fixture
def account(cutting: Cutting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """The account, and a project that reaches it by the real connector, whose waits pass at once."""
    vendor = ModuleType("vendor_of_cuts")
    vendor.open_store = lambda name, settings: open_store(name, settings, Paper().clock())  # type: ignore[attr-defined]  # as the connector's own
    monkeypatch.setitem(sys.modules, vendor.__name__, vendor)
    monkeypatch.setitem(opening.VENDORS, "zoho", vendor.__name__)
    monkeypatch.setitem(PassphraseProvider.__init__.__kwdefaults__, "scrypt_n", 2**14)
    monkeypatch.chdir(tmp_path)
    made = seeded()
    with running(made, cutting) as address:
        write_firm(tmp_path, address, monkeypatch)
        yield made


def until_done(act: Callable[[], Answer]) -> Answer:
    """Start again whenever the store fails, as a person would."""
    for _ in range(50 * CUTS):
        try:
            return act()
        except StoreError:
            continue
    raise AssertionError("it never came to its end")


def test_an_erasure_whose_connection_is_cut_finishes(account: Account, cutting: Cutting) -> None:
    with Governance.open("governance.yaml", actor=actor(), new_id=lambda: uuid.uuid4().hex) as gov:
        named = as_identifiers(gov, [ANN])
        plan = plan_erasure(gov, trace_subject(gov, named), named)
        cutting.begun = True
        found = until_done(lambda: run_erasure(gov, plan.text()))
        batches = [each for each in gov.ledger.events("job.batch") if each.refs["job"] == plan.id]
    assert cutting.cuts > CUTS // 4
    assert found.of.state == "done"
    assert found.findings["verification"]["residue"] == {}
    assert sum(each.counts["rows"] for each in batches) == plan.rows == found.of.total("done")
    assert (found.of.total("changed"), found.of.total("gone"), found.of.total("left")) == (0, 0, 0)
    assert account.bin == {}
    assert max(Counter(account.erased).values()) == 1
    assert account.woken == []
