"""The schema as migrations build it up, in order: what is there in the end, and which changes still stand then.

A change that a later one surely undoes is not judged: a field that was dropped again, a foreign key that came back.
What happens only under a condition undoes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from governance.gate.changes import ChangeKind, SchemaChange, Source, Unread
from governance.gate.reads.sql_flow import NEW_ROW

Item = SchemaChange | Unread
_FOREIGN = ("fk_", "_fk", "fkey", "ibfk", "foreign")
_UNKNOWN_COLUMNS = {"like": "copied_columns", "select_into": "select_into"}


@dataclass
class _Entry:
    """One item with what became of it."""

    item: Item
    place: tuple[str, str]
    stands: bool = True


@dataclass
class Schema:
    """Datasets, fields, foreign keys and triggers, changed by one item after another."""

    ignore_case: bool = False
    fields: dict[str, dict[str, SchemaChange]] = field(default_factory=dict)
    references: dict[str, list[SchemaChange]] = field(default_factory=dict)
    triggers: dict[str, str] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    entries: list[_Entry] = field(default_factory=list)

    def has(self, dataset: str, name: str) -> bool:
        """Whether a field is there in the end."""
        return self.key(name) in self.fields.get(self.key(dataset), {})

    def key(self, name: str) -> str:
        """A name as names are compared."""
        return name.casefold() if self.ignore_case else name

    def add(self, item: Item) -> None:
        """Let one item happen."""
        if isinstance(item, Unread):
            self.entries.append(_Entry(item, ("", "")))
            return
        for each in self._expanded(item):
            if isinstance(each, Unread):
                self.entries.append(_Entry(each, ("", "")))
                continue
            self._happen(each)
            self.entries.append(_Entry(each, (self.key(each.dataset), self.key(each.field))))

    def standing(self, decided: Callable[[str, str], bool]) -> Iterator[Item]:
        """The items that still count in the end; `decided` says whether people decided about a field.

        A field that was added under one name and decided about under its last one is settled.
        """
        for entry in self.entries:
            item = entry.item
            if isinstance(item, Unread):
                yield item
            elif entry.stands and self._counts(entry, item) and not self._renamed_and_decided(entry, decided):
                yield self._of_trigger(_in_the_end(entry, item))

    def _happen(self, change: SchemaChange) -> None:
        dataset, name = self.key(change.dataset), self.key(change.field)
        if change.kind is ChangeKind.ADD_FIELD:
            self.fields.setdefault(dataset, {})[name] = change
            if change.through == "" and change.native_type:
                self.whole.add(dataset)
        elif change.kind is ChangeKind.RENAME_FIELD:
            self._rename_field(dataset, self.key(change.former), name, change)
        elif change.kind is ChangeKind.RENAME_DATASET:
            self._rename_dataset(self.key(change.former), dataset, certain=change.certain)
        elif change.kind is ChangeKind.DROP_FIELD and change.certain:
            self.fields.get(dataset, {}).pop(name, None)
            self._undo(lambda place: place == (dataset, name))
        elif change.kind is ChangeKind.DROP_DATASET and change.certain:
            self.fields.pop(dataset, None)
            self.references.pop(dataset, None)
            self._undo(lambda place: place[0] == dataset)
        elif change.kind is ChangeKind.ADD_REFERENCE:
            self.references.setdefault(dataset, []).append(change)
        elif change.kind is ChangeKind.ADD_TRIGGER:
            self.triggers[change.name] = change.dataset

    def _undo(self, matches: Callable[[tuple[str, str]], bool]) -> None:
        for entry in self.entries:
            own = isinstance(entry.item, SchemaChange) and entry.item.kind in _UNDONE
            if own and matches(entry.place):
                entry.stands = False

    def _rename_field(self, dataset: str, former: str, new: str, change: SchemaChange) -> None:
        known = self.fields.setdefault(dataset, {})
        before = known.pop(former, None) if change.certain else known.get(former)
        known[new] = change if before is None else replace(before, field=change.field)
        self._move(lambda place: (dataset, new) if place == (dataset, former) else place)

    def _rename_dataset(self, former: str, new: str, *, certain: bool) -> None:
        for table in (self.fields, self.references):
            if former in table:
                table[new] = table.pop(former) if certain else table[former]  # type: ignore[assignment]  # one kind each
        self.whole |= {new} if former in self.whole else set()
        self._move(lambda place: (new, place[1]) if place[0] == former else place)

    def _move(self, moved: Callable[[tuple[str, str]], tuple[str, str]]) -> None:
        for entry in self.entries:
            entry.place = moved(entry.place)

    def _expanded(self, change: SchemaChange) -> Sequence[Item]:
        """A change of all fields as one of each, where they are known; a constraint as what it is."""
        if change.kind is ChangeKind.DROP_CONSTRAINT:
            return self._dropped(change)
        if change.kind is ChangeKind.DROP_REFERENCE:
            return (replace(change, target=change.target or self._target(change)),)
        if change.kind is not ChangeKind.ADD_FIELDS_OF:
            return (change,)
        known = self.fields.get(self.key(change.target), {})
        empty = change.through == "like"
        if known and self.key(change.target) in self.whole:
            sources = {name: () if empty else (Source(change.target, each.field),) for name, each in known.items()}
            made = [
                replace(change, kind=ChangeKind.ADD_FIELD, field=each.field, native_type=each.native_type,
                        comment=each.comment, sources=sources[name], target="")
                for name, each in known.items()
            ]  # fmt: skip
            self.whole.add(self.key(change.dataset))
            return made
        what = _UNKNOWN_COLUMNS.get(change.through, "unnamed_columns")
        unread = Unread(change.file, change.line, what)
        return (unread,) if empty else (unread, replace(change, kind=ChangeKind.COPY_ROWS))

    def _dropped(self, change: SchemaChange) -> Sequence[Item]:
        known = self.references.get(self.key(change.dataset), [])
        named = next((each for each in known if each.name and each.name == change.name), None)
        looks_so = any(sign in change.name.lower() for sign in _FOREIGN)
        if named is None and not looks_so:
            return ()
        target = named.target if named is not None else self._target(change)
        return (replace(change, kind=ChangeKind.DROP_REFERENCE, target=target),)

    def _target(self, change: SchemaChange) -> str:
        """The dataset that a dropped foreign key referred to, as far as its name or the schema tells."""
        known = self.references.get(self.key(change.dataset), [])
        named = next((each for each in known if each.name and each.name == change.name), None)
        if named is None:
            fits = [each for each in known if any(part and part in change.name for part in each.fields)]
            named = fits[0] if fits else known[0] if len(known) == 1 else None
        return named.target if named is not None else ""

    def _counts(self, entry: _Entry, item: SchemaChange) -> bool:
        """Whether a removal is still one in the end."""
        if item.kind is ChangeKind.DROP_FIELD:
            return not self.has(item.dataset, item.field)
        if item.kind is ChangeKind.DROP_DATASET:
            return self.key(item.dataset) not in self.fields
        if item.kind is ChangeKind.DROP_REFERENCE:
            return not self._comes_back(item)
        if item.kind is ChangeKind.COPY_ROWS:
            return self.key(item.target) != entry.place[0]
        return True

    def _comes_back(self, dropped: SchemaChange) -> bool:
        """Whether a foreign key between the same datasets is made after one was dropped."""
        seen = False
        for entry in self.entries:
            item = entry.item
            seen = seen or item is dropped
            again = isinstance(item, SchemaChange) and item.kind is ChangeKind.ADD_REFERENCE and item.certain
            if seen and again and self._binds(item, dropped):
                return True
        return False

    def _binds(self, item: Item, dropped: SchemaChange) -> bool:
        """Whether a foreign key is between the datasets of one that was dropped."""
        if not isinstance(item, SchemaChange) or self.key(item.dataset) != self.key(dropped.dataset):
            return False
        return dropped.target in ("", item.target)

    def _renamed_and_decided(self, entry: _Entry, decided: Callable[[str, str], bool]) -> bool:
        item = entry.item
        if not isinstance(item, SchemaChange) or item.kind not in (ChangeKind.ADD_FIELD, ChangeKind.RENAME_FIELD):
            return False
        return entry.place != (self.key(item.dataset), self.key(item.field)) and decided(*entry.place)

    def _of_trigger(self, change: SchemaChange) -> SchemaChange:
        """A change in a trigger's function, with the dataset whose rows it sees."""
        table = self.triggers.get(change.name, "")
        if change.target != NEW_ROW and not any(each.dataset == NEW_ROW for each in change.sources):
            return change
        sources = tuple(replace(each, dataset=table) if each.dataset == NEW_ROW else each for each in change.sources)
        return replace(change, sources=sources, target=table if change.target == NEW_ROW else change.target)


def _in_the_end(entry: _Entry, item: SchemaChange) -> SchemaChange:
    """A change of values with the last name of its dataset: a table that was rebuilt is the one that it replaced."""
    return replace(item, dataset=entry.place[0]) if item.kind in _OF_VALUES else item


_OF_VALUES = frozenset([ChangeKind.COPY_ROWS, ChangeKind.FILL_FIELD, ChangeKind.HASH_FIELD])
_UNDONE = frozenset(
    [
        ChangeKind.ADD_FIELD,
        ChangeKind.RENAME_FIELD,
        ChangeKind.RETYPE_FIELD,
        ChangeKind.SET_DEFAULT,
        ChangeKind.COPY_ROWS,
    ]
)
"""What goes with the field or dataset that it is about."""
