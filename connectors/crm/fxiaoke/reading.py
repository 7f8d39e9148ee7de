"""Reading the records of an object: all of them in the order of their ids, or some."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import pyarrow as pa

from connectors.base import Field, ReadLimits, Sample
from connectors.crm.base import Page, Record
from connectors.crm.fxiaoke.api import Api, unknown_form
from connectors.crm.fxiaoke.cells import asked_of_vendor, batch, masked, row
from connectors.crm.fxiaoke.objects import KEY, Object
from connectors.notes import Notes
from connectors.passing import Opened, Pass
from connectors.sampling import EveryRow, Reservoir

PAGE = 100
"""The vendor gives no more records at once."""

Raw: TypeAlias = Mapping[str, Any]
Filter: TypeAlias = Mapping[str, Any]


def condition(name: str, operator: str, *values: str) -> Filter:
    """A condition as the vendor takes it."""
    return {"field_name": name, "operator": operator, "field_values": list(values)}


def query(
    api: Api, found: Object, filters: Sequence[Filter], names: Sequence[str] | None, after: str = ""
) -> list[Raw]:
    """The first page of records that fulfil all conditions, by id, from behind one."""
    info: dict[str, Any] = {
        "limit": PAGE,
        "offset": 0,
        "filters": [*filters, *([condition(KEY, "GT", after)] if after else [])],
        "orders": [{"fieldName": KEY, "isAsc": True}],
    }
    if names is not None:
        info["fieldProjection"] = list(names)
    place = f"{api.name}.{found.name}"
    data = {"dataObjectApiName": found.name, "find_explicit_total_num": False, "search_query_info": info}
    records = api.post(place, found.path("query"), data).get("dataList")
    # A query that finds nothing may leave the list out, as empty fields are left out.
    if records is None:
        return []
    if not isinstance(records, list) or not all(isinstance(each, Mapping) and each.get(KEY) for each in records):
        raise unknown_form(place, "no list of records with ids")
    return records


def every(
    api: Api, found: Object, names: Sequence[str] | None, filters: Sequence[Filter] = (), after: str = ""
) -> Iterator[list[Raw]]:
    """All pages behind an id, until one is empty: a page may be short because some of its records are hidden.

    Offsets end at 10,000, so that each page is asked for behind the last id of the one before.
    """
    last = after
    while records := query(api, found, filters, names, last):
        ids = [str(each[KEY]) for each in records]
        if any(one >= other for one, other in zip([last, *ids], ids, strict=False)):
            raise unknown_form(f"{api.name}.{found.name}", "records that are not in the order of their ids")
        last = ids[-1]
        yield records


def pages(api: Api, found: Object, fields: Sequence[Field], after: str | None) -> Iterator[Page]:
    """Every record in the order of its id, from behind `after`."""
    for records in every(api, found, asked_of_vendor(fields), after=after or ""):
        yield Page(batch(records, fields), str(records[-1][KEY]))


def records(api: Api, found: Object, keys: Collection[str], fields: Sequence[Field]) -> Iterator[Record]:
    """The records of some ids, in the order of their ids."""
    for each in raw_records(api, found, keys, asked_of_vendor(fields)):
        yield row(each, fields)


def raw_records(api: Api, found: Object, keys: Iterable[str], names: Sequence[str] | None) -> Iterator[Raw]:
    """The records of some ids as the vendor gives them; those that are gone or invalid are left out."""
    wanted = sorted(set(keys))
    for start in range(0, len(wanted), PAGE):
        some = wanted[start : start + PAGE]
        yield from (each for each in query(api, found, [condition(KEY, "IN", *some)], names) if str(each[KEY]) in some)


def open_pass(api: Api, found: Object, fields: Sequence[Field], sample: Sample, limits: ReadLimits) -> Pass:
    """A pass over some fields. A sample costs the calls of a full pass: only so it is spread over all records."""
    place = f"{api.name}.{found.name}"

    @contextmanager
    def opener(notes: Notes) -> Iterator[Opened]:
        chooser = EveryRow() if sample.rows is None else Reservoir(sample.rows, seed=sample.seed)
        yield Opened(_batches(api, found, fields, place, notes), chooser, whole=True)

    return Pass(place, opener, limits)


def _batches(
    api: Api, found: Object, fields: Sequence[Field], place: str, notes: Notes
) -> Generator[pa.RecordBatch, None, None]:
    for page in every(api, found, asked_of_vendor(fields)):
        for field in fields:
            if number := masked(page, field):
                notes.count(f"{place}.{field.name}", "not_seen.masked_by_vendor", number)
        yield batch(page, fields)
