"""Dates moved by a constant number of days for each person, so that order and distances within one person stay."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.protect.pseudonyms.draws import Draws
from governance.protect.pseudonyms.key import PseudonymKey

_DAY_MICROSECONDS = 86_400_000_000
_EPOCH = dt.date(1970, 1, 1).toordinal()
_FIRST, _AFTER = dt.date.min.toordinal() - _EPOCH, dt.date.max.toordinal() - _EPOCH + 1


def shift_dates(key: PseudonymKey, domain: str, dates: pa.Array, subjects: pa.Array, *, days: int) -> pa.Array:
    """Each date or time moved by 1 to `days` days, back or forth, as its subject's keyed hash says.

    A date without a subject, or one that would leave the years 1 to 9999, gives NULL. Tables that share key and domain
    move the same person alike. Dates are of type date32 or timestamp.
    """
    encoded = subjects.dictionary_encode()
    texts = encoded.dictionary.cast(pa.string()).to_pylist()
    drawn = Draws(lambda block: key.words(f"dates:{domain}", texts, 0, block)).below(2 * days).astype(np.int64)
    by_subject = pa.array(np.where(drawn < days, drawn - days, drawn - days + 1))
    timed = pa.types.is_timestamp(dates.type)
    numbers = dates.cast(pa.timestamp("us", dates.type.tz)).cast(pa.int64()) if timed else dates.cast(pa.int32())
    step = _DAY_MICROSECONDS if timed else 1
    made = pc.add(numbers.cast(pa.int64()), pc.multiply(by_subject.take(encoded.indices), step))
    inside = pc.and_(pc.greater_equal(made, _FIRST * step), pc.less(made, _AFTER * step))
    kept = pc.if_else(inside, made, pa.scalar(None, pa.int64()))
    if timed:
        return kept.cast(pa.timestamp("us", dates.type.tz)).cast(dates.type)
    return kept.cast(pa.int32()).cast(dates.type)
