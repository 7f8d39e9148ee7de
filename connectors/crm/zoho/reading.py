"""Reading records: pages in the order of the id, records by id, ids behind an id.

The vendor pages in two ways. A list is sorted by id and followed by page tokens, which expire and end at 100,000
records; a query gives the ids behind an id, without end. The list is used as long as it goes, then the query; neither
position is lost, since the place to go on is the greatest id so far.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from connectors.base import Field
from connectors.crm.base import Page, Record
from connectors.crm.http.calls import CallError
from connectors.crm.zoho.api import IDS, NAMES, PAGE, Api, chunks
from connectors.crm.zoho.cells import batch, needed, row
from connectors.crm.zoho.modules import KEY, Module

QUERY_ROWS = 2000
"""Most rows of a query (COQL of version 8)."""
_ENDED = frozenset({"EXPIRED_VALUE", "INVALID_DATA", "TOKEN_BOUND_DATA_MISMATCH", "PAGINATION_LIMIT_EXCEEDED"})
"""Codes of a page token that has expired or come to the end of what tokens reach."""
_NO_QUERY = frozenset({"INVALID_QUERY", "INVALID_MODULE", "NOT_SUPPORTED", "SYNTAX_ERROR"})
"""Codes of a module that queries do not cover, such as notes."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ID = re.compile(r"[0-9]{1,25}")

Raw = Mapping[str, Any]


def order(key: str) -> tuple[int, str]:
    """Sorts ids as the vendor does, by number."""
    return len(key), key


def is_id(key: str) -> bool:
    """Whether a key can be an id of the vendor's; no other is ever put into a call."""
    return _ID.fullmatch(key) is not None


