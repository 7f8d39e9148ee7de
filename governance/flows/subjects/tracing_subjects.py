"""Find one person over a project's stores, raw, as purpose `governance.subject`; recorded like any use."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from audits.formats.csv import harmless
from connectors.base import Dataset, Store
from connectors.crm.base import CrmStore
from connectors.sql.address import normalised
from connectors.sql.silent import silenced
from governance.flows.opening.job_stores import mirrored
from governance.flows.opening.recorded_use import recorded_use
from governance.flows.subjects.reaching_crm import linked_things, withheld
from governance.protect.protector import Protector
from governance.requests.crm_rows import CrmRows
from governance.requests.file_rows import FileRows
from governance.requests.forms import KEY, form_of, guessed_kinds, regions_of
from governance.requests.keys import read_key
from governance.requests.mapping import subject_map
from governance.requests.sql_rows import SqlRows
from governance.requests.store_rows import Rows
from governance.requests.subject_map import SubjectMap
from governance.requests.trace_shown import KEYS_HEAD, keys_rows
from governance.requests.traced import Identifier, RecordKey, Trace, Unreached
from governance.requests.walk import MOST_PERSONS, MOST_RECORDS, Walk
from governance.scan.shapes import shape_name
from governance.writing import replace_file_with
from policies.config import Medium
from policies.crm_facts import crm_facts
from policies.errors import BadInputError, StoreError
from policies.nouns import Action, DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance

PURPOSE = "governance.subject"
"""The purpose under which stores are read to find a person."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """Stores that answer, with the map of them."""

    known: SubjectMap
    stores: Mapping[str, Store]
    crms: Mapping[str, CrmStore]
    down: tuple[Unreached, ...]


def map_subjects(gov: Governance, stores: Sequence[str] = ()) -> SubjectMap:
    """How persons are found in stores, all of them unless some are named; only schemas are read, no row.

    A store that is down is named in `unreached`. Raises ConfigError for an unknown name, CatalogError.
    """
    with _opened(gov, stores) as opened:
        return replace(opened.known, unreached=(*opened.down, *opened.known.unreached))


def as_identifiers(gov: Governance, values: Sequence[str], kind: str | None = None) -> list[Identifier]:
    """Values as identifiers of a kind; without one, of the kinds that each looks like. Raises BadInputError."""
    regions = regions_of(gov.project.config.scan.regions)
    return [
        Identifier(each, value) for value in values for each in ((kind,) if kind else guessed_kinds(value, regions))
    ]


def trace_subject(
    gov: Governance,
    identifiers: Sequence[Identifier | str],
    *,
    stores: Sequence[str] = (),
    text: bool = True,
    limit: int = MOST_RECORDS,
    most_persons: int = MOST_PERSONS,
    follow: bool = True,
) -> Trace:
    """All records of the person who has these identifiers, over stores, all of them unless some are named.

    A text is an identifier whose kind is guessed; `Identifier("key", "crm:42")` is an internal subject key. With `text`
    free texts are searched too. At most `limit` records are kept. An identifier that more than `most_persons` subject
    keys have is not followed; without `follow` none that a found record holds is.

    Recorded before the first row is read, and closed with counts. Raises BadInputError for
    no identifier or one of a wrong form, ConfigError for an unknown store, CatalogError, LedgerError, StoreError for an
    internal key of a store that is down. Otherwise a store that is down is in `unreached` and does not stop the others.
    """
    regions = regions_of(gov.project.config.scan.regions)
    named = [each for each in identifiers if isinstance(each, Identifier)]
    named += as_identifiers(gov, [each for each in identifiers if isinstance(each, str)])
    if not named:
        raise BadInputError(
            "identifiers", found="none", expected="at least one", next_step="give an e-mail address, a phone or an id"
        )
    forms = [form_of(each, regions) for each in named if each.kind != KEY]
    with _opened(gov, stores) as opened, ExitStack() as closing:
        keys = [_key(each.value, opened) for each in named if each.kind == KEY]
        rows = {name: _rows(gov, name, opened, closing) for name in opened.stores}
        walk = Walk(opened.known, rows, regions, most_persons=most_persons, limit=limit, follow=follow)
        with recorded_use(gov, PURPOSE, _places(opened.known), rules=("subject.trace",)) as use:
            use.whole = not opened.down
            try:
                walk.run(forms, keys, text=text)
                linked, unread = linked_things(walk.found.trace(), opened.crms)
            finally:
                trace = walk.found.trace()
                found = replace(trace, unreached=(*opened.down, *trace.unreached))
                use.counts = _counts(found)
    return replace(found, linked=linked, unreached=(*found.unreached, *unread))


def _key(text: str, opened: _Opened) -> tuple[DatasetRef, RecordKey]:
    """What an internal key names. Raises BadInputError, and StoreError where its store does not answer."""
    store = text.partition(":")[0].partition(".")[0]
    if Unreached(store, "store_down") in opened.down:
        raise StoreError(
            store,
            found="a store that does not answer",
            expected="one that does, to look the key up in it",
            next_step="run `governance doctor`, then try again",
        )
    return read_key(text, opened.known)


def _counts(trace: Trace) -> dict[str, int]:
    own = sum(trace.counts().values())
    return {
        "records": own,
        "mentions": len(trace.records) - own,
        "persons": sum(map(len, trace.subject_keys.values())),
        "unreached": len(trace.unreached),
        "ambiguous": len(trace.ambiguous),
    }


def _places(known: SubjectMap) -> list[str]:
    places = (
        str(each.field(name))
        for each in known.datasets.values()
        for name in dict.fromkeys([*each.identifiers, *each.entry.subject_key, *each.texts])
    )
    return [each for each in places if shape_name(each) == each]


def _rows(gov: Governance, name: str, opened: _Opened, closing: ExitStack) -> Rows:
    if name in opened.crms:
        return CrmRows(closing.enter_context(mirrored(gov, opened.crms[name])), opened.known)
    if gov.project.store(name).medium is Medium.FILES:
        return FileRows(opened.stores[name])
    engine = silenced(sa.create_engine(normalised(f"stores.{name}.url", gov.project.store_target(name))))
    closing.callback(engine.dispose)
    entry = gov.catalog.stores.get(name)
    sealed = entry is not None and any(f.encrypted for each in entry.datasets.values() for f in each.fields.values())
    return SqlRows(engine, Protector(gov.keyring, gov.catalog) if sealed else None)


def export_keys(gov: Governance, trace: Trace, path: Path) -> None:
    """Write the keys of a trace's records to a file, as CSV. Side effect: recorded first, as an export.

    Raises LedgerError, ConfigError for a file that cannot be written.
    """
    datasets = [each for each in dict.fromkeys(str(each.dataset) for each in trace.records) if shape_name(each) == each]
    with recorded_use(gov, PURPOSE, datasets, rules=("subject.keys",), action=Action.EXPORT) as use:
        replace_file_with(path, _key_lines(trace))
        use.counts = {"rows": len(trace.records)}


def _key_lines(trace: Trace) -> Iterator[str]:
    for row in (KEYS_HEAD, *keys_rows(trace)):
        out = io.StringIO()
        csv.writer(out).writerow([harmless(each) for each in row])
        yield out.getvalue()


@contextmanager
def _opened(gov: Governance, stores: Sequence[str]) -> Iterator[_Opened]:
    names = tuple(dict.fromkeys(stores)) or tuple(gov.project.config.stores)
    files = frozenset(name for name in names if gov.project.store(name).medium is Medium.FILES)
    down: list[Unreached] = []
    shapes: dict[str, Sequence[Dataset]] = {}
    opened: dict[str, Store] = {}
    crms: dict[str, CrmStore] = {}
    with ExitStack() as closing:
        for name in names:
            if name not in gov.catalog.stores:
                down.append(Unreached(name, "not_reviewed"))
                continue
            try:
                store: Store
                if gov.project.store(name).medium is Medium.CRM:
                    store = crms[name] = gov.crm(name)
                else:
                    store = gov.store(name)
                closing.callback(store.close)
                shapes[name] = store.datasets()
                down += [Unreached(name, "not_seen")] if store.not_seen() else []
                down += withheld(crms[name], gov.catalog.stores[name]) if name in crms else ()
            except StoreError:
                down.append(Unreached(name, "store_down"))
                continue
            opened[name] = store
        vendors = {name: crm_facts(str(gov.project.store(name).kind), gov.clock().date()) for name in crms}
        known = subject_map(gov.catalog, shapes, files, vendors)
        yield _Opened(known, opened, crms, tuple(dict.fromkeys(down)))
