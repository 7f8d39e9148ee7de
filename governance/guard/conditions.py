"""Further conditions, such as consent, asked about records that are not rows of a query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from policies.errors import AccessRefusedError
from policies.row_conditions import ExistsIn

KEYS_AT_ONCE = 400
"""Keys asked for in one statement."""
Ask = Callable[[str, Sequence[Any]], Sequence[Sequence[Any]]]
"""Runs a constant statement of ours with bound values; gives its rows."""


def meets(
    records: Sequence[Mapping[str, Any]],
    conditions: Sequence[ExistsIn],
    table: Callable[[ExistsIn], str],
    mark: str,
    ask: Ask,
    moment: str,
) -> list[bool]:
    """Which records meet all conditions; `mark` is the driver's, `?` or `%s`.

    `table` quotes the table of a condition with its schema. `moment` is that of the use, as events write times.

    Raises AccessRefusedError for a record without a field that a condition is about.
    """
    met = [True] * len(records)
    for condition in conditions:
        free = [_is_spared(record, condition) for record in records]
        asked = [record for record, one in zip(records, free, strict=True) if not one]
        matched = _matched(asked, condition, table(condition), mark, ask, moment)
        met = [
            one and (spared or (_key(record, condition) in matched) is not condition.absent)
            for one, spared, record in zip(met, free, records, strict=True)
        ]
    return met


def _is_spared(record: Mapping[str, Any], condition: ExistsIn) -> bool:
    """Whether a record needs no matching row; one that lacks a field on which that is decided is refused."""
    if condition.spared is None:
        return False
    if not condition.spared.fields <= record.keys():
        raise _incomplete(condition)
    return condition.spared.evaluate(record, {}) is True


def _matched(
    records: Sequence[Mapping[str, Any]], condition: ExistsIn, table: str, mark: str, ask: Ask, moment: str
) -> set[tuple[Any, ...]]:
    keys = list(dict.fromkeys(key for key in (_key(each, condition) for each in records) if None not in key))
    found: set[tuple[Any, ...]] = set()
    columns = [f'"{name}"' for name in condition.match]
    among = [f'"{name}" IN ({", ".join([mark] * len(texts))})' for name, texts in condition.among.items()]
    texts: list[str | int] = [text for each in condition.among.values() for text in each]
    if condition.ends is not None:
        among.append(f'("{condition.ends}" = \'\' OR "{condition.ends}" > {mark})')
        texts.append(moment)
    one = "(" + " AND ".join(f"{column} = {mark}" for column in columns) + ")"
    for start in range(0, len(keys), KEYS_AT_ONCE):
        lot = keys[start : start + KEYS_AT_ONCE]
        where = " AND ".join([*among, "(" + " OR ".join([one] * len(lot)) + ")"])
        sql = f"SELECT {', '.join(columns)} FROM {table} WHERE {where}"  # noqa: S608 names of ours, values are bound
        found.update(tuple(row) for row in ask(sql, [*texts, *(value for key in lot for value in key)]))
    return found


def _key(record: Mapping[str, Any], condition: ExistsIn) -> tuple[Any, ...]:
    try:
        return tuple(record[field] for field in condition.match.values())
    except KeyError:
        raise _incomplete(condition) from None


def _incomplete(condition: ExistsIn) -> AccessRefusedError:
    return AccessRefusedError(
        "records",
        found="records without a field that a condition on rows is about",
        expected=", ".join(sorted(condition.fields)),
        next_step="hand the records over with these fields",
        rule_ids=(condition.rule_id,),
    )