class Reader:
    """Reads the records of one module."""

    def __init__(self, api: Api, module: Module, fields: Sequence[Field]) -> None:
        self._api = api
        self._module = module
        self._fields = fields
        self._names = list(chunks(needed(fields) or [KEY], NAMES))
        self._place = f"{api.name}.{module.name}"

    def pages(self, after: str | None = None) -> Iterator[Page]:
        """Every record behind an id."""
        for records in self._raw(after):
            if records:
                yield Page(batch(records, self._fields), _id(records[-1]))

    def records(self, keys: Collection[str]) -> Iterator[Record]:
        """The records of some keys, in the order of their id."""
        for part in chunks(sorted({each for each in keys if is_id(each)}, key=order), IDS):
            for record in self.by_id(part):
                yield row(record, self._fields)

    def _raw(self, after: str | None) -> Iterator[list[Raw]]:
        last = after
        if last is None:
            for records in self._by_page():
                if records is None:
                    break
                last = self._greater(records, last)
                yield self._whole(records)
            else:
                return
        for ids in self.ids(last):
            for part in chunks(ids, IDS):
                yield self.by_id(part)

    def _by_page(self) -> Iterator[list[Raw] | None]:
        """The records of the list; None where its token does not go on."""
        token = ""
        while True:
            place = {"page_token": token} if token else {"page": "1"}
            try:
                page = self._api.listed(
                    self._place,
                    "data",
                    self._module.name,
                    params={
                        "fields": ",".join(self._names[0]),
                        "sort_by": KEY,
                        "sort_order": "asc",
                        "per_page": str(PAGE),
                        **self._module.all_of_it,
                        **place,
                    },
                )
            except CallError as error:
                if not token or error.code not in _ENDED:
                    raise
                yield None
                return
            if page.items:
                yield list(page.items)
            if not page.more or not page.items:
                return
            if not page.token:
                yield None
                return
            token = page.token

    def _greater(self, records: Sequence[Raw], last: str | None) -> str:
        """The last id. Raises CallError when the vendor did not sort: going on behind it would lose records."""
        for record in records:
            key = _id(record)
            if not is_id(key) or (last is not None and order(key) <= order(last)):
                raise self._api.strange(self._place, "records without ids, or not in the order of their id")
            last = key
        return last or ""

    def _whole(self, records: list[Raw]) -> list[Raw]:
        """The records of a list with the fields that one call could not name."""
        if len(self._names) == 1:
            return records
        others: dict[str, dict[str, Any]] = {}
        for part in chunks([_id(each) for each in records], IDS):
            for names in self._names[1:]:
                for each in self._named(part, names):
                    others.setdefault(_id(each), {}).update(each)
        # One that is in no later call was deleted in between and would be half a record.
        return [{**each, **others[_id(each)]} for each in records if _id(each) in others]

    def by_id(self, keys: Sequence[str]) -> list[Raw]:
        """At most 100 records with all fields, in the order of their id."""
        joined: dict[str, dict[str, Any]] = {}
        for number, names in enumerate(self._names):
            for each in self._named(keys, names):
                # One that appears only in a later call was made in between and would be half a record.
                if number == 0 or _id(each) in joined:
                    joined.setdefault(_id(each), {}).update(each)
        return [joined[key] for key in sorted(joined, key=order)]

    def _named(self, keys: Sequence[str], names: Sequence[str]) -> Sequence[Raw]:
        asked = {"ids": ",".join(keys), "fields": ",".join(names), "per_page": str(PAGE)}
        params = {**asked, **self._module.all_of_it}
        return self._api.listed(self._place, "data", self._module.name, params=params).items

    def ids(self, after: str | None = None) -> Iterator[list[str]]:
        """Every id behind one, in order, a few thousand at a time."""
        last = after or "0"
        if not _NAME.fullmatch(self._module.name) or not is_id(last):
            yield from self._ids_by_list(after)
            return
        begun = False
        while True:
            try:
                answers = [self._behind(last, part) for part in self._module.parts]
            except CallError as error:
                if begun or error.code not in _NO_QUERY:
                    raise
                yield from self._ids_by_list(after)
                return
            begun = True
            # Behind the end of a full answer there may be more of its part, so nothing behind it is taken yet.
            ends = [found[-1] for found in answers if len(found) >= QUERY_ROWS]
            end = min(ends, key=order, default="")
            merged = sorted({key for found in answers for key in found}, key=order)
            taken = [key for key in merged if not end or order(key) <= order(end)]
            if taken:
                last = taken[-1]
                yield taken
            if not ends:
                return

    def _behind(self, last: str, part: str) -> list[str]:
        """At most 2,000 ids behind one, of a part of the module, in order."""
        where = f"({KEY} > '{last}' and {part})" if part else f"{KEY} > '{last}'"
        statement = (
            f"select {KEY} from {self._module.name} where {where} "  # noqa: S608 name and id are checked by `ids`
            f"order by {KEY} asc limit {QUERY_ROWS}"
        )
        found = [_id(each) for each in self._api.query(self._place, statement, QUERY_ROWS)]
        self._greater([{KEY: each} for each in found], last)
        return found

    def _ids_by_list(self, after: str | None) -> Iterator[list[str]]:
        """The same from the list, for a module that queries do not cover."""
        last = None
        for records in Reader(self._api, self._module, ())._by_page():  # noqa: SLF001 its own class
            if records is None:
                raise self._api.strange(self._place, "a list that broke off, in a module that cannot be queried")
            last = self._greater(records, last)
            found = [_id(each) for each in records]
            yield [each for each in found if after is None or order(each) > order(after)]

    def count(self) -> int | None:
        """How many records there are; None when the vendor does not say."""
        if len(self._module.parts) > 1:  # the vendor's count leaves out what its plain list does
            return sum(len(found) for found in self.ids())
        try:
            body = self._api.get(self._place, self._module.name, "actions", "count")
        except CallError as error:
            if error.status == 0 or error.status >= 500:
                raise
            return None
        number = body.get("count") if isinstance(body, Mapping) else None
        return number if isinstance(number, int) and number >= 0 else None


def _id(record: Raw) -> str:
    return str(record.get(KEY) or "")
