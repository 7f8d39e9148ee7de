"""Who holds which roles, those that a role inherits included."""

from __future__ import annotations

from collections.abc import Mapping

from policies.access_lines import AccessFile


def held_roles(lines: AccessFile) -> Mapping[str, frozenset[str]]:
    """For every name in a `g` line, all roles that it holds, inherited ones included."""
    above: dict[str, list[str]] = {}
    for grant in lines.grants:
        above.setdefault(grant.member, []).append(grant.role)
    held: dict[str, frozenset[str]] = {}
    for name in above:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            new = [role for role in above.get(waiting.pop(), ()) if role not in found]
            found.update(new)
            waiting += new
        held[name] = frozenset(found)
    return held
