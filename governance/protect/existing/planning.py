"""Plans that convert a column, and jobs built again from them. Planning reads every value once and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from governance.jobs.engine import run_job
from governance.jobs.journal import JobHead, find
from governance.jobs.key_order import pages
from governance.jobs.office import Office
from governance.jobs.outcome import JobOutcome
from governance.jobs.pace import Pace
from governance.jobs.plan import Plan, PlanDraft, PlanLine, make_plan
from governance.jobs.running import Progress
from governance.jobs.store_connection import connected
from governance.protect.existing.bench import Bench
from governance.protect.existing.conversion import Conversion
from governance.protect.existing.conversion_work import PURPOSE, ConvertWork
from governance.protect.existing.statements import STATEMENTS
from governance.protect.existing.target import Target, find_target
from governance.protect.existing.turning import Scope, ToClear, ToTokens
from governance.protect.existing.values import misfit, typed_values
from governance.protect.plaintexts import decode_values, encode_values, natural_inner
from governance.protect.protector import Protector
from governance.protect.token_counts import FORMS
from policies.errors import BadInputError, StoreError
from policies.nouns import FieldRef

ENCRYPT = "protect.encrypt"
DECRYPT = "protect.decrypt"
_PAGE = 5_000
_ENOUGH = 10_000
"""Distinct values beyond which an index is not doubted."""
_HEADERS = tuple(head for head, _ in FORMS)
_VERIFY = 2
"""The number of the step before the switch."""


def plan_encryption(office: Office, bench: Bench, field: FieldRef, *, scope: Scope | None = None) -> Plan:
    """What encrypting a column would do: its cells counted, each tried whether it can be encrypted.

    Without `scope` the catalog says whose key encrypts: each person's for `encrypted: subject`, else the dataset's.
    Raises StoreError when something hangs on the column that its conversion would break, or a value is not of the
    column's type; CatalogError, LedgerError. Nothing is changed in the store.
    """
    scope = scope or ("subject" if bench.is_of_subjects(field) else "dataset")
    with connected(bench.store, str(field)) as connection:
        target = find_target(connection, field, bench.catalog)
        if target.word == "binary" and _all_tokens(connection, target):
            raise _refused(field, "a column of tokens", "a column of clear values", "see `governance protect status`")
        _refuse_blockers(target)
        _check_subjects(connection, target, scope)
        cells = _count(connection, target, bench)
    return _plan(office, ENCRYPT, target, target.word, scope, cells)


def plan_decryption(office: Office, bench: Bench, field: FieldRef) -> Plan:
    """What decrypting a column would do: every token is opened once. Raises as `plan_encryption`, DecryptionError."""
    with connected(bench.store, str(field)) as connection:
        target = find_target(connection, field, bench.catalog)
        if target.word != "binary":
            raise _refused(
                field, "a column that holds no tokens", "an encrypted field", "see `governance protect status`"
            )
        _refuse_blockers(target)
        word, cells = _word_of_tokens(connection, target, bench.protector(field))
    return _plan(office, DECRYPT, target, word, "dataset", cells)


def run_conversion(
    office: Office,
    bench: Bench,
    plan: Plan,
    *,
    pace: Pace | None = None,
    on_progress: Progress | None = None,
) -> JobOutcome:
    """Carry a plan out; start it again after a kill. Raises as `governance.jobs.engine.run_job`, and StoreError when a
    cell does not say what it was made from: the old column then stays as it is.
    """
    field = FieldRef(*plan.facts["field"])
    with connected(bench.store, plan.place) as connection:
        target = find_target(connection, field, bench.catalog)
    over = not target.migrating and _is_verified(office, plan)
    if over:  # the switch took these away
        target = replace(target, nullable=bool(plan.facts["nullable"]), indexes=tuple(plan.facts["indexes"]))
    held = bool(office.holds.standing(field.of))
    work = ConvertWork(_conversion(plan, target, bench), over=over, held=held)
    return run_job(office, work, plan, bench.store, pace=pace, on_progress=on_progress)


def _is_verified(office: Office, plan: Plan) -> bool:
    """Whether an earlier run came to the switch."""
    head = JobHead(plan.id, plan.kind, plan.place, plan.seal)
    found = find(office.records, office.ledger, head, office.clock)
    return found is not None and _VERIFY in found[0].steps()


def _conversion(plan: Plan, target: Target, bench: Bench) -> Conversion:
    facts, dialect = plan.facts, bench.store.dialect.name
    word, scope = facts["word"], facts["scope"]
    statements = STATEMENTS[dialect]
    turning: ToTokens | ToClear
    if plan.kind == ENCRYPT:
        turning = ToTokens(target.field, word, scope, bench.protector(target.field, scope), dialect)
    else:
        turning = ToClear(target.field, word, bench.protector(target.field), dialect)
    return Conversion(
        kind=plan.kind,
        target=target,
        turning=turning,
        type_=statements.binary if plan.kind == ENCRYPT else statements.clear[word],
        by_subject=scope == "subject",
        fingerprint=plan.versions["schema"],
        planned=plan.rows,
    )


def _plan(office: Office, kind: str, target: Target, word: str, scope: Scope, cells: int) -> Plan:
    field, dataset = target.field, str(target.field.of)
    verb = kind.partition(".")[2]
    lines = [
        PlanLine(f"begin {field}", dataset, "write", 0, f"{verb}_begin"),
        PlanLine(f"fill {field}", dataset, "write", cells, f"{verb}_fill"),
        PlanLine(f"verify {field}", dataset, "read", 0, f"{verb}_verify"),
        PlanLine(f"switch {field}", dataset, "write", 0, f"{verb}_switch"),
    ]
    facts = {
        "field": [field.store, field.dataset, field.field],
        "word": word,
        "native": target.native,
        "nullable": target.nullable,
        "indexes": list(target.indexes),
        "scope": scope,
    }
    return make_plan(
        office,
        PlanDraft(
            kind=kind,
            purpose=PURPOSE,
            place=str(field),
            lines=lines,
            facts=facts,
            versions={"schema": target.fingerprint},
            rules=(kind.replace(".", ":"),),
        ),
    )


def _count(connection: Connection, target: Target, bench: Bench) -> int:
    """How many cells hold a value; each is tried whether it can be encrypted, and all whether they may be indexed."""
    cells, word = 0, target.word
    seen: set[bytes | None] = set()
    for values in _pages(connection, target, ()):
        typed = typed_values(target.field, [row[0] for row in values], word, parsed_json=_parses(connection))
        try:
            plain = encode_values(typed, word)
        except BadInputError:
            raise misfit(target.field, word) from None
        cells += len(values)
        if target.index_field is not None and len(seen) < _ENOUGH:
            seen |= set(plain)
    if target.index_field is not None:
        bench.protector(target.field).require_spread(target.field, decode_values(sorted(filter(None, seen))), word)
    return cells


def _word_of_tokens(connection: Connection, target: Target, protector: Protector) -> tuple[str, int]:
    """The one type of a column's values, and how many tokens there are."""
    words: set[str] = set()
    cells = 0
    for rows in _pages(connection, target, target.record_key):
        tokens = [row[0] for row in rows]
        if protector.destroyed(tokens):
            raise _refused(
                target.field,
                "tokens under keys of persons that were destroyed",
                "tokens that open",
                "set these cells to NULL: they read as NULL already, and nobody can open them",
            )
        values = protector.decrypt_column(target.field, tokens, [row[1:] for row in rows])
        words |= {natural_inner([value]) for value in values if value is not None}
        cells += len(rows)
    if len(words) > 1:
        raise _refused(
            target.field,
            f"values of {len(words)} types in one column",
            "values of one type",
            "write those of the other types anew",
        )
    return next(iter(words), "string"), cells


