"""What tests ask again and again and is the same each time: keys from passphrases, YAML documents, TLS as by default.

Only the first answer costs. Scrypt takes 35 ms at its least cost and is asked at each opening of a project, the small
catalog of the command's tests 4 ms, and to load the authorities that a connection to MariaDB could trust 15 ms.
`test_remembered.py` compares what is remembered with what is made anew.
"""

from __future__ import annotations

import io
import pickle
import ssl
from functools import cache, lru_cache
from typing import Any

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pymysql.connections import Connection
from ruamel.yaml import YAML
from ruamel.yaml.timestamp import TimeStamp

_create = Connection._create_ssl_ctx


@lru_cache(maxsize=4096)
def _key(text: bytes, **costs: Any) -> bytes:
    return Scrypt(**costs).derive(text)


class RememberedScrypt:
    """As `Scrypt`; the same passphrase with the same salt and costs is derived once in a process."""

    def __init__(self, **costs: Any) -> None:
        self._costs = costs

    def derive(self, text: bytes) -> bytes:
        """The key."""
        return _key(text, **self._costs)


class _Faithful(pickle.Pickler):
    def reducer_override(self, each: Any) -> Any:
        if isinstance(each, TimeStamp):
            raise pickle.PicklingError("a copy of a time forgets how it was written")
        return NotImplemented


@lru_cache(maxsize=4096)
def _document(text: str, *, duplicates: bool) -> bytes | None:
    """A document to copy from; None where a copy would lack something."""
    if "<<" in text:  # what is merged stays behind
        return None
    yaml = YAML(typ="rt")
    yaml.allow_duplicate_keys = duplicates
    copied = io.BytesIO()
    try:
        _Faithful(copied).dump(yaml.load(text))
    except pickle.PicklingError:
        return None
    return copied.getvalue()


class RememberedYaml(YAML):
    """As `YAML(typ="rt")`; of the same text each asker gets a document of their own, which is parsed once."""

    def load(self, stream: Any) -> Any:
        """The document, comments and lines kept."""
        copied = _document(stream, duplicates=bool(self.allow_duplicate_keys)) if isinstance(stream, str) else None
        return super().load(stream) if copied is None else pickle.loads(copied)


@cache
def _default_context() -> ssl.SSLContext:
    return _create(None, {})  # it does not look at the connection


def remembered_context(connection: Connection, asked: Any) -> ssl.SSLContext:
    """PyMySQL's TLS; where an address asks nothing of it, all connections of a process share one context."""
    return _create(connection, asked) if asked else _default_context()
