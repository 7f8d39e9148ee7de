"""A copy as a job: its plan, and the work that the plan is carried out by."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from governance.copies.closure import Kept, find_kept
from governance.copies.findings import find_all
from governance.copies.pairs import Barred, learn_pairs
from governance.copies.rules import check_rules
from governance.copies.source import SourceTable, read_source
from governance.copies.state import Positions, is_ours
from governance.copies.steps import ACTION, CloseTables, CopyRows, MakeTables
from governance.copies.target import target_tables
from governance.copies.treating import Treater, makers
from governance.jobs.office import Office
from governance.jobs.plan import Plan, PlanDraft, PlanLine, make_plan, new_slip, stale
from governance.jobs.store_connection import connected
from governance.protect.pseudonyms import Assignments, PseudonymKey
from policies.catalog import Catalog
from policies.copy_rules import CopyRules, restored_copy_rules
from policies.errors import ConfigError, StoreError
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from governance.jobs.work import Step
    from governance.scan.result import ScanResult

KIND = "copy"
"""The kind of plan and job."""
PURPOSE = "governance.copy"
"""The purpose under which rows leave the store."""
_PLAIN = re.compile("[a-z0-9_]{1,90}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """From where to where, and what is known of it."""

    source: str
    """The store that is copied."""
    target: str
    """The store that the copy goes to."""
    source_engine: sa.Engine
    """To read."""
    target_engine: sa.Engine
    """To write."""
    catalog: Catalog
    """The reviewed data map."""
    key: PseudonymKey
    """Of pseudonyms, shifts and positions."""
    folder: Path
    """Where row numbers and sealed pairs lie."""
    scan: Callable[[], ScanResult]
    """Scans the target."""
    barred: Barred | None = None
    """Persons with a tombstone; None where none stands."""

    @property
    def place(self) -> str:
        """What plan and certificate are about."""
        return f"{self.source} -> {self.target}"

    def kept_path(self, plan: str) -> Path:
        """Where the numbers of the rows of a subset lie."""
        return self.folder / f"{plan}.copy"


def plan_copy(office: Office, places: Places, rules: CopyRules) -> Plan:
    """What a copy by these rules would take, counted in the source; recorded. Nothing is changed in a store.

    Raises ConfigError, PredicateError, StoreError, LedgerError.
    """
    with reading(places) as source, connected(places.target_engine, places.target) as target:
        tables = _tables(source, places, rules)
        is_ours(target, places.target)
        target_tables(tables, rules, source.dialect.name, target.dialect.name)
        slip = new_slip(office)
        counts = _counts(source, places, (tables, rules), slip.id)
    first = str(DatasetRef(places.source, next(iter(tables))))
    lines = [PlanLine("make tables", first, ACTION, 0, "copy.make")]
    lines += [
        PlanLine(f"copy {places.source}.{name}", f"{places.source}.{name}", ACTION, counts[name], "copy.rows")
        for name in tables
    ]
    lines += [PlanLine("add foreign keys", first, ACTION, 0, "copy.close")]
    facts = {"source": places.source, "target": places.target, "rules": rules.model_dump(mode="json")}
    draft = PlanDraft(
        kind=KIND,
        purpose=PURPOSE,
        place=places.place,
        lines=lines,
        facts=facts,
        versions={_schema(name): table.fingerprint for name, table in tables.items()},
        rules=("copy:masks",),
        slip=slip,
    )
    return make_plan(office, draft)


@contextmanager
def reading(places: Places) -> Iterator[Connection]:
    """A connection that sees the source as of one moment, where the store can do that, and locks nobody out."""
    options = {} if places.source_engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    try:
        with places.source_engine.connect().execution_options(**options) as connection:
            yield connection
    except SQLAlchemyError as cause:
        raise StoreError(
            f"store {places.source}",
            found=f"{type(cause).__name__} from the store",
            expected="a store that answers",
            next_step="run `governance doctor`, then start again",
        ) from None


def rules_of(plan: Plan) -> CopyRules:
    """The rules that a plan was made by."""
    return restored_copy_rules(plan.facts["rules"], f"plan {plan.id}")


class CopyWork:
    """A copy that is carried out: used with `with`, which holds the source open."""

    kind = KIND
    purpose = PURPOSE
    rules = ("copy:masks",)

    def __init__(self, places: Places, plan: Plan) -> None:
        self._places = places
        self._plan = plan
        self._rules = rules_of(plan)
        self._stack = ExitStack()
        self.steps: Sequence[Step] = ()
        """In order."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            source = stack.enter_context(reading(self._places))
            self._tables = _tables(source, self._places, self._rules)
            self._source = source
            self._treater = self._made_treater(source)
            self.steps = tuple(self._steps(stack))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def check(self, connection: Connection) -> None:
        """Whether source and target are as the plan saw them. Raises StalePlanError or ConfigError."""
        for name, table in self._tables.items():
            if self._plan.versions.get(_schema(name)) != table.fingerprint:
                raise stale(self._plan, f"a table whose schema changed: {name}")
        is_ours(connection, self._places.target)

    def findings(self, connection: Connection) -> Mapping[str, Any]:
        """What the copy holds: residue, and how far it singles people out."""
        return find_all(self._places, connection, self._source, (self._tables, self._rules), self._plan.id)

    def tidy(self) -> None:
        """Delete the numbers of the rows of a copy that is done."""
        self._places.kept_path(self._plan.id).unlink(missing_ok=True)

    def _made_treater(self, source: Connection) -> Treater:
        made = makers(self._rules, self._places.key)
        for name, maker in made.items():
            if isinstance(maker, Assignments):
                self._learn(source, name, maker)
        return Treater(self._places.key, made)

    def _learn(self, source: Connection, domain: str, maker: Assignments) -> None:
        """Take up the pairs of earlier copies, learn those of this one, and keep them before a row is written."""
        places = self._places
        learn_pairs(source, places.folder, domain, maker, (self._tables, self._rules), places.barred)

    def _steps(self, stack: ExitStack) -> Iterator[Step]:
        places, plan = self._places, self._plan
        dialects = self._source.dialect.name, places.target_engine.dialect.name
        made = target_tables(self._tables, self._rules, *dialects)
        first = DatasetRef(places.source, next(iter(self._tables)))
        yield MakeTables(dataset=first, plan=plan.id, made=made)
        kept = None
        if not _is_whole(self._rules):
            path = places.kept_path(plan.id)
            if not path.exists():
                raise stale(plan, "no list of the rows of the subset in the project's folder")
            kept = Kept(path, places.key)
            stack.callback(kept.close)
        for name, table in self._tables.items():
            yield self._copy_rows(name, table, made.tables[name], kept)
        yield CloseTables(dataset=first, plan=plan.id, made=made, tables=self._tables, rules=self._rules)

    def _copy_rows(self, name: str, table: SourceTable, target: sa.Table, kept: Kept | None) -> CopyRows:
        ref = DatasetRef(self._places.source, name)
        entry = self._places.catalog.dataset(ref)
        subject = entry.subject_key if entry else ()
        said = self._rules.datasets[name]
        moved_by = said.fields.get(said.subject or (subject[0] if subject else ""))
        return CopyRows(
            dataset=ref,
            source=self._source,
            table=table,
            target=target,
            rules=said,
            treater=self._treater,
            subject=subject,
            subject_domain=moved_by.name if moved_by and moved_by.kind == "pseudonym" else "subject",
            kept=kept,
            positions=Positions(self._places.key, self._plan.id),
        )


