"""Parameters of a write: which of them become tokens, and one row of an INSERT written out for many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from governance.guard.fences import conjuncts
from governance.guard.names import Use
from governance.guard.parsing import refused
from governance.guard.predicate_sql import placeholder
from governance.guard.rewrite import SealedCell
from governance.guard.scopes import Resolver
from governance.guard.sealed import Sealing
from policies.nouns import DatasetRef, FieldRef

_OWN = "gov"


class Parameters:
    """The numbered parameters of one statement, from 0."""

    def __init__(self, tree: exp.Expr, count: int, kind: str) -> None:
        self.own = count
        self.added = 0
        self._kind = kind
        found = [place_of(each) for each in tree.find_all(exp.Placeholder, exp.Parameter)]
        self._used = {place: found.count(place) for place in set(found)}

    @property
    def count(self) -> int:
        """The statement's own, and those that were added."""
        return self.own + self.added

    def more(self) -> tuple[int, exp.Expr]:
        """One parameter more: its number and its placeholder."""
        self.added += 1
        return self.count - 1, placeholder(self._kind, self.count)

    def alone(self, node: exp.Expr) -> int | None:
        """Which parameter a value is, when it stands nowhere else; None for anything else."""
        place = place_of(bare(node))
        return place if place is not None and self._used.get(place) == 1 else None


def bare(node: exp.Expr) -> exp.Expr:
    """A value without the casts and parentheses around it."""
    while isinstance(node, exp.Cast | exp.Paren):
        node = node.this
    return node


def place_of(node: exp.Expr) -> int | None:
    """Which parameter a placeholder stands for, from 0; None for what is no placeholder."""
    text = ""
    if isinstance(node, exp.Placeholder):
        text = str(node.this or "").removeprefix(_OWN)
    elif isinstance(node, exp.Parameter):
        text = node.this.name
    return int(text) - 1 if text.isdigit() else None


def repeated(row: exp.Expr, rows: int, parameters: Parameters, kind: str) -> list[exp.Expr]:
    """One row of VALUES written out for so many sets of parameters, each with numbers of its own."""
    made: list[exp.Expr] = []
    for number in range(rows):
        copy = row.copy()
        for each in list(copy.find_all(exp.Placeholder, exp.Parameter)):
            place = place_of(each)
            if place is not None:
                each.replace(placeholder(kind, number * parameters.count + place + 1))
        made.append(copy)
    return made


def indexed(fields: Sequence[str], dataset: str, sealing: Sealing) -> list[str]:
    """The index fields that a write of some fields has to fill besides.

    Raises StatementRefusedError for an index field without its field.
    """
    indexes = sealing.index_of(dataset)
    for field, index in indexes.items():
        if index in fields and field not in fields:
            raise keyless(index)
    return [index for field, index in indexes.items() if field in fields and index not in fields]


def cells_of_insert(
    source: exp.Values, fields: Sequence[str], ref: DatasetRef, sealing: Sealing, parameters: Parameters
) -> tuple[tuple[SealedCell, ...], list[str]]:
    """The cells of encrypted fields in VALUES, and index fields for which each row now has one value more.

    Raises StatementRefusedError unless value and key are parameters.
    """
    encrypted = sealing.encrypted(ref.dataset) & set(fields)
    added, indexes = indexed(fields, ref.dataset, sealing), sealing.index_of(ref.dataset)
    cells: list[SealedCell] = []
    for row in source.expressions if encrypted else []:
        values: dict[str, exp.Expr] = dict(zip(fields, row.expressions, strict=True))
        keys = _Keys.of({name: place_of(bare(value)) for name, value in values.items()}, ref, sealing)
        more = {each: parameters.more() for each in added}
        for each in added:
            row.append("expressions", more[each][1])
        for field in sorted(encrypted):
            place = _index_place(indexes.get(field), more, values, parameters)
            cells += _cell(FieldRef(ref.store, ref.dataset, field), values[field], keys, place, sealing, parameters)
    return tuple(cells), added


