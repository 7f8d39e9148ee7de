"""Consent as conditions on rows, for the guard: who has agreed is decided inside the query.

A purpose that states several channels needs consent for each of them; a dataset that names no person cannot be read for
a purpose that needs consent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from governance.consent.events import ConsentKind
from governance.consent.projection import HEAD_SQL, ConsentProjection, ProjectionHead, head_of, key_kind_of
from governance.consent.projection_tables import ENDS, TABLE, KeyKind
from governance.consent.standing import channels_of
from governance.consent.upkeep import ProjectionUpkeep
from policies.catalog import Catalog
from policies.errors import AccessRefusedError, DecryptionError, KeyringError, StoreError
from policies.nouns import DatasetRef
from policies.purposes import FORMS, PurposesFile
from policies.row_conditions import ExistsIn

ReadHead = Callable[[str], Sequence[object] | None]
"""Runs a constant SELECT on the connection and in the transaction of the statement to come; gives its first row."""


class ConsentConditions:
    """What a purpose asks of rows, and the promise that the store knows the latest consent."""

    def __init__(
        self,
        purposes: PurposesFile,
        catalog: Catalog,
        upkeep: ProjectionUpkeep,
        projections: Mapping[str, ConsentProjection],
    ) -> None:
        self._purposes = purposes
        self._catalog = catalog
        self._upkeep = upkeep
        self._projections = dict(projections)
        self._kinds: dict[DatasetRef, KeyKind] = {}

    def prepare(self, store: str, purpose: str, run: ReadHead | None = None) -> None:
        """Make sure, before a statement runs, that what it will see of consent is the latest.

        Does nothing for a purpose without consent. Else: one query on the store, one on the records, and the changes
        between them. With `run`, the store is asked on the statement's own connection, whose snapshot may be older than
        the latest withdrawal. Raises AccessRefusedError when the store cannot be brought up to date or the statement
        would see an older state.
        """
        if not self._purposes.needs_consent(purpose):
            return
        projection = self._projection(store, purpose)
        read = run or _reader(projection)
        try:
            head = _first(read)  # the store before the records: what they learn meanwhile makes it look old, never new
            wanted = self._upkeep.records_head()
            if self._upkeep.is_current(head, wanted):
                return
            self._upkeep.bring_up_to_date(projection)
            seen = _first(read)
        except (StoreError, KeyringError, DecryptionError) as cause:
            raise _refused(store, purpose, cause.found, cause.expected, cause.next_step) from None
        if seen.epoch < wanted.epoch or (seen.origin, seen.tree) != (wanted.origin, self._upkeep.tree):
            raise _refused(
                store,
                purpose,
                "a transaction that began before the latest change of consent",
                "a transaction that sees it",
                "end this transaction and run the statement in a new one",
            )

    def conditions(self, dataset: DatasetRef, purpose: str) -> tuple[ExistsIn, ...]:
        """What must hold of each row, all of it; nothing for a purpose without consent.

        Depends on catalog, purposes and the store's schema alone, so it may be kept with the plan. Raises
        AccessRefusedError for a dataset whose rows cannot be tied to one person.
        """
        if not self._purposes.needs_consent(purpose):
            return ()
        key = self._subject_key(dataset, purpose)
        self._check_kind(dataset, key, purpose)
        strong_enough = FORMS[FORMS.index(self._purposes.consent_form(purpose)) :]
        return tuple(
            ExistsIn(
                table=TABLE,
                match={"subject_key": key},
                among={
                    "purpose": (purpose,),
                    "channel": (channel,),
                    "form": strong_enough,
                    "state": (str(ConsentKind.GIVEN),),
                },
                rule_id=f"consent:{purpose}:{channel}",
                ends=ENDS,
            )
            for channel in channels_of(self._purposes, purpose)
        )

    def _projection(self, store: str, purpose: str) -> ConsentProjection:
        projection = self._projections.get(store)
        if projection is None:
            raise _refused(
                store,
                purpose,
                "a store without a projection of consent",
                "a database in which consent can be joined",
                "read this store for a purpose that needs no consent, or move the data to a database",
            )
        return projection

    def _subject_key(self, dataset: DatasetRef, purpose: str) -> str:
        entry = self._catalog.dataset(dataset)
        keys = entry.subject_key if entry is not None else ()
        if len(keys) != 1:
            raise _refused(
                str(dataset),
                purpose,
                f"{len(keys)} subject-key fields in the catalog",
                "one `subject_key` that says whom a row is about",
                "state `subject_key` for this dataset in catalog.yaml",
            )
        return keys[0]

    def _check_kind(self, dataset: DatasetRef, key: str, purpose: str) -> None:
        """Refuse a comparison of unlike types, which some databases decide by cutting text down to a number."""
        projection = self._projection(dataset.store, purpose)
        try:
            if dataset not in self._kinds:
                self._kinds[dataset] = key_kind_of(projection.engine, dataset.dataset, key)
            head = projection.head()
        except StoreError as cause:
            raise _refused(str(dataset), purpose, cause.found, cause.expected, cause.next_step) from None
        if head is None or head.key_kind != self._kinds[dataset]:
            raise _refused(
                f"{dataset}.{key}",
                purpose,
                f"a subject key of kind {self._kinds[dataset]}",
                f"kind {_kind_word(head)}, as the projection of consent has it",
                "name the field that holds the store's subject key",
            )


def _first(read: ReadHead) -> ProjectionHead:
    head = head_of(read(HEAD_SQL))
    if head is None:
        raise StoreError("consent projection", found="no epoch", expected="one row", next_step="run `governance init`")
    return head


def _kind_word(head: ProjectionHead | None) -> str:
    return head.key_kind if head is not None else "unknown"


def _reader(projection: ConsentProjection) -> ReadHead:
    def read(_: str) -> Sequence[object] | None:
        head = projection.head()
        return (head.epoch, head.origin, head.tree, head.key_kind) if head is not None else None

    return read


def _refused(place: str, purpose: str, found: str, expected: str, next_step: str) -> AccessRefusedError:
    return AccessRefusedError(
        f"{place}, purpose `{purpose}`, which needs consent",
        found=found,
        expected=expected,
        next_step=next_step,
        rule_ids=(f"consent:{purpose}",),
    )
