"""`FileStore`: a file, a folder or a glob as a store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from connectors.asked import dataset_asked, fields_asked
from connectors.base import Dataset, NotSeen, ReadLimits, Sample
from connectors.files.base import FileFormat, FileSource, FileTable, files_readable
from connectors.files.delimited import delimited_tables
from connectors.files.jsonl import jsonl_tables
from connectors.files.naming import dataset_name, suffix_shown
from connectors.files.parquet import parquet_tables
from connectors.files.parts import FilePart, pass_over
from connectors.files.places import Places, places_of
from connectors.files.vcard.tables import vcard_tables
from connectors.files.xlsx import xlsx_tables
from connectors.parts import PART_BYTES
from connectors.passing import Pass
from policies.errors import InstallationError, StoreError

FORMATS: dict[str, FileFormat] = {
    ".csv": delimited_tables,
    ".tsv": delimited_tables,
    ".jsonl": jsonl_tables,
    ".ndjson": jsonl_tables,
    ".parquet": parquet_tables,
    ".vcard": vcard_tables,
    ".vcf": vcard_tables,
    ".xlsx": xlsx_tables,
    ".xlsm": xlsx_tables,
}
"""By the file's ending in small letters."""


class FileStore:
    """CSV, TSV, JSON lines, Parquet, vCard and XLSX files.

    Columns of CSV, JSON lines and vCard are text whatever their fields' types say; Parquet and XLSX keep dates and
    numbers as Arrow's own. A list gives one field per path below it (`items[].name`) of type `json`: a row's values as
    a JSON list; so does a property of a vCard that some card has several times.

    `encoding` holds for all text files and goes before detection. `name_filter` gives the form in which names of files,
    sheets and keys are shown in errors and in `not_seen`; names of datasets themselves stay exact.
    """

    kind = "files"

    def __init__(
        self,
        name: str,
        path: str,
        limits: ReadLimits | None = None,
        *,
        encoding: str | None = None,
        name_filter: Callable[[str], str] = str,
    ) -> None:
        self.name = name
        self._path = path
        self._limits = limits or ReadLimits()
        self._encoding = encoding
        self._name_filter = name_filter
        self._tables: dict[str, FileTable] | None = None
        self._sources: dict[str, FileSource] = {}
        self._not_seen: list[NotSeen] = []

    def __repr__(self) -> str:
        return f"FileStore({self.name!r})"

    def _described(self) -> dict[str, FileTable]:
        if self._tables is None:
            places = places_of(self.name, self._path)
            known = [path for path in places.files if path.suffix.lower() in FORMATS]
            others = Counter(suffix_shown(path) for path in places.files if path.suffix.lower() not in FORMATS)
            if places.single and not known:
                raise self._unknown_format()
            self._not_seen = [
                NotSeen(self.name, "not_seen.unknown_format", f"{suffix}: {number}")
                for suffix, number in sorted(others.items())
            ]
            tables = [table for path in known for table in self._tables_of(self._source(places, path), places)]
            self._tables = {table.dataset.name: table for table in tables}
        return self._tables

    def _source(self, places: Places, path: Path) -> FileSource:
        return FileSource(path, dataset_name(path, places.root), self.name, self._encoding, self._name_filter)

    def _tables_of(self, source: FileSource, places: Places) -> list[FileTable]:
        """The datasets of one file; in a folder or glob a file that cannot be described is listed, not raised."""
        try:
            with files_readable(source.shown):
                tables = FORMATS[source.path.suffix.lower()](source)
        except (StoreError, InstallationError) as error:
            if places.single:
                raise
            self._not_seen.append(NotSeen(source.shown, "not_seen.unreadable_file", error.found))
            return []
        self._sources |= {table.dataset.name: source for table in tables}
        return tables

    def _unknown_format(self) -> StoreError:
        return StoreError(
            f"store {self.name}",
            found="a file of a format that is not read",
            expected=f"a file that ends in {', '.join(FORMATS)}",
            next_step="export it in one of these formats, or give it the ending of its format",
        )

    def datasets(self) -> Sequence[Dataset]:
        """Every file and sheet, sorted by name; described once, at the first call."""
        tables = self._described()
        return [tables[name].dataset for name in sorted(tables)]

    def not_seen(self) -> Sequence[NotSeen]:
        """Files that could not be described, and how many of which ending are of no known format."""
        self._described()
        return list(self._not_seen)

    def read(self, dataset: str, fields: Sequence[str], sample: Sample) -> Pass:
        """A pass over some fields. Raises StoreError for an unknown dataset or field."""
        table = dataset_asked(self.name, self._described(), dataset)
        asked = fields_asked(self.name, table.dataset, fields)
        return pass_over(table, self._sources[dataset], asked, sample, self._limits)

    def parts(
        self, dataset: str, fields: Sequence[str], sample: Sample, *, size_bytes: int = PART_BYTES
    ) -> list[FilePart]:
        """A pass as parts that other processes read: pieces of a large CSV or Parquet file, else the file.

        Raises StoreError for an unknown dataset or field, or a file that cannot be read.
        """
        table = dataset_asked(self.name, self._described(), dataset)
        asked = tuple(fields_asked(self.name, table.dataset, fields))
        source = self._sources[dataset]
        source = replace(source, path=source.path.absolute())
        whole = FilePart(FORMATS[source.path.suffix.lower()], source, dataset, asked, sample, self._limits)
        with files_readable(table.shown):
            pieces = table.cuts.pieces(size_bytes) if table.cuts and sample.full else ()
        return [replace(whole, piece=piece) for piece in pieces] if len(pieces) > 1 else [whole]

    def close(self) -> None:
        """Let go of nothing: a file is open only while a pass runs."""
