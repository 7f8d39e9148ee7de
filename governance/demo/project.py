"""Make the demo project in a folder: store, configuration, policies, keys, records, and some weeks of recorded life."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from connectors.opening import open_store
from governance.app import Governance
from governance.demo.clock import DemoClock, DemoIds
from governance.demo.life import FIRST_DAY, live
from governance.demo.owner import admit_owner
from governance.demo.refunds import create_refund_table, fill_refund_table
from governance.demo.reviewed import reviewed_catalog
from governance.demo.store import DEFAULT_AS_OF, build_store
from governance.flows.opening.setup import create_state
from governance.project import Project
from governance.writing import replace_file
from policies.errors import BadInputError

VERSION = 5
"""Of what this module makes; an older demo is not reused."""
STORE = "crm"
"""The name of the store in the demo's configuration."""
STAMP = ".governance/demo.json"
"""The file that says what was made, written last."""
_SQLITE = "sqlite:///shop.db"

Say = Callable[[str], None]
"""Takes the name of a step, a key of `policies/words/demo.yaml`."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a demo was made of."""

    version: int
    """As VERSION."""
    customers: int
    """Customers of the store."""
    seed: int
    """From which everything was drawn."""


def ensure_demo(folder: Path, *, customers: int, seed: int, owner: str, env: Mapping[str, str], say: Say) -> bool:
    """Make the demo in a folder, or keep the one that is there; gives whether it was made.

    `owner` is the OS user who may then ask as anybody of the demo at the command line. The demo is made beside the
    folder and moved there when it is whole, so that an interrupted run leaves nothing behind that looks finished.
    Raises BadInputError when the folder holds something else, or a demo of other size or version.
    """
    wanted = Stamp(VERSION, customers, seed)
    if (folder / STAMP).is_file():
        _check_stamp(folder, wanted)
        return False
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise _taken(folder, "a folder with other files")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        make_project(draft, customers=customers, seed=seed, owner=owner, env=env, say=say)
        say("step_life")
        clock = DemoClock(FIRST_DAY)
        ids = DemoIds(f"{seed}:life")
        with Governance.open(draft / "governance.yaml", actor="shop-backend", clock=clock, new_id=ids, env=env) as gov:
            live(gov, clock, store=STORE, customers=customers, seed=seed)
        (draft / STAMP).write_text(json.dumps(asdict(wanted)), encoding="utf-8")
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return True


def make_project(
    folder: Path,
    *,
    customers: int,
    seed: int,
    owner: str,
    env: Mapping[str, str],
    url: str = _SQLITE,
    say: Say = lambda _: None,
) -> None:
    """Fill an empty folder with the demo's files, and a database with its store; nobody has used it yet.

    A relative SQLite URL starts from the folder. Raises StoreError when the database is not empty or cannot be written.
    """
    files = resources.files("governance.demo").joinpath("files")
    _copy(files, folder, url)
    project = Project.read(folder / "governance.yaml", env)
    admit_owner(folder / "policies", owner)
    create_state(project)
    target = project.store_target(STORE)
    say("step_store")
    build_store(target, customers=customers, seed=seed)
    create_refund_table(target)
    _write_catalog(project, target)
    with Governance.open(folder / "governance.yaml", env=env) as gov:
        gov.consent_conditions.create_projection(STORE)
        fill_refund_table(gov, STORE, customers=customers, seed=seed, as_of=DEFAULT_AS_OF)


def _copy(source: Traversable, target: Path, url: str) -> None:
    target.mkdir(exist_ok=True)
    for entry in sorted(source.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            _copy(entry, target / entry.name, url)
        else:
            replace_file(target / entry.name, entry.read_text(encoding="utf-8").replace("@STORE_URL@", url))


def _write_catalog(project: Project, target: str) -> None:
    path = project.policy_file("catalog.yaml")
    store = open_store(STORE, target)
    try:
        text = reviewed_catalog(path.read_text(encoding="utf-8"), STORE, store.datasets())
    finally:
        store.close()
    replace_file(path, text)


def _check_stamp(folder: Path, wanted: Stamp) -> None:
    try:
        found = Stamp(**json.loads((folder / STAMP).read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise _taken(folder, "a demo whose stamp cannot be read") from None
    if found != wanted:
        raise _taken(folder, f"a demo of version {found.version} with {found.customers} customers")


def _taken(folder: Path, found: str) -> BadInputError:
    return BadInputError(
        str(folder),
        found=found,
        expected="no folder, an empty one, or this very demo",
        next_step="name another folder, or remove this one",
    )
