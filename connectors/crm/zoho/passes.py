"""Full and sampled passes over a module."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

from connectors.base import Field, ReadLimits, Sample
from connectors.crm.zoho.api import IDS, Api
from connectors.crm.zoho.cells import batch
from connectors.crm.zoho.modules import Module
from connectors.crm.zoho.reading import Reader
from connectors.notes import Notes
from connectors.passing import Opened, Pass
from connectors.sampling import EveryNth, EveryRow, Reservoir


def open_pass(api: Api, module: Module, fields: Sequence[Field], sample: Sample, limits: ReadLimits) -> Pass:
    """A pass over some fields of a module.

    A sample is drawn from the ids of the whole module, so that it is spread over it as in a database; only the chosen
    records are read.
    """
    place = f"{api.name}.{module.name}"

    @contextmanager
    def opener(notes: Notes) -> Iterator[Opened]:
        for field in fields:
            if field.name in module.withheld:
                notes.say(f"{place}.{field.name}", "not_seen.withheld_by_vendor")
        reader = Reader(api, module, fields)
        if sample.rows is None:
            yield Opened(_every(reader), EveryRow(), whole=True)
            return
        total = reader.count()
        if total is None:
            yield Opened(_every(reader), Reservoir(sample.rows, seed=sample.seed), whole=True)
        elif total <= sample.rows:
            yield Opened(_every(reader), EveryRow(), total, whole=True)
        else:
            nth = EveryNth(total, sample.rows, seed=sample.seed)
            yield Opened(_chosen(reader, nth, fields), EveryRow(nth.method), total)

    return Pass(place, opener, limits)


def _every(reader: Reader) -> Generator[pa.RecordBatch, None, None]:
    for page in reader.pages():
        yield page.rows


def _chosen(reader: Reader, nth: EveryNth, fields: Sequence[Field]) -> Generator[pa.RecordBatch, None, None]:
    kept: list[str] = []
    for ids in reader.ids():
        kept += [ids[place] for place in nth.places(len(ids))]
        while len(kept) >= IDS:
            yield batch(reader.by_id(kept[:IDS]), fields)
            kept = kept[IDS:]
    if kept:
        yield batch(reader.by_id(kept), fields)
