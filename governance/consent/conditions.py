"""Consent as conditions on rows, for the guard: who has agreed is decided inside the query.

A purpose that states several channels needs consent for each of them; a dataset that names no person cannot be read for
a purpose that needs consent. Where the catalog tells the law of a row, the row needs consent only in that law's form.
Who is restricted or objects is left out of purposes that need no consent as well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol, cast, runtime_checkable

from governance.consent.projection import HEAD_SQL, ConsentProjection, ProjectionHead, head_of
from governance.consent.refusals import ONLY_HERE, refused
from governance.consent.row_needs import RowNeeds
from governance.consent.shutouts import ShutoutWatch
from governance.consent.store_keys import StoreKeys
from governance.consent.temporary import OwnTables, TemporarySet
from governance.consent.upkeep import ProjectionUpkeep
from governance.consent.whose import Whose, one_kind
from policies.catalog import Catalog
from policies.errors import DecryptionError, KeyringError, StoreError
from policies.nouns import DatasetRef
from policies.purposes import PurposesFile
from policies.row_conditions import ExistsIn
from policies.row_laws import goes_on_under_restriction

ReadHead = Callable[[str], Sequence[object] | None]
"""Runs a constant SELECT on the connection and in the transaction of the statement to come; gives its first row."""


@runtime_checkable
class Renewing(Protocol):
    """A ReadHead that can give up a snapshot which its own reading took."""

    def renew(self) -> None:
        """End the transaction that only its reading began."""
        ...


class ConsentConditions:
    """What a purpose asks of rows, and the promise that the store knows the latest consent."""

    def __init__(
        self,
        purposes: PurposesFile,
        catalog: Catalog,
        upkeep: ProjectionUpkeep,
        projections: Mapping[str, ConsentProjection],
        *,
        temporary: Collection[str] = (),
        whose: Callable[[DatasetRef], Whose] = one_kind,
    ) -> None:
        self._purposes = purposes
        self._upkeep = upkeep
        self._keys = StoreKeys(catalog, projections, temporary, whose)
        self._needs = RowNeeds(purposes, catalog, self._keys, upkeep.slots)
        self._watch = ShutoutWatch(upkeep.records)

    def prepare(self, store: str, purpose: str, run: ReadHead | None = None) -> None:
        """Make sure, before a statement runs, that what it will see of consent is the latest.

        For a purpose without consent that is one query on the records, and no more while nobody is shut out of it. Else
        one query on the store, one on the records, and the changes between them. With `run`, the store is asked on the
        statement's own connection, whose snapshot may be older than the latest withdrawal. Raises AccessRefusedError
        when the store cannot be brought up to date or the statement would see an older state.
        """
        if not self._purposes.needs_consent(purpose) and not self._shuts_out(store, purpose):
            return
        if store in self._keys.temporary:
            self._fill(store, purpose, cast("object", run))
            return
        projection = self._keys.projection(store, purpose)
        read, own = run or _reader(projection), cast("object", run)
        try:
            head = _first(read)  # the store before the records: what they learn meanwhile makes it look old, never new
            wanted = self._upkeep.records_head()
            self._watch.at(wanted)
            if self._upkeep.is_current(head, wanted):
                return
            self._upkeep.bring_up_to_date(projection)
            if isinstance(own, Renewing):
                own.renew()  # where each transaction has a snapshot, asking was what took it
            seen = _first(read)
        except (StoreError, KeyringError, DecryptionError) as cause:
            raise refused(store, purpose, cause.found, cause.expected, cause.next_step) from None
        if seen.epoch < wanted.epoch or (seen.origin, seen.tree) != (wanted.origin, self._upkeep.tree):
            raise refused(
                store,
                purpose,
                "a transaction that began before the latest change of consent",
                "a transaction that sees it",
                "end this transaction and run the statement in a new one",
            )

    def conditions(self, dataset: DatasetRef, purpose: str, *, every_row: bool = False) -> tuple[ExistsIn, ...]:
        """What must hold of each row, all of it; nothing for a purpose without consent while nobody is shut out.

        Depends on catalog, purposes, the store's schema and on whether anybody is shut out; its parts are the key under
        which a plan is kept. With `every_row`, rows whose law rests the purpose on something else need consent too.
        Raises AccessRefusedError for a dataset whose rows cannot be tied to one person or law.
        """
        consented = (
            self._needs.consented(dataset, purpose, every_row=every_row)
            if self._purposes.needs_consent(purpose)
            else ()
        )
        if not self._keys.names_person(dataset):
            return consented
        return (*consented, *self._needs.shutouts(dataset, purpose, self._watch.last(self._upkeep.records_head)))

    def lasting(self, dataset: DatasetRef, purpose: str) -> tuple[ExistsIn, ...]:
        """The same for what outlives the moment, such as a view: people who will be shut out later are heeded too.

        Where the store has no projection, as `conditions`. Raises as it does.
        """
        if dataset.store in self._keys.temporary:
            raise refused(str(dataset), purpose, *ONLY_HERE)
        projection = self._keys.projections.get(dataset.store)
        if projection is None or not self._keys.names_person(dataset) or not projection.is_made():
            return self.conditions(dataset, purpose)
        consented = (
            self._needs.consented(dataset, purpose, every_row=False) if self._purposes.needs_consent(purpose) else ()
        )
        return (*consented, *self._needs.shutouts(dataset, purpose, None))

    def _fill(self, store: str, purpose: str, own: object) -> None:
        """Bring the temporary set on the statement's own connection up to date."""
        if not isinstance(own, OwnTables):
            raise refused(store, purpose, *ONLY_HERE)
        try:
            found = TemporarySet(own, self._keys.store_kind(store, purpose))
            if not found.make():
                raise refused(
                    store,
                    purpose,
                    "a transaction in which no temporary table can be made",
                    "a statement that begins a transaction",
                    "end this transaction and run the statement in a new one",
                )
            self._upkeep.bring_set_up_to_date(store, found)
            self._watch.at(self._upkeep.records_head())
        except (StoreError, KeyringError, DecryptionError) as cause:
            raise refused(store, purpose, cause.found, cause.expected, cause.next_step) from None

    def _shuts_out(self, store: str, purpose: str) -> bool:
        """Whether anybody is shut out of a purpose: one query on the records."""
        shut = self._watch.at(self._upkeep.records_head())
        restricted = store in shut.restricted and not goes_on_under_restriction(self._purposes, purpose)
        return restricted or bool(shut.said_no & set(self._needs.noes(purpose)))


def _first(read: ReadHead) -> ProjectionHead:
    head = head_of(read(HEAD_SQL))
    if head is None:
        raise StoreError("consent projection", found="no epoch", expected="one row", next_step="run `governance init`")
    return head


def _reader(projection: ConsentProjection) -> ReadHead:
    def read(_: str) -> Sequence[object] | None:
        head = projection.head()
        return (head.epoch, head.origin, head.tree, head.key_kind) if head is not None else None

    return read
