"""A project on disk: where its files are, and what its configuration's references stand for.

Relative paths resolve against the folder of `governance.yaml`. Secrets are never in that file: `env:NAME` names an
environment variable.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from connectors.crm.settings import CrmSettings
from policies.config import GovernanceConfig, Medium, StoreConfig, read_config
from policies.errors import ConfigError, KeyringError

PASSPHRASE = "GOVERNANCE_PASSPHRASE"  # noqa: S105 the name of a variable, not a secret
"""The environment variable that holds the keyring's passphrase."""


_NO_DATABASE = {
    Medium.FILES: (
        "a store of files",
        "name a dataset of a database; files are changed where they are made",
    ),
    Medium.CRM: (
        "a CRM, which takes no SQL",
        "hand its records through `gov.filter`; docs/crm.md says what is done on a CRM and how",
    ),
}
"""Of a store that is no database: what it is, and what to do instead."""


@dataclass(frozen=True)
class Project:
    """A configuration with the folder and the environment that it is read in."""

    path: Path
    """The `governance.yaml` that was read."""
    config: GovernanceConfig
    """What stands in it."""
    env: Mapping[str, str]
    """The environment that `env:NAME` refers to."""

    @classmethod
    def read(cls, path: Path, env: Mapping[str, str]) -> Project:
        """The project whose configuration lies at a path. Raises ConfigError."""
        return cls(path.resolve(), read_config(path), env)

    @property
    def folder(self) -> Path:
        """What relative paths start from."""
        return self.path.parent

    def policy_file(self, name: str) -> Path:
        """A file of the policies folder, whether or not it exists."""
        return self.folder / self.config.policies / name

    def store(self, name: str) -> StoreConfig:
        """The configuration of a store. Raises ConfigError for a name that is not configured."""
        if name not in self.config.stores:
            raise ConfigError(
                f"{self.path}, stores",
                found="a store name that is not configured",
                expected=" or ".join(sorted(self.config.stores)) or "at least one store",
                next_step="check the name, or add the store",
            )
        return self.config.stores[name]

    def store_target(self, name: str) -> str:
        """The URL, or the absolute path or glob, of a store. Raises ConfigError for an unset variable or a CRM."""
        store = self.store(name)
        if store.medium is Medium.CRM:
            raise ConfigError(
                f"{self.path}, stores.{name}",
                found="a CRM",
                expected="a database or files, which alone can do this",
                next_step="name another store",
            )
        if store.url is not None:
            return self._url(store.url, f"stores.{name}.url")
        return str(self.folder / str(store.path))

    def database_url(self, name: str, place: str = "") -> str:
        """The URL of a store that is a database; `place` is what errors name in its stead.

        Raises ConfigError for files, for a CRM and for an unset variable.
        """
        if self.store(name).medium is not Medium.DATABASE:
            found, next_step = _NO_DATABASE[self.store(name).medium]
            raise ConfigError(place or f"store {name}", found=found, expected="a database", next_step=next_step)
        return self.store_target(name)

    def crm_settings(self, name: str) -> CrmSettings:
        """How a store that is a CRM is reached. Raises ConfigError for another store and for an unset variable."""
        store = self.store(name)
        if store.kind is None:
            raise ConfigError(
                f"{self.path}, stores.{name}",
                found="no `kind`",
                expected="the vendor of a CRM",
                next_step="name a store that is a CRM, or give this one its `kind`",
            )
        references = {"client": store.client, "secret": store.secret, "token": store.token, "user": store.user}
        return CrmSettings(
            store.kind,
            {
                word: self._secret(reference, f"stores.{name}.{word}")
                for word, reference in references.items()
                if reference is not None
            },
            data_center=store.data_center,
            address=store.address or "",
            writable=store.write,
            datasets=store.modules,
            proxy=self._secret(store.proxy, f"stores.{name}.proxy") if store.proxy is not None else "",
        )

    @property
    def records_url(self) -> str:
        """The URL of our own records. Raises ConfigError for an unset variable."""
        return self._url(self.config.records.url, "records.url")

    @property
    def checkpoint_files(self) -> tuple[Path, ...]:
        """The files that receive signed checkpoints."""
        named = self.config.records.checkpoint_file
        return tuple(self.folder / each for each in ((named,) if isinstance(named, str) else named))

    @property
    def keyring_path(self) -> Path:
        """The file of wrapped keys."""
        return self.folder / self.config.keyring.path

    def passphrase(self) -> str:
        """The keyring's passphrase, from the environment or a file that its owner alone can read.

        Raises KeyringError when there is none, or others can read the file.
        """
        given = self.env.get(PASSPHRASE)
        if given:
            return given
        named = self.config.keyring.passphrase_file
        if named is None or not (self.folder / named).is_file():
            raise KeyringError(
                f"{self.path}, keyring",
                found=f"no variable {PASSPHRASE} and no passphrase file",
                expected="one of the two",
                next_step=f"export {PASSPHRASE}, or name a file in keyring.passphrase_file",
            )
        path = self.folder / named
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyringError(
                str(path), found="a passphrase that others can read", expected="mode 600", next_step=f"chmod 600 {path}"
            )
        return path.read_text(encoding="utf-8").strip()

    def _secret(self, reference: str, key: str, expected: str = "the secret in it") -> str:
        """What `env:NAME` stands for. Raises ConfigError for a variable that is not set."""
        variable = reference.removeprefix("env:")
        if not self.env.get(variable):
            raise ConfigError(
                f"{self.path}, {key}",
                found=f"variable {variable}, which is not set",
                expected=expected,
                next_step=f"export {variable}",
            )
        return self.env[variable]

    def _url(self, text: str, key: str) -> str:
        if text.startswith("env:"):
            text = self._secret(text, key, "a SQLAlchemy URL in it")
        try:
            url = sa.make_url(text)
        except sa.exc.ArgumentError:
            raise ConfigError(
                f"{self.path}, {key}",
                found="text that is no SQLAlchemy URL",
                expected="a URL such as sqlite:///crm.db",
                next_step="mend the URL",
            ) from None
        if url.drivername.startswith("sqlite") and url.database and url.database != ":memory:":
            url = url.set(database=str(self.folder / url.database))
        return url.render_as_string(hide_password=False)
