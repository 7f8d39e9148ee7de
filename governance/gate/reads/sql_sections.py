"""Which part of a SQL file runs when a migration is applied; line numbers stay as they are."""

from __future__ import annotations

import re

_DOWN_FILE = re.compile(r"(?:\.(?:down|undo|rollback)\.sql|^U[0-9._]+__.*\.sql)$", re.IGNORECASE)
_UP_MARK = re.compile(r"^\s*--\s*(?:\+goose\s+up|\+migrate\s+up|migrate:up)\b", re.IGNORECASE)
_DOWN_MARK = re.compile(
    r"^\s*--\s*(?:\+goose\s+down|\+migrate\s+down|migrate:down|//\s*@undo|@undo|rollback\b)", re.IGNORECASE
)


def takes_back(file_name: str) -> bool:
    """Whether a file is the way back of a migration: golang-migrate, sqlx and Flyway name it so."""
    return _DOWN_FILE.search(file_name) is not None


def up_part(text: str) -> str:
    """The text with every line of a way back emptied: goose, sql-migrate, dbmate, MyBatis and Liquibase mark it so."""
    lines, down = [], False
    for line in text.splitlines():
        if _DOWN_MARK.match(line):
            down = True
        elif _UP_MARK.match(line):
            down = False
        lines.append("" if down else line)
    return "\n".join(lines)


def plain_delimiters(text: str) -> str:
    """The text as it is after the client's `DELIMITER` lines: a delimiter of their own becomes a semicolon."""
    if "delimiter" not in text.lower():
        return text
    lines, mark = [], ";"
    for line in text.splitlines():
        words = line.split()
        if len(words) == 2 and words[0].lower() == "delimiter":
            mark = words[1]
            lines.append("")
        elif mark != ";" and line.rstrip().endswith(mark):
            lines.append(line.rstrip().removesuffix(mark) + ";")
        else:
            lines.append(line)
    return "\n".join(lines)
