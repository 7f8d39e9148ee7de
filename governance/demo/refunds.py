"""The accounts that refunds go to: a small table whose account numbers are encrypted before they are written."""

from __future__ import annotations

import datetime as dt
from random import Random

from sqlalchemy import String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from governance.app import Governance
from governance.demo.identifiers import german_iban
from governance.demo.moments import some_day, years_before
from governance.protect.encrypted_type import Encrypted

ACCOUNTS = 40
"""How many customers ever named an account."""


class _Base(DeclarativeBase):
    """The root of the mapping below."""


class RefundAccount(_Base):
    """One account; the number is readable through the guard alone, and only where the policy says `clear`."""

    __tablename__ = "refund_accounts"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    customer_id: Mapped[int]
    account: Mapped[str | None] = mapped_column(Encrypted(String))
    named_on: Mapped[dt.date]


def create_refund_table(url: str) -> None:
    """Make the table, empty."""
    engine = create_engine(url, hide_parameters=True)
    _Base.metadata.create_all(engine)
    engine.dispose()


def fill_refund_table(gov: Governance, store: str, *, customers: int, seed: int, as_of: dt.date) -> None:
    """Write accounts of some customers through the ORM, encrypted on the way."""
    rng = Random(f"{seed}:refund_accounts")
    chosen = sorted(rng.sample(range(1, customers + 1), min(ACCOUNTS, customers)))
    engine = create_engine(gov.project.store_target(store), hide_parameters=True)
    with Session(engine) as session:
        gov.encrypt_writes(session, store)
        session.add_all(
            RefundAccount(
                id=number,
                customer_id=customer,
                account=german_iban(rng),
                named_on=some_day(rng, years_before(as_of, 2), as_of),
            )
            for number, customer in enumerate(chosen, start=1)
        )
        session.commit()
    engine.dispose()
