"""`policies/access_tests.yaml`: what the access policy must say, so that a change of it that says otherwise is seen.

    version: 1
    tests:
      support sees a masked address:
        who: alice
        purpose: support
        object: crm.customers.email
        expect: mask:email
        rows: region == principal.region
      support sees nobody of another region:
        who: alice
        purpose: support
        object: crm.customers
        row: {region: US, clinic: false}
        expect: absent

`expect` is a treatment, or several that rows can meet; `hidden` for a field that is not shown, `refused` for a dataset
or purpose that is refused, `visible` for a dataset. With `row`, an example of a record, it says what becomes of just
that one: its treatment, `visible` or `absent`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from policies.access_lines import TREATMENTS
from policies.access_names import Names
from policies.access_objects import AccessObject, ObjectKind, resolve_object
from policies.errors import PolicyFileError, PredicateError
from policies.nouns import Action, Scalar
from policies.predicate import parse_predicate
from policies.yaml_files import FileModel, check_model, line_of, load_yaml

HIDDEN = "hidden"
"""A field that is not shown."""
REFUSED = "refused"
"""A dataset or purpose that is refused."""
VISIBLE = "visible"
"""A dataset, or the row of one, that can be seen."""
ABSENT = "absent"
"""A row that cannot be seen."""
ALL_ROWS = "all"
"""Every row of the dataset."""

_ANSWERS = {  # by whether the object is a field, and whether a row is given
    (True, False): frozenset((*TREATMENTS, HIDDEN, REFUSED)),
    (True, True): frozenset((*TREATMENTS, HIDDEN, REFUSED, ABSENT)),
    (False, False): frozenset((VISIBLE, REFUSED)),
    (False, True): frozenset((VISIBLE, REFUSED, ABSENT)),
}


class AccessTestEntry(FileModel):
    """One test."""

    who: str
    """The user, as in principals.yaml."""
    purpose: str
    """The purpose, as in purposes.yaml."""
    action: Action = Action.READ
    """What is asked for: `read`, `export`, `write`, `delete`."""
    object: str
    """A dataset or field of the catalog."""
    expect: str | tuple[str, ...]
    """What the policy must answer."""
    rows: str | tuple[str, ...] | None = None
    """Conditions of which one makes a row visible, or `all`; not compared when it is left out."""
    row: dict[str, Scalar | dt.date | dt.datetime | Decimal] | None = None
    """An example of a record: field to value."""


class AccessTestsFile(FileModel):
    """The whole of `access_tests.yaml`."""

    version: Literal[1] = 1
    """The form of the file."""
    tests: dict[str, AccessTestEntry] = Field(default_factory=dict)
    """By name."""


@dataclass(frozen=True, slots=True)
class AccessTest:
    """One test, checked."""

    name: str
    """Its name."""
    line: int
    """Where it stands in the file, from 1."""
    who: str
    """The user."""
    purpose: str
    """The purpose."""
    action: Action
    """The action."""
    target: AccessObject
    """A dataset or a field."""
    expect: frozenset[str]
    """The answer; several treatments when rows can meet several."""
    rows: frozenset[str] | None
    """Conditions in their canonical form, empty for all rows; None when they are not compared."""
    row: Mapping[str, Any] | None
    """An example of a record."""


def read_access_tests(path: Path, names: Names) -> tuple[AccessTest, ...]:
    """The tests of a file, in its order.

    Raises PolicyFileError for a missing or wrong file, an unknown name, or an answer that the object cannot give.
    """
    document = load_yaml(path, error=PolicyFileError)
    file = check_model(AccessTestsFile, document, str(path), error=PolicyFileError)
    return tuple(
        _checked(name, line_of(document, ("tests", name)) or 0, entry, path, names)
        for name, entry in file.tests.items()
    )


def _checked(name: str, line: int, entry: AccessTestEntry, path: Path, names: Names) -> AccessTest:
    place = f"{path}:{line}"
    target = resolve_object(entry.object, place, names.catalog, names.taxonomy)
    if target.kind not in (ObjectKind.FIELD, ObjectKind.DATASET):
        raise _wrong(place, "an object that is no field and no dataset", "one of the catalog's")
    if entry.who not in names.principals.principals:
        raise _wrong(place, "a `who` that principals.yaml does not have", "a known user")
    if entry.purpose not in names.purposes.purposes:
        raise _wrong(place, "a purpose that purposes.yaml does not have", "one of its purposes")
    expect = frozenset((entry.expect,) if isinstance(entry.expect, str) else entry.expect)
    answers = _ANSWERS[target.kind is ObjectKind.FIELD, entry.row is not None]
    if not expect or not expect <= answers or (len(expect) > 1 and not expect <= set(TREATMENTS)):
        expected = "one of " + ", ".join(sorted(answers)) + "; several only of treatments"
        raise _wrong(place, "an `expect` that this object cannot answer", expected)
    return AccessTest(
        name, line, entry.who, entry.purpose, entry.action, target, expect, _rows(entry.rows, place), entry.row
    )


def _rows(rows: str | tuple[str, ...] | None, place: str) -> frozenset[str] | None:
    if rows is None:
        return None
    if rows == ALL_ROWS:
        return frozenset()
    try:
        return frozenset(parse_predicate(each, place).text for each in ((rows,) if isinstance(rows, str) else rows))
    except PredicateError as cause:
        raise _wrong(place, cause.found, cause.expected) from None


def _wrong(place: str, found: str, expected: str) -> PolicyFileError:
    return PolicyFileError(place, found=found, expected=expected, next_step="mend this test; see docs/policy.md")
