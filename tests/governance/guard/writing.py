"""Worlds that tests write to, and short ways to write, and to look behind the guard."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import text

from .hands import WRITER, write_permits
from .worlds import CUSTOMERS, FIXTURES, ORDERS, fill, guard


def emptied(request, kind):
    """The file's database of a kind without anything in it."""
    url = request.getfixturevalue(f"{FIXTURES[kind]}_module_url")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        if kind == "mysql":
            name = engine.url.database
            connection.execute(text(f"DROP DATABASE {name}"))
            connection.execute(text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"))
        else:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


def made_world(request, tmp_path, kind):
    """A fresh world of a kind, which may be written to."""
    url = f"sqlite:///{tmp_path}/w.db" if kind == "sqlite" else emptied(request, kind)
    fill(url, CUSTOMERS, ORDERS)
    made = guard(url, permits=write_permits())
    yield made
    made.store.close()


def plain(world, sql):
    engine = sa.create_engine(world.url)
    try:
        with engine.begin() as connection:
            result = connection.execute(text(sql))
            return [tuple(row) for row in result] if result.returns_rows else None
    finally:
        engine.dispose()


def run(world, sql, parameters=None, context=WRITER, *, many=False):
    connection = world.store.connect(context)
    try:
        cursor = connection.cursor()
        cursor.executemany(sql, parameters) if many else cursor.execute(sql, parameters)
        connection.commit()
        return cursor.rowcount
    finally:
        connection.close()


def mark(world, names):
    if world.store._kind == "sqlite":
        return ", ".join(f":{each}" for each in names)
    return ", ".join(f"%({each})s" for each in names)