def cells_of_update(
    given: Mapping[str, exp.Expr],
    where: exp.Expr | None,
    use: Use,
    resolver: Resolver,
    sealing: Sealing,
    parameters: Parameters,
) -> tuple[tuple[SealedCell, ...], dict[str, exp.Expr]]:
    """The cells of encrypted fields in SET, and the placeholders of index fields to be set besides.

    Raises StatementRefusedError unless WHERE names one record by its key.
    """
    ref = use.permit.dataset
    wanted = sorted(sealing.encrypted(ref.dataset) & set(given))
    _check_keys_stay(given, ref, sealing)
    more = {each: parameters.more() for each in indexed(list(given), ref.dataset, sealing)}
    if not wanted:
        return (), {}
    equal: dict[str, int | None] = {}
    for part in conjuncts(where.this) if where is not None else []:
        if isinstance(part, exp.EQ):
            for one, other in ((part.this, part.expression), (part.expression, part.this)):
                meant, named = resolver.meant.get(id(one), (None, ""))
                place = place_of(bare(other))
                if meant is use and place is not None:
                    equal[named] = place
    keys = _Keys.of(equal, ref, sealing)
    cells: list[SealedCell] = []
    for field in wanted:
        index = _index_place(sealing.index_of(ref.dataset).get(field), more, given, parameters)
        cells += _cell(FieldRef(ref.store, ref.dataset, field), given[field], keys, index, sealing, parameters)
    return tuple(cells), {each: made for each, (_, made) in more.items()}


def _index_place(
    index: str | None,
    more: Mapping[str, tuple[int, exp.Expr]],
    values: Mapping[str, exp.Expr],
    parameters: Parameters,
) -> int | None:
    """The parameter of an index field: one that was added, or the statement's own. Raises StatementRefusedError."""
    if index is None or index in more:
        return more[index][0] if index is not None else None
    if isinstance(bare(values[index]), exp.Null):
        return None
    place = parameters.alone(values[index])
    if place is None:
        raise keyless(index)
    return place


@dataclass(frozen=True, slots=True)
class _Keys:
    """Which parameters hold the keys of one row; None where one is missing."""

    record: tuple[int, ...] | None
    """The record's key."""
    subject: tuple[int, ...] | None
    """Its person's key."""

    @classmethod
    def of(cls, places: Mapping[str, int | None], ref: DatasetRef, sealing: Sealing) -> _Keys:
        """Found among the places of fields that are given or compared."""
        return cls(*(_all_of(names(ref.dataset), places) for names in (sealing.record_key, sealing.subject_key)))


def _all_of(names: Sequence[str], places: Mapping[str, int | None]) -> tuple[int, ...] | None:
    found = [place for place in map(places.get, names) if place is not None]
    return tuple(found) if names and len(found) == len(names) else None


def _cell(
    field: FieldRef, value: exp.Expr, keys: _Keys, index: int | None, sealing: Sealing, parameters: Parameters
) -> list[SealedCell]:
    if isinstance(bare(value), exp.Null):
        return []
    place = parameters.alone(value)
    if place is None or keys.record is None or place in keys.record:
        raise keyless(field.field)
    subject = keys.subject if field.field in sealing.of_subjects(field.dataset) else ()
    kind = sealing.type_of(field.dataset, field.field)
    return [SealedCell(field, kind, place, keys.record, index, subject)]


def _check_keys_stay(given: Mapping[str, exp.Expr], ref: DatasetRef, sealing: Sealing) -> None:
    """Return when no field is set that tokens of the row are bound to. Raises StatementRefusedError."""
    bound = set(sealing.record_key(ref.dataset)) if sealing.encrypted(ref.dataset) else set()
    bound |= set(sealing.subject_key(ref.dataset)) if sealing.of_subjects(ref.dataset) else set()
    if bound & set(given):
        raise refused(
            "a change of a key that encrypted fields of the row are bound to",
            "record keys, and subject keys of fields that are `encrypted: subject`, that stay",
            "guard.write.encrypted",
            "insert another row, and delete this one",
        )


def keyless(field: str, what: str = "record") -> Exception:
    """The refusal of a write that does not name the key that it needs."""
    return refused(
        f"a write of the encrypted field `{field}` without its {what} key, or not as a parameter",
        f"a parameter for the value, and parameters for every field of the {what} key",
        "guard.write.encrypted",
        f"name the {what} key: in the row of an INSERT, or by `=` in the WHERE of an UPDATE",
    )
