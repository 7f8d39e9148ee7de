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
    table: Callable[[str], str],
    mark: str,
    ask: Ask,
) -> list[bool]:
    """Which records meet all conditions; `table` quotes a table of ours with its schema, `mark` is `?` or `%s`.

    Raises AccessRefusedError for a record without a field that a condition is about.
    """
    met = [True] * len(records)
    for condition in conditions:
        admitted = _admitted(records, condition, table(condition.table), mark, ask)
        met = [one and _key(record, condition) in admitted for one, record in zip(met, records, strict=True)]
    return met


def _admitted(
    records: Sequence[Mapping[str, Any]], condition: ExistsIn, table: str, mark: str, ask: Ask
) -> set[tuple[Any, ...]]:
    keys = list(dict.fromkeys(key for key in (_key(each, condition) for each in records) if None not in key))
    found: set[tuple[Any, ...]] = set()
    columns = [f'"{name}"' for name in condition.match]
    among = [f'"{name}" IN ({", ".join([mark] * len(texts))})' for name, texts in condition.among.items()]
    texts = [text for each in condition.among.values() for text in each]
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
        raise AccessRefusedError(
            "records",
            found="records without a field that a condition on rows is about",
            expected=", ".join(condition.match.values()),
            next_step="hand the records over with their subject key",
            rule_ids=(condition.rule_id,),
        ) from None
