"""Databases as stores, through SQLAlchemy: PostgreSQL, MariaDB and MySQL, SQLite."""
