"""What a database still leaves open beside the views: each way in which a client could pass them, as one query.

The script that makes the views asks it before it commits, `policy compile --check` asks it later.
"""

from __future__ import annotations

from collections.abc import Sequence

from governance.guard.compile_names import literal
from governance.guard.compiled import CompiledPolicy

POWERFUL_ROLES = (
    "pg_checkpoint",
    "pg_create_subscription",
    "pg_database_owner",
    "pg_execute_server_program",
    "pg_maintain",
    "pg_monitor",
    "pg_read_all_data",
    "pg_read_all_settings",
    "pg_read_all_stats",
    "pg_read_server_files",
    "pg_signal_backend",
    "pg_stat_scan_tables",
    "pg_write_all_data",
    "pg_write_server_files",
)
"""Roles that PostgreSQL comes with, and that read, write or watch past any grant."""
FILE_FUNCTIONS = (
    "lo_export",
    "lo_import",
    "pg_current_logfile",
    "pg_file_write",
    "pg_logdir_ls",
    "pg_ls_dir",
    "pg_ls_logdir",
    "pg_ls_waldir",
    "pg_read_binary_file",
    "pg_read_file",
    "pg_read_server_file",
    "pg_stat_file",
)
"""Functions of PostgreSQL that reach the server's files; a superuser's alone unless somebody granted them."""

_GAPS = """
WITH client AS (SELECT oid, rolname FROM pg_catalog.pg_roles WHERE rolname = ANY ({logins})),
may AS (
  SELECT c.rolname AS login, r.* FROM client c
  JOIN pg_catalog.pg_roles r ON pg_catalog.pg_has_role(c.oid, r.oid, 'MEMBER')
),
shut AS (
  SELECT c.oid, c.relkind, n.nspname || '.' || c.relname AS place, n.nspname = {own_schema} AS ours
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND (n.nspname = ANY ({base_schemas}) OR n.nspname = {own_schema})
),
made AS (
  SELECT n.oid, n.nspname, e.role FROM pg_catalog.pg_namespace n
  JOIN (SELECT * FROM unnest({schemas}, {roles}) AS e (schema, role)) e ON e.schema = n.nspname
)
SELECT login AS who, 'power' AS gap, rolname AS place FROM may
  WHERE rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication
  OR rolname = ANY ({powerful}) OR rolname = {owner}
UNION SELECT m.login, 'power', d.datname FROM may m JOIN pg_catalog.pg_database d ON d.datdba = m.oid
  WHERE d.datname = pg_catalog.current_database()
UNION SELECT m.login, 'table', s.place FROM may m CROSS JOIN shut s
  WHERE NOT m.rolsuper AND (pg_catalog.has_any_column_privilege(m.oid, s.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
  OR pg_catalog.has_table_privilege(m.oid, s.oid, 'DELETE, TRUNCATE, TRIGGER'))
UNION SELECT m.login, 'function', p.oid::pg_catalog.regprocedure::text FROM may m CROSS JOIN pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE NOT m.rolsuper AND pg_catalog.has_function_privilege(m.oid, p.oid, 'EXECUTE')
  AND ((p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')) OR p.proname = ANY ({file_functions}))
  AND pg_catalog.has_schema_privilege(m.oid, n.oid, 'USAGE')
UNION SELECT m.login, 'server', f.srvname FROM may m CROSS JOIN pg_catalog.pg_foreign_server f
  WHERE NOT m.rolsuper AND pg_catalog.has_server_privilege(m.oid, f.oid, 'USAGE')
UNION SELECT r.rolname, 'member', e.role FROM pg_catalog.pg_roles r
  CROSS JOIN (SELECT * FROM unnest({roles}, {allowed}) AS e (role, allowed)) e
  JOIN pg_catalog.pg_roles g ON g.rolname = e.role
  WHERE NOT r.rolsuper AND r.rolcanlogin AND pg_catalog.pg_has_role(r.oid, g.oid, 'MEMBER')
  AND NOT r.rolname = ANY (e.allowed::pg_catalog.name[])
UNION SELECT pg_catalog.pg_get_userbyid(a.grantee), 'grant', m.nspname FROM made m
  JOIN pg_catalog.pg_namespace n ON n.oid = m.oid CROSS JOIN pg_catalog.aclexplode(n.nspacl) a
  WHERE a.grantee <> n.nspowner AND (a.privilege_type <> 'USAGE' OR pg_catalog.pg_get_userbyid(a.grantee) <> m.role)
UNION SELECT pg_catalog.pg_get_userbyid(a.grantee), 'grant', m.nspname || '.' || c.relname FROM made m
  JOIN pg_catalog.pg_class c ON c.relnamespace = m.oid CROSS JOIN pg_catalog.aclexplode(c.relacl) a
  WHERE a.grantee <> c.relowner AND (a.privilege_type <> 'SELECT' OR pg_catalog.pg_get_userbyid(a.grantee) <> m.role)
"""


def gaps_sql(compiled: CompiledPolicy) -> str:
    """A query that gives who, what kind of gap and where, for each gap; without a row, all is closed."""
    uses = compiled.uses
    return _GAPS.format(
        logins=_names(compiled.logins),
        own_schema=literal(compiled.own_schema),
        owner=literal(compiled.owner),
        base_schemas=_names(compiled.base_schemas),
        schemas=_texts([each.schema for each in uses]),
        roles=_texts([each.role for each in uses]),
        allowed=_texts([_array_text(each.logins) for each in uses]),
        powerful=_names(POWERFUL_ROLES),
        file_functions=_names(FILE_FUNCTIONS),
    )


def _names(names: Sequence[str]) -> str:
    return f"ARRAY[{', '.join(literal(each) for each in names)}]::pg_catalog.name[]"


def _texts(texts: Sequence[str]) -> str:
    return f"ARRAY[{', '.join(literal(each) for each in texts)}]::pg_catalog.text[]"


def _array_text(names: Sequence[str]) -> str:
    """Names as the text of an array, each quoted as PostgreSQL reads it."""
    escaped = ('"{}"'.format(each.replace("\\", "\\\\").replace('"', '\\"')) for each in names)
    return "{" + ",".join(escaped) + "}"
