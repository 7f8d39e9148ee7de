"""What writing in a world tells its caller and does to what the caller may not see."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policies.errors import GovernanceError

from .hands import CUSTOMER_FIELDS, ORDER_FIELDS, WRITER
from .worlds import World, seen

TABLES = {"customers": CUSTOMER_FIELDS, "orders": ORDER_FIELDS}


def raw_rows(connection: Any, table: str) -> dict[int, dict[str, Any]]:
    """What a table really holds, inside the transaction of a guarded connection: rows by id."""
    raw, check = connection._GuardedConnection__raw(), connection._GuardedConnection__check
    names = list(TABLES[table])
    connection._begin()  # the time of a statement counts from here, not from the last one of the test
    with check.ours if check else contextlib.nullcontext():
        cursor = raw.cursor()
        cursor.execute(f"SELECT {', '.join(names)} FROM {own_name(raw, table)}")
        rows = cursor.fetchall()
    return {row[0]: dict(zip(names, row, strict=True)) for row in rows}


def own_name(raw: Any, table: str) -> str:
    if hasattr(raw, "get_autocommit"):
        return table
    return f"main.{table}" if hasattr(raw, "create_function") else f"public.{table}"


@dataclass
class WriteOutcome:
    told: Any
    """What the caller was told: rows, counts and names, or the error."""
    seen: Any
    """What the caller sees of all datasets afterwards."""
    harmed: list[str]
    """Hidden rows and fields that are not what they were."""


def write_outcome(world: World, *statements: Any) -> WriteOutcome:
    """What writing in one transaction, rolled back at the end, tells and does."""
    connection = world.store.connect(WRITER)
    try:
        before = {table: raw_rows(connection, table) for table in TABLES}
        told = [_told(connection, each) for each in statements]
        seen_after = []
        for table in TABLES:
            cursor = connection.cursor().execute(f"SELECT * FROM {table}")
            seen_after.append((tuple(each[0] for each in cursor.description), seen(cursor.fetchall(), in_order=False)))
        after = {table: raw_rows(connection, table) for table in TABLES}
        return WriteOutcome(told, seen_after, harm(before, after))
    finally:
        connection.rollback()
        connection.close()


def _told(connection: Any, statement: Any) -> Any:
    sql, parameters = statement if isinstance(statement, tuple) else (statement, None)
    cursor = connection.cursor()
    if sql.startswith(("SELECT", "WITH")):
        connection.cursor().execute("SAVEPOINT harness")  # an error would end the whole transaction of PostgreSQL
    try:
        many = isinstance(parameters, list)
        cursor.executemany(sql, parameters) if many else cursor.execute(sql, parameters)
        shown = (
            (tuple(each[0] for each in cursor.description), seen(cursor.fetchall(), in_order=False))
            if cursor.description
            else None
        )
    except GovernanceError as error:
        if sql.startswith(("SELECT", "WITH")):
            connection.cursor().execute("ROLLBACK TO SAVEPOINT harness")
        return type(error).__name__, str(error)
    return cursor.rowcount, shown


def harm(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Hidden rows that changed or went, and hidden fields of visible rows that changed."""
    found = []
    for number, row in before["customers"].items():
        now_ = after["customers"].get(number)
        if row["region"] != "EU" and now_ != row:
            found.append(f"hidden row {number}")
    for table, fields in TABLES.items():
        for number, row in before[table].items():
            now_ = after[table].get(number)
            masked = [name for name, treatment in fields.items() if treatment != "clear"]
            if now_ is not None:
                found += [f"{table} {number} {name}" for name in masked if now_[name] != row[name]]
    for number, row in after["customers"].items():
        if row["region"] != "EU" and number not in before["customers"]:
            found.append(f"row {number} out of scope")
    return found


def write_outcomes(worlds: Mapping[str, World], *statements: Any) -> tuple[WriteOutcome, list[str]]:
    """What writing does in the base world, and the worlds in which it tells, leaves or harms something else."""
    outcomes = {name: write_outcome(world, *statements) for name, world in worlds.items()}
    base = outcomes["base"]
    told = [name for name, each in outcomes.items() if each.told != base.told or each.seen != base.seen]
    return base, [*told, *(f"{name}: {harmed}" for name, each in outcomes.items() for harmed in each.harmed)]
