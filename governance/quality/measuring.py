"""Read the stores once, column by column, and count what is not as it must be. Memory does not grow with the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow.compute as pc

from connectors.base import FULL, Reading, Store
from governance.quality.checks.base import NOT_CHECKED, Placed
from governance.quality.checks.others import InVocabulary
from governance.quality.columns import Columns
from governance.quality.differences import Differences
from governance.quality.duplicates import Duplicates
from governance.quality.names import NameReader
from governance.quality.people import keys_of, people_of
from governance.quality.plan import DatasetLook
from governance.quality.result import FaultSink, Tally, Unseen
from governance.quality.scratch import Scratch
from governance.quality.standard import Standard
from policies.errors import StoreError

Progress = Callable[[int, int | None, str], None]
PART_ROWS = 16_384
"""So many records are looked at together."""
MOST_WORDS = 10_000
"""A field with more distinct values than this has no standard of words."""


@dataclass(slots=True)
class Run:
    """One run over stores: what it counts, and where it tells single rows."""

    standard: Standard
    """What data must be like."""
    scratch: Scratch
    """Where it sorts."""
    rules: Collection[str] = ()
    """Rules or dimensions that are looked at; empty for all."""
    sink: FaultSink | None = None
    """Takes single rows; None where only numbers are wanted."""
    on_progress: Progress | None = None
    """Is told records done."""
    tally: Tally = field(default_factory=Tally)
    """What is counted."""
    rows: Counter[str] = field(default_factory=Counter)
    """Records read, by dataset."""
    not_seen: list[Unseen] = field(default_factory=list)
    """What is left out."""

    def wants(self, *rules: str) -> bool:
        """Whether any of some rules is looked at."""
        return not self.rules or any({rule, rule.partition(".")[0]} & set(self.rules) for rule in rules)

    def fault(self, place: str, rule: str, key: tuple[str | None, ...], detail: str = "") -> None:
        """Tell one row to the sink."""
        if self.sink is not None and key:
            self.sink(place, rule, key, detail)


def measure(run: Run, stores: Mapping[Store, Sequence[DatasetLook]]) -> list[Unseen]:
    """Read every dataset that is looked at, then compare between them.

    Gives the stores that failed, each with its reason; they do not stop the others.
    """
    failed: list[Unseen] = []
    pack = run.standard.pack
    reader = NameReader(pack.titles, pack.titles_zh, pack.surname_readings)
    differences = Differences(run.scratch, reader, run.standard)
    for store, looks in stores.items():
        try:
            for look in looks:
                _measure(run, store, _wanted(run, look), reader, differences)
        except StoreError as cause:
            failed.append(Unseen(store.name, str(cause)))
    if run.wants("consistency.differs"):
        _compare(run, differences)
    return failed


def _wanted(run: Run, look: DatasetLook) -> DatasetLook:
    """The part of a dataset that the run's rules are about, and the checks that say which values may be compared."""
    unique, consistent = run.wants("uniqueness.person"), run.wants("consistency.differs")
    compared = look.person.all() if (look.lists_people and unique) or (look.leads and consistent) else ()
    return replace(
        look,
        checks=tuple(
            each
            for each in look.checks
            if run.wants(*each.check.rules) or (each.dimension == "validity" and each.check.fields[0] in compared)
        ),
        lists_people=look.lists_people and unique,
        leads=look.leads if consistent else "",
        counted=look.counted if run.wants("vocabulary.unknown") else (),
        unneeded=look.unneeded if run.wants("completeness.no_purpose") else (),
    )


