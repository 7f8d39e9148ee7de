"""Chapter: the record verifies, and a copy that somebody tampered with does not."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from governance.demo.stage import Line, Stage, Style, lines, table
from governance.ledger.log import Ledger
from governance.ledger.verification import Verification

_ROWS_OF = "SELECT seq, leaf FROM gov_ledger_event WHERE kind = 'close' AND principal IS NOT NULL ORDER BY seq DESC"


def ledger(stage: Stage) -> Iterator[Line]:
    """Verify against a checkpoint, then against the same checkpoint a copy with one number changed."""
    note = stage.gov.ledger.checkpoint()
    found = stage.gov.ledger.verify(note)
    yield from stage.say("ledger", events=found.size)
    yield from lines(
        [f"{stage.word(f'ledger_{found.status}')}   {found.root[:32]}…"],
        style=Style.REFUSED if found.problems else Style.GOOD,
    )
    with tempfile.TemporaryDirectory() as folder:
        place, copy = _tampered_copy(stage, Path(folder), note)
    yield from stage.say("ledger_copy", place=place)
    yield from table([(stage.word(f"ledger_{copy.status}"), *_problem(copy))], style=Style.REFUSED)
    yield from stage.command("governance ledger verify --checkpoint .governance/checkpoint")


def _problem(found: Verification) -> tuple[str, ...]:
    return (found.problems[0].kind, found.problems[0].place) if found.problems else ()


def _tampered_copy(stage: Stage, folder: Path, note: str) -> tuple[int, Verification]:
    """Copy the records, have one use read as if it had handed out one row, and verify the copy."""
    path = folder / "copy.db"
    source = sa.make_url(stage.gov.project.records_url).database
    with closing(sqlite3.connect(str(source))) as original, closing(sqlite3.connect(path)) as target:
        original.backup(target)
        seq, leaf = next((seq, leaf) for seq, leaf in target.execute(_ROWS_OF) if b'"rows":1}' not in leaf)
        head, _, tail = bytes(leaf).partition(b'"rows":')
        forged = head + b'"rows":1' + tail[tail.index(b"}") :]
        target.execute("UPDATE gov_ledger_event SET leaf = ? WHERE seq = ?", (forged, seq))
        target.commit()
    engine = sa.create_engine(f"sqlite:///{path}")
    keyring, gov = stage.gov.keyring, stage.gov
    copy = Ledger(
        engine, signer=keyring.signer("ledger"), keyed_hash=keyring.keyed_hash(), clock=gov.clock, new_id=gov.new_id
    )
    found = copy.verify(note)
    engine.dispose()
    return int(seq), found
