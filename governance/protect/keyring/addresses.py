"""Addresses of key services: TLS always, except to this machine itself."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from policies.errors import KeyringError


def check_address(address: str, setting: str) -> None:
    """Return when an address is an https URL, or http to this machine. Raises KeyringError, naming the setting."""
    parts = urlsplit(address)
    safe = parts.scheme == "https" or (parts.scheme == "http" and _here(parts.hostname or ""))
    if safe and parts.hostname and not parts.username and not parts.query:
        return
    raise KeyringError(
        setting,
        found="an address that is no https URL",
        expected="https://HOST[:PORT]; http only to this machine",
        next_step="correct governance.yaml",
    )


def _here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
