"""How a name that a migration writes is called in policies."""

from __future__ import annotations

_DEFAULT_SCHEMAS = {"postgres": "public", "sqlite": "main"}


def dataset_name(schema: str, table: str, dialect: str) -> str:
    """Bare in the default schema, `schema.table` elsewhere."""
    return table if schema in ("", _DEFAULT_SCHEMAS.get(dialect, "")) else f"{schema}.{table}"


def folded(name: str, *, quoted: bool, dialect: str) -> str:
    """A name as the database keeps it: PostgreSQL folds what is not quoted to lower case."""
    return name.lower() if dialect == "postgres" and not quoted else name
