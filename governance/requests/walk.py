"""The walk from a person's identifiers to all records about them, breadth first. Pure over `Rows`.

From an identifier to the records that hold it; from a subject key to all records that hold it; from a record of the
person to what refers to it; along a declared join. Never from a record to the one that it refers to, unless declared:
an order leads to its lines, not to its product, nor from the product to all its buyers. A record whose subject key is
another person's is never taken and never followed; where it refers to the person's own record it is a mention. Each
record is visited once, so cycles and records that refer to themselves end.

One rule stops what is shared: an identifier or a declared join is followed only while the person then has at most
`most_persons` subject keys in each dataset of persons. Otherwise none of its persons is taken, and it is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from governance.requests.forms import Form, followed
from governance.requests.found import Found, Person, values_of
from governance.requests.hanging import Hanging, Hit
from governance.requests.store_rows import Row, Rows, written
from governance.requests.subject_map import DatasetMap, Link, SubjectMap
from governance.requests.traced import Reach, RecordKey, Trace
from policies.errors import StoreError
from policies.nouns import DatasetRef

Answer = TypeVar("Answer")

MOST_PERSONS = 3
"""So many subject keys of one dataset may be one person's; more persons than that share an identifier."""
MOST_RECORDS = 1_000_000
"""So many records are kept unless the caller says otherwise."""


