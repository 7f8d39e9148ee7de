"""Driver errors as neutral ones: what kind of thing went wrong, never a value, a name of a constraint or a position."""

from __future__ import annotations

from collections.abc import Mapping

from policies.errors import GovernanceError, StoreError

CONFLICT = "a row that a key or another rule of the database does not allow"
"""What is said of a write that the database refused: it may tell that some other row exists, and is counted."""
_REFUSED = "a statement that the database refused"
_OF_MYSQL: Mapping[str, frozenset[int]] = {
    CONFLICT: frozenset({1022, 1048, 1062, 1169, 1216, 1217, 1364, 1451, 1452, 1557, 1761, 1762, 4025}),
    "a connection that was lost": frozenset({0, 1053, 1152, 1153, 1927, 2002, 2003, 2006, 2013, 2014, 2055}),
    "a database without a free connection, memory or disk": frozenset({1021, 1037, 1038, 1040, 1041, 1114, 1203}),
    "a database that was busy or cancelled the statement": frozenset({1205, 1213, 1317, 1969, 3024}),
}
"""MariaDB's numbers of errors."""
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
    number = error.args[0] if error.args and isinstance(error.args[0], int) else None
    if number is not None and type(error).__module__.startswith("pymysql"):
        return next((found for found, numbers in _OF_MYSQL.items() if number in numbers), _REFUSED)
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
    return _REFUSED
