"""Names and notes that people entered, beside the ledger: the ledger holds the reference, this table can forget."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Connection, Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from governance.ledger import patterns
from governance.ledger.base import KeyedHash
from governance.ledger.tables import NAMES
from governance.records.transactions import reading, writing
from policies.errors import LedgerError

LETTERS = {"principal": "p", "note": "n"}
"""Kind of text to the letter that its references begin with."""


class Names:
    """The erasable side table. A reference is random: it says nothing of the text once that is erased."""

    def __init__(self, engine: Engine, keyed_hash: KeyedHash, new_id: Callable[[], str]) -> None:
        self._engine = engine
        self._keyed_hash = keyed_hash
        self._new_id = new_id

    def refer(self, kind: str, text: str) -> str:
        """The reference of a text: the same one for the same text within a kind, until it is erased.

        Raises LedgerError for an unknown kind, for half a surrogate pair, or when the table cannot be written.
        """
        digest = self._digest(kind, text)
        if not text.isprintable():  # which holds of nearly all
            _require_unicode(text)
        try:
            return self._find(kind, digest) or self._add(kind, digest, text)
        except SQLAlchemyError:
            raise _refused("a table that cannot be written", "a table that this user may write") from None

    def resolve(self, ref: str) -> str | None:
        """The text of a reference; None once it is erased. Raises LedgerError."""
        return self.resolve_all((ref,)).get(ref)

    def resolve_all(self, refs: Iterable[str]) -> dict[str, str]:
        """The texts of many references; erased ones are left out. Raises LedgerError."""
        wanted = sorted(set(refs))
        found: dict[str, str] = {}
        try:
            with reading(self._engine) as connection:
                for start in range(0, len(wanted), 500):
                    query = select(NAMES.c.ref, NAMES.c.text).where(NAMES.c.ref.in_(wanted[start : start + 500]))
                    found.update((row.ref, row.text) for row in connection.execute(query))
        except SQLAlchemyError:
            raise _refused("a table that cannot be read", "a table that this user may read") from None
        return found

    def find(self, kind: str, text: str) -> str | None:
        """The reference of a text, if it has one. Raises LedgerError."""
        try:
            return self._find(kind, self._digest(kind, text))
        except SQLAlchemyError:
            raise _refused("a table that cannot be read", "a table that this user may read") from None

    @staticmethod
    def erase_in(connection: Connection, ref: str) -> bool:
        """Delete the text of a reference in the caller's transaction; gives whether there was one."""
        return connection.execute(delete(NAMES).where(NAMES.c.ref == ref)).rowcount > 0

    def overwrite(self) -> None:
        """Fold SQLite's write-ahead file, which still holds an erased text, into the database. Raises LedgerError."""
        if self._engine.dialect.name != "sqlite":
            return
        try:
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        except SQLAlchemyError:
            raise _refused("a table that cannot be written", "a table that this user may write") from None

    def _digest(self, kind: str, text: str) -> str:
        if kind not in LETTERS:
            raise _refused("an unknown kind of text", " or ".join(LETTERS))
        return self._keyed_hash.digest(f"name.{kind}", text.encode(errors="surrogatepass"))

    def _find(self, kind: str, digest: str) -> str | None:
        with reading(self._engine) as connection:
            query = select(NAMES.c.ref).where(NAMES.c.kind == kind, NAMES.c.digest == digest)
            found: str | None = connection.execute(query).scalar_one_or_none()
            return found

    def _add(self, kind: str, digest: str, text: str) -> str:
        ref = f"{LETTERS[kind]}:{self._new_id()}"
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(NAMES), {"ref": ref, "kind": kind, "digest": digest, "text": text})
        except IntegrityError:  # another process was quicker
            return self._find(kind, digest) or self._add(kind, digest, text)
        return ref


def _require_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        patterns.refuse("name or note", "a text with a lone surrogate", "Unicode text")


def _refused(found: str, expected: str) -> LedgerError:
    return LedgerError("names beside the ledger", found=found, expected=expected, next_step="run `governance doctor`")
