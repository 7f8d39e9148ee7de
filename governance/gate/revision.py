"""The base of a check: what the project looked like at the git revision that a change is compared with."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from policies.errors import ConfigError


@dataclass(frozen=True)
class Revision:
    """A commit, and what differs from it in the working tree."""

    commit: str
    """Its hash."""
    top: Path
    """The top folder of the repository."""
    changed: frozenset[Path]
    """The files that were added or changed since, those that git does not know yet included."""

    def text(self, path: Path) -> str | None:
        """What a file held; None where it was not there, or was no UTF-8 text."""
        whole = path.resolve()
        if self.top not in whole.parents:
            return None
        found = git_output(self.top, "show", f"{self.commit}:{whole.relative_to(self.top).as_posix()}")
        try:
            return found.decode("utf-8-sig") if found is not None else None
        except UnicodeDecodeError:
            return None

    @contextmanager
    def copies(self, folder: Path, names: Sequence[str]) -> Iterator[Path]:
        """Files of a folder as they were, in a folder of their own for as long as the block lasts."""
        with tempfile.TemporaryDirectory() as place:
            for name in names:
                text = self.text(folder / name)
                if text is not None:
                    (Path(place) / name).write_text(text, encoding="utf-8")
            yield Path(place)


def find_revision(folder: Path, ref: str) -> Revision:
    """The commit from which this branch left `ref`. Raises ConfigError where there is no repository or no such commit.

    Side effects: runs `git`, which only reads.
    """
    top = git_output(folder, "rev-parse", "--show-toplevel")
    commit = git_output(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    left = git_output(folder, "merge-base", "HEAD", commit.decode().strip()) if commit is not None else None
    if top is None or left is None:
        raise ConfigError(
            "--base",
            found="no such revision here" if top is not None else "a folder that is in no git repository",
            expected="a branch, tag or commit that was fetched, with the history down to where this branch left it",
            next_step="fetch it first: `git fetch origin main`; for actions/checkout add `fetch-depth: 0`, for GitLab "
            'add `GIT_DEPTH: "0"`',
        )
    whole, hashed = Path(top.decode().strip()).resolve(), left.decode().strip()
    differing = _listed(whole, "diff", "--name-only", "-z", "--no-renames", "--diff-filter=AMT", hashed)
    unknown = _listed(whole, "ls-files", "--others", "--exclude-standard", "-z")
    return Revision(hashed, whole, frozenset(whole / name for name in (*differing, *unknown)))


def _listed(folder: Path, *arguments: str) -> list[str]:
    found = git_output(folder, *arguments) or b""
    return [each for each in found.decode("utf-8", "surrogateescape").split("\0") if each]


def git_output(folder: Path, *arguments: str) -> bytes | None:
    """What git prints in a folder; None when it fails or is not there. It is only asked what it reads."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)  # noqa: S603, S607 fixed words and a checked revision, git from the path
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