def _measure(run: Run, store: Store, look: DatasetLook, reader: NameReader, differences: Differences) -> None:
    for name in look.unneeded:
        run.tally.count(f"{look.ref}.{name}", "completeness", 1)
        run.tally.fault(f"{look.ref}.{name}", "completeness.no_purpose")
    look = _with_used_words(run, store, look)
    if not (look.checks or look.lists_people or look.leads):
        return
    duplicates = Duplicates(run.scratch, reader, run.standard.pack.likeness) if look.lists_people else None
    with store.read(look.ref.dataset, look.fields, FULL) as reading:
        for columns in _parts(reading):
            faults = _check(run, look, columns)
            if duplicates is not None or look.leads:
                people = people_of(look, columns, faults)
                if duplicates is not None:
                    duplicates.add(people)
                if look.leads:
                    differences.add(look, columns, people)
            run.rows[str(look.ref)] += columns.rows
            if run.on_progress is not None:
                run.on_progress(run.rows.total(), None, str(look.ref))
    run.not_seen += [Unseen(each.place, each.reason, each.detail) for each in reading.not_seen]
    if run.sink is not None and not look.key:
        run.not_seen.append(Unseen(str(look.ref), "quality.not_seen_keyless"))
    if duplicates is not None:
        _count_duplicates(run, look, duplicates)


def _parts(reading: Reading) -> Iterator[Columns]:
    """The columns of a pass, in parts that are small enough to be held as Python objects."""
    for batch in reading:
        for start in range(0, batch.num_rows, PART_ROWS):
            yield Columns(batch.slice(start, PART_ROWS))


def _check(run: Run, look: DatasetLook, columns: Columns) -> dict[str, np.ndarray]:
    """Count what breaks a rule; gives, by field, the verdicts on its values."""
    keys: list[tuple[str | None, ...]] | None = None
    faults: dict[str, np.ndarray] = {}
    for placed in look.checks:
        found = placed.check.look(columns)
        if placed.dimension == "validity" and placed.place.startswith(f"{look.ref}."):
            faults[placed.check.fields[0]] = found
        if not run.wants(*placed.check.rules):
            continue
        run.tally.count(placed.place, placed.dimension, int(np.count_nonzero(found != NOT_CHECKED)))
        for number, rule in enumerate(placed.check.rules, start=1):
            rows = np.flatnonzero(found == number)
            if not len(rows) or not run.wants(rule) or run.standard.rules.accepts(rule, placed.place):
                continue
            run.tally.fault(placed.place, rule, len(rows))
            if run.sink is not None:
                keys = keys if keys is not None else list(keys_of(columns, look.key))
                for row in rows:
                    run.fault(placed.place, rule, keys[int(row)])
    return faults


def _with_used_words(run: Run, store: Store, look: DatasetLook) -> DatasetLook:
    """The dataset with checks of words whose standard is taken from use: one more pass over those fields alone."""
    if not look.counted:
        return look
    words: dict[str, Counter[str]] = {name: Counter() for name in look.counted}
    with store.read(look.ref.dataset, look.counted, FULL) as reading:
        for batch in reading:
            for name in list(words):
                for each in pc.value_counts(Columns(batch).batch.column(name)).to_pylist():
                    if each["values"] is not None:
                        words[name][str(each["values"])] += each["counts"]
                if len(words[name]) > MOST_WORDS:
                    del words[name]
    share = run.standard.pack.used_share
    made = [
        Placed(
            f"{look.ref}.{name}",
            InVocabulary(name, frozenset(w for w, n in counts.items() if n >= share * counts.total())),
        )
        for name, counts in words.items()
    ]
    return replace(look, checks=(*look.checks, *made))


def _count_duplicates(run: Run, look: DatasetLook, duplicates: Duplicates) -> None:
    place = str(look.ref)
    later = list(duplicates.find().later())
    run.tally.count(place, "uniqueness", run.rows[place])
    run.tally.fault(place, "uniqueness.person", len(later))
    if run.sink is not None and look.key:
        firsts = {first: number for number, first in enumerate(sorted({first for _, first in later}), start=1)}
        keys = duplicates.keys([*(row for row, _ in later), *firsts])
        for row, first in later:
            run.fault(place, "uniqueness.person", keys[row], f"group {firsts[first]}")


def _compare(run: Run, differences: Differences) -> None:
    for look, name, compared, found in differences.find():
        place = f"{look.ref}.{name}"
        if run.standard.rules.accepts("consistency.differs", place):
            continue
        run.tally.count(place, "consistency", compared)
        run.tally.fault(place, "consistency.differs", len(found))
        for each in found:
            run.fault(place, "consistency.differs", each.key)
