"""Names of what a compiled policy makes in PostgreSQL: told apart by a digest, short enough, the same at every compile.

Roles belong to the whole server and schemas to one database, so the names of roles carry the database too.
"""

from __future__ import annotations

import hashlib
import re

from policies.errors import AccessRefusedError

LONGEST = 63
"""Bytes of a name in PostgreSQL; a longer one is cut without a word."""
_PREFIX = "gov_"
_DIGITS = 8


def made_name(said: tuple[str, ...], digested: tuple[str, ...] = ()) -> str:
    """A name of ours: `gov_`, what it says in plain letters as far as there is room, and a digest of all of it."""
    digest = hashlib.sha256("\x1f".join((*said, "", *digested)).encode()).hexdigest()[:_DIGITS]
    plain = re.sub(r"[^a-z0-9]+", "_", "_".join(said).lower()).strip("_")
    room = LONGEST - len(_PREFIX) - len(digest) - 1
    return f"{_PREFIX}{plain[:room].strip('_')}_{digest}"


def checked_name(name: str, what: str) -> str:
    """A name that PostgreSQL keeps as it is. Raises AccessRefusedError for one that it would cut or cannot hold."""
    if not name or "\0" in name or len(name.encode()) > LONGEST:
        raise AccessRefusedError(
            what,
            found=f"a name of {len(name.encode())} bytes",
            expected=f"1 to {LONGEST} bytes, which is what PostgreSQL keeps of a name",
            next_step="give it a shorter name",
            rule_ids=("compile.name",),
        )
    return name


def quoted(name: str) -> str:
    """A name as it stands in SQL."""
    return '"{}"'.format(name.replace('"', '""'))


def literal(text: str) -> str:
    """A text as it stands in SQL, with `standard_conforming_strings` on."""
    return "'{}'".format(text.replace("'", "''"))
