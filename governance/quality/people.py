"""What a record says of its person, made comparable: e-mail without case and tag, phone digits, day, papers, street."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.quality.checks.base import FINE
from governance.quality.columns import Columns
from governance.quality.plan import DatasetLook, PersonFields
from governance.quality.standard import Standard
from governance.scan.lexicon_zh import names_zh

PHONE_DIGITS = 8
"""So many last digits stand for a number: the shortest national plan's, and without any prefix."""
APART = "\x1f"
"""What stands between the parts of a key or several values in one text."""
_NULL = pa.scalar(None, pa.string())

Values = Sequence[str | None]


@dataclass(frozen=True, slots=True, repr=False)
class People:
    """One batch of records as people, column by column; None where a record says nothing that can be used."""

    keys: Sequence[tuple[str | None, ...]]
    """What identifies each record."""
    subjects: Values
    """The keys by which other datasets know the persons, where they are not the records' own."""
    names: Values
    """Names as they are written, folded."""
    emails: Sequence[Values]
    """Normalised addresses, one list a field."""
    phones: Sequence[Values]
    """Last digits of numbers, one list a field."""
    births: Values
    """Days as text."""
    ids: Sequence[Values]
    """Numbers of papers, one list a field."""
    addresses: Values
    """Streets without signs."""
    copies: Values
    """A digest of the moment at which a record began and of all that it says of its person."""

    def __repr__(self) -> str:
        return "People()"


def people_of(look: DatasetLook, columns: Columns, faults: Mapping[str, np.ndarray]) -> People:
    """The records of a batch as people; `faults` says by field which cells broke a rule and cannot be used."""
    person, rows = look.person, columns.rows
    nothing = [None] * rows

    def each(fields: Sequence[str], make: object) -> list[Values]:
        return [_good(make(columns, field), faults.get(field)).to_pylist() for field in fields]  # type: ignore[operator]  # one of the functions below

    return People(
        keys=list(keys_of(columns, look.key)),
        subjects=nothing if look.subject_key == look.key else subjects_of(columns, look.subject_key),
        names=_names(columns, person, faults),
        emails=each(person.email, email),
        phones=each(person.phone, phone),
        births=next(iter(each(person.birth_date, birth)), nothing),
        ids=each(person.government_id, paper),
        addresses=next(iter(each(person.address, street)), nothing),
        copies=_copies(columns, look) if look.began and look.lists_people else nothing,
    )


def email(columns: Columns, field: str) -> pa.Array:
    """Addresses in lower case, without a plus tag before the @."""
    return pc.replace_substring_regex(columns.lower(field), r"\+[^@]*@", "@")


def phone(columns: Columns, field: str) -> pa.Array:
    """The last digits of numbers, extensions left out; NULL for shorter ones."""
    text = pc.replace_substring_regex(columns.lower(field), r"(?:#|;?\s*ext\.?|\s*x|转|轉|分机|分機)\s*\d{1,7}$", "")
    digits = pc.replace_substring_regex(text, r"\D", "")
    tail = pc.utf8_slice_codeunits(digits, start=-PHONE_DIGITS)
    return pc.if_else(pc.greater_equal(pc.utf8_length(digits), PHONE_DIGITS), tail, _NULL)


def birth(columns: Columns, field: str) -> pa.Array:
    """Days as text, NULL for what is no day."""
    moments = columns.moments(field).astype("datetime64[D]")
    return pa.array(moments).cast(pa.string())


def paper(columns: Columns, field: str) -> pa.Array:
    """Numbers in capitals without signs; NULL for what is too short to be one."""
    signs = columns.signs(field)
    return pc.if_else(pc.greater_equal(pc.utf8_length(signs), 6), signs, _NULL)


def street(columns: Columns, field: str) -> pa.Array:
    """Addresses as letters and digits alone, simplified; NULL for what is too short to tell houses apart."""
    plain = pc.replace_substring_regex(columns.lower(field), r"[^\p{L}\p{N}]", "")
    beyond = pc.match_substring_regex(plain, r"[\x{4e00}-\x{9fff}]")
    if pc.any(beyond).as_py():
        table = names_zh().simplified
        chosen = pc.fill_null(beyond, False)
        plain = pc.replace_with_mask(
            plain, chosen, pa.array([each.translate(table) for each in plain.filter(chosen).to_pylist()], pa.string())
        )
    return pc.if_else(pc.greater_equal(pc.utf8_length(plain), 6), plain, _NULL)


def consent_flags(columns: Columns, field: str, standard: Standard) -> Values:
    """`yes` or `no` for flags in any of the words for it; None for anything else."""
    lower = columns.lower(field)
    yes = pc.is_in(lower, value_set=pa.array(standard.pack.yes, pa.string()))
    no = pc.is_in(lower, value_set=pa.array(standard.pack.no, pa.string()))
    return list(pc.if_else(yes, "yes", pc.if_else(no, "no", _NULL)).to_pylist())


def keys_of(columns: Columns, fields: Sequence[str]) -> Iterator[tuple[str | None, ...]]:
    """The values of key fields as text, row by row."""
    texts = [columns.batch.column(field).cast(pa.string()).to_pylist() for field in fields]
    return iter(zip(*texts, strict=True)) if texts else iter([()] * columns.rows)


def subjects_of(columns: Columns, fields: Sequence[str]) -> Values:
    """The values of a subject key as one text a record; None where a part of it is missing."""
    rows = keys_of(columns, fields)
    return [APART.join(map(str, row)) if row and None not in row else None for row in rows]


def _copies(columns: Columns, look: DatasetLook) -> Values:
    texts = [columns.text(field).to_pylist() for field in (str(look.began), *look.person.all())]
    return [
        hashlib.blake2b(APART.join(map(str, row)).encode(), digest_size=12).hexdigest() if row[0] is not None else None
        for row in zip(*texts, strict=True)
    ]


def _names(columns: Columns, person: PersonFields, faults: Mapping[str, np.ndarray]) -> Values:
    if not person.name:
        return [None] * columns.rows
    texts = [_good(columns.text(field), faults.get(field)) for field in person.name]
    joined = texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, " ", null_handling="skip")
    return list(joined.to_pylist())


def _good(values: pa.Array, broken: np.ndarray | None) -> pa.Array:
    return values if broken is None else pc.if_else(pa.array(broken > FINE), _NULL, values)
