"""Driver errors as neutral ones: what kind of thing went wrong, never a value, a name of a constraint or a position."""

from __future__ import annotations

from policies.errors import GovernanceError, StoreError

CONFLICT = "a row that a key or another rule of the database does not allow"
"""What is said of a write that the database refused: it may tell that some other row exists, and is counted."""
_BUSY = frozenset({"55P03", "40001", "40P01", "57014"})


def neutral_error(store: str, error: BaseException) -> GovernanceError:
    """The error that stands for one of a driver's; the original is not kept."""
    found = _found(error)
    return StoreError(
        f"store {store}",
        found=found,
        expected="a statement that the database can run",
        next_step="check the statement against the schema, or try again; details stay in the database's own log",
    )


def _found(error: BaseException) -> str:
    state = getattr(error, "sqlstate", None) or ""
    code = getattr(error, "sqlite_errorname", None) or ""
    if state.startswith("08") or state in ("57P01", "57P02", "57P03") or code.startswith("SQLITE_CANTOPEN"):
        return "a connection that was lost"
    if state.startswith("53") or type(error).__name__ == "TimeoutError":
        return "a database without a free connection, memory or disk"
    if state in _BUSY or code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_INTERRUPT")):
        return "a database that was busy or cancelled the statement"
    if state.startswith("23") or code.startswith("SQLITE_CONSTRAINT"):
        return CONFLICT
    if code.startswith("SQLITE_AUTH"):
        return "an access that the guard's second check does not allow"
    return "a statement that the database refused"
