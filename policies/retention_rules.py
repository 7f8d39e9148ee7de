"""`policies/retention.yaml`: how long records are kept, counted from which day, on what ground, and what then is done.

    version: 1
    rules:
      orders:
        dataset: crm.orders
        start: placed_at
        period: P6Y
        where: status == "closed"
        action: delete
        basis: commercial and tax law, six years

Periods are those of `policies.periods`, starts those of `policies.retention_starts`, stages those of
`policies.lifecycle`; which rule wins is decided in `policies.verdicts`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from policies.catalog import Catalog, CatalogDataset
from policies.errors import ConfigError
from policies.lifecycle import Lifecycle, StagesEntry, lifecycle
from policies.nouns import DatasetRef, LabelStatus
from policies.periods import Period, parse_period
from policies.predicate import Predicate
from policies.retention_file import KeepWhileEntry, RetentionEntry, RetentionFile, WinBackEntry
from policies.retention_starts import Elsewhere, Start, elsewhere, parse_row_predicate, start_of
from policies.taxonomy import Taxonomy
from policies.verdicts import Action, Kind
from policies.yaml_files import read_model

__all__ = ["Period", "RetentionBook", "RetentionRule", "parse_period", "read_book", "read_retention"]

_RULE_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a limit waits for although its period is over."""

    request: Elsewhere | None = None
    """Open requests of the person."""
    consent: str | None = None
    """A purpose: live consent to it."""
    contract: Elsewhere | None = None
    """Live contracts."""

    @property
    def digest_text(self) -> str:
        """All that decides, as one text; empty for nothing."""
        if self == Waiting():
            return ""
        parts = (each.digest_text if each else "" for each in (self.request, self.contract))
        return "\x1e".join((*parts, self.consent or ""))


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How long the records of one dataset are kept."""

    id: str
    """Its name in the file; a rule for a category has one a dataset, `NAME:store.dataset`."""
    dataset: DatasetRef
    """Which records."""
    start: Start
    """The day from which the period runs; a limit on a record without it is never over, a duty stands."""
    period: Period
    """How long they are kept."""
    where: Predicate | None
    """Which of them; None for all."""
    basis: str
    """On what ground they are kept so long and no longer."""
    purpose: str | None = None
    """The purpose that they were kept for."""
    start_zone: str | None = None
    """The zone of times in `start` that carry none; None for the configured one."""
    source: str | None = None
    """Where the period is written: an article, a schedule."""
    kind: Kind = "limit"
    """Whether they are kept no longer, or at least so long."""
    action: Action = "delete"
    """What is done with a record that is due."""
    stages: tuple[str, ...] = ()
    """Only records in these stages; empty for all."""
    lifecycle: Lifecycle | None = None
    """The stages of the dataset; None where it has none."""
    masks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """For `anonymise`: field to a mask's name, or to `null`."""
    exceptions: tuple[Predicate, ...] = ()
    """Records that it does not speak of."""
    keep_while: Waiting = Waiting()
    """What it waits for although its period is over."""

    @property
    def rule_id(self) -> str:
        """Its id in plans, ledger and reports."""
        return f"retention:{self.id}"

    @property
    def fields(self) -> frozenset[str]:
        """The record's own fields on which it decides."""
        tests = [each for each in (self.where, *self.exceptions) if each is not None]
        staged = self.lifecycle.fields if self.lifecycle and self.stages else frozenset()
        joined = [each for each in (self.keep_while.request, self.keep_while.contract) if each is not None]
        return (self.start.fields | staged).union(
            *(each.fields for each in tests), *({ours for _, ours in each.by} for each in joined)
        )

    @property
    def digest(self) -> str:
        """A digest of all that decides what is due; one of the first form has kept its own."""
        where = self.where.text if self.where else ""
        said = [str(self.dataset), self.start.digest_text, self.start_zone or "", self.period.text, where]
        staged = self.lifecycle.digest_text if self.lifecycle and self.stages else ""
        more = (
            "" if self.kind == "limit" else self.kind,
            "" if self.action == "delete" else self.action,
            "\x1e".join(self.stages) + staged,
            "\x1e".join(f"{name}={mask}" for name, mask in sorted(self.masks.items())),
            "\x1e".join(each.text for each in self.exceptions),
            self.keep_while.digest_text,
        )
        return hashlib.sha256("\x1f".join([*said, *(more if any(more) else ())]).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class RetentionBook:
    """The whole of `retention.yaml`, read."""

    rules: Mapping[str, RetentionRule] = field(default_factory=lambda: MappingProxyType({}))
    """By id, in the file's order; those for a category once for each dataset that has it."""
    lifecycles: Mapping[DatasetRef, Lifecycle] = field(default_factory=lambda: MappingProxyType({}))
    """The stages of each dataset that has some."""
    win_back: Mapping[str, WinBackEntry] = field(default_factory=lambda: MappingProxyType({}))
    """Purpose to the people whom it may not reach."""
    unmatched: tuple[str, ...] = ()
    """Names of rules for a category that no dataset has."""


def read_retention(path: Path, catalog: Catalog | None = None) -> Mapping[str, RetentionRule]:
    """The rules of a file by id, in its order; none where there is no file. Raises as `read_book`."""
    return read_book(path, catalog).rules


def read_book(path: Path, catalog: Catalog | None = None) -> RetentionBook:
    """What a file says; rules for a category hold for the datasets that the catalog has with it.

    Raises ConfigError for a wrong value, PredicateError for a predicate that is not of the language.
    """
    if not path.exists():
        return RetentionBook()
    file = read_model(RetentionFile, path, error=ConfigError)
    lifecycles = dict(_lifecycles(file.stages, f"{path}, stages"))
    rules: dict[str, RetentionRule] = {}
    unmatched = []
    for name, entry in file.rules.items():
        found = list(_rules(str(path), name, entry, lifecycles, catalog or Catalog()))
        rules |= {each.id: each for each in found}
        unmatched += [] if found else [name]
    _check_win_back(str(path), file, lifecycles)
    return RetentionBook(
        MappingProxyType(rules), MappingProxyType(lifecycles), MappingProxyType(dict(file.win_back)), tuple(unmatched)
    )


def _lifecycles(entries: Mapping[str, StagesEntry], place: str) -> Iterator[tuple[DatasetRef, Lifecycle]]:
    for name, entry in entries.items():
        store, dot, dataset = name.partition(".")
        if not dot:
            raise _wrong(place, "a dataset without its store", "`store.dataset`")
        found = lifecycle(entry, f"{place}, {name}")
        if any(each.test.attributes for each in found.stages):
            raise _wrong(f"{place}, {name}", "an attribute of a principal", "fields and constants: nobody asks here")
        yield DatasetRef(store, dataset), found


def _rules(
    path: str, name: str, entry: RetentionEntry, lifecycles: Mapping[DatasetRef, Lifecycle], catalog: Catalog
) -> Iterator[RetentionRule]:
    """The rule of an entry; of one for a category, one for each dataset that has it."""
    if not _RULE_ID.fullmatch(name):
        raise _wrong(f"{path}, rules", "a rule id of another form", "lower-case letters, digits, `_`, `.` and `-`")
    if entry.dataset is not None:
        store, _, dataset = entry.dataset.partition(".")
        yield _rule(path, name, entry, DatasetRef(store, dataset), lifecycles)
        return
    for store, found in catalog.stores.items():
        for dataset, held in found.datasets.items():
            ref = DatasetRef(store, dataset)
            if _fields_of(held, str(entry.category)):
                made = _rule(path, f"{name}:{ref}", entry, ref, lifecycles)
                yield replace(made, masks=_masks_by_field(held, entry.masks))


def _rule(
    path: str, id_: str, entry: RetentionEntry, ref: DatasetRef, lifecycles: Mapping[DatasetRef, Lifecycle]
) -> RetentionRule:
    place, stages = f"{path}, rule `{id_}`", lifecycles.get(ref)
    unknown = [each for each in entry.stage if stages is None or each not in stages.names]
    if unknown:
        raise _wrong(f"{place}, stage", "a stage that the dataset does not have", "one of its stages in `stages`")
    return RetentionRule(
        id=id_,
        dataset=ref,
        start=start_of(entry.start, f"{place}, start", ref.store),
        period=parse_period(entry.period),
        where=parse_row_predicate(entry.where, f"{place}, where") if entry.where else None,
        basis=entry.basis,
        purpose=entry.purpose,
        start_zone=entry.start_zone,
        source=entry.source,
        kind=entry.kind,
        action=entry.action,
        stages=entry.stage,
        lifecycle=stages,
        masks=MappingProxyType(dict(entry.masks)),
        exceptions=tuple(parse_row_predicate(each.where, f"{place}, exceptions") for each in entry.exceptions),
        keep_while=_waiting(entry.keep_while, f"{place}, keep_while", ref.store),
    )


def _waiting(entry: KeepWhileEntry, place: str, store: str) -> Waiting:
    return Waiting(
        elsewhere(entry.request, f"{place}, request", store) if entry.request else None,
        entry.consent,
        elsewhere(entry.contract, f"{place}, contract", store) if entry.contract else None,
    )


def _fields_of(dataset: CatalogDataset, category: str) -> tuple[str, ...]:
    """The confirmed fields of a category or below it."""
    return tuple(
        name
        for name, each in dataset.fields.items()
        if each.status is LabelStatus.CONFIRMED and category in Taxonomy.ancestry(each.category)
    )


def _masks_by_field(dataset: CatalogDataset, masks: Mapping[str, str]) -> Mapping[str, str]:
    """Masks by category as masks by field; the deepest category decides."""
    found: dict[str, str] = {}
    for category, mask in sorted(masks.items(), key=lambda each: each[0].count(".")):
        found |= dict.fromkeys(_fields_of(dataset, category), mask)
    return MappingProxyType(found)


def _check_win_back(path: str, file: RetentionFile, lifecycles: Mapping[DatasetRef, Lifecycle]) -> None:
    known = {name for each in lifecycles.values() for name in each.names}
    for purpose, entry in file.win_back.items():
        if not set(entry.stages) <= known:
            raise _wrong(f"{path}, win_back, {purpose}", "a stage that no dataset has", "stages of `stages`")


def _wrong(place: str, found: str, expected: str) -> ConfigError:
    return ConfigError(place, found=found, expected=expected, next_step="mend retention.yaml; see docs/retention.md")
