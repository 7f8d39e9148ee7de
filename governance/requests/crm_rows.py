"""Rows of a CRM for the walk: each dataset is paged once into a private mirror, and looked through there like a table.

The vendor's own search is not asked: it knows some fields only and one way to write a number, and finds late what was
just written. Whoever must not miss a record reads all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from connectors.crm.mirror import Mirror
from governance.requests.forms import Form
from governance.requests.sql_rows import SqlRows
from governance.requests.store_rows import Row
from governance.requests.subject_map import DatasetMap, SubjectMap
from governance.requests.traced import RecordKey


class CrmRows:
    """One CRM. It only reads, and a dataset when it is first asked about."""

    def __init__(self, mirror: Mirror, known: SubjectMap) -> None:
        self._mirror = mirror
        self._known = known
        self._rows = SqlRows(mirror.engine, None)
        self.unreached = self._rows.unreached

    def matching(
        self, dataset: DatasetMap, fields: Sequence[str], values: Collection[RecordKey], needed: Sequence[str]
    ) -> Iterator[Row]:
        """As `Rows.matching`."""
        self._read(dataset)
        yield from self._rows.matching(dataset, fields, values, needed)

    def identified(
        self, dataset: DatasetMap, sought: Mapping[str, Sequence[Form]], needed: Sequence[str]
    ) -> Iterator[tuple[Row, str, Form]]:
        """As `Rows.identified`."""
        self._read(dataset)
        yield from self._rows.identified(dataset, sought, needed)

    def mentioning(self, dataset: DatasetMap, forms: Sequence[Form]) -> Iterator[tuple[Row, str]]:
        """As `Rows.mentioning`."""
        self._read(dataset)
        yield from self._rows.mentioning(dataset, forms)

    def _read(self, dataset: DatasetMap) -> None:
        linked = [name for link in self._known.links for name in link.fields if link.child == dataset.ref]
        linked += [name for link in self._known.links for name in link.referred if link.parent == dataset.ref]
        names = (*dataset.key, *dataset.entry.subject_key, *dataset.identifiers, *dataset.texts, *linked)
        self._mirror.fill(dataset.ref.dataset, names)
