"""What becomes of each record of a person: the verdicts of the rules first, then what foreign keys still allow.

A record that a duty or a hold keeps stays as it is, and so do its parts: records that name no person and refer to it.
One to which a row refers that stays is not deleted: the person is taken out of it, and the reference goes on to hold.
Children are never changed for the sake of a parent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from governance.jobs.key_order import among, labelled
from governance.jobs.work import Key
from governance.requests.erasure_table import ErasureTable, Home, Link

KEPT = ("duty", "hold")
"""Why a record stays as it is."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a record stays as it is."""

    reason: str
    """`duty` or `hold`."""
    rules: tuple[str, ...] = ()
    """The duties, the deciding one first."""
    until: str = ""
    """The last day of the duty, or empty where nobody knows: a hold, or a duty without a start."""


@dataclass
class Fates:
    """What becomes of the records of one store."""

    actions: dict[Home, dict[Key, str]]
    """By table and record key: `delete`, `anonymise`, `crypto_shred` or `keep`."""
    kept: dict[Home, dict[Key, Kept]] = field(default_factory=dict)
    """Why records are kept."""
    referred: dict[Home, int] = field(default_factory=dict)
    """How many records are anonymised only because a row that stays refers to them."""

    def keys(self, home: Home, action: str) -> list[Key]:
        """The records of a table with one fate, in the order in which they were found."""
        return [key for key, each in self.actions.get(home, {}).items() if each == action]


def settle(
    connection: Connection,
    tables: Mapping[Home, ErasureTable],
    own: Mapping[Home, Sequence[Key]],
    kept: Mapping[Home, Mapping[Key, Kept]],
    links: Sequence[Link],
) -> Fates:
    """The fate of every record of a person in one store; reads foreign keys until nothing changes any more."""
    actions = {
        home: {key: "keep" if key in kept.get(home, {}) else tables[home].rule.action for key in keys}
        for home, keys in own.items()
    }
    fates = Fates(actions, {home: dict(each) for home, each in kept.items()})
    changed = True
    while changed:
        changed = sum(_keep_parts(connection, tables, fates, link) for link in links) > 0
    changed = True
    while changed:
        changed = False
        for link in links:
            for key in _blocked(connection, tables, fates, link):
                fates.actions[link.parent][key] = "anonymise"
                fates.referred[link.parent] = fates.referred.get(link.parent, 0) + 1
                changed = True
    return fates


def _keep_parts(connection: Connection, tables: Mapping[Home, ErasureTable], fates: Fates, link: Link) -> bool:
    """Keep what is a part of a kept record, such as the lines of an invoice: it names no person and refers to it."""
    child, whole = tables.get(link.child), fates.kept.get(link.parent)
    if child is None or child.subject or not whole or link.child == link.parent:
        return False
    found = False
    for key, parent in _pairs(connection, tables[link.parent], child, link, list(whole)):
        if fates.actions[link.child].get(key) not in {None, "keep"}:
            fates.actions[link.child][key] = "keep"
            fates.kept.setdefault(link.child, {})[key] = whole[parent]
            found = True
    return found


def _pairs(
    connection: Connection, parent: ErasureTable, child: ErasureTable, link: Link, among_parents: Sequence[Key]
) -> list[tuple[Key, Key]]:
    """Keys of referring rows, each with that of the row to which it refers."""
    other, mine = child.table.alias("gov_child"), parent.table.alias("gov_parent")
    theirs, ours = [other.c[each.name] for each in child.key], [mine.c[each.name] for each in parent.key]
    match = [other.c[one] == mine.c[to] for one, to in link.pairs]
    query = sa.select(*labelled((*theirs, *ours))).select_from(mine.join(other, sa.and_(*match)))
    rows = connection.execute(query.where(among(ours, among_parents))).all()
    return [(tuple(row[: len(theirs)]), tuple(row[len(theirs) :])) for row in rows]


def _blocked(connection: Connection, tables: Mapping[Home, ErasureTable], fates: Fates, link: Link) -> list[Key]:
    """Records that would be deleted, and to which a row that stays refers."""
    doomed = fates.keys(link.parent, "delete")
    if not doomed:
        return []
    parent, child = tables[link.parent], tables.get(link.child)
    other = (child.table if child else _bare(link)).alias("gov_child")
    mine = parent.table.alias("gov_parent")
    key = [mine.c[each.name] for each in parent.key]
    match = [other.c[one] == mine.c[to] for one, to in link.pairs]
    theirs = [other.c[each.name] for each in child.key] if child else []
    query = sa.select(*labelled((*key, *theirs))).select_from(mine.join(other, sa.and_(*match)))
    rows = connection.execute(query.where(among(key, doomed))).all()
    split = len(key)
    return list(
        dict.fromkeys(tuple(row[:split]) for row in rows if not _lets_go(child, fates, link, tuple(row[split:])))
    )


def _lets_go(child: ErasureTable | None, fates: Fates, link: Link, key: Key) -> bool:
    """Whether a row that refers to another will not do so any more."""
    fate = fates.actions.get(link.child, {}).get(key) if child is not None else None
    if child is None or fate in {None, "keep"}:
        return False
    if fate == "delete":
        return True
    return fate == "anonymise" and any(one not in child.fixed for one, _ in link.pairs)


def _bare(link: Link) -> sa.TableClause:
    schema, name = link.child
    return sa.table(name, *(sa.column(one) for one, _ in link.pairs), schema=schema)


@dataclass(frozen=True, slots=True)
class Order:
    """In which order tables are gone through."""

    homes: tuple[Home, ...]
    """What refers to others before them."""
    detached: tuple[Link, ...]
    """Links in circles, whose fields are emptied first in rows that are deleted then."""


def order(tables: Mapping[Home, ErasureTable], fates: Fates, links: Sequence[Link]) -> Order:
    """Children before parents among tables of which rows are deleted; circles are cut where fields may be empty."""
    doomed = {home for home in tables if fates.keys(home, "delete")}
    inside = [each for each in links if each.child in doomed and each.parent in doomed]
    detached = [each for each in inside if each.child == each.parent and _can_be_cut(tables, each)]
    while True:
        graph = {home: set[Home]() for home in sorted(tables, key=str)}
        for each in inside:
            if each not in detached and each.child != each.parent:
                graph[each.parent].add(each.child)
        try:
            return Order(tuple(TopologicalSorter(graph).static_order()), tuple(detached))
        except CycleError as circle:
            ring = set(circle.args[1])
            cut = [each for each in inside if each not in detached and {each.child, each.parent} <= ring]
            free = [each for each in cut if each.child != each.parent and _can_be_cut(tables, each)]
            if not free:  # the store itself may still allow it, where it looks at the end of a statement
                return Order(tuple(sorted(tables, key=str)), tuple(detached))
            detached.append(free[0])


def _can_be_cut(tables: Mapping[Home, ErasureTable], link: Link) -> bool:
    child = tables[link.child]
    fixed: set[Any] = {each.name for each in (*child.table.primary_key.columns, *child.key)}
    return any(child.table.c[one].nullable and one not in fixed for one, _ in link.pairs)


def cut_fields(table: ErasureTable, link: Link) -> tuple[str, ...]:
    """The fields of a link that are emptied to cut it."""
    fixed = {each.name for each in (*table.table.primary_key.columns, *table.key)}
    return tuple(one for one, _ in link.pairs if table.table.c[one].nullable and one not in fixed)
