"""A compiled policy as a script for psql: one transaction, which begins with taking away what an earlier one made.

BEGIN; take away what is marked as ours; roles, column grants, attributes; schemas and views; who may use them;
what others could read of the tables revoked; each view stamped; refuse if anything is open; COMMIT
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from governance.guard.compile_gaps import gaps_sql
from governance.guard.compile_names import literal, quoted
from governance.guard.compile_views import ATTRIBUTES
from governance.guard.compiled import CompiledPolicy, CompiledUse, CompiledView

STANDING_SQL = (
    "pg_catalog.md5(pg_catalog.concat_ws('|', pg_catalog.pg_get_viewdef(c.oid), c.reloptions, c.relowner::text))"
)
"""What tells a view `c` of pg_class from another: its query, options and owner; with `search_path` at `pg_catalog`."""
ATTRIBUTES_SQL = "SELECT login::text, attribute, kind, value FROM {}.{} ORDER BY 1, 2, 3"
"""Reads all attributes."""


def script_of(compiled: CompiledPolicy) -> str:
    """The script that brings a database to a compiled policy, whatever stood there before."""
    return "\n".join(_script(compiled)) + "\n"


def removal_of(compiled: CompiledPolicy) -> str:
    """The script that takes away all that a compiled policy of this store made; what was revoked stays revoked."""
    return "\n".join([*_head(compiled), *_removal(compiled), "COMMIT;"]) + "\n"


def _script(compiled: CompiledPolicy) -> Iterator[str]:
    yield from _summary(compiled)
    yield from _head(compiled)
    yield from _removal(compiled)
    yield from _owner(compiled)
    yield from _attributes(compiled)
    for use in compiled.uses:
        yield from _use(compiled, use)
    yield from _members(compiled)
    yield from _revokes(compiled)
    yield from _stamps(compiled)
    yield f"REVOKE {quoted(compiled.owner)} FROM CURRENT_USER;"
    yield from _closed(compiled)
    yield "COMMIT;"


def _summary(compiled: CompiledPolicy) -> Iterator[str]:
    yield f"-- Policy {compiled.policy}, store {compiled.store}, action {compiled.action}. Written by a program."
    yield "-- Run it as a superuser or the owner of the tables: psql --set ON_ERROR_STOP=1 --file FILE"
    for use in compiled.uses:
        yield _comment(f"{use.schema}: purpose {use.purpose}, for {', '.join(use.subjects)}")
    for each in compiled.left_out:
        yield _comment(f"left out, {each.place} for {each.purpose} of {', '.join(each.subjects)}: {each.why}")


def _comment(said: str) -> str:
    return "-- " + " ".join(said.split())


def _head(compiled: CompiledPolicy) -> Iterator[str]:
    yield "BEGIN;"
    yield "SET LOCAL search_path TO pg_catalog;"
    yield "SET LOCAL standard_conforming_strings TO on;"
    yield "SET LOCAL client_min_messages TO warning;"
    yield from _block(
        f"IF current_database() <> {literal(compiled.database)} THEN",
        "  RAISE EXCEPTION 'this script was compiled for another database';",
        "END IF;",
    )


def _removal(compiled: CompiledPolicy) -> Iterator[str]:
    """Drop what is marked as ours; who runs it must be a member of the owning role for that, superuser or not."""
    mark = literal(compiled.mark)
    ours = f"shobj_description(oid, 'pg_authid') = {mark} || ' database ' || current_database()"
    yield from _block(
        f"FOR found IN SELECT rolname AS name FROM pg_roles WHERE {ours} LOOP",  # noqa: S608 - the mark is quoted
        "  EXECUTE format('GRANT %I TO CURRENT_USER', found.name);",
        "END LOOP;",
        "FOR found IN SELECT nspname AS name FROM pg_namespace",
        f"  WHERE starts_with(obj_description(oid, 'pg_namespace'), {mark}) LOOP",
        "  EXECUTE format('DROP SCHEMA %I CASCADE', found.name);",
        "END LOOP;",
        f"FOR found IN SELECT rolname AS name FROM pg_roles WHERE {ours} LOOP",  # noqa: S608
        "  EXECUTE format('DROP OWNED BY %I', found.name);",
        "  EXECUTE format('DROP ROLE %I', found.name);",
        "END LOOP;",
        declare="found record;",
    )


def _owner(compiled: CompiledPolicy) -> Iterator[str]:
    owner = quoted(compiled.owner)
    yield from _role(compiled, compiled.owner)
    yield f"GRANT {owner} TO CURRENT_USER;"
    reads = compiled.reads
    for schema in sorted({schema for schema, _ in reads}):
        yield f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {owner};"
    for (schema, table), columns in reads.items():
        named = ", ".join(quoted(each) for each in sorted(columns))
        yield f"GRANT SELECT ({named}) ON TABLE {quoted(schema)}.{quoted(table)} TO {owner};"


def _role(compiled: CompiledPolicy, role: str) -> Iterator[str]:
    yield f"CREATE ROLE {quoted(role)} NOLOGIN;"
    yield from _block(
        f"EXECUTE format('COMMENT ON ROLE %I IS %L', {literal(role)},"
        f" {literal(compiled.mark)} || ' database ' || current_database());"
    )


def _schema(compiled: CompiledPolicy, schema: str, said: str) -> Iterator[str]:
    yield f"CREATE SCHEMA {quoted(schema)} AUTHORIZATION {quoted(compiled.owner)};"
    yield f"REVOKE ALL ON SCHEMA {quoted(schema)} FROM PUBLIC;"
    yield f"COMMENT ON SCHEMA {quoted(schema)} IS {literal(f'{compiled.mark} {said}')};"


def _attributes(compiled: CompiledPolicy) -> Iterator[str]:
    table = f"{quoted(compiled.own_schema)}.{quoted(ATTRIBUTES)}"
    yield from _schema(compiled, compiled.own_schema, f"policy {compiled.policy}")
    yield (
        f"CREATE TABLE {table} (login name, attribute text, kind text, value text NOT NULL,"
        " PRIMARY KEY (login, attribute, kind));"
    )
    yield f"ALTER TABLE {table} OWNER TO {quoted(compiled.owner)};"
    yield f"REVOKE ALL ON TABLE {table} FROM PUBLIC;"
    for each in compiled.attributes:
        values = ", ".join(literal(text) for text in (each.login, each.attribute, each.kind, each.value))
        yield f"INSERT INTO {table} VALUES ({values});"  # noqa: S608 - each value is quoted


def _use(compiled: CompiledPolicy, use: CompiledUse) -> Iterator[str]:
    schema, role = quoted(use.schema), quoted(use.role)
    yield from _role(compiled, use.role)
    yield from _schema(compiled, use.schema, f"purpose {use.purpose}, for {', '.join(use.subjects)}")
    for view in use.views:
        place = f"{schema}.{quoted(view.name)}"
        yield f"CREATE VIEW {place} WITH (security_barrier = true) AS {view.select};"
        yield f"ALTER VIEW {place} OWNER TO {quoted(compiled.owner)};"
        yield f"REVOKE ALL ON TABLE {place} FROM PUBLIC;"
        yield f"GRANT SELECT ON TABLE {place} TO {role};"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {role};"


def _members(compiled: CompiledPolicy) -> Iterator[str]:
    pairs = [(use.role, login) for use in compiled.uses for login in use.logins]
    yield from _for_logins(pairs, "EXECUTE format('GRANT %I TO %I', found.role, found.login);")


def _revokes(compiled: CompiledPolicy) -> Iterator[str]:
    """What PUBLIC and the people themselves could do with the tables; what other roles give them is refused below."""
    for schema in compiled.base_schemas:
        yield f"REVOKE CREATE ON SCHEMA {quoted(schema)} FROM PUBLIC;"
        yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {quoted(schema)} FROM PUBLIC;"
        yield f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {quoted(schema)} FROM PUBLIC;"
    pairs = [(schema, login) for schema in compiled.base_schemas for login in compiled.logins]
    yield from _for_logins(
        pairs,
        "EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', found.role, found.login);",
        "  EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM %I', found.role, found.login);",
        "  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM %I', found.role, found.login);",
    )


def _for_logins(pairs: list[tuple[str, str]], *statements: str) -> Iterator[str]:
    """Statements for each pair of a name and a login, those of logins that the server has."""
    if pairs:
        values = ", ".join(f"({literal(one)}, {literal(other)})" for one, other in pairs)
        yield from _block(
            f"FOR found IN SELECT v.role, v.login FROM (VALUES {values}) AS v (role, login)",  # noqa: S608 - each value is quoted
            "  JOIN pg_roles r ON r.rolname = v.login::name LOOP",
            *(f"  {each.strip()}" for each in statements),
            "END LOOP;",
            declare="found record;",
        )


def _stamps(compiled: CompiledPolicy) -> Iterator[str]:
    """Each view's comment holds the digest of what it was made of, and of how PostgreSQL has it."""
    stamps = [(use.schema, view.name, view.digest) for use in compiled.uses for view in use.views]
    if not stamps:
        return
    values = ", ".join(f"({', '.join(literal(each) for each in stamp)})" for stamp in stamps)
    yield from _block(
        f"FOR found IN SELECT v.*, {STANDING_SQL} AS standing FROM (VALUES {values}) AS v (schema, view, made)",  # noqa: S608
        "  JOIN pg_namespace n ON n.nspname = v.schema::name",
        "  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = v.view::name LOOP",
        "  EXECUTE format('COMMENT ON VIEW %I.%I IS %L', found.schema, found.view,",
        f"    {literal(compiled.mark)} || ' ' || found.made || ' ' || found.standing);",
        "END LOOP;",
        declare="found record;",
    )


def stamp_of(compiled: CompiledPolicy, view: CompiledView, standing: str) -> str:
    """The comment that a view has when it is as it was made."""
    return f"{compiled.mark} {view.digest} {standing}"


def _closed(compiled: CompiledPolicy) -> Iterator[str]:
    yield from _block(
        "SELECT string_agg(format('%s: %s %s', g.who, g.gap, g.place), '; ' ORDER BY g.who, g.gap, g.place)",
        f"INTO found FROM ({gaps_sql(compiled).strip()}) AS g;",
        "IF found IS NOT NULL THEN",
        "  RAISE EXCEPTION 'these pass the views, nothing was changed: %', found;",
        "END IF;",
        declare="found text;",
    )


def _block(*lines: str, declare: str = "") -> Iterator[str]:
    body = [*([f"DECLARE {declare}"] if declare else []), "BEGIN", *(f"  {line}" for line in lines), "END"]
    tag = next(tag for number in itertools.count() if (tag := f"$gov{number}$") not in "\n".join(body))
    yield from (f"DO {tag}", *body, f"{tag};")