class Walk:
    """One walk over the datasets of a map."""

    def __init__(
        self,
        known: SubjectMap,
        stores: Mapping[str, Rows],
        regions: Sequence[str],
        *,
        most_persons: int = MOST_PERSONS,
        limit: int = MOST_RECORDS,
        follow: bool = True,
    ) -> None:
        self._known = known
        self._stores = dict(stores)
        self._regions = regions
        self._follow = follow
        self.found = Found(known, most_persons, limit)
        """What was found so far."""
        self._unreadable: set[DatasetRef] = set()
        self._forms: dict[tuple[str, str], Form] = {}
        self._new_forms: list[tuple[Form, int]] = []
        self._new_persons: list[Person] = []
        self._hanging: dict[tuple[Link, bool], Hanging] = {}
        self._followed: set[tuple[Link, bool, tuple[str, ...]]] = set()

    def run(self, forms: Sequence[Form], keys: Iterable[tuple[DatasetRef, RecordKey]] = (), *, text: bool) -> Trace:
        """All records of the person that these identifiers and subject keys mean, and with `text` their mentions."""
        for form in forms:
            self._seek(form, 0)
        self._new_persons += self.found.adopt({(space, written(key)): key for space, key in keys}, 0)
        while not self.found.is_full() and (self._new_forms or self._new_persons or self._hanging):
            self._identifiers()
            self._subjects()
            self._links()
        if text:
            self._mentions()
        for rows in self._stores.values():
            self.found.unreached += [each for each in rows.unreached if each not in self.found.unreached]
        return self.found.trace()

    # --- identifiers

    def _seek(self, form: Form, steps: int) -> None:
        place = form.kind, "|".join(sorted(form.numbers)) or form.normal
        if place not in self._forms:
            self._forms[place] = form
            self._new_forms.append((form, steps))

    def _identifiers(self) -> None:
        new, self._new_forms = self._new_forms, []
        if not new:
            return
        steps = dict(new)
        hits: dict[Form, list[Hit]] = {form: [] for form in steps}
        for dataset in self._known.datasets.values():
            sought = {
                name: wanted
                for name, kind in dataset.identifiers.items()
                if (wanted := [form for form in steps if form.is_for(kind)])
            }
            for row, name, form in self._identified(dataset, sought) if sought else ():
                hits[form].append(Hit(dataset, row, name))
        for form, found in hits.items():
            self._take_identified(form, found, steps[form])

    def _take_identified(self, form: Form, hits: Sequence[Hit], steps: int) -> None:
        persons: dict[Person, RecordKey] = {}
        for hit in hits:
            person = self.found.person_of(hit.dataset, hit.row)
            if person is not None and self._tells_whose(hit, steps):
                persons[person] = values_of(hit.row, hit.dataset.entry.subject_key)
        admitted = self.found.admits(persons)
        if admitted:
            self._new_persons += self.found.adopt(persons, steps)
        else:
            place = next(str(hit.dataset.field(hit.by)) for hit in hits if self._tells_whose(hit, steps))
            self.found.shared[place, form.kind] = max(self.found.shared.get((place, form.kind), 0), len(persons))
        for hit in hits:
            person = self.found.person_of(hit.dataset, hit.row)
            own = person in self.found.persons if person is not None else admitted
            reach = Reach.IDENTIFIER if own else Reach.MENTION
            self._take(hit.dataset, hit.row, reach, hit.by, steps)

    def _tells_whose(self, hit: Hit, steps: int) -> bool:
        """A given identifier is trusted wherever it says whose a record is, a followed one where it leads on."""
        if steps:
            return self._known.leads_on(hit.dataset, hit.by)
        return self._known.tells_whose(hit.dataset, hit.by)

    # --- subject keys

    def _subjects(self) -> None:
        new, self._new_persons = self._new_persons, []
        by_space: dict[DatasetRef, list[Person]] = {}
        for person in new:
            by_space.setdefault(person[0], []).append(person)
        for dataset in self._known.datasets.values():
            if dataset.space not in by_space:
                continue
            keys = [self.found.persons[each] for each in by_space[dataset.space]]
            key = dataset.entry.subject_key
            for row in self._matching(dataset, key, keys):
                whose = self.found.person_of(dataset, row)
                if whose is not None and whose in self.found.persons:
                    self._take(dataset, row, Reach.SUBJECT_KEY, None, self.found.steps[whose] + 1)

    # --- joins

    def _links(self) -> None:
        waiting, self._hanging = self._hanging, {}
        for (link, down), hanging in waiting.items():
            dataset = self._known.datasets[link.child if down else link.parent]
            fields = link.fields if down else link.referred
            groups: dict[tuple[str, ...], list[Row]] = {}
            values = list(hanging.values.values())
            for row in self._matching(dataset, fields, values):
                groups.setdefault(written(values_of(row, fields)), []).append(row)
            for value, rows in groups.items():
                if value in hanging.values:
                    of_persons = value in hanging.of_persons
                    self._take_joined(link, dataset, fields[0], rows, hanging.steps[value] + 1, of_persons=of_persons)

    def _take_joined(
        self, link: Link, dataset: DatasetMap, by: str, rows: Sequence[Row], steps: int, *, of_persons: bool
    ) -> None:
        if link.declared:
            persons = {
                person: values_of(row, dataset.entry.subject_key)
                for row in rows
                if (person := self.found.person_of(dataset, row)) is not None
            }
            if not self.found.admits(persons):
                self.found.shared[str(dataset.field(by)), "join"] = len(persons)
                return
            self._new_persons += self.found.adopt(persons, steps)
        foreign = not link.declared and self._is_of_others(link)
        for row in rows:
            person = self.found.person_of(dataset, row)
            if person in self.found.persons if person is not None else not foreign:
                self._take(dataset, row, Reach.JOIN, by, steps)
            elif of_persons:
                self._take(dataset, row, Reach.MENTION, by, steps)

    def _is_of_others(self, link: Link) -> bool:
        """Whether a link leads to records about other persons: from an agent to the tickets of customers."""
        child, parent = self._known.datasets[link.child].space, self._known.datasets[link.parent].space
        return child is not None and parent is not None and child != parent

    # --- what a record leads to

    def _take(self, dataset: DatasetMap, row: Row, reach: Reach, by: str | None, steps: int) -> None:
        """Keep a record, and note what one of the person's own leads to."""
        field = dataset.field(by) if by is not None else None
        if not self.found.add(dataset, row, reach, field, steps):
            return
        for link in self._known.links:
            if link.parent == dataset.ref and link.down:
                self._hang(link, row, link.referred, dataset, steps, down=True)
            if link.child == dataset.ref and link.up:
                self._hang(link, row, link.fields, dataset, steps, down=False)
        for name, kind in dataset.identifiers.items():
            if self._follow and self._known.leads_on(dataset, name):
                form = followed(kind, row.values.get(name), self._regions)
                if form is not None:
                    self._seek(form, steps + 1)

    def _hang(
        self, link: Link, row: Row, fields: tuple[str, ...], dataset: DatasetMap, steps: int, *, down: bool
    ) -> None:
        values = values_of(row, fields)
        place = link, down, written(values)
        if None in values or place in self._followed:
            return
        self._followed.add(place)
        hanging = self._hanging.setdefault((link, down), Hanging())
        hanging.values[place[2]] = values
        hanging.steps[place[2]] = steps
        if dataset.is_of_persons:
            hanging.of_persons.add(place[2])

    # --- texts

    def _mentions(self) -> None:
        forms = [each for each in self._forms.values() if each.is_searched_in_texts]
        for dataset in self._known.datasets.values():
            if not dataset.texts or not forms or self.found.is_full():
                continue
            for row, name in self._mentioning(dataset, forms):
                self.found.add(dataset, row, Reach.MENTION, dataset.field(name), 0)

    # --- asking

    def _needed(self, dataset: DatasetMap) -> tuple[str, ...]:
        """The fields by which the walk goes on from a record of a dataset."""
        names = [*dataset.entry.subject_key]
        for link in self._known.links:
            names += link.referred if link.parent == dataset.ref else ()
            names += link.fields if link.child == dataset.ref else ()
        names += [name for name in dataset.identifiers if self._known.leads_on(dataset, name)]
        return tuple(dict.fromkeys(names))

    def _identified(self, dataset: DatasetMap, sought: Mapping[str, Sequence[Form]]) -> Iterator[tuple[Row, str, Form]]:
        return self._asked(dataset, lambda rows: rows.identified(dataset, sought, self._needed(dataset)))

    def _matching(self, dataset: DatasetMap, fields: tuple[str, ...], values: Sequence[RecordKey]) -> Iterator[Row]:
        return self._asked(dataset, lambda rows: rows.matching(dataset, fields, values, self._needed(dataset)))

    def _mentioning(self, dataset: DatasetMap, forms: Sequence[Form]) -> Iterator[tuple[Row, str]]:
        return self._asked(dataset, lambda rows: rows.mentioning(dataset, forms))

    def _asked(self, dataset: DatasetMap, ask: Callable[[Rows], Iterator[Answer]]) -> Iterator[Answer]:
        """What a store answers on a dataset; one that cannot be read is noted and not asked again."""
        rows = self._stores.get(dataset.ref.store)
        if rows is None or dataset.ref in self._unreadable:
            return
        try:
            yield from ask(rows)
        except StoreError:
            self._unreadable.add(dataset.ref)
            self.found.say(str(dataset.ref), "unreadable")
