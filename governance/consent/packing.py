"""What stands for a person, packed into a few numbers of one narrow row: what SQLite joins a million of quickest.

The packed table says nothing of its own. It is computed from the rows of the projection and changes with them, in the
same transaction, so that a query finds in it what it would find in them. Each purpose that needs consent, with each of
its channels, has a slot of four bits, by its place in their sorted list:

    word    given0                         given1 ... given3
    bits    0-3     4-7     ... 56-59      (each the same)
    slot    0       1       ... 14         15     ... 59

Four bits hold 0 where consent does not stand, else 1 for the weakest form of consent up to 4 for the strongest. `until`
is the first moment at which any of it ends; behind it the projection itself is asked. Purposes without a slot are only
in the projection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, String, Table, bindparam, delete, insert

from governance.consent.events import ConsentKind
from governance.consent.projection_tables import KeyKind
from governance.consent.standing import targets
from policies.purposes import FORMS, PurposesFile
from policies.row_conditions import Packed

PACKED = "gov_consent_packed"
"""The packed table."""
UNTIL = "until"
"""Its column of the first moment at which any consent of a row ends, in UTC as events write it; empty for never."""
BITS = 4
"""Bits of a slot."""
_WORDS = ("given0", "given1", "given2", "given3")
_SLOTS_A_WORD = 15  # 60 bits: a number with the 64th is negative
Slots = Mapping[tuple[str, str], int]
"""Purpose and channel to their slot."""
Rows = Sequence[tuple[str, str, str, str, str]]
"""Purpose, channel, form, state and end of each row that the projection holds of one person."""


def slots_of(purposes: PurposesFile) -> Slots:
    """The slots under some purposes; those that there is no room for are left out."""
    return {target: place for place, target in enumerate(targets(purposes)[: len(_WORDS) * _SLOTS_A_WORD])}


def packed_table(kind: KeyKind) -> Table:
    """The packed table for one kind of key; for whole numbers the key is SQLite's own row number."""
    key = Integer() if kind is KeyKind.INTEGER else String(191)
    words = [Column(word, BigInteger, nullable=False) for word in _WORDS]
    return Table(
        PACKED,
        MetaData(),
        Column("subject_key", key, primary_key=True, autoincrement=False),
        *words,
        Column(UNTIL, String(27), nullable=False),
        sqlite_with_rowid=kind is KeyKind.INTEGER,
    )


def packed_condition(slots: Slots, purpose: str, channel: str, form: str) -> Packed | None:
    """Where it is packed that consent in a form or a stronger one stands; None for a purpose without a slot."""
    slot = slots.get((purpose, channel))
    if slot is None:
        return None
    word, place = divmod(slot, _SLOTS_A_WORD)
    return Packed(PACKED, _WORDS[word], place * BITS, BITS, FORMS.index(form) + 1, UNTIL)


def pack(rows: Rows, slots: Slots) -> dict[str, int | str] | None:
    """The words and the end of what the projection holds of a person; None where nothing stands that has a slot."""
    words, ends = [0] * len(_WORDS), []
    for purpose, channel, form, state, end in rows:
        slot = slots.get((purpose, channel))
        if slot is not None and state == ConsentKind.GIVEN:
            word, place = divmod(slot, _SLOTS_A_WORD)
            words[word] |= (FORMS.index(form) + 1) << (place * BITS)
            ends.append(end)
    if not any(words):
        return None
    return {**dict(zip(_WORDS, words, strict=True)), UNTIL: min(filter(None, ends), default="")}


def replace_packed(connection: Connection, table: Table, people: Sequence[tuple[Any, Rows]], slots: Slots) -> None:
    """Put what the projection holds of some people, by their typed keys, in place of what was packed of them."""
    gone = delete(table).where(table.c.subject_key == bindparam("gone"))
    connection.execute(gone, [{"gone": key} for key, _ in people])
    made = [{"subject_key": key, **words} for key, rows in people if (words := pack(rows, slots)) is not None]
    if made:
        connection.execute(insert(table), made)
