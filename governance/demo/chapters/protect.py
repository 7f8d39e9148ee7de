"""Chapter: an account number that is written encrypted and read by one role alone, then put under a new key."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from governance.demo.chapters.convert import convert
from governance.demo.refunds import RefundAccount
from governance.demo.stage import Line, Stage, table
from governance.flows.protect.converting import plan_rotation, run_conversion
from governance.flows.protect.keeping_keys import rotate_key
from governance.protect.protector import Protector
from policies.errors import AccessRefusedError, DecryptionError
from policies.nouns import FieldRef

_EXAMPLE = "DE89370400440532013000"  # the specimen of every textbook


def protect(stage: Stage) -> Iterator[Line]:
    """Written through the ORM, looked at raw, read by the cashier, tried by support, moved to another row."""
    yield from stage.say("protect")
    engine = sa.create_engine(stage.gov.project.store_target(stage.store), hide_parameters=True)
    protector = Protector(stage.gov.keyring, stage.gov.catalog)
    number = _write(engine, stage)
    with engine.connect() as connection:
        raw = connection.execute(sa.text("SELECT account FROM refund_accounts WHERE id = :id"), {"id": number}).scalar()
    engine.dispose()
    token = bytes(raw or b"")
    clear = _read(stage, number)
    size = stage.word("protect_bytes", count=len(token))
    yield from table(
        [(stage.word("protect_raw"), f"{token[:12].hex(' ')} … {size}"), (stage.word("protect_cashier"), clear)]
    )
    yield from _refusals(stage, protector, token, number)
    yield from _rotate(stage, number, clear)
    yield from convert(stage)


def _read(stage: Stage, number: int) -> str | None:
    with stage.gov.session(stage.store, principal="kim", purpose="refunds") as db:
        return db.scalars(sa.select(RefundAccount).where(RefundAccount.id == number)).one().account


def _rotate(stage: Stage, number: int, clear: str | None) -> Iterator[Line]:
    """A new key for the table's dataset, and every token under it."""
    field = FieldRef(stage.store, "refund_accounts", "account")
    rotate_key(stage.gov, field.of)
    done = run_conversion(stage.gov, plan_rotation(stage.gov, field).text()).total("done")
    same = stage.word("protect_same" if _read(stage, number) == clear else "protect_other")
    yield Line("")
    yield from stage.say("protect_rotated", count=done, same=same)


def _write(engine: sa.Engine, stage: Stage) -> int:
    with Session(engine) as session:
        stage.gov.encrypt_writes(session, stage.store)
        number = int(session.execute(sa.text("SELECT max(id) FROM refund_accounts")).scalar_one()) + 1
        today = stage.gov.clock().date()
        session.add(RefundAccount(id=number, customer_id=number, account=_EXAMPLE, named_on=today))
        session.commit()
    return number


def _refusals(stage: Stage, protector: Protector, token: bytes, number: int) -> Iterator[Line]:
    try:
        stage.ask("alice", "support", f"SELECT account FROM refund_accounts WHERE id = {number}")  # noqa: S608 a number
    except AccessRefusedError as refusal:
        yield Line("")
        yield from stage.say("protect_support")
        yield from stage.refusal(refusal)
    try:
        protector.decrypt_column(FieldRef(stage.store, "refund_accounts", "account"), [token], [(number - 1,)])
    except DecryptionError as refusal:
        yield from stage.say("protect_moved")
        yield from stage.refusal(refusal)
