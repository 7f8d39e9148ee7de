"""Which addresses a connector may call."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from policies.errors import ConfigError


def checked_address(place: str, address: str) -> str:
    """The address `SCHEME://HOST[:PORT]` without an end slash.

    Raises ConfigError unless it is `https`, or `http` to a loopback address written as numbers: a name could be
    resolved to another machine. The address itself is never shown, since it may hold a password.
    """
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _wrong(place, "an address that cannot be read") from None
    if not host or parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise _wrong(place, "an address with a user, a path or a query, or without a host")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise _wrong(place, "an address that would send tokens and people in the clear")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its address; a name never is."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_proxy(place: str, proxy: str, address: str) -> str | None:
    """The proxy's address, or None without one. Raises ConfigError for one that cannot be used.

    Through a proxy only `https` goes, since the proxy would read anything else.
    """
    if not proxy:
        return None
    try:
        parts = urlsplit(proxy)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise _wrong(place, "a proxy whose address cannot be read", "http://HOST:PORT or https://HOST:PORT")
    if not address.startswith("https://"):
        raise _wrong(place, "a proxy before an address in the clear", "`https` behind a proxy")
    return proxy


def _wrong(place: str, found: str, expected: str = "") -> ConfigError:
    return ConfigError(
        place,
        found=found,
        expected=expected or "https://HOST, or http://127.0.0.1:PORT for a service on this machine",
        next_step="correct the address in the store's settings",
    )
