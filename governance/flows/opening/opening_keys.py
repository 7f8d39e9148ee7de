"""The keyring of a project, under the provider that its configuration names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from governance.project import Project
from governance.protect.keyring.file import FileKeyring
from governance.protect.keyring.kek import KekProvider
from governance.protect.keyring.passphrase import PassphraseProvider


def kek_provider(project: Project) -> KekProvider:
    """What opens the project's keyring; asks for its secret only when it is used. Raises KeyringError."""
    return _PROVIDERS[project.config.keyring.provider](project)


def subject_store_path(project: Project) -> Path:
    """The file of persons' keys."""
    return project.folder / project.config.keyring.subjects


def open_keyring(project: Project, clock: Callable[[], dt.datetime] | None = None) -> FileKeyring:
    """The project's keyring. Raises KeyringError."""
    subjects = subject_store_path(project)
    return FileKeyring.open(project.keyring_path, kek_provider(project), clock=clock, subjects=subjects)


def create_keyring(project: Project) -> FileKeyring:
    """A new keyring where the project has none. Raises KeyringError."""
    return FileKeyring.create(project.keyring_path, kek_provider(project), subjects=subject_store_path(project))


def _passphrase(project: Project) -> KekProvider:
    return PassphraseProvider(project.passphrase)


def _environment(project: Project) -> KekProvider:
    from governance.protect.keyring.environment import KEY_VARIABLE, EnvironmentProvider

    return EnvironmentProvider(lambda: project.env.get(KEY_VARIABLE))


def _vault(project: Project) -> KekProvider:
    from governance.protect.keyring.vault import TOKEN_VARIABLE, VaultProvider

    told = project.config.keyring.vault
    assert told is not None  # noqa: S101 the configuration was checked
    return VaultProvider(told.address, told.key, lambda: project.env.get(TOKEN_VARIABLE), mount=told.mount)


def _aws(project: Project) -> KekProvider:
    from governance.protect.keyring.aws_kms import AwsKmsProvider

    told = project.config.keyring.aws
    assert told is not None  # noqa: S101 the configuration was checked
    return AwsKmsProvider(
        told.key,
        told.region,
        project.env.get,
        endpoint=told.endpoint,
        default_credentials=told.credentials == "default",
    )


def _gcp(project: Project) -> KekProvider:
    from governance.protect.keyring.gcp_kms import GcpKmsProvider

    told = project.config.keyring.gcp
    assert told is not None  # noqa: S101 the configuration was checked
    return GcpKmsProvider(
        told.key, project.env.get, endpoint=told.endpoint, default_credentials=told.credentials == "default"
    )


_PROVIDERS: dict[str, Callable[[Project], KekProvider]] = {
    "aws-kms": _aws,
    "env": _environment,
    "file": _passphrase,
    "gcp-kms": _gcp,
    "vault": _vault,
}