def _schema(table: str) -> str:
    """The name under which a plan has the digest of a table: the ledger takes no capitals, blanks or other scripts."""
    plain = _PLAIN.fullmatch(table)
    return f"schema:{table if plain else hashlib.sha256(table.encode()).hexdigest()[:32]}"


def _is_whole(rules: CopyRules) -> bool:
    return all(each.whole for each in rules.datasets.values())


def _tables(source: Connection, places: Places, rules: CopyRules) -> dict[str, SourceTable]:
    if places.source == places.target or places.source_engine.url == places.target_engine.url:
        raise ConfigError(
            f"target {places.target}",
            found="the source itself",
            expected="another database",
            next_step="name the store that the copy goes to",
        )
    entry = places.catalog.stores.get(places.source)
    keys = {name: each.record_key for name, each in entry.datasets.items()} if entry else {}
    tables = read_source(source, places.source, list(rules.datasets), keys)
    check_rules(rules, tables, places.catalog, places.source, source.dialect.name)
    return tables


def _counts(
    source: Connection, places: Places, asked: tuple[Mapping[str, SourceTable], CopyRules], plan: str
) -> dict[str, int]:
    tables, rules = asked
    if _is_whole(rules):
        count = sa.select(sa.func.count())
        return {name: int(source.execute(count.select_from(each.table)).scalar_one()) for name, each in tables.items()}
    places.folder.mkdir(parents=True, exist_ok=True)
    return find_kept(source, tables, rules, places.key, places.kept_path(plan))
