"""The records of the stand-in for 纷享销客: queries, changes, the two steps of deletion."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

GUESSED = {"missing": 32101, "locked": 32102, "not_invalid": 32103, "invalid_already": 32104, "forbidden": 32105}
WRONG = 32000
EXPIRED, UNSIGNED, BUSY, OFFSET = 20016, 20017, 30004, 10013
LIFE, SAME = 7200, 6600

Row = dict[str, Any]
Answer = dict[str, Any]


def made_field(name: str, native: str = "text", label: str = "", **other: Any) -> Row:
    return {
        "api_name": name,
        "label": label or name,
        "type": native,
        "is_required": False,
        "is_unique": False,
        "is_index": True,
        "is_active": True,
        "define_type": "custom" if name.endswith("__c") else "package",
        **other,
    }


@dataclass
class Held:
    """An object with its listed and its invalid records."""

    name: str
    label: str
    fields: dict[str, Row]
    rows: dict[str, Row] = field(default_factory=dict)
    bin: dict[str, Row] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    masked: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    """Records that the employee may not see."""

    def add(self, row: Row) -> None:
        self.rows[row["_id"]] = row
        insort(self.ids, row["_id"])

    def take(self, key: str) -> Row:
        self.ids.remove(key)
        return self.rows.pop(key)


class RefusedError(Exception):
    def __init__(self, code: int, text: str = "refused") -> None:
        super().__init__(code)
        self.code, self.text = code, text


class Records:
    """What can be done with records; `Account` says who may ask."""

    def __init__(self) -> None:
        self.employees: dict[str, Row] = {}
        self.workflows: list[str] = []
        self.approvals: list[str] = []
        self.done: Counter[tuple[str, str]] = Counter()
        """How often something really happened to a record."""

    def act(self, act: str, held: Held, data: Row, body: Row) -> Answer:
        acts = {
            "query": self._query,
            "get": self._get,
            "update": self._update,
            "invalid": self._invalid,
            "delete": self._delete,
        }
        if act not in acts:
            raise RefusedError(WRONG)
        return acts[act](held, data, body)

    def _query(self, held: Held, data: Row, _body: Row) -> Answer:
        info = data["search_query_info"]
        limit, offset, filters = info["limit"], info["offset"], list(info["filters"])
        if not 0 < limit <= 100 or offset % limit:
            raise RefusedError(WRONG, "limit or offset")
        if offset > 10_000:
            raise RefusedError(OFFSET, "offset out of range 10000")
        if not all(isinstance(each["field_values"], list) for each in filters):
            raise RefusedError(WRONG)
        keys = self._candidates(held, filters)
        if info["orders"] != [{"fieldName": "_id", "isAsc": True}]:
            keys = reversed(list(keys))
        found, passed = [], 0
        for key in keys:
            if key not in held.hidden and all(_fits(held.rows[key], each) for each in filters):
                passed += 1
                if passed > offset:
                    found.append(self._shown(held, held.rows[key], info.get("fieldProjection")))
                if len(found) == limit:
                    break
        return {"data": {"dataList": found, "offset": offset, "limit": limit, "total": 0}}

    @staticmethod
    def _candidates(held: Held, filters: list[Row]) -> Any:
        """Ids in order, narrowed by a condition on them, so that a page costs no pass over all records."""
        for each in filters:
            if each["field_name"] == "_id" and each["operator"] == "IN":
                return sorted(key for key in each["field_values"] if key in held.rows)
            if each["field_name"] == "_id" and each["operator"] == "GT":
                start = bisect_right(held.ids, each["field_values"][0])
                return (held.ids[place] for place in range(start, len(held.ids)))
        return iter(held.ids)

    def _shown(self, held: Held, row: Row, projection: list[str] | None) -> Row:
        names = held.fields if projection is None else ["_id", *projection]
        shown = {name: row[name] for name in names if row.get(name) is not None}
        for name in held.masked & set(shown):
            shown[name] = f"{shown[name][:3]}****{shown[name][-2:]}"
        if projection is None:
            shown |= {key: value for key, value in row.items() if key.endswith("__o")}
            for name in shown.keys() & {key for key, each in held.fields.items() if each["type"] == "employee"}:
                named = [self.employees[each] for each in row[name] if each in self.employees]
                shown = {**shown, f"{name}__l": named, **({f"{name}__r": named[0]} if named else {})}
        return shown

    def _get(self, held: Held, data: Row, _body: Row) -> Answer:
        if data["objectDataId"] in held.hidden:
            raise RefusedError(GUESSED["forbidden"])
        row = held.rows.get(data["objectDataId"]) or held.bin.get(data["objectDataId"])
        if row is None:
            raise RefusedError(GUESSED["missing"])
        return {"data": self._shown(held, row, None)}

    def _update(self, held: Held, data: Row, body: Row) -> Answer:
        change = dict(data["object_data"])
        key = change.pop("_id")
        change.pop("dataObjectApiName")
        self._free(held, key)
        if "owner" in change or set(change) - set(held.fields):
            raise RefusedError(WRONG)
        if body.get("triggerWorkFlow") is not False:
            self.workflows.append(key)
        if body.get("triggerApprovalFlow") is not False:
            self.approvals.append(key)
        if any(held.rows[key].get(name) != value for name, value in change.items()):
            self.done["update", key] += 1
        held.rows[key].update(change)
        return {}

    @staticmethod
    def _free(held: Held, key: str) -> None:
        if key not in held.rows:
            raise RefusedError(GUESSED["invalid_already" if key in held.bin else "missing"])
        if held.rows[key].get("lock_status") == "1":
            raise RefusedError(GUESSED["locked"])

    def _invalid(self, held: Held, data: Row, _body: Row) -> Answer:
        self._invalid_all(held, [data["object_data_id"]])
        return {}

    def invalid_batch(self, held: Held, data: Row) -> Answer:
        self._invalid_all(held, data["idList"])
        return {}

    def _invalid_all(self, held: Held, keys: list[str]) -> None:
        for key in keys:
            self._free(held, key)
        for key in keys:
            held.bin[key] = {**held.take(key), "life_status": "invalid", "is_deleted": True}
            self.done["invalid", key] += 1

    def _delete(self, held: Held, data: Row, _body: Row) -> Answer:
        if any(key not in held.bin for key in data["idList"]):
            raise RefusedError(GUESSED["not_invalid"])
        for key in data["idList"]:
            del held.bin[key]
            self.done["delete", key] += 1
        return {}


def _fits(row: Row, condition: Row) -> bool:
    value, asked = row.get(condition["field_name"]), condition["field_values"]
    match condition["operator"]:
        case "EQ":
            return value is not None and str(value) == asked[0]
        case "IN":
            return str(value) in asked or (isinstance(value, list) and bool(set(value) & set(asked)))
        case "GT":
            return value is not None and str(value) > asked[0]
        case "N":
            return str(value) != asked[0]
        case "LIKE":
            return isinstance(value, str) and asked[0] in value
    raise RefusedError(WRONG, "operator")
