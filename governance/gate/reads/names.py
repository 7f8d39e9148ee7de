"""How a name that a migration writes is called in policies."""

from __future__ import annotations

from sqlglot import exp

_DEFAULT_SCHEMAS = {"postgres": "public", "sqlite": "main"}


def dataset_name(schema: str, table: str, dialect: str) -> str:
    """Bare in the default schema, `schema.table` elsewhere."""
    return table if schema in ("", _DEFAULT_SCHEMAS.get(dialect, "")) else f"{schema}.{table}"


def folded(name: str, *, quoted: bool, dialect: str) -> str:
    """A name as the database keeps it: PostgreSQL folds what is not quoted to lower case."""
    return name.lower() if dialect == "postgres" and not quoted else name


def table_name(table: exp.Table, dialect: str) -> str:
    """A parsed table as policies name it."""
    schema = table.args.get("db")
    name = name_of(table.this, dialect)
    return dataset_name(name_of(schema, dialect) if schema is not None else "", name, dialect)


def name_of(identifier: exp.Expr, dialect: str) -> str:
    """A parsed identifier as the database keeps it."""
    return folded(identifier.name, quoted=bool(identifier.args.get("quoted")), dialect=dialect)


def line_of(identifier: exp.Expr, first: int) -> int:
    """The line of an identifier in a statement that begins at `first`."""
    return first + int(identifier.meta.get("line", 1)) - 1
