"""Two states of the policy folder compared: what the newer one shows more, and what it shows less."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audits.report import Report
from audits.reports.exposure import exposure_report
from governance.access.policy import AccessPolicy
from governance.flows.opening.policy_files import WATCHED
from governance.gate.revision import git_output
from governance.guard.exposure import Exposure, exposures
from policies.errors import BadInputError

if TYPE_CHECKING:
    from governance.app import Governance

SCHEMA = "governance.exposure/1"
"""The form of the JSON."""


def compare_policies(gov: Governance, old: str, new: str | None = None) -> Report:
    """What the policy `new` shows that `old` did not, and the reverse; the folder in force unless `new` is given.

    Each is a folder of policy files, or a revision of the git repository that the project lies in. The laws are those
    of the configuration in force, the packs and the users of a table those of today. Nothing is recorded. Raises
    BadInputError for what is neither, and the errors of the files.
    """
    before = _policy(gov, old, "OLD")
    after = gov.policy_files.policy if new is None else _policy(gov, new, "NEW")
    return exposure_report(exposure_document(before, after), as_of=gov.clock(), zone=gov.project.config.time_zone)


def exposure_document(old: AccessPolicy, new: AccessPolicy) -> dict[str, Any]:
    """Both directions of a comparison as plain data."""
    return {
        "schema": SCHEMA,
        "old": old.digest,
        "new": new.digest,
        "more": [each.to_json() for each in exposures(old, new)],
        "less": [_turned(each).to_json() for each in exposures(new, old)],
    }


def _turned(found: Exposure) -> Exposure:
    """What the old policy shows more than the new, told in the order of time."""
    return replace(
        found,
        before=found.after,
        after=found.before,
        consent_before=found.consent_after,
        consent_after=found.consent_before,
    )


def _policy(gov: Governance, named: str, place: str) -> AccessPolicy:
    folder = Path(named)
    if folder.is_dir():
        return gov.policy_files.policy_of(folder.joinpath)
    with _checked_out(gov, named, place) as copy:
        return gov.policy_files.policy_of(copy.joinpath)


@contextmanager
def _checked_out(gov: Governance, revision: str, place: str) -> Iterator[Path]:
    """The policy files of a revision, in a folder of their own for as long as the block lasts."""
    policies = gov.project.policy_file("access.csv").parent
    commit = git_output(policies, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise BadInputError(
            place,
            found="neither a folder nor a revision of the project's git repository",
            expected="a folder of policy files, or a revision such as HEAD or main",
            next_step="check the spelling, and that the revision was fetched",
        )
    with tempfile.TemporaryDirectory() as folder:
        for name in WATCHED:
            text = git_output(policies, "show", f"{commit.decode().strip()}:./{name}")
            if text is not None:
                (Path(folder) / name).write_bytes(text)
        yield Path(folder)
