"""`policies/access.csv`: who may do what with which data, for which purpose, shown how.

One line is one rule, in CSV:

    p, SUBJECT, PURPOSE, ACTION, OBJECT, TREATMENT, EFFECT, ROWS
    g, USER, ROLE

ROWS is a predicate, empty for all rows; one with a comma stands in double quotes, as CSV wants it. Every value is
checked before anything else sees the line: Casbin skips a line that it does not know and fails on a short one.
The order of lines never matters. `docs/policy.md` is the page for people.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Never

from policies.access_names import Names, folded, twin
from policies.access_objects import AccessObject, resolve_object
from policies.characters import bad_character
from policies.errors import PolicyFileError
from policies.nouns import Action, Effect
from policies.predicate import Predicate, parse_predicate

IMPERSONATE = "impersonate"
"""The role that lets a user of the operating system ask as somebody else at the command line; it needs no `p` line."""

BREAK_GLASS = "break_glass"
"""SUBJECT of the lines that say what an opened purpose for emergencies shows, to whomever it was opened for."""

ANY = "*"
"""Everybody, every purpose, every action or all data."""

TREATMENTS = (
    "null",
    "mask:redact",
    "pseudonym",
    "mask:age_band",
    "mask:bucket_10000",
    "mask:bucket_1000",
    "mask:bucket_100",
    "mask:bucket_10",
    "mask:grid_1",
    "mask:grid",
    "mask:year",
    "mask:postcode_2",
    "mask:postcode_3",
    "mask:postcode_4",
    "mask:name",
    "mask:address",
    "mask:id_card",
    "mask:last4",
    "mask:phone",
    "mask:email",
    "clear",
)
"""Every treatment, the most protective first; among rules on equal objects the earlier one here wins."""

_NUMBERS = frozenset({"decimal", "float", "integer"})
_TEXT_MASKS = ("address", "email", "id_card", "last4", "name", "phone", "postcode_2", "postcode_3", "postcode_4")
MASK_TYPES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_TEXT_MASKS, frozenset({"string"})),
    **dict.fromkeys(("bucket_10", "bucket_100", "bucket_1000", "bucket_10000"), _NUMBERS),
    **dict.fromkeys(("grid", "grid_1"), frozenset({"decimal", "float"})),
    "age_band": frozenset({"integer"}),
    "year": frozenset({"date", "datetime", "string"}),
}
"""By mask, the types of field that it takes; on one of another type it gives NULL. `redact` is meant for all."""

_P_VALUES = ("SUBJECT", "PURPOSE", "ACTION", "OBJECT", "TREATMENT", "EFFECT", "ROWS")


@dataclass(frozen=True, slots=True)
class AccessRule:
    """One `p` line, checked."""

    rule_id: str
    """`access:` and the first 8 hex digits of the line's digest, 16 for lines that share these 8: the same line has the
    same id wherever it stands."""
    line: int
    """Where it stands in the file, from 1."""
    subject: str
    """A user, a role or `*`."""
    purpose: str
    """A purpose; `*` on deny lines only."""
    action: str
    """An action; `*` on deny lines only."""
    object: AccessObject
    """What it is about."""
    treatment: str
    """How the object is shown; empty on a deny line."""
    effect: Effect
    """Whether it gives or takes."""
    rows: Predicate | None
    """For which rows; None for all."""

    @property
    def values(self) -> tuple[str, str, str, str, str, str, str]:
        """The seven values as Casbin gets them."""
        rows = self.rows.text if self.rows else ""
        return (self.subject, self.purpose, self.action, self.object.text, self.treatment, self.effect.value, rows)


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """One `g` line: a user holds a role, or a role holds all that another one has."""

    line: int
    """Where it stands in the file, from 1."""
    member: str
    """The user, or the role that inherits."""
    role: str
    """The role given."""


@dataclass(frozen=True, slots=True)
class AccessFile:
    """All lines of an access policy, each once."""

    place: str
    """The file, for messages."""
    rules: tuple[AccessRule, ...]
    """In the order of the file, repeated lines left out."""
    grants: tuple[RoleGrant, ...]
    """In the order of the file, repeated lines left out."""
    repeated: tuple[tuple[int, int], ...]
    """Each line that says what an earlier one said, with that earlier line."""

    @property
    def digest(self) -> str:
        """A digest of what the lines say; order, spaces and comments do not change it."""
        said = sorted([",".join(("p", *rule.values)) for rule in self.rules])
        said += sorted(f"g,{grant.member},{grant.role}" for grant in self.grants)
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]

    @property
    def roles(self) -> frozenset[str]:
        """Every name that a `g` line gives as a role."""
        return frozenset(grant.role for grant in self.grants)


def read_access(path: Path, names: Names) -> AccessFile:
    """The checked lines of a file; none where there is no file, so that nothing is granted. Raises PolicyFileError."""
    if not path.exists():
        return AccessFile(str(path), (), (), ())
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as cause:
        raise PolicyFileError(
            str(path), found=type(cause).__name__, expected="a readable UTF-8 file", next_step="mend the file"
        ) from None
    return parse_access(text, str(path), names)


def parse_access(text: str, place: str, names: Names) -> AccessFile:
    """The checked lines of a text.

    Raises PolicyFileError that names the line, what was found and what was expected, PredicateError for a ROWS that is
    not of the predicate language.
    """
    rules: dict[tuple[str, ...], AccessRule] = {}
    grants: dict[tuple[str, str], RoleGrant] = {}
    repeated: list[tuple[int, int]] = []
    for number, values in _lines(text, place):
        where = f"{place}:{number}"
        if values[0] == "p":
            rule = _rule(where, number, values[1:], names)
            first = rules.setdefault(rule.values, rule)
            repeated += [(number, first.line)] if first is not rule else []
        else:
            grant = _grant(where, number, values[1:])
            earlier = grants.setdefault((grant.member, grant.role), grant)
            repeated += [(number, earlier.line)] if earlier is not grant else []
    file = AccessFile(place, _with_ids(rules.values()), tuple(grants.values()), tuple(repeated))
    _check_subjects(file, names)
    _check_cycles(file)
    return file


def _lines(text: str, place: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each line that says something, with its number and its values, blanks around them taken off."""
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.removesuffix("\r").strip(" \t")
        if not line or line.startswith("#"):
            continue
        where = f"{place}:{number}"
        if (what := bad_character(line)) is not None:
            _fail(where, what, "visible characters only; inside a text constant write an escape such as \\u200b")
        try:
            values = next(csv.reader([line], skipinitialspace=True, strict=True))
        except (csv.Error, StopIteration):
            _fail(where, "a quotation that CSV does not close here", "a value in double quotes, a quote in it doubled")
        yield number, _counted(where, tuple(value.strip() for value in values))


