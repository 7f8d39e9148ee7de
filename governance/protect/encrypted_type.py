"""`Encrypted(String)`: marks a column that holds tokens, and lets only decrypted values out and only tokens in.

    class Customer(Base):
        email: Mapped[str | None] = mapped_column(Encrypted(String))

The unit of work (`unit_of_work.py`) turns values into `Token`, the guarded cursor turns tokens into `Plain`. Without
either, a write is refused and a read raises: neither clear text in the cell nor a raw token is ever passed through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    String,
    Time,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from governance.protect.search import condition
from policies.errors import BadInputError, DecryptionError, StatementRefusedError

_INNERS: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (Float, "float"),  # before Numeric, its parent
    (Numeric, "decimal"),
    (BigInteger, "integer"),
    (Integer, "integer"),
    (Boolean, "boolean"),
    (DateTime, "datetime"),
    (Date, "date"),
    (Time, "time"),
    (JSON, "json"),
    (String, "string"),
    (LargeBinary, "binary"),
)
ENCRYPTS = "gov_encrypts"
"""The attribute of a dialect whose cursor makes the tokens itself: the guard's."""
_NEVER_RENDERED = "a_clear_value_is_never_rendered_for_an_encrypted_field()"
_NO_INNERS = (Enum, Interval)  # they are Strings or dates to SQLAlchemy, and their values are not


class Plain:
    """A decrypted value that the guarded cursor hands to an `Encrypted` column. Hides it in repr."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value
        """The clear value."""

    def __repr__(self) -> str:
        return "Plain(...)"


class Token(bytes):
    """A token that the unit of work made, as the only thing that an `Encrypted` column writes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Token({len(self)} bytes)"


class RawCellError(DecryptionError, DontWrapMixin):
    """A cell was read past the guard, or holds clear text; SQLAlchemy passes this error on as it is."""


class ClearWriteError(StatementRefusedError, DontWrapMixin):
    """A clear value was about to be written to, or compared with, an encrypted cell."""


class Encrypted(TypeDecorator[Any]):
    """The type of a column that holds tokens. `inner` is the type of the clear values.

    `index` names the column of the same table that holds the field's blind index, if it has one (`search.py`).
    """

    impl = LargeBinary
    cache_ok = True

    class Comparator(TypeDecorator.Comparator[Any]):
        """What can be asked of an encrypted column: `IS NULL`, and `search`."""

        def search(self, value: Any) -> ColumnElement[bool]:
            """The condition that the column holds this value. Raises BadInputError without a blind index."""
            kind: Any = self.type
            return condition(self.expr, kind.index, kind.inner, value)

    comparator_factory = Comparator

    def __init__(self, inner: TypeEngine[Any] | type[TypeEngine[Any]], *, index: str | None = None) -> None:
        super().__init__()
        self.inner_type = inner() if isinstance(inner, type) else inner
        """The SQLAlchemy type of the clear values."""
        self.inner = _word(self.inner_type)
        """The same in the words of `connectors.base.Field.type`."""
        self.index = index
        """The column of blind-index cells beside it."""

    @property
    def python_type(self) -> type[Any]:
        """The Python type of the clear values."""
        return self.inner_type.python_type

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ARG002 the base class's form
        """Let tokens and None through. Raises ClearWriteError for anything else."""
        if value is None or isinstance(value, Token):
            return value
        raise ClearWriteError(
            "encrypted field",
            found="a value that no unit of work has encrypted",
            expected="objects written by a session that encrypts, and no comparison with an encrypted field",
            next_step="write through Governance.session(writes=True), or a session of encrypt_writes",
        )

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """As above, but a dialect whose cursor encrypts gets clear values, as `Plain`, which no other can send."""
        if not getattr(dialect, ENCRYPTS, False):
            return super().bind_processor(dialect)
        return lambda value: value if value is None or isinstance(value, Token | Plain) else Plain(value)

    def literal_processor(self, dialect: Dialect) -> Callable[[Any], str]:  # noqa: ARG002 the base class's form
        """Render something that no store knows: an error raised here would be wrapped with the value in its text."""
        return lambda value: "NULL" if value is None else _NEVER_RENDERED

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 the base class's form
        """The clear value of what the guard decrypted. Raises RawCellError for anything else but NULL."""
        if isinstance(value, Plain):
            return value.value
        if value is None:
            return None
        raise RawCellError(
            "encrypted field",
            found="a raw cell",
            expected="a value that the guard has decrypted",
            next_step="read through Governance.session or Governance.engine, with a purpose that permits it in clear",
        )

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:  # noqa: ARG002 the base class's form
        """Bind what is compared with the column as this type too, so that it is refused and never sent in clear."""
        return self

    def __repr__(self) -> str:
        index = f", index={self.index!r}" if self.index is not None else ""
        return f"Encrypted({self.inner_type!r}{index})"


def _word(inner: TypeEngine[Any]) -> str:
    if not isinstance(inner, _NO_INNERS):
        for kind, word in _INNERS:
            if isinstance(inner, kind):
                return word
    raise BadInputError(
        "Encrypted column",
        found=f"the type {type(inner).__name__}, which cannot be encrypted",
        expected="one of " + ", ".join(sorted({kind.__name__ for kind, _ in _INNERS})),
        next_step="declare the column as one of these and convert the value",
    )
