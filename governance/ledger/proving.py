"""Proofs of this ledger as plain data that travels: for one event, or for an older checkpoint."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from governance.ledger.base import Verifier
from governance.ledger.checkpoint import Checkpoint, read_checkpoint
from governance.ledger.leaves import leaf_pages
from governance.ledger.proofs import (
    consistency_ranges,
    inclusion_ranges,
    range_roots,
    verify_consistency,
    verify_inclusion,
)
from governance.ledger.tables import CHECKPOINTS, EVENTS, PERIODS, stored_bytes
from governance.ledger.tree import leaf_hash, leaf_hashes
from governance.records.transactions import reading
from policies.errors import BadInputError, LedgerError, TamperedError

SCHEMA = "governance.ledger-proof/1"
"""Name and version of the form."""


def prove_event(engine: Engine, event_id: str) -> dict[str, Any]:
    """That an event is in the log that the newest checkpoint of its period signs.

    Raises BadInputError for an unknown event, or one that no checkpoint covers yet; LedgerError.
    """
    with _read(engine) as connection:
        row = connection.execute(  # what a checkpoint covers is filed
            select(EVENTS.c.period, EVENTS.c.seq, EVENTS.c.leaf).where(EVENTS.c.id == event_id)
        ).one_or_none()
        if row is None and (gone := _dropped(connection)):
            raise _refused(
                f"an id that is no event any more or never was; periods {', '.join(map(str, gone))} were dropped",
                "the id of an event that is still kept; a proof made before the drop still verifies",
            )
        if row is None:
            raise _refused("an id that is no event", "the id of an event, as `governance ledger show` lists them")
        newest = select(CHECKPOINTS.c.size, CHECKPOINTS.c.note).where(
            CHECKPOINTS.c.period == row.period, CHECKPOINTS.c.size > row.seq
        )
        mark = connection.execute(newest.order_by(CHECKPOINTS.c.size.desc()).limit(1)).one_or_none()
        if mark is None:
            raise _refused("an event that no checkpoint covers yet", "one; `governance ledger checkpoint` signs it")
        path = range_roots(inclusion_ranges(row.seq, mark.size), _hashes(connection, row.period, mark.size))
    return {
        "schema": SCHEMA,
        "kind": "inclusion",
        "leaf": stored_bytes(row.leaf).decode(),
        "index": row.seq,
        "path": _texts(path),
        "checkpoint": mark.note,
    }


def prove_start(engine: Engine, verifier: Verifier, older: str) -> dict[str, Any]:
    """That the log of an older checkpoint is the start of the log as the newest checkpoint signs it.

    Raises TamperedError for a foreign checkpoint or one that this log does not continue, BadInputError, LedgerError.
    """
    old = read_checkpoint(older, verifier)
    with _read(engine) as connection:
        period = connection.execute(select(PERIODS.c.period).where(PERIODS.c.origin == old.origin)).scalar_one_or_none()
        if period in _dropped(connection):
            raise _refused(
                f"a checkpoint of period {period}, whose events were dropped",
                "a checkpoint of a period that is still kept",
            )
        newest = select(CHECKPOINTS.c.note).where(CHECKPOINTS.c.period == period, CHECKPOINTS.c.size >= old.size)
        note = connection.execute(newest.order_by(CHECKPOINTS.c.size.desc()).limit(1)).scalar_one_or_none()
        if period is None or note is None or not old.size:
            raise _refused("a checkpoint that is newer than this log, or empty", "an older checkpoint of this log")
        new = read_checkpoint(note, verifier)
        path = range_roots(consistency_ranges(old.size, new.size), _hashes(connection, period, new.size))
    proof = {"schema": SCHEMA, "kind": "consistency", "older": older, "path": _texts(path), "checkpoint": note}
    verify_proof(proof, verifier)
    return proof


def verify_proof(proof: Mapping[str, Any], verifier: Verifier, *, outside: str | None = None) -> Checkpoint:
    """The checkpoint under which a proof holds; with `outside` it must hold under that very checkpoint.

    Raises TamperedError when it does not hold, BadInputError for data of another form.
    """
    try:
        path = [base64.b64decode(each, validate=True) for each in proof["path"]]
        mark = read_checkpoint(str(proof["checkpoint"]), verifier)
        if proof["schema"] != SCHEMA:
            raise _refused("data of another form", SCHEMA)
        if proof["kind"] == "inclusion":
            leaf = str(proof["leaf"]).encode()
            holds = verify_inclusion(leaf_hash(leaf), int(proof["index"]), mark.size, path, mark.root)
        else:
            old = read_checkpoint(str(proof["older"]), verifier)
            holds = old.origin == mark.origin
            holds = holds and verify_consistency(old.size, mark.size, path, old.root, mark.root)
    except (KeyError, TypeError, ValueError):
        raise _refused("data of another form", SCHEMA) from None
    same = outside is None or read_checkpoint(outside, verifier) == mark
    if not holds or not same:
        raise TamperedError(
            "proof of the ledger",
            found="hashes that do not lead to the checkpoint" if not holds else "a proof for another checkpoint",
            expected="a proof that holds",
            next_step="ask for the proof again; if it still fails, run `governance ledger verify`",
        )
    return mark


def read_proof(text: str) -> dict[str, Any]:
    """A proof from its JSON form. Raises BadInputError for anything else."""
    try:
        proof = json.loads(text)
    except (ValueError, RecursionError):
        proof = None
    if not isinstance(proof, dict):
        raise _refused("no JSON object", SCHEMA)
    return proof


def _hashes(connection: Connection, period: int, size: int) -> Iterator[bytes]:
    for leaves in leaf_pages(connection, period, below=size):
        yield from leaf_hashes(leaves)


def _dropped(connection: Connection) -> list[int]:
    query = select(PERIODS.c.period).where(PERIODS.c.dropped.is_not(None)).order_by(PERIODS.c.period)
    return list(connection.scalars(query))


def _texts(path: list[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in path]


@contextmanager
def _read(engine: Engine) -> Iterator[Connection]:
    try:
        with reading(engine) as connection:
            yield connection
    except SQLAlchemyError:
        raise LedgerError(
            "ledger",
            found="a database that could not be read",
            expected="the tables of the ledger",
            next_step="run `governance doctor`",
        ) from None


def _refused(found: str, expected: str) -> BadInputError:
    return BadInputError(
        "proof of the ledger", found=found, expected=expected, next_step="name another event or checkpoint"
    )
