"""What a copy keeps in its target while it is made: that the tables are ours, and how far each one is.

    gov_copy       one row: plan, tables that are ours, state `making`, `made` or `done`, rows left out
    gov_copy_step  by step: the last key that was copied, encrypted (AES-256-GCM) under the project's key

The position is written in the transaction that writes the rows, so that a kill never separates the two.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection

from governance.jobs.work import Key
from governance.protect.pseudonyms.key import PseudonymKey
from policies.errors import ConfigError, TamperedError

_META = sa.MetaData()
COPY = sa.Table(
    "gov_copy",
    _META,
    sa.Column("plan", sa.String(64), primary_key=True),
    sa.Column("tables", sa.Text, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("orphans", sa.Integer, nullable=False),
)
STEP = sa.Table(
    "gov_copy_step",
    _META,
    sa.Column("step", sa.String(190), primary_key=True),
    sa.Column("position", sa.Text, nullable=False),
)
_NONCE = 12
_DOMAIN = "copies:position"

_WORDS: Mapping[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "int": (int, str, int),
    "str": (str, str, str),
    "float": (float, repr, float),
    "decimal": (decimal.Decimal, str, decimal.Decimal),
    "datetime": (dt.datetime, dt.datetime.isoformat, dt.datetime.fromisoformat),
    "date": (dt.date, dt.date.isoformat, dt.date.fromisoformat),
    "time": (dt.time, dt.time.isoformat, dt.time.fromisoformat),
    "uuid": (uuid.UUID, str, uuid.UUID),
    "bytes": (bytes, bytes.hex, bytes.fromhex),
}
"""How each type of key is written, the first that fits."""


def is_ours(connection: Connection, store: str) -> str | None:
    """The plan of the copy that the target holds; None for an empty one. Raises ConfigError for anything else."""
    inspector = sa.inspect(connection)
    there = {*inspector.get_table_names(), *inspector.get_view_names()}
    listed: set[str] = {COPY.name, STEP.name}
    plan = None
    if COPY.name in there:
        for row in connection.execute(sa.select(COPY.c.plan, COPY.c.tables)):
            plan = row.plan
            listed |= set(json.loads(row.tables))
    if there - listed:
        raise ConfigError(
            f"target {store}",
            found=f"{len(there - listed)} table(s) or view(s) that no copy of ours has made",
            expected="an empty database, or one that holds an earlier copy and nothing else",
            next_step="make a fresh database, and name it as target",
        )
    return plan


def state_of(connection: Connection, plan: str) -> str | None:
    """How far the copy of a plan is; None when it has not begun."""
    if COPY.name not in sa.inspect(connection).get_table_names():
        return None
    return connection.execute(sa.select(COPY.c.state).where(COPY.c.plan == plan)).scalar()


def begin(connection: Connection, plan: str, tables: Sequence[str]) -> list[str]:
    """Enter the copy of a plan in place of an earlier one; gives all tables that are ours and may be there."""
    _META.create_all(connection)
    old = [json.loads(each) for each in connection.execute(sa.select(COPY.c.tables)).scalars()]
    listed = list(dict.fromkeys([*tables, *(name for some in old for name in some)]))
    connection.execute(sa.delete(COPY))
    connection.execute(sa.delete(STEP))
    row = {"plan": plan, "tables": json.dumps(listed), "state": "making", "orphans": 0}
    connection.execute(sa.insert(COPY).values(**row))
    return listed


def reach(connection: Connection, plan: str, state: str, *, orphans: int = 0) -> None:
    """Enter how far the copy is, and how many rows were left out since."""
    changed = {"state": state, "orphans": COPY.c.orphans + orphans}
    connection.execute(sa.update(COPY).where(COPY.c.plan == plan).values(**changed))
    if state == "done":
        connection.execute(sa.delete(STEP))


def orphans_of(connection: Connection, plan: str) -> int:
    """How many rows were left out because what they refer to is not there."""
    return int(connection.execute(sa.select(COPY.c.orphans).where(COPY.c.plan == plan)).scalar() or 0)


class Positions:
    """The last key that each step has copied."""

    def __init__(self, key: PseudonymKey, plan: str) -> None:
        self._cipher = key.cipher(_DOMAIN)
        self._plan = plan

    def read(self, connection: Connection, step: str) -> Key | None:
        """The last key; None before the first batch. Raises TamperedError for one that we did not write."""
        text = connection.execute(sa.select(STEP.c.position).where(STEP.c.step == step)).scalar()
        if text is None:
            return None
        try:
            sealed = bytes.fromhex(text)
            plain = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], self._bound(step))
        except (ValueError, InvalidTag):
            raise TamperedError(
                f"target, {STEP.name}",
                found="a position that was altered, or of another project",
                expected="what the last batch wrote",
                next_step="make a new plan; the copy begins anew",
            ) from None
        return tuple(_WORDS[word][2](value) for word, value in json.loads(plain))

    def write(self, connection: Connection, step: str, key: Key) -> None:
        """Enter the last key of a batch, in the batch's own transaction."""
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(
            nonce, json.dumps([_worded(each) for each in key]).encode(), self._bound(step)
        )
        found = connection.execute(sa.update(STEP).where(STEP.c.step == step).values(position=sealed.hex()))
        if not found.rowcount:
            connection.execute(sa.insert(STEP).values(step=step, position=sealed.hex()))

    def _bound(self, step: str) -> bytes:
        return json.dumps([self._plan, step]).encode()


def _worded(value: Any) -> tuple[str, str]:
    for word, (kind, write, _) in _WORDS.items():
        if isinstance(value, kind):
            return word, write(value)
    raise ConfigError(
        "key of a copied table",
        found=f"a value of type {type(value).__name__}",
        expected="numbers, texts, dates, UUIDs or bytes",
        next_step="leave the table out of masks.yaml, or give it a `record_key` of a plain type in the catalog",
    )
