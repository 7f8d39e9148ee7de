"""How one field is protected, judged by what catalog and policy say of it and by what its store counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from governance.protect.key_tally import KeyTally
from governance.protect.keyring.base import KeyInfo
from governance.protect.token_counts import ColumnCells, TableCells
from policies.nouns import Sensitivity
from policies.taxonomy import HARMLESS

if TYPE_CHECKING:
    from governance.access.facts import FieldFacts
    from governance.app import Governance


def said_of(gov: Governance, facts: FieldFacts, treatments: set[str]) -> dict[str, Any]:
    """What catalog and policy say of a field."""
    entry = gov.catalog.field(facts.ref)
    least = gov.project.config.protection.encrypt_from
    personal = facts.category != HARMLESS
    return {
        "field": str(facts.ref),
        "category": facts.category,
        "sensitivity": facts.sensitivity.word,
        "declared": entry is not None and bool(entry.encrypted),
        "by_person": entry is not None and entry.encrypted == "subject",
        "required": personal and least is not None and facts.sensitivity >= Sensitivity.of(least),
        "shown": "clear" if "clear" in treatments else "masked" if treatments else "nobody",
    }


def cell_counts(cells: TableCells, column: ColumnCells | None) -> dict[str, Any]:
    """How many cells are what; a column that is not there has none."""
    if column is None:
        return {"column": None, "rows": cells.rows, "nulls": 0, "clear": 0, "tokens": 0}
    return {
        "column": column.native,
        "rows": cells.rows,
        "nulls": column.nulls,
        "clear": column.clear,
        "tokens": column.tokens,
    }


def migration(column: ColumnCells | None, beside: ColumnCells | None) -> dict[str, Any]:
    """Whether another column is being filled for the field: to what, how many cells are, how many are not yet."""
    if column is None or beside is None:
        return {"migration": None}
    filled, full = beside.tokens + beside.clear, column.tokens + column.clear
    to = "encrypted" if beside.tokens or not column.tokens else "clear"
    return {"migration": {"to": to, "filled": filled, "left": max(0, full - filled)}}


def key_counts(keys: KeyTally, infos: Mapping[str, KeyInfo]) -> dict[str, Any]:
    """How many tokens stand under which key."""
    states = {key: infos[key].state.value for key in keys.keys}
    return {
        "keys": [{"id": key, "state": states[key], "tokens": keys.keys[key]} for key in infos if key in keys.keys],
        "persons": {"keys": keys.person_keys, "active": keys.persons["active"], "destroyed": keys.persons["destroyed"]},
        "elsewhere": keys.elsewhere,
        "unknown": keys.unknown,
    }


def state_of(said: Mapping[str, Any]) -> str:
    """The one word for how a field is protected."""
    if said["column"] is None:
        return "missing"
    if said["migration"] is not None:
        return "migrating"
    if said["declared"] or said["tokens"]:
        return "partly" if said["clear"] else "encrypted"
    if said["category"] == HARMLESS:
        return "harmless"
    return "clear" if said["shown"] == "clear" else "masked"


_PROBLEMS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "missing": lambda said: said["column"] is None,
    "clear_in_encrypted": lambda said: said["declared"] and said["clear"] > 0 and said["migration"] is None,
    "must_be_encrypted": lambda said: said["required"] and not said["declared"] and said["migration"] is None,
    "undeclared": lambda said: said["tokens"] > 0 and not said["declared"] and said["migration"] is None,
    "key_unknown": lambda said: said["unknown"] > 0,
    "key_elsewhere": lambda said: said["elsewhere"] > 0,
    "key_destroyed": lambda said: any(each["state"] == "destroyed" for each in said["keys"]),
    "not_by_person": lambda said: said["by_person"] and bool(said["keys"]) and said["migration"] is None,
    "migrating": lambda said: said["migration"] is not None,
}


def problems_of(said: Mapping[str, Any]) -> list[str]:
    """What is wrong with a field, as codes of the report."""
    return [code for code, holds in _PROBLEMS.items() if holds(said)]
