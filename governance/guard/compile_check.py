"""A compiled policy held against what stands in the database: what is missing, changed, outdated or open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from governance.guard.compile_gaps import gaps_sql
from governance.guard.compile_names import quoted
from governance.guard.compile_script import ATTRIBUTES_SQL, STANDING_SQL, stamp_of
from governance.guard.compile_views import ATTRIBUTES
from governance.guard.compiled import CompiledPolicy
from policies.errors import StoreError

GAPS = ("function", "grant", "member", "power", "server", "table")
"""Kinds of ways past the views."""
KINDS = ("attributes", "changed", "extra", "missing", "outdated", "unreadable", "without", *GAPS)
"""Every kind of departure, a key of `policies/words/compile.yaml` each."""

_VIEWS_SQL = f"""
SELECT n.nspname, c.relname, pg_catalog.obj_description(c.oid, 'pg_class'), {STANDING_SQL}
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'v' AND pg_catalog.starts_with(pg_catalog.obj_description(n.oid, 'pg_namespace'), %(mark)s)
"""  # noqa: S608 - a constant
_SCHEMAS_SQL = """
SELECT nspname FROM pg_catalog.pg_namespace
WHERE pg_catalog.starts_with(pg_catalog.obj_description(oid, 'pg_namespace'), %(mark)s)
"""
_MEMBERS_SQL = """
SELECT g.rolname, m.rolname FROM pg_catalog.pg_auth_members a
JOIN pg_catalog.pg_roles g ON g.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member
"""


@dataclass(frozen=True, order=True, slots=True)
class Departure:
    """One way in which a database is not as the policy is."""

    kind: str
    """One of `KINDS`."""
    place: str
    """The schema, view, table, role or function."""
    who: str = ""
    """The database role that a gap is open for; empty for what is open for nobody in particular."""


def departures_of(compiled: CompiledPolicy, connection: sa.Connection) -> list[Departure]:
    """All of them, sorted; none when the database is as the policy is, and nothing leads past the views.

    The connection must be in a transaction, whose `search_path` is set. Raises StoreError when the database does not
    answer.
    """
    try:
        connection.exec_driver_sql("SET LOCAL search_path TO pg_catalog")
        return sorted(
            {*_of_views(compiled, connection), *_of_people(compiled, connection), *_gaps(compiled, connection)}
        )
    except sa.exc.SQLAlchemyError as cause:
        raise StoreError(
            f"store {compiled.store}",
            found=type(cause).__name__,
            expected="a database that lets this account read its system catalogs",
            next_step="run it with the account that ran the script; the database's own log says more",
        ) from None


def _of_views(compiled: CompiledPolicy, connection: sa.Connection) -> Iterator[Departure]:
    marked: dict[str, Any] = {"mark": compiled.mark}
    schemas = {str(row[0]) for row in connection.exec_driver_sql(_SCHEMAS_SQL, marked)}
    standing = {
        (str(schema), str(view)): (stamp, now)
        for schema, view, stamp, now in connection.exec_driver_sql(_VIEWS_SQL, marked)
    }
    wanted = {(use.schema, view.name): view for use in compiled.uses for view in use.views}
    expected = {use.schema for use in compiled.uses} | {compiled.own_schema}
    yield from (Departure("missing", each) for each in expected - schemas)
    yield from (Departure("extra", each) for each in schemas - expected)
    yield from (Departure("extra", ".".join(each)) for each in standing.keys() - wanted.keys() if each[0] in expected)
    for place, view in wanted.items():
        if place not in standing:
            yield Departure("missing", ".".join(place))
        elif standing[place][0] != stamp_of(compiled, view, standing[place][1]):
            stamped = str(standing[place][0] or "").removeprefix(compiled.mark).split()
            as_made = len(stamped) == 2 and stamped[1] == standing[place][1]
            yield Departure("outdated" if as_made else "changed", ".".join(place))


def _of_people(compiled: CompiledPolicy, connection: sa.Connection) -> Iterator[Departure]:
    logins = {str(row[0]) for row in connection.exec_driver_sql("SELECT rolname FROM pg_catalog.pg_roles")}
    members = {(str(group), str(member)) for group, member in connection.exec_driver_sql(_MEMBERS_SQL)}
    for use in compiled.uses:
        yield from (
            Departure("without", use.schema, login)
            for login in use.logins
            if login in logins and (use.role, login) not in members
        )
    place = f"{quoted(compiled.own_schema)}.{quoted(ATTRIBUTES)}"
    readable = connection.exec_driver_sql(
        "SELECT pg_catalog.has_table_privilege(pg_catalog.to_regclass(%(place)s)::pg_catalog.oid, 'SELECT')",
        {"place": place},
    ).scalar()
    if readable is False:
        yield Departure("unreadable", f"{compiled.own_schema}.{ATTRIBUTES}")
    elif readable and _attributes(compiled, connection) != _wanted(compiled):
        yield Departure("attributes", f"{compiled.own_schema}.{ATTRIBUTES}")


def _attributes(compiled: CompiledPolicy, connection: sa.Connection) -> Mapping[tuple[str, str, str], str]:
    rows = connection.exec_driver_sql(ATTRIBUTES_SQL.format(quoted(compiled.own_schema), quoted(ATTRIBUTES)))
    return {(login, attribute, kind): value for login, attribute, kind, value in rows}


def _wanted(compiled: CompiledPolicy) -> Mapping[tuple[str, str, str], str]:
    return {(each.login, each.attribute, each.kind): each.value for each in compiled.attributes}


def _gaps(compiled: CompiledPolicy, connection: sa.Connection) -> Iterator[Departure]:
    bare = {"no_parameters": True}  # a name may hold a per cent sign
    for who, gap, place in connection.exec_driver_sql(gaps_sql(compiled), execution_options=bare):
        yield Departure(str(gap), str(place), str(who))
