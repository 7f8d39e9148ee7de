"""In which order migrations run: Alembic's by their chain, the rest by the numbers in their names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from governance.gate.reads.python_values import text_of

_REPEATABLE = re.compile(r"^R__", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """A revision's place in the chain."""

    revision: str
    """Its own id."""
    after: tuple[str, ...]
    """The revisions that come before it: one, several for a merge, none for the first."""


def link_of(tree: ast.Module) -> Link | None:
    """The place of an Alembic revision; None where it does not say."""
    said = dict(_assigned(tree))
    revision = text_of(said.get("revision"), {})
    if revision is None:
        return None
    after = [*_texts(said.get("down_revision")), *_texts(said.get("depends_on"))]
    return Link(revision, tuple(after))


def natural(path: str) -> tuple[object, ...]:
    """A key that sorts `V2` before `V10`, and what is applied again each time, such as `R__views.sql`, last."""
    folder, _, name = path.rpartition("/")
    pieces = (int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name))
    return (folder, bool(_REPEATABLE.match(name)), tuple((isinstance(each, str), each) for each in pieces))


def in_order(links: Sequence[tuple[str, Link | None]]) -> list[int]:
    """The places of some files, given by path and link, in the order in which they run."""
    order = sorted(range(len(links)), key=lambda place: natural(links[place][0]))
    by_id = {link.revision: place for place, (_, link) in enumerate(links) if link is not None}
    done: list[int] = []
    seen: set[int] = set()
    for place in order:
        _after_its_parents(place, links, by_id, seen, done)
    return done


def _after_its_parents(
    place: int, links: Sequence[tuple[str, Link | None]], by_id: dict[str, int], seen: set[int], done: list[int]
) -> None:
    """Append a file behind all that it comes after; a ring is cut where it is met."""
    waiting = [(place, False)]
    while waiting:
        at, parents_done = waiting.pop()
        if parents_done:
            done.append(at)
            continue
        if at in seen:
            continue
        seen.add(at)
        link = links[at][1]
        waiting.append((at, True))
        after = link.after if link is not None else ()
        waiting += [(by_id[each], False) for each in reversed(after) if each in by_id]


def _assigned(tree: ast.Module) -> Iterable[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value


def _texts(node: ast.expr | None) -> list[str]:
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return [each.value for each in node.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []
