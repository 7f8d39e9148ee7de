"""The data centres of Zoho; an account lies in one, and its tokens hold there alone.

Source: the vendor's page on multiple data centres, seen 2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass

from policies.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Center:
    """The addresses of one data centre."""

    api: str
    """Where records are asked for."""
    accounts: str
    """Where tokens are asked for."""
    files: str
    """Where finished exports lie."""


CENTERS = {
    "us": Center("https://www.zohoapis.com", "https://accounts.zoho.com", "https://download.zoho.com"),
    "eu": Center("https://www.zohoapis.eu", "https://accounts.zoho.eu", "https://download.zoho.eu"),
    "in": Center("https://www.zohoapis.in", "https://accounts.zoho.in", "https://download.zoho.in"),
    "cn": Center("https://www.zohoapis.com.cn", "https://accounts.zoho.com.cn", "https://download.zoho.com.cn"),
    "au": Center("https://www.zohoapis.com.au", "https://accounts.zoho.com.au", "https://download.zoho.com.au"),
    "jp": Center("https://www.zohoapis.jp", "https://accounts.zoho.jp", "https://download.zoho.jp"),
    "sa": Center("https://www.zohoapis.sa", "https://accounts.zoho.sa", "https://download.zoho.sa"),
    "ca": Center("https://www.zohoapis.ca", "https://accounts.zohocloud.ca", "https://download.zohocloud.ca"),
}
"""By the word of `data_center`; the first is taken without one."""


def center_of(name: str, data_center: str, address: str) -> Center:
    """The addresses for a store's settings. Raises ConfigError for a data centre that is not known."""
    if address:
        return Center(address, address, address)
    word = data_center or next(iter(CENTERS))
    if word not in CENTERS:
        raise ConfigError(
            f"stores.{name}.data_center",
            found="a data centre that Zoho does not have",
            expected=" or ".join(CENTERS),
            next_step="take the word at the end of the address under which you sign in: `us` for .com",
        )
    return CENTERS[word]
