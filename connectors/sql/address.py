"""Database addresses: which driver they mean, and whether what they carry crosses a network in the clear."""

from __future__ import annotations

import importlib.util
import ipaddress

import sqlalchemy as sa

from policies.errors import ConfigError, InstallationError

_DRIVERS = {
    "postgresql": ("postgresql+psycopg", "psycopg", "postgres"),
    "postgres": ("postgresql+psycopg", "psycopg", "postgres"),
    "mysql": ("mysql+pymysql", "pymysql", "mysql"),
    "mariadb": ("mariadb+pymysql", "pymysql", "mysql"),
    "sqlite": ("sqlite", "sqlite3", ""),
}
"""By the first word of an address: the SQLAlchemy driver, its module and the extra that installs it."""

_TLS_MODES = frozenset({"require", "verify-ca", "verify-full"})
"""Values of PostgreSQL's `sslmode` under which the client refuses a connection in the clear."""


def is_database_url(target: str) -> bool:
    """Whether a target is written as a database address, supported or not."""
    return "://" in target


def normalised(place: str, url: str) -> sa.URL:
    """The address with the driver that this distribution uses.

    Raises ConfigError for an address that cannot be read or a database that is not supported (the address itself is
    never shown, since it may hold a password) and InstallationError when the driver is missing.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise _unsupported(place, "an address that cannot be read") from None
    family = parsed.drivername.split("+")[0]
    if family not in _DRIVERS:
        raise _unsupported(place, "an address of a database that is not supported")
    driver, module, extra = _DRIVERS[family]
    if importlib.util.find_spec(module) is None:
        raise InstallationError(
            place,
            found=f"no Python package {module}",
            expected=f"the driver for {family}",
            next_step=f"pip install 'customer-data-governance[{extra}]'",
        )
    parsed = parsed.set(drivername=driver)
    if module == "pymysql":
        parsed = parsed.update_query_dict({"charset": "utf8mb4"})
    return parsed


def _unsupported(place: str, found: str) -> ConfigError:
    return ConfigError(
        place,
        found=found,
        expected="postgresql://, mysql://, mariadb:// or sqlite:/// (four slashes before an absolute path)",
        next_step="write the address as `postgresql://user@host/database`; percent-encode special characters in it",
    )


def remote_without_tls(url: sa.URL) -> bool:
    """Whether rows and password would cross a network without a setting that demands TLS."""
    if url.get_backend_name() == "sqlite" or _is_local(url):
        return False
    query = url.query
    if url.get_backend_name() == "postgresql":
        return query.get("sslmode") not in _TLS_MODES
    return not any(key.startswith("ssl") for key in query)


def _is_local(url: sa.URL) -> bool:
    host = url.host or url.query.get("host") or "localhost"
    if not isinstance(host, str):
        return False
    if host.startswith(("/", "@")) or host == "localhost" or "unix_socket" in url.query:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
