"""A person's rows on their way into a package: other people taken out of texts, and what the page shows kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from audits.subject_page import ROWS_SHOWN
from governance.flows.subjects.packing_subjects import text_of
from governance.flows.subjects.reading_subjects import Readable
from governance.requests.forms import KEY, followed, form_of, regions_of
from governance.requests.json_members import members_of, without_members
from governance.requests.subject_map import DatasetMap
from governance.requests.third_persons import ThirdPersons
from governance.requests.traced import Identifier, RecordKey, Trace
from policies.taxonomy import Taxonomy

if TYPE_CHECKING:
    from governance.app import Governance

KINDS = ("attachment", "consent", "email", "photo", "timeline")
"""What can hang on a record of a CRM, as the words know it."""
LOT = 200
"""Texts of so many records are looked at together."""


class Sparing:
    """Takes other people out of the free texts of rows; rows of datasets of persons tell what is the person's own."""

    def __init__(self, gov: Governance, identifiers: Sequence[Identifier], models: str) -> None:
        from governance.scan.text.analyzer import TextAnalyzer, TextOptions
        from governance.scan.text.redactor import Redactor

        path, regions = gov.project.policy_file("recognizers.yaml"), gov.project.config.scan.regions
        options = TextOptions(regions=regions, recognizers=path if path.exists() else None, models=models)
        self._others = ThirdPersons(Redactor(TextAnalyzer(options)), gov.policy_files.taxonomy)
        self._regions = regions_of(regions)
        for each in identifiers:
            if each.kind == "name":
                self._others.know_name(each.value)
            elif each.kind != KEY:
                self._others.know(form_of(each, self._regions))

    @property
    def taken(self) -> int:
        """How many mentions of others were taken out."""
        return self._others.taken

    def passing(self, chosen: Readable, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The rows, changed in their free texts; some are held at a time."""
        texts = [name for name in chosen.dataset.texts if name in chosen.fields]
        members = members_of(chosen.dataset.third_persons)
        while lot := list(islice(rows, LOT)):
            if chosen.dataset.is_of_persons:
                for row in lot:
                    self._learn(chosen.dataset, row)
            for name in members.keys() & set(chosen.fields):
                for row in lot:
                    row[name] = without_members(row[name], members[name])
            for name in texts:
                cells = [None if row[name] is None else text_of(row[name]) for row in lot]
                for row, text in zip(lot, self._others.redact(cells), strict=True):
                    row[name] = text
            yield from lot

    def names(self, names: Sequence[str]) -> list[str]:
        """Names of files and the like without others in them."""
        return [each or "" for each in self._others.redact(names)]

    def _learn(self, dataset: DatasetMap, row: Mapping[str, Any]) -> None:
        for name, value in row.items():
            form = followed(dataset.identifiers.get(name, "name"), value, self._regions)
            if form is not None:
                self._others.know(form)
            if isinstance(value, str) and Taxonomy.is_under(dataset.entry.fields[name].category, "user.name"):
                self._others.know_name(value)


class Seen:
    """Keeps the first rows for the page, and the latest value of the fields from which periods run."""

    def __init__(self, starts: frozenset[str]) -> None:
        self.first: list[dict[str, Any]] = []
        """The first rows."""
        self.latest: dict[str, str] = {}
        """By field."""
        self._starts = starts

    def passing(self, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The rows as they are."""
        for row in rows:
            if len(self.first) < ROWS_SHOWN:
                self.first.append(row)
            for name in self._starts & row.keys():
                if row[name] is not None:
                    self.latest[name] = max(self.latest.get(name, ""), str(row[name]))
            yield row


class Hanging:
    """Keeps which records of a CRM pass, and tells what hangs on these: an attachment's name, never its content."""

    def __init__(self, trace: Trace, sparing: Sparing, dataset: DatasetMap) -> None:
        self.first: tuple[tuple[str, str, str], ...] = ()
        """Kind, name and time of the first of them, once they were told."""
        self._linked = {key: things for (ref, key), things in trace.linked.items() if ref == dataset.ref}
        self._key = dataset.key
        self._sparing = sparing
        self._passed: list[RecordKey] = []

    def passing(self, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The rows as they are."""
        for row in rows:
            if self._linked:
                self._passed.append(tuple(row[name] for name in self._key))
            yield row

    def things(self) -> Iterator[dict[str, Any]]:
        """Each thing on a record that passed, others' names taken out of its name."""
        for key in self._passed:
            things = self._linked.get(key, ())
            for each, name in zip(things, self._sparing.names([one.name for one in things]), strict=True):
                kind = each.kind if each.kind in KINDS else "other"
                if len(self.first) < ROWS_SHOWN:
                    self.first = (*self.first, (kind, name, each.time))
                yield {"record": key[0], "kind": each.kind, "name": name, "time": each.time}
