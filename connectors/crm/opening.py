"""`open_crm`: the connector for a vendor."""

from __future__ import annotations

import importlib

from connectors.crm.base import CrmStore
from connectors.crm.settings import CrmSettings
from policies.errors import ConfigError, InstallationError

VENDORS = {"fxiaoke": "connectors.crm.fxiaoke.opening", "zoho": "connectors.crm.zoho.opening"}
"""The module of each vendor; its `open_store(name, settings)` gives the store and calls nobody yet."""


def open_crm(name: str, settings: CrmSettings) -> CrmStore:
    """The CRM behind some settings. Nothing is called yet.

    Raises ConfigError for a vendor that is not known or settings that do not fit it, InstallationError when httpx is
    missing.
    """
    if settings.kind not in VENDORS:
        raise ConfigError(
            f"stores.{name}.kind",
            found="a kind of CRM that is not known",
            expected=" or ".join(sorted(VENDORS)),
            next_step="correct the store's `kind`",
        )
    try:
        vendor = importlib.import_module(VENDORS[settings.kind])
    except ModuleNotFoundError as error:
        if error.name != "httpx":
            raise
        raise InstallationError(
            f"store {name}",
            found="no httpx here",
            expected="the extra `crm`",
            next_step='pip install "customer-data-governance[crm]"',
        ) from None
    store: CrmStore = vendor.open_store(name, settings)
    return store
