"""`open_store`: the store for an account's settings."""

from __future__ import annotations

from connectors.crm.http.pace import Clock
from connectors.crm.settings import CrmSettings
from connectors.crm.zoho.api import Api
from connectors.crm.zoho.centers import center_of
from connectors.crm.zoho.store import ZohoStore
from policies.errors import ConfigError

CREDENTIALS = ("client", "secret", "token")
"""The application's id and secret, and the account's refresh token."""


def open_store(name: str, settings: CrmSettings, clock: Clock | None = None) -> ZohoStore:
    """The store; nobody is called yet. Raises ConfigError for a missing secret, address or data centre."""
    missing = [each for each in CREDENTIALS if not settings.credentials.get(each)]
    if missing:
        raise ConfigError(
            f"stores.{name}.{missing[0]}",
            found="no value",
            expected="the name of an environment variable that holds it, as `env:NAME`",
            next_step="register a self client with Zoho and put its id, secret and refresh token into variables",
        )
    api = Api(name, settings, center_of(name, settings.data_center, settings.address), clock)
    return ZohoStore(api, modules=settings.datasets, writable=settings.writable)
