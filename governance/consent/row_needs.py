"""What a purpose asks of the rows of a dataset: consent in the form of their law, and who must not be there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from governance.consent.events import EVERY, NOES, ConsentKind
from governance.consent.packing import Slots, packed_condition
from governance.consent.projection_tables import ENDS, TARGET, KeyKind, target_code
from governance.consent.refusals import refused
from governance.consent.restriction_events import RestrictionKind
from governance.consent.shutouts import Shutouts
from governance.consent.standing import channels_of
from governance.consent.store_keys import StoreKeys
from governance.consent.whose import Whose
from policies.catalog import Catalog
from policies.nouns import DatasetRef
from policies.predicate import Among, Constant, FieldOperand, Predicate
from policies.purposes import FORMS, PurposesFile
from policies.row_conditions import ExistsIn, Packed
from policies.row_laws import Level, goes_on_under_restriction, levels


class RowNeeds:
    """The conditions of purposes. Raises AccessRefusedError for rows that cannot be tied to one person or law."""

    def __init__(self, purposes: PurposesFile, catalog: Catalog, keys: StoreKeys, slots: Slots) -> None:
        self._purposes = purposes
        self._catalog = catalog
        self._keys = keys
        self._slots = slots

    def consented(self, dataset: DatasetRef, purpose: str, *, every_row: bool) -> tuple[ExistsIn, ...]:
        """What consent must stand for each row; with `every_row`, for those too whose law rests on something else."""
        key = self._keys.subject_key(dataset, purpose)
        self._keys.check_persons(dataset, purpose)
        self._keys.check_kind(dataset, key, purpose)
        field, asked = self._levels(dataset, purpose)
        return tuple(
            ExistsIn(
                table=self._keys.table(dataset),
                temporary=dataset.store in self._keys.temporary,
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

    def shutouts(self, dataset: DatasetRef, purpose: str, shut: Shutouts | None) -> Iterator[ExistsIn]:
        """Who must not be there: restricted people and people who object; None for whoever will be.

        Nobody of a dataset that is for certain about another kind of persons.
        """
        stops = not goes_on_under_restriction(self._purposes, purpose)
        restricted = stops and (shut is None or dataset.store in shut.restricted)
        noes = self.noes(purpose)
        objected = bool(noes) and (shut is None or bool(shut.said_no & set(noes)))
        if not (restricted or objected) or self._keys.whose(dataset, purpose) is Whose.OTHERS:
            return
        if restricted:
            yield self._absent(dataset, purpose, EVERY, (str(RestrictionKind.RESTRICTED),), "restriction")
        if objected:
            yield self._absent(dataset, purpose, purpose, noes, f"objection:{purpose}")

    def noes(self, purpose: str) -> tuple[str, ...]:
        """The states that stop a purpose whatever it rests on.

        Where some law rests it on consent, a withdrawal or refusal ends that consent, and what rests on another basis
        stops at an objection alone; direct marketing and a purpose without consent stop at any no.
        """
        if not self._purposes.may_be_objected(purpose):
            return ()
        if self._purposes.needs_consent(purpose) and not self._purposes.is_direct_marketing(purpose):
            return (str(ConsentKind.OBJECTED),)
        return tuple(map(str, NOES))

    def _packed(self, store: str, purpose: str, channel: str, form: str) -> Packed | None:
        projection = self._keys.projections.get(store)
        if store in self._keys.temporary or projection is None or not projection.packs:
            return None
        return packed_condition(self._slots, purpose, channel, form)

    def _levels(self, dataset: DatasetRef, purpose: str) -> tuple[str, tuple[Level, ...]]:
        """The field of jurisdiction, and what each law asks for; without one, the strictest for all rows."""
        entry = self._catalog.dataset(dataset)
        told = entry.jurisdiction if entry is not None else None
        if told is None:
            return "", levels(self._purposes, purpose, {})
        asked = levels(self._purposes, purpose, told.map)
        if any(level.spared for level in asked) and self._keys.kind(dataset, told.field, purpose) is not KeyKind.STRING:
            raise refused(
                f"{dataset}.{told.field}",
                purpose,
                "a field of jurisdiction that holds no text",
                "a field of texts such as country codes",
                "correct `jurisdiction` of this dataset in catalog.yaml",
            )
        return told.field, asked

    def _absent(self, dataset: DatasetRef, purpose: str, about: str, states: tuple[str, ...], rule_id: str) -> ExistsIn:
        channels = (EVERY,) if about == EVERY else channels_of(self._purposes, about)
        key = self._keys.subject_key(dataset, purpose)
        self._keys.check_kind(dataset, key, purpose)
        return ExistsIn(
            table=self._keys.table(dataset),
            temporary=dataset.store in self._keys.temporary,
            match={"subject_key": key},
            among={TARGET: tuple(target_code(about, each) for each in channels), "state": states},
            rule_id=rule_id,
            absent=True,
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
