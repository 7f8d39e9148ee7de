"""The clouds of the vendor by the word in their host's name; the first is the default."""

from __future__ import annotations

from connectors.crm.http.address import checked_address
from policies.errors import ConfigError

CENTERS = {
    "cn": "https://open.fxiaoke.com",
    "hwcloud": "https://open-hwcloud.fxiaoke.com",
    "ale": "https://open-ale.fxiaoke.com",
    "hws": "https://open-hws.fxiaoke.com",
    "ksc": "https://open-ksc.sharecrm.com",
    "na": "https://open-na.sharecrm.com",
}


def address_of(name: str, data_center: str, address: str) -> str:
    """Where an account is called. Raises ConfigError for a cloud that is not known or an address that may not be."""
    if address:
        return checked_address(f"stores.{name}.address", address)
    if data_center and data_center not in CENTERS:
        raise ConfigError(
            f"stores.{name}.data_center",
            found="a cloud that is not known",
            expected=", ".join(CENTERS),
            next_step="take the word behind `open-` in your cloud's host, or give the whole `address`",
        )
    return CENTERS[data_center or next(iter(CENTERS))]
