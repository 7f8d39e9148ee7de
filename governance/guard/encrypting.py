"""Parameters of a write whose fields are encrypted: tokens in their place, a field of all rows at a time."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Mapping
from typing import Any

from governance.guard.base import Encryptor
from governance.guard.plans import Plan
from governance.guard.rewrite import SealedCell
from governance.guard.write_cells import keyless
from governance.protect.encrypted_type import Plain, Token
from policies.errors import BadInputError, KeyringError
from policies.nouns import FieldRef

_TYPES: Mapping[type, str] = {
    str: "string", bool: "boolean", int: "integer", float: "float", decimal.Decimal: "decimal", bytes: "binary",
    dt.datetime: "datetime", dt.date: "date", dt.time: "time", dict: "json", list: "json",
}  # fmt: skip


def encrypted(plan: Plan, values: list[list[Any]], encryptor: Encryptor | None) -> list[list[Any]]:
    """The values of all sets of parameters, those of encrypted fields as tokens; the same when there are none.

    Raises KeyringError without keys, BadInputError for a value or key that cannot be used, StatementRefusedError for a
    value whose person the statement does not name.
    """
    write = plan.rewritten.write
    if write is None or not write.cells:
        return values
    if encryptor is None:
        raise KeyringError(
            "encrypted field",
            found="no keys",
            expected="a store opened with a keyring",
            next_step="name a keyring in governance.yaml",
        )
    made = [[*each, *([None] * write.added)] for each in values]
    columns: dict[FieldRef, list[tuple[int, SealedCell]]] = {}
    for number, own in enumerate(made):
        for cell in write.cells:
            _check_cell(cell, own, added=cell.index is not None and cell.index >= len(values[number]))
            if not isinstance(own[cell.value], Token):
                if cell.subject is None:
                    if own[cell.value] is not None:
                        raise keyless(cell.field.field, "subject")
                    continue
                columns.setdefault(cell.field, []).append((number, cell))
    for field, cells in columns.items():
        clear = [_plain(made[number][cell.value]) for number, cell in cells]
        keys = [tuple(made[number][place] for place in cell.keys) for number, cell in cells]
        inner = cells[0][1].type or _type_of(field, next((each for each in clear if each is not None), ""))
        persons = [tuple(made[number][place] for place in cell.subject or ()) for number, cell in cells]
        named = {"subjects": persons} if cells[0][1].subject else {}
        sealed = encryptor.seal_columns(field.of, {field.field: clear}, keys, {field.field: inner}, **named)
        beside = next((each for name, each in sealed.items() if name != field.field), None)
        for place, (number, cell) in enumerate(cells):
            made[number][cell.value] = sealed[field.field][place]
            if cell.index is not None and beside is not None:
                made[number][cell.index] = beside[place]
    return made


def _check_cell(cell: SealedCell, own: list[Any], *, added: bool) -> None:
    """Return when an index cell that comes with a statement was made by Protect, as the token beside it was."""
    given = own[cell.index] if cell.index is not None else None
    ready = isinstance(own[cell.value], Token)
    if (given is not None and not (ready and isinstance(given, Token))) or (ready and added):
        raise BadInputError(
            str(cell.field),
            found="a token without its index cell, or an index cell that Protect did not make with it",
            expected="the clear value, whose token and cell the guard makes",
            next_step="write the clear value",
        )


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Plain) else value


def _type_of(field: FieldRef, value: Any) -> str:
    found = _TYPES.get(type(value))
    if found is None:
        raise BadInputError(
            str(field),
            found=f"a {type(value).__name__}, which cannot be encrypted",
            expected="a text, number, date or another plain value",
            next_step="convert the value, or state the field's type in the catalog",
        )
    return found
