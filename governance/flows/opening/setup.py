"""Make what a project needs beside its files: records, keys and a passphrase. Only `init` and `demo` call this."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import sqlalchemy as sa

from governance.flows.opening.opening_keys import create_keyring, open_keyring
from governance.project import PASSPHRASE, Project
from governance.records.database import create_records


def create_state(project: Project) -> tuple[Path, ...]:
    """Create what is missing of passphrase file, keyring and records; what exists is left as it is.

    Gives the files that were made. Side effects: files under the project's folder, each readable by its owner alone.
    Raises KeyringError when an existing keyring cannot be opened, RecordsError when the database cannot be made.
    """
    made: list[Path] = []
    passphrase = project.folder / (project.config.keyring.passphrase_file or ".governance/passphrase")
    project.keyring_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    needed = project.config.keyring.provider == "file" and not project.env.get(PASSPHRASE)
    if needed and not passphrase.exists():
        _write_private(passphrase, secrets.token_urlsafe(32))
        made.append(passphrase)
    if project.keyring_path.exists():
        open_keyring(project)
    else:
        create_keyring(project)
        made.append(project.keyring_path)
    made += _create_records(project)
    return tuple(made)


def _create_records(project: Project) -> list[Path]:
    url = sa.make_url(project.records_url)
    file = Path(url.database) if url.drivername.startswith("sqlite") and url.database else None
    existed = file is not None and file.exists()
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    create_records(project.records_url).dispose()
    return [] if file is None or existed else [file]


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