def _counted(where: str, values: tuple[str, ...]) -> tuple[str, ...]:
    wanted = {"p": len(_P_VALUES), "g": 2}.get(values[0])
    if wanted is None:
        _fail(where, "a line that begins with neither `p` nor `g`", "`p` for a rule, `g` for a user's role")
    if len(values) - 1 > wanted and values[0] == "p":
        _fail(
            where,
            f"{len(values) - 1} values after `p`",
            "seven: " + ", ".join(_P_VALUES) + "; a ROWS with a comma stands in double quotes",
        )
    if len(values) - 1 != wanted:
        _fail(where, f"{len(values) - 1} value(s) after `{values[0]}`", f"exactly {wanted}, empty ones included")
    return values


def _rule(where: str, number: int, values: Sequence[str], names: Names) -> AccessRule:
    subject, purpose, action, target, treatment, effect_word, rows_text = values
    if not subject:
        _fail(where, "an empty SUBJECT", "a user, a role or `*`")
    if effect_word not in tuple(Effect):
        _fail(where, "an EFFECT of another word", "`allow` or `deny`, in lower case")
    effect = Effect(effect_word)
    _check_purpose(where, purpose, effect, names)
    _check_action(where, action, effect)
    _check_treatment(where, treatment, effect)
    rows = parse_predicate(rows_text, f"{where}, ROWS") if rows_text else None
    found = resolve_object(target, where, names.catalog, names.taxonomy)
    return AccessRule("", number, subject, purpose, action, found, treatment, effect, rows)