def _pages(connection: Connection, target: Target, more: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
    """The cells that hold a value, in the order of the primary key, page by page."""
    table = target.table
    keys = [table.c[name] for name in target.primary_key]
    cell = table.c[target.field.field]
    return pages(connection, keys, [cell, *(table.c[name] for name in more)], cell.is_not(None), _PAGE)


def _all_tokens(connection: Connection, target: Target) -> bool:
    first = next(_pages(connection, target, ()), [])
    return bool(first) and all(bytes(row[0]).startswith(_HEADERS) for row in first)


def _parses(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _check_subjects(connection: Connection, target: Target, scope: Scope) -> None:
    if scope != "subject":
        return
    if not target.subject_key:
        raise _refused(
            target.field,
            "a dataset whose catalog entry names no subject_key",
            "the field that identifies a person, for persons' own keys",
            "name it in the catalog, or use the dataset's key",
        )
    table = target.table
    nobodys = sa.or_(*(table.c[name].is_(None) for name in target.subject_key))
    query = sa.select(sa.func.count()).select_from(table).where(table.c[target.field.field].is_not(None), nobodys)
    found = connection.execute(query).scalar_one()
    if found:
        raise _refused(
            target.field,
            f"{found} value(s) in records of nobody: their subject key is NULL",
            "a person for each value, whose key encrypts it",
            "fill the subject key in, empty these cells, or use the dataset's key",
        )


def _refuse_blockers(target: Target) -> None:
    if target.blockers:
        raise _refused(
            target.field,
            "a column on which others rest: " + ", ".join(target.blockers),
            "a column that can be dropped: no key, no constraint, no view, no index shared with others",
            "drop or rewrite these first; a blind index can take the place of a unique index",
        )


def _refused(field: FieldRef, found: str, expected: str, next_step: str) -> StoreError:
    return StoreError(str(field), found=found, expected=expected, next_step=next_step)
