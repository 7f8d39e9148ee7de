"""Consent as conditions on rows, for the guard: who has agreed is decided inside the query.

A purpose that states several channels needs consent for each of them; a dataset that names no person cannot be read for
a purpose that needs consent. Where the catalog tells the law of a row, the row needs consent only in that law's form.
Who is restricted or objects is left out of purposes that need no consent as well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol, cast, runtime_checkable

from governance.consent.events import EVERY, NOES, ConsentKind
from governance.consent.packing import packed_condition
from governance.consent.projection import HEAD_SQL, ConsentProjection, ProjectionHead, head_of, key_kind_of
from governance.consent.projection_tables import ENDS, TABLE, TARGET, KeyKind, target_code
from governance.consent.restriction_events import RestrictionKind
from governance.consent.shutouts import Shutouts, ShutoutWatch
from governance.consent.standing import channels_of
from governance.consent.temporary import SET, OwnTables, TemporarySet
from governance.consent.upkeep import ProjectionUpkeep
from policies.catalog import Catalog
from policies.errors import AccessRefusedError, DecryptionError, KeyringError, StoreError
from policies.nouns import DatasetRef, FieldRef
from policies.predicate import Among, Constant, FieldOperand, Predicate
from policies.purposes import FORMS, PurposesFile
from policies.row_conditions import ExistsIn, Packed
from policies.row_laws import Level, goes_on_under_restriction, levels

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
    ) -> None:
        self._temporary = frozenset(temporary)
        self._purposes = purposes
        self._catalog = catalog
        self._upkeep = upkeep
        self._projections = dict(projections)
        self._kinds: dict[FieldRef, KeyKind] = {}
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
        if store in self._temporary:
            self._fill(store, purpose, cast("object", run))
            return
        projection = self._projection(store, purpose)
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
            raise _refused(store, purpose, cause.found, cause.expected, cause.next_step) from None
        if seen.epoch < wanted.epoch or (seen.origin, seen.tree) != (wanted.origin, self._upkeep.tree):
            raise _refused(
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
        consented = self._consented(dataset, purpose, every_row) if self._purposes.needs_consent(purpose) else ()
        if not self._persons(dataset):
            return consented
        return (*consented, *self._shutouts(dataset, purpose, self._watch.last(self._upkeep.records_head)))

    def lasting(self, dataset: DatasetRef, purpose: str) -> tuple[ExistsIn, ...]:
        """The same for what outlives the moment, such as a view: people who will be shut out later are heeded too.

        Where the store has no projection, as `conditions`. Raises as it does.
        """
        if dataset.store in self._temporary:
            raise _refused(str(dataset), purpose, *_ONLY_HERE)
        projection = self._projections.get(dataset.store)
        if projection is None or not self._persons(dataset) or not projection.is_made():
            return self.conditions(dataset, purpose)
        consented = self._consented(dataset, purpose, every_row=False) if self._purposes.needs_consent(purpose) else ()
        return (*consented, *self._shutouts(dataset, purpose, None))

    def _fill(self, store: str, purpose: str, own: object) -> None:
        """Bring the temporary set on the statement's own connection up to date."""
        if not isinstance(own, OwnTables):
            raise _refused(store, purpose, *_ONLY_HERE)
        try:
            found = TemporarySet(own, self._store_kind(store, purpose))
            if not found.make():
                raise _refused(
                    store,
                    purpose,
                    "a transaction in which no temporary table can be made",
                    "a statement that begins a transaction",
                    "end this transaction and run the statement in a new one",
                )
            self._upkeep.bring_set_up_to_date(store, found)
            self._watch.at(self._upkeep.records_head())
        except (StoreError, KeyringError, DecryptionError) as cause:
            raise _refused(store, purpose, cause.found, cause.expected, cause.next_step) from None

    def _store_kind(self, store: str, purpose: str) -> KeyKind:
        """The kind of a store's subject keys: that of the first dataset of the catalog that has one."""
        for name, entry in self._catalog.stores[store].datasets.items():
            if len(entry.subject_key) == 1:
                return self._kind(DatasetRef(store, name), entry.subject_key[0], purpose)
        return KeyKind.STRING

    def _table(self, dataset: DatasetRef) -> str:
        return SET if dataset.store in self._temporary else TABLE

    def _consented(self, dataset: DatasetRef, purpose: str, every_row: bool) -> tuple[ExistsIn, ...]:  # noqa: FBT001 one unit
        key = self._subject_key(dataset, purpose)
        self._check_kind(dataset, key, purpose)
        field, asked = self._levels(dataset, purpose)
        return tuple(
            ExistsIn(
                table=self._table(dataset),
                temporary=dataset.store in self._temporary,
                match={"subject_key": key},
                among=_given(purpose, channel, FORMS[FORMS.index(level.form) :]),
                rule_id=f"consent:{purpose}:{channel}",
                spared=None if every_row and place == 0 else _among(field, level.spared),
                ends=ENDS,
                single=True,
                packed=self._packed(dataset.store, purpose, channel, level.form),
            )
            for channel in channels_of(self._purposes, purpose)
            for place, level in enumerate(asked)
        )

    def _packed(self, store: str, purpose: str, channel: str, form: str) -> Packed | None:
        projection = self._projections.get(store)
        if store in self._temporary or projection is None or not projection.packs:
            return None
        return packed_condition(self._upkeep.slots, purpose, channel, form)

    def _levels(self, dataset: DatasetRef, purpose: str) -> tuple[str, tuple[Level, ...]]:
        """The field of jurisdiction, and what each law asks for; without one, the strictest for all rows."""
        entry = self._catalog.dataset(dataset)
        told = entry.jurisdiction if entry is not None else None
        if told is None:
            return "", levels(self._purposes, purpose, {})
        asked = levels(self._purposes, purpose, told.map)
        if any(level.spared for level in asked) and self._kind(dataset, told.field, purpose) is not KeyKind.STRING:
            raise _refused(
                f"{dataset}.{told.field}",
                purpose,
                "a field of jurisdiction that holds no text",
                "a field of texts such as country codes",
                "correct `jurisdiction` of this dataset in catalog.yaml",
            )
        return told.field, asked

    def _shutouts(self, dataset: DatasetRef, purpose: str, shut: Shutouts | None) -> Iterator[ExistsIn]:
        """Who must not be there: restricted people and people who object; None for whoever will be."""
        restricted = not goes_on_under_restriction(self._purposes, purpose)
        if restricted and (shut is None or dataset.store in shut.restricted):
            yield self._absent(dataset, purpose, EVERY, (str(RestrictionKind.RESTRICTED),), "restriction")
        noes = self._noes(purpose)
        if noes and (shut is None or shut.said_no & set(noes)):
            yield self._absent(dataset, purpose, purpose, noes, f"objection:{purpose}")

    def _noes(self, purpose: str) -> tuple[str, ...]:
        """The states that stop a purpose whatever it rests on.

        Where some law rests it on consent, a withdrawal or refusal ends that consent, and what rests on another basis
        stops at an objection alone; direct marketing and a purpose without consent stop at any no.
        """
        if not self._purposes.may_be_objected(purpose):
            return ()
        if self._purposes.needs_consent(purpose) and not self._purposes.is_direct_marketing(purpose):
            return (str(ConsentKind.OBJECTED),)
        return tuple(map(str, NOES))

    def _absent(self, dataset: DatasetRef, purpose: str, about: str, states: tuple[str, ...], rule_id: str) -> ExistsIn:
        channels = (EVERY,) if about == EVERY else channels_of(self._purposes, about)
        key = self._subject_key(dataset, purpose)
        self._check_kind(dataset, key, purpose)
        return ExistsIn(
            table=self._table(dataset),
            temporary=dataset.store in self._temporary,
            match={"subject_key": key},
            among={TARGET: tuple(target_code(about, each) for each in channels), "state": states},
            rule_id=rule_id,
            absent=True,
        )

    def _shuts_out(self, store: str, purpose: str) -> bool:
        """Whether anybody is shut out of a purpose: one query on the records."""
        shut = self._watch.at(self._upkeep.records_head())
        restricted = store in shut.restricted and not goes_on_under_restriction(self._purposes, purpose)
        return restricted or bool(shut.said_no & set(self._noes(purpose)))

    def _persons(self, dataset: DatasetRef) -> bool:
        entry = self._catalog.dataset(dataset)
        return entry is not None and bool(entry.subject_key)

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

    def _kind(self, dataset: DatasetRef, field: str, purpose: str) -> KeyKind:
        """The kind of a field as the store declares it, asked once."""
        place = FieldRef(dataset.store, dataset.dataset, field)
        if place not in self._kinds:
            engine = self._projection(dataset.store, purpose).engine
            try:
                self._kinds[place] = key_kind_of(engine, dataset.dataset, field)
            except StoreError as cause:
                raise _refused(str(place), purpose, cause.found, cause.expected, cause.next_step) from None
        return self._kinds[place]

    def _known_kind(self, dataset: DatasetRef, purpose: str) -> str | None:
        """The kind of key that consent has in a store; None where nobody has made its projection."""
        if dataset.store in self._temporary:
            return self._store_kind(dataset.store, purpose)
        head = self._projection(dataset.store, purpose).head()
        return head.key_kind if head is not None else None

    def _check_kind(self, dataset: DatasetRef, key: str, purpose: str) -> None:
        """Refuse a comparison of unlike types, which some databases decide by cutting text down to a number."""
        kind = self._kind(dataset, key, purpose)
        try:
            known = self._known_kind(dataset, purpose)
        except StoreError as cause:
            raise _refused(str(dataset), purpose, cause.found, cause.expected, cause.next_step) from None
        if known != kind:
            raise _refused(
                f"{dataset}.{key}",
                purpose,
                f"a subject key of kind {kind}",
                f"kind {known or 'unknown'}, as the projection of consent has it",
                "name the field that holds the store's subject key",
            )


def _given(purpose: str, channel: str, forms: tuple[str, ...]) -> Mapping[str, tuple[str | int, ...]]:
    """What a row of consent must say; nothing of its form where every form will do."""
    asked = {"form": forms} if forms != FORMS else {}
    return {TARGET: (target_code(purpose, channel),), "state": (str(ConsentKind.GIVEN),), **asked}


def _among(field: str, values: Sequence[str]) -> Predicate | None:
    """Whether a field is one of some texts; None for no texts, which no row meets."""
    if not values:
        return None
    items = tuple(Constant(each) for each in values)
    return Predicate(f"{field} in ({', '.join(map(repr, values))},)", Among(FieldOperand(field), items))


def _first(read: ReadHead) -> ProjectionHead:
    head = head_of(read(HEAD_SQL))
    if head is None:
        raise StoreError("consent projection", found="no epoch", expected="one row", next_step="run `governance init`")
    return head


_ONLY_HERE = (
    "a store that must not be written, so that consent stands on guarded connections alone",
    "a guarded statement",
    "ask through the guard, or let the store be written: `consent: projection` in governance.yaml",
)


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