def _with_ids(rules: Iterable[AccessRule]) -> tuple[AccessRule, ...]:
    digests = {rule: hashlib.sha256("\x1f".join(("p", *rule.values)).encode()).hexdigest() for rule in rules}
    count = Counter(digest[:8] for digest in digests.values())
    return tuple(
        replace(rule, rule_id=f"access:{digest[: 8 if count[digest[:8]] == 1 else 16]}")
        for rule, digest in digests.items()
    )


def _check_purpose(where: str, purpose: str, effect: Effect, names: Names) -> None:
    if purpose == ANY and effect is Effect.ALLOW:
        _fail(where, "`*` as PURPOSE of an allow line", "a purpose; `*` stands on deny lines only")
    if purpose != ANY and purpose not in names.purposes.purposes:
        other = twin(purpose, names.purposes.purposes)
        hint = f"; `{other}` is written otherwise" if other else ""
        _fail(where, f"a PURPOSE that purposes.yaml does not have{hint}", "one of its purposes, spelled alike")


def _check_action(where: str, action: str, effect: Effect) -> None:
    if action == ANY and effect is Effect.ALLOW:
        _fail(where, "`*` as ACTION of an allow line", "one line for each action; `*` stands on deny lines only")
    if action != ANY and action not in tuple(Action):
        _fail(where, "an ACTION of another word", " or ".join(f"`{each.value}`" for each in Action))


def _check_treatment(where: str, treatment: str, effect: Effect) -> None:
    if effect is Effect.DENY and treatment:
        _fail(where, "a TREATMENT on a deny line", "nothing between its commas")
    if effect is Effect.ALLOW and treatment not in TREATMENTS:
        what = "no TREATMENT on an allow line" if not treatment else "a TREATMENT that does not exist"
        _fail(where, what, "one of " + ", ".join(sorted(TREATMENTS)))


def _grant(where: str, number: int, values: Sequence[str]) -> RoleGrant:
    member, role = values
    if not member or not role:
        _fail(where, "an empty name", "USER, ROLE")
    if ANY in (member, role):
        _fail(where, "`*` in a role line", "a user and a role by name")
    return RoleGrant(number, member, role)


def _check_subjects(file: AccessFile, names: Names) -> None:
    """Refuse a name that is user and role at once, and names that differ only in case or Unicode form."""
    users = names.principals.principals
    spelling: dict[str, str] = {}
    for name in users:
        if spelling.setdefault(folded(name), name) != name:
            _fail("principals.yaml", "two names that differ only in case or Unicode form", "one spelling of each user")
    for grant in file.grants:
        if grant.role in users:
            _fail(f"{file.place}:{grant.line}", "a ROLE that is also a user's name", "another name for the role")
    places = [(rule.line, rule.subject) for rule in file.rules if rule.subject != ANY]
    places += [(grant.line, name) for grant in file.grants for name in (grant.member, grant.role)]
    for line, name in sorted(places):
        if spelling.setdefault(folded(name), name) != name:
            _fail(
                f"{file.place}:{line}",
                "a name that differs from another one only in case or Unicode form",
                "one spelling of each user and role, here and in principals.yaml",
            )


def _check_cycles(file: AccessFile) -> None:
    above: dict[str, list[RoleGrant]] = {}
    for grant in file.grants:
        above.setdefault(grant.member, []).append(grant)
    done: set[str] = set()
    for start, first in above.items():
        path: list[tuple[str, Iterator[RoleGrant]]] = [(start, iter(first))]
        while path:
            step = next(path[-1][1], None)
            if step is None:
                done.add(path.pop()[0])
            elif any(step.role == name for name, _ in path):
                _fail(f"{file.place}:{step.line}", "a role that is given to itself in the end", "roles without a cycle")
            elif step.role not in done:
                path.append((step.role, iter(above.get(step.role, ()))))


def _fail(place: str, found: str, expected: str) -> Never:
    raise PolicyFileError(place, found=found, expected=expected, next_step="mend this line; see docs/policy.md")
