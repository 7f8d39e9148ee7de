"""`open_store`: the store for an account's settings."""

from __future__ import annotations

from connectors.crm.fxiaoke.api import Api
from connectors.crm.fxiaoke.centers import address_of
from connectors.crm.fxiaoke.signing import Account
from connectors.crm.fxiaoke.store import FxiaokeStore
from connectors.crm.http.pace import Clock
from connectors.crm.settings import CrmSettings
from policies.errors import ConfigError

CREDENTIALS = {
    "client": "the application's `appId`",
    "secret": "its `appSecret`",
    "token": "its `permanentCode`",
    "user": "the id of the employee whose rights hold, such as `1000`, or `FSUID_...` for the vendor's older form",
}
"""What each secret is in the vendor's words."""


def open_store(name: str, settings: CrmSettings, clock: Clock | None = None) -> FxiaokeStore:
    """The store; nobody is called yet. Raises ConfigError for a missing secret, a wrong address or cloud."""
    missing = [each for each in CREDENTIALS if not settings.credentials.get(each)]
    if missing:
        raise ConfigError(
            f"stores.{name}.{missing[0]}",
            found="no value",
            expected=f"the name of an environment variable that holds {CREDENTIALS[missing[0]]}, as `env:NAME`",
            next_step="make an application of your own in the CRM's administration, switch its development mode on, "
            "and put its id, secret and permanent code and an administrator's employee id into variables",
        )
    account = Account(*(settings.credentials[each] for each in CREDENTIALS))
    address = address_of(name, settings.data_center, settings.address)
    api = Api(name, settings, address, account, clock)
    return FxiaokeStore(api, objects=settings.datasets, writable=settings.writable)
