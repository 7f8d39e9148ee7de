"""What a check is made on: the project as it stands, and as it stood at the base."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from governance.gate.known import Known, read_known
from governance.gate.policy_state import POLICY_FILES, PolicyState
from governance.gate.reads.files import text_in
from governance.gate.revision import Revision, find_revision
from policies.catalog import Catalog
from policies.config import GovernanceConfig, read_config
from policies.nouns import Sensitivity
from policies.taxonomy import load_taxonomy


@dataclass(frozen=True)
class CheckProject:
    """A project."""

    root: Path
    """The folder of governance.yaml."""
    config: GovernanceConfig
    """What governance.yaml says."""
    on: dt.date
    """The day whose packs hold, and on which suppressions must still hold."""
    known: Known
    """What the policy folder says."""
    policies: PolicyState | None = None
    """The same with its places; None leaves the policy folder itself unchecked."""
    base: Revision | None = None
    """What the change is compared with; None takes everything for new."""
    before: PolicyState | None = None
    """The policy folder at the base; None where it was not there."""


def open_project(path: Path, on: dt.date, base: str | None = None) -> CheckProject:
    """The project of a governance.yaml, compared with a git revision when one is given.

    Raises ConfigError for a base that is not there, and the errors of the files. Side effects: none; `git` only reads.
    """
    root = path.parent
    config = read_config(path)
    folder = root / config.policies
    known = read_known(folder.joinpath, config, on)
    state = PolicyState(folder, config.policies.rstrip("/"), known, config)
    revision = find_revision(root, base) if base is not None else None
    before = _before(path, state, revision, on) if revision is not None else None
    return CheckProject(root, config, on, known, state, revision, before)


def project_of(catalog: Catalog, config: GovernanceConfig, root: Path, on: dt.date) -> CheckProject:
    """A project of which the catalog alone is known."""
    least = config.protection.encrypt_from
    encrypt_from = Sensitivity.of(least) if least is not None else None
    known = Known(catalog, load_taxonomy(on), config.laws, encrypt_from=encrypt_from)
    return CheckProject(root, config, on, known)


def _before(path: Path, now: PolicyState, revision: Revision, on: dt.date) -> PolicyState | None:
    if all(revision.text(each) == text_in(each) for each in (path, *map(now.folder.joinpath, POLICY_FILES))):
        return now
    with revision.copies(path.parent, [path.name]) as folder:
        if not (folder / path.name).exists():
            return None
        config = read_config(folder / path.name)
    with revision.copies(path.parent / config.policies, POLICY_FILES) as folder:
        return PolicyState(folder, now.shown, read_known(folder.joinpath, config, on), config)
