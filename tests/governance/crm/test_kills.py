"""An erasure that reaches into a CRM, killed at any instant, finishes, does nothing twice, and leaves nobody behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.app import Governance
from governance.cli.project_option import actor
from governance.flows.subjects.erasing import plan_erasure
from governance.flows.subjects.running_erasure import run_erasure
from governance.flows.subjects.tracing_subjects import as_identifiers, trace_subject
from governance.protect.keyring.passphrase import PassphraseProvider

from ...connectors.crm.zoho_account import Account  # noqa: TID252 the fake lies beside the tests of its connector
from ...connectors.crm.zoho_fake import running  # noqa: TID252 as above
from .zoho_firm import ANN, seeded, write_firm

KILLS = int(os.environ.get("GOVERNANCE_KILLS", "3"))
"""How often a run is killed; `make soak` asks for more."""
SCRIPT = """
import sys
from pathlib import Path
from governance import Governance
from governance.flows.subjects.running_erasure import run_erasure
with Governance.open("governance.yaml") as gov:
    _ = gov.ledger, gov.catalog, gov.policy_files.policy
    print("ready", flush=True)
    run_erasure(gov, Path("erase.json").read_text())
print("done", flush=True)
"""


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """The account, served by this process, which no kill reaches; the process stands in the project's folder."""
    made = seeded()
    monkeypatch.setitem(PassphraseProvider.__init__.__kwdefaults__, "scrypt_n", 2**14)
    monkeypatch.chdir(tmp_path)
    with running(made) as address:
        write_firm(tmp_path, address, monkeypatch)
        yield made


def opened() -> Governance:
    return Governance.open("governance.yaml", actor=actor(), new_id=lambda: uuid.uuid4().hex)


def test_an_erasure_in_a_crm_killed_at_any_instant_finishes(account: Account) -> None:
    instants, kills = random.Random(37), 0
    while kills < KILLS:
        account.erased.clear()
        with opened() as gov:
            named = as_identifiers(gov, [ANN])
            plan = plan_erasure(gov, trace_subject(gov, named), named)
            Path("erase.json").write_text(plan.text(), encoding="utf-8")
            before = {name: dict(module.rows) for name, module in account.modules.items()}
            ended = False
            while not ended and kills < KILLS:
                ended = killed(gov, plan.id, account, instants)
                kills += not ended
            found = run_erasure(gov, plan.text())
            batches = [each for each in gov.ledger.events("job.batch") if each.refs["job"] == plan.id]
        assert found.of.state == "done"
        assert found.findings["verification"]["residue"] == {}
        assert sum(each.counts["rows"] for each in batches) == plan.rows == found.of.total("done")
        assert (found.of.total("changed"), found.of.total("gone"), found.of.total("left")) == (0, 0, 0)
        assert account.bin == {}
        assert max(Counter(account.erased).values()) == 1
        assert account.woken == []
        assert not list((Path(".governance") / "plans").glob("*.open"))
        assert not list(Path(".governance").glob(".mirror*"))
        for name, rows in before.items():  # the next round
            account.modules[name].rows.update(rows)
        with sa.create_engine("sqlite:///shop.db").begin() as shop:
            shop.execute(sa.text("INSERT INTO customers VALUES (7, :email, NULL)"), {"email": ANN})


def killed(gov: Governance, job: str, account: Account, instants: random.Random) -> bool:
    """Run in a process of its own and kill it at some instant; gives whether it had ended before."""
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    writes, wanted = written(account), instants.randint(0, 6)
    while process.poll() is None and written(account) - writes < wanted and counted(gov, job) < 40:
        time.sleep(0.002)
    time.sleep(instants.uniform(0.0, 0.02))
    process.send_signal(signal.SIGKILL)
    return "done" in process.communicate()[0]


def written(account: Account) -> int:
    """How many calls that change something the vendor has seen."""
    return sum(each.method in {"DELETE", "PUT"} for each in list(account.asked))


def counted(gov: Governance, job: str) -> int:
    """How many batches stand in the journal of a job."""
    with gov.records.connect() as connection:
        query = sa.text("SELECT COUNT(*) FROM gov_job_batch WHERE job = :j")
        return int(connection.execute(query, {"j": job}).scalar_one())
